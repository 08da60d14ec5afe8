//! Sessions of browsers, and logins at other services.

use std::sync::Arc;

use auth::login::person::ClaimNames;
use auth::login::{Login, LoginOptions};
use auth::origin::{Forwarded, Public, Returns, Scheme};
use auth::provider::{ProofOptions, Protocol, ProviderOptions};
use auth::session::{SessionKeys, Sessions};
use client::Roots;
use config::{Http, OpenId, OpenIdProvider};
use registry::Clock;

use super::sign_in::{Shared, SignInError, read};
use super::tokens::agent;
use crate::client_address::TrustedProxies;
use crate::sign_in::browser::{Browsers, Secure};

/// Sets up what signs browsers in and out.
pub(super) fn browsers(
    http: &Http,
    shared: &Shared,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<Browsers>, SignInError> {
    let scheme = scheme(http);
    let users: Arc<dyn auth::session::Profiles> = Arc::<auth::Users>::clone(&shared.users);
    let sessions = Sessions::new(
        Arc::clone(&shared.records),
        Arc::clone(&users),
        &session_keys(http),
    );
    let login = http.auth.openid.as_ref();
    let login = login.map(|openid| login_of(http, openid, &sessions));
    let proxies = TrustedProxies::new(http.trusted_proxies.clone());
    Ok(Arc::new(Browsers {
        login: login.transpose()?,
        sessions,
        profiles: users,
        secure: Secure::of(scheme, http.auth.secure_session),
        outside: Arc::new(move |headers, peer| -> Option<Forwarded> {
            proxies.forwarded(headers, peer)
        }),
        clock: Arc::clone(clock),
    }))
}

/// Compat: with `tls` in the configuration addresses begin with `https`, whoever speaks TLS.
fn scheme(http: &Http) -> Scheme {
    if http.tls.is_some() {
        Scheme::Https
    } else {
        Scheme::Http
    }
}

fn session_keys(http: &Http) -> SessionKeys {
    let keys = http.auth.session_keys.as_ref();
    let bytes = |secret: &config::Secret| secret.expose().as_bytes().to_vec();
    keys.map_or_else(SessionKeys::default, |keys| SessionKeys {
        hash: bytes(&keys.hash_key),
        encrypt: bytes(&keys.encrypt_key),
    })
}

fn login_of(http: &Http, openid: &OpenId, sessions: &Sessions) -> Result<Login, SignInError> {
    let providers = openid.providers.iter();
    let providers = providers.map(|(name, provider)| provider_options(name, provider));
    let options = LoginOptions {
        public: Public::new(&http.external_url, scheme(http), &http.address, http.port.0),
        returns: Returns::new(openid.callback_allow_origins.iter().map(String::as_str)),
        providers: providers.collect::<Result<_, _>>()?,
    };
    Ok(Login::new(
        options,
        sessions.signer(),
        &agent(Roots::System),
    ))
}

fn provider_options(name: &str, provider: &OpenIdProvider) -> Result<ProviderOptions, SignInError> {
    let name = name.to_ascii_lowercase();
    let protocol = if name == "github" {
        Protocol::GitHub {
            authorize_url: provider.auth_url.clone(),
            token_url: provider.token_url.clone(),
            api_url: String::new(),
        }
    } else {
        let claims = provider.claim_mapping.as_ref();
        Protocol::OpenId {
            issuer: provider.issuer.clone(),
            claims: claims.map_or_else(ClaimNames::default, |claims| ClaimNames {
                username: claims.username.clone(),
                groups: claims.groups.clone(),
            }),
        }
    };
    let proof = match &provider.key_path {
        Some(path) => ProofOptions::Key(read(path)?),
        None if provider.client_secret.is_empty() => ProofOptions::Nothing,
        None => ProofOptions::Secret(provider.client_secret.expose().to_owned()),
    };
    Ok(ProviderOptions {
        name,
        protocol,
        client_id: provider.client_id.clone(),
        proof,
        scopes: provider.scopes.clone(),
    })
}
