//! Checks of the ways to log in.

use super::ensure;
use crate::auth::{Bearer, Mtls, UpstreamTokenEndpoint};
use crate::config::Config;
use crate::error::Error;
use crate::pattern::regex;

/// The directory.
pub(super) fn ldap(config: &Config) -> Result<(), Error> {
    let Some(ldap) = &config.http.auth.ldap else {
        return Ok(());
    };
    let mandatory = [
        ("userAttribute", &ldap.user_attribute),
        ("address", &ldap.address),
        ("basedn", &ldap.base_dn),
    ];
    mandatory.into_iter().try_for_each(|(key, value)| {
        let message = format!(
            "invalid LDAP configuration: invalid LDAP configuration, missing mandatory key: {key}"
        );
        ensure(!value.is_empty(), "http.auth.ldap", &message)
    })
}

/// Client certificates.
pub(super) fn mtls(config: &Config) -> Result<(), Error> {
    let Some(mtls) = &config.http.auth.mtls else {
        return Ok(());
    };
    let key = "http.auth.mtls";
    let message = "mTLS configuration requires TLS to be enabled with CA certificate";
    ensure(config.http.is_mtls(), key, message)?;
    let unknown: Vec<&str> = mtls
        .identity_attributes
        .iter()
        .map(String::as_str)
        .filter(|attribute| !is_attribute(attribute))
        .collect();
    let message = format!("unsupported identity attribute: {}", unknown.join(", "));
    ensure(unknown.is_empty(), key, &message)?;
    let message = format!("invalid URI SAN pattern: {}", mtls.uri_san_pattern);
    ensure(regex(&mtls.uri_san_pattern).is_ok(), key, &message)?;
    of_uri_only(mtls)
}

fn is_attribute(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "commonname",
        "cn",
        "subject",
        "dn",
        "email",
        "rfc822name",
        "uri",
        "url",
        "dnsname",
        "dns",
    ];
    NAMES.contains(&name.to_ascii_lowercase().as_str())
}

/// Compat: the indexes of the other names are refused too unless a URI is among the attributes.
fn of_uri_only(mtls: &Mtls) -> Result<(), Error> {
    let is_uri = |name: &String| matches!(name.to_ascii_lowercase().as_str(), "uri" | "url");
    if mtls.identity_attributes.iter().any(is_uri) {
        return Ok(());
    }
    let given = [
        ("uriSanPattern", !mtls.uri_san_pattern.is_empty()),
        ("uriSanIndex", mtls.uri_san_index != 0),
        ("dnsSanIndex", mtls.dns_san_index != 0),
        ("emailSanIndex", mtls.email_san_index != 0),
    ];
    given.into_iter().try_for_each(|(key, given)| {
        let message = format!("{key} is only supported for URI/URL MTLS identity attribute");
        ensure(!given, "http.auth.mtls", &message)
    })
}

/// Login at other services.
pub(super) fn openid(config: &Config) -> Result<(), Error> {
    for (name, provider) in config
        .http
        .auth
        .openid
        .iter()
        .flat_map(|openid| openid.providers.iter())
    {
        let key = format!("http.auth.openid.providers[{name}]");
        let (complete, message) = match name.to_lowercase().as_str() {
            "github" => (
                !provider.client_id.is_empty() && !provider.scopes.is_empty(),
                "OAuth2 provider config requires clientid and scopes parameters",
            ),
            "google" | "gitlab" | "oidc" => (
                !provider.client_id.is_empty()
                    && !provider.issuer.is_empty()
                    && !provider.scopes.is_empty(),
                "OpenID provider config requires clientid, issuer and scopes parameters",
            ),
            _ => (false, "unsupported openid/oauth2 provider"),
        };
        ensure(complete, &key, message)?;
    }
    Ok(())
}

/// Tokens.
pub(super) fn bearer(config: &Config) -> Result<(), Error> {
    let Some(bearer) = &config.http.auth.bearer else {
        return Ok(());
    };
    secrets_manager(bearer)?;
    if bearer.is_oidc() {
        identity_tokens(bearer)?;
    }
    bearer
        .upstream_token_endpoint
        .as_ref()
        .map_or(Ok(()), upstream)
}

fn secrets_manager(bearer: &Bearer) -> Result<(), Error> {
    let Some(manager) = &bearer.aws_secrets_manager else {
        return Ok(());
    };
    let key = "http.auth.bearer.awsSecretsManager";
    let message = "cannot configure both cert and awsSecretsManager for bearer authentication";
    ensure(bearer.cert.is_none(), key, message)?;
    ensure(
        !manager.region.is_empty(),
        key,
        "awsSecretsManager region must be specified",
    )?;
    ensure(
        !manager.secret_name.is_empty(),
        key,
        "awsSecretsManager secretName must be specified",
    )
}

fn identity_tokens(bearer: &Bearer) -> Result<(), Error> {
    for (at, service) in bearer.oidc.iter().enumerate() {
        let key = format!("http.auth.bearer.oidc[{at}]");
        ensure(
            !service.issuer.is_empty(),
            &key,
            "oidc issuer must be specified",
        )?;
        let blank = service
            .audiences
            .iter()
            .any(|audience| audience.trim().is_empty());
        let complete = !service.audiences.is_empty() && !blank;
        ensure(
            complete,
            &key,
            "oidc audiences must be specified and not be empty",
        )?;
        let message = "certificateAuthority and certificateAuthorityFile exclude each other";
        let both = !service.certificate_authority.is_empty()
            && service.certificate_authority_file.is_some();
        ensure(!both, &key, message)?;
    }
    Ok(())
}

fn upstream(endpoint: &UpstreamTokenEndpoint) -> Result<(), Error> {
    let key = "http.auth.bearer.upstreamTokenEndpoint";
    let UpstreamTokenEndpoint {
        realm,
        service,
        allow_insecure_http,
    } = endpoint;
    let message = "upstreamTokenEndpoint.realm and upstreamTokenEndpoint.service must be \
                   configured together";
    ensure(realm.is_empty() == service.is_empty(), key, message)?;
    if realm.is_empty() {
        return Ok(());
    }
    let scheme = realm.split_once("://").filter(|(_, rest)| {
        rest.split(['/', '?', '#'])
            .next()
            .is_some_and(|host| !host.is_empty())
    });
    let scheme = scheme
        .map(|(scheme, _)| scheme.to_ascii_lowercase())
        .unwrap_or_default();
    let message = "upstreamTokenEndpoint.realm must be an absolute URL";
    ensure(!scheme.is_empty(), key, message)?;
    let message = "upstreamTokenEndpoint.realm must use https unless \
                   upstreamTokenEndpoint.allowInsecureHttp is true";
    ensure(scheme == "https" || *allow_insecure_http, key, message)
}

/// Sessions.
pub(super) fn sessions(config: &Config) -> Result<(), Error> {
    let auth = &config.http.auth;
    let Some(driver) = &auth.session_driver else {
        return Ok(());
    };
    let key = "http.auth.sessionDriver";
    let name = driver.name();
    ensure(!name.is_empty(), key, "must provide session driver name!")?;
    let known = ["redis", "local"].contains(&name.as_str());
    ensure(
        known,
        key,
        &format!("session store driver {name} is not allowed!"),
    )?;
    let both = name == "redis" && auth.session_keys_file.is_some();
    ensure(
        !both,
        key,
        "session keys not supported when redis session driver is used!",
    )
}
