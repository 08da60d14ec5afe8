//! The side files that hold credentials and keys.
//!
//! Spec: core 2.10.

use std::path::Path;

use serde_json::Value as Json;

use crate::auth::SessionKeys;
use crate::config::Config;
use crate::decode::Decode;
use crate::error::Error;
use crate::fold::{Environment, fold};
use crate::format::Format;
use crate::load::read_file;
use crate::secret::Secret;
use crate::shape::{Sectioned, section};

/// The name that an anonymous bind goes by.
const ANONYMOUS: &str = "anonym-user";

section! {
    /// The content of a file with directory credentials.
    pub(crate) struct LdapCredentials {
        /// The name to bind as.
        "bindDN" => bind_dn: String,
        /// The password to bind with.
        "bindPassword" => bind_password: Secret,
    }
}

section! {
    /// The content of a file with the credentials of this registry at a service.
    pub(crate) struct OpenIdCredentials {
        /// The name of this registry.
        "clientid" => client_id: String,
        /// The secret of this registry.
        "clientsecret" => client_secret: Secret,
    }
}

/// Reads every secret file that a configuration names, and puts what it holds in place.
pub(crate) fn read_all(
    config: &mut Config,
    environment: &Environment,
    origin: &str,
) -> Result<(), Error> {
    let reader = Reader {
        environment,
        origin,
    };
    let auth = &mut config.http.auth;
    if let Some(ldap) = &mut auth.ldap {
        ANONYMOUS.clone_into(&mut ldap.bind_dn);
        if let Some(path) = &ldap.credentials_file {
            let key = "http.auth.ldap.credentialsFile";
            let credentials: LdapCredentials = reader.read(path, key, Keys::All)?;
            ldap.bind_dn = credentials.bind_dn;
            ldap.bind_password = credentials.bind_password;
        }
    }
    for (name, provider) in auth
        .openid
        .iter_mut()
        .flat_map(|openid| openid.providers.iter_mut())
    {
        if let Some(path) = &provider.credentials_file {
            let key = format!("http.auth.openid.providers[{name}].credentialsFile");
            let credentials: OpenIdCredentials = reader.read(path, &key, Keys::All)?;
            provider.client_id = credentials.client_id;
            provider.client_secret = credentials.client_secret;
        }
    }
    if let Some(path) = &auth.session_keys_file {
        let keys: SessionKeys = reader.read(path, "http.auth.sessionKeysFile", Keys::Any)?;
        auth.session_keys = Some(keys);
    }
    Ok(())
}

/// Which keys a secret file must have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    All,
    Any,
}

struct Reader<'a> {
    environment: &'a Environment,
    origin: &'a str,
}

impl Reader<'_> {
    fn read<T: Sectioned + Decode>(
        &self,
        path: &Path,
        key: &str,
        required: Keys,
    ) -> Result<T, Error> {
        let failed = |problem: String| Error::SecretFile {
            file: self.origin.to_owned(),
            key: key.to_owned(),
            secret_file: path.display().to_string(),
            problem,
        };
        let format = Format::of(path);
        if format == Format::Guess {
            return Err(failed(
                "read secret file: its name needs an extension".to_owned(),
            ));
        }
        let text = read_file(&self.environment.base.join(path))
            .map_err(|error| failed(format!("read secret file: {error}")))?;
        // The words of a parser may quote the text, which is secret.
        let document = format
            .read(&text)
            .map_err(|_secret| failed("read secret file: it does not parse".to_owned()))?;
        let problem = |cause: &str| failed(format!("load secret file due to {cause}"));
        if document.is_empty() {
            return Err(problem("the absence of any key:value pair"));
        }
        let folded = fold(document, T::SECTION, T::SECTION.name, self.environment);
        if let Some(fault) = folded.faults.first() {
            let unknown = fault.text.contains("has invalid keys");
            return Err(problem(if unknown {
                "unknown keys"
            } else {
                "values of a wrong type"
            }));
        }
        if required == Keys::All && folded.keys.len() < T::SECTION.fields.len() {
            return Err(problem("unset keys"));
        }
        T::decode(Json::Object(folded.keys)).map_err(|_secret| problem("values of a wrong type"))
    }
}
