//! `http.auth` as a gate: by what callers are known.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auth::basic::{Basic, BasicParts};
use auth::certificate::{Attribute, Certificates, NameRule, UnknownAttribute};
use auth::ldap::{
    Depth, Ldap, LdapError, LdapOptions, ServiceAccount, Transport, Trust, TrustError,
    client_config,
};
use auth::session::Records;
use auth::token::Mint;
use auth::{
    ApiKeys, Authenticator, Fips, Htpasswd, HtpasswdError, HtpasswdOptions, Users, Verified,
};
use config::Http;

use super::tokens::is_exclusive;
use crate::run::Environment;

/// Says why callers could not be known as the configuration asks.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// A file could not be read.
    #[error("reading {}", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// The password file cannot be used.
    #[error("password file {}", .0.display())]
    Htpasswd(PathBuf, #[source] HtpasswdError),
    /// The directory cannot be asked.
    #[error("directory")]
    Ldap(#[from] LdapError),
    /// Nobody can be trusted to be the directory.
    #[error("certificates for the directory")]
    Trust(#[from] TrustError),
    /// Names cannot be taken from certificates as asked.
    #[error(transparent)]
    Attribute(#[from] UnknownAttribute),
    /// The pattern over URIs of certificates does not compile.
    #[error("invalid URI SAN pattern: {0}")]
    Pattern(String),
}

/// What methods share, and what outlives a change of the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) verified: Arc<Verified>,
    pub(crate) users: Arc<Users>,
    pub(crate) keys: Arc<ApiKeys>,
    pub(crate) records: Arc<dyn Records>,
    pub(crate) mint: Arc<Mint>,
    pub(crate) environment: Environment,
}

/// Builds what knows callers by name and password, if any are accepted.
pub(super) fn basic(
    http: &Http,
    shared: &Shared,
) -> Result<Option<Arc<dyn Authenticator>>, SignInError> {
    if !is_basic(http) {
        return Ok(None);
    }
    let parts = BasicParts {
        passwords: passwords(http, shared.environment.fips)?.map(Arc::new),
        directory: directory(http)?.map(Arc::new),
        keys: http.auth.apikey.then(|| Arc::clone(&shared.keys)),
        users: Some(Arc::clone(&shared.users)),
    };
    let verified = Arc::clone(&shared.verified);
    Ok(Some(Arc::new(Basic::new(parts, verified))))
}

/// Builds what knows callers by their certificates, if any are asked for.
pub(super) fn certificates(http: &Http) -> Result<Option<Arc<dyn Authenticator>>, SignInError> {
    if !http.is_mtls() {
        return Ok(None);
    }
    Ok(Some(Arc::new(Certificates::new(name_rule(http)?))))
}

/// Tells whether some password may be accepted.
pub(super) fn is_basic(http: &Http) -> bool {
    let auth = &http.auth;
    let some =
        auth.htpasswd.path.is_some() || auth.ldap.is_some() || auth.openid.is_some() || auth.apikey;
    some && !is_exclusive(http)
}

fn passwords(http: &Http, fips: Fips) -> Result<Option<Htpasswd>, SignInError> {
    let Some(path) = &http.auth.htpasswd.path else {
        return Ok(None);
    };
    let options = HtpasswdOptions {
        checks: usize::try_from(http.limits.password_checks)
            .ok()
            .and_then(NonZeroUsize::new),
        fips,
    };
    let passwords = Htpasswd::new(&read(path)?, options);
    passwords
        .map(Some)
        .map_err(|error| SignInError::Htpasswd(path.clone(), error))
}

fn directory(http: &Http) -> Result<Option<Ldap>, SignInError> {
    let Some(ldap) = &http.auth.ldap else {
        return Ok(None);
    };
    let transport = transport(ldap)?;
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let options = LdapOptions {
        base: ldap.base_dn.clone(),
        depth: if ldap.subtree_search {
            Depth::Subtree
        } else {
            Depth::OneLevel
        },
        user_attribute: ldap.user_attribute.clone(),
        user_filter: given(&ldap.user_filter),
        group_attribute: given(&ldap.user_group_attribute),
        account: ServiceAccount {
            dn: ldap.bind_dn.clone(),
            password: ldap.bind_password.expose().to_owned(),
        },
        ..LdapOptions::new(ldap.address.clone(), ldap.port, transport)
    };
    Ok(Some(Ldap::new(options)?))
}

fn transport(ldap: &config::Ldap) -> Result<Transport, SignInError> {
    if ldap.insecure && !ldap.start_tls {
        return Ok(Transport::Plain);
    }
    let pem = ldap.cacert.as_deref().map(read).transpose()?;
    let trust = match &pem {
        _ if ldap.skip_verify => Trust::Everybody,
        Some(pem) => Trust::Pem(pem),
        None => Trust::System,
    };
    let tls = client_config(trust)?;
    Ok(if ldap.insecure {
        Transport::StartTls(tls)
    } else {
        Transport::Tls(tls)
    })
}

fn name_rule(http: &Http) -> Result<NameRule, SignInError> {
    let Some(mtls) = &http.auth.mtls else {
        return Ok(NameRule::default());
    };
    let attributes = mtls.identity_attributes.iter();
    let pattern = Some(&mtls.uri_san_pattern).filter(|pattern| !pattern.is_empty());
    let pattern = pattern.map(|pattern| {
        let compiled = config::regex(pattern);
        compiled.map_err(|_error| SignInError::Pattern(pattern.clone()))
    });
    let index = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(NameRule {
        attributes: attributes
            .map(|word| word.parse::<Attribute>())
            .collect::<Result<_, _>>()?,
        uri_pattern: pattern.transpose()?,
        uri_index: index(mtls.uri_san_index),
        dns_index: index(mtls.dns_san_index),
        email_index: index(mtls.email_san_index),
    })
}

/// Reads a file whole. Those of the configuration are small, and read only when it changes.
#[expect(
    clippy::disallowed_methods,
    reason = "a file of the configuration, at start or in a thread that may wait"
)]
pub(super) fn read(path: &Path) -> Result<Vec<u8>, SignInError> {
    std::fs::read(path).map_err(|error| SignInError::Read(path.to_owned(), error))
}
