//! The files beside the configuration that a running server depends on.

use std::path::PathBuf;

use crate::auth::Auth;
use crate::config::Config;
use crate::extensions::{EventSink, Extensions, SyncRegistry};
use crate::http::Tls;

/// Lists every file that a server reads because its configuration names it, except for the
/// configuration itself: those of [`secret_files`], users, keys and certificates. Sorted, each once,
/// as they are written: relative ones start from the working directory.
pub fn files(config: &Config) -> Vec<PathBuf> {
    let mut files = secret_files(config);
    files.extend(of_auth(&config.http.auth));
    files.extend(config.http.tls.iter().flat_map(of_tls));
    let cluster = config
        .cluster
        .iter()
        .filter_map(|cluster| cluster.tls.as_ref());
    files.extend(cluster.flat_map(of_tls));
    files.extend(config.extensions.iter().flat_map(of_extensions));
    sorted(files)
}

/// Lists the files whose content is a part of the configuration: when one of them changes, the
/// configuration has to be loaded again.
pub fn secret_files(config: &Config) -> Vec<PathBuf> {
    let auth = &config.http.auth;
    let ldap = auth.ldap.iter().map(|ldap| &ldap.credentials_file);
    let providers = auth
        .openid
        .iter()
        .flat_map(|openid| openid.providers.iter());
    let openid = providers.map(|(_, provider)| &provider.credentials_file);
    let all = ldap.chain(openid).chain([&auth.session_keys_file]);
    sorted(all.flatten().cloned().collect())
}

fn of_auth(auth: &Auth) -> Vec<PathBuf> {
    let providers = auth
        .openid
        .iter()
        .flat_map(|openid| openid.providers.iter());
    let issuers = auth.bearer.iter().flat_map(|bearer| &bearer.oidc);
    let files = [&auth.htpasswd.path]
        .into_iter()
        .chain(auth.ldap.iter().map(|ldap| &ldap.cacert))
        .chain(auth.bearer.iter().map(|bearer| &bearer.cert))
        .chain(issuers.map(|issuer| &issuer.certificate_authority_file))
        .chain(providers.map(|(_, provider)| &provider.key_path));
    files.flatten().cloned().collect()
}

fn of_tls(tls: &Tls) -> impl Iterator<Item = PathBuf> {
    let files = [&tls.cert, &tls.key, &tls.cacert];
    files.into_iter().flatten().cloned()
}

fn of_extensions(extensions: &Extensions) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if let Some(sync) = extensions.sync_enabled() {
        files.extend(sync.credentials_file.clone());
        files.extend(sync.registries.iter().flat_map(of_upstream));
    }
    let events = extensions.events.iter().filter(|events| events.enable);
    files.extend(events.flat_map(|events| &events.sinks).flat_map(of_sink));
    files
}

fn of_upstream(upstream: &SyncRegistry) -> Vec<PathBuf> {
    let helper = upstream.oauth2_credential_helper.iter();
    let files = helper.flat_map(|helper| {
        [
            &helper.assertion_file,
            &helper.signing_file,
            &helper.client_secret_file,
        ]
    });
    files.flatten().cloned().collect()
}

fn of_sink(sink: &EventSink) -> Vec<PathBuf> {
    let tls = sink.tls_config.iter();
    let tls = tls.flat_map(|tls| [&tls.ca_cert_file, &tls.cert_file, &tls.key_file]);
    let credentials = sink.credentials.iter().map(|credentials| &credentials.file);
    tls.chain(credentials).flatten().cloned().collect()
}

fn sorted(mut files: Vec<PathBuf>) -> Vec<PathBuf> {
    files.sort();
    files.dedup();
    files
}

#[cfg(test)]
mod tests;
