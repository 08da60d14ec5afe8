//! `http.auth.bearer`: tokens, and the token service.

use std::sync::Arc;

use auth::bearer::{AccessTokens, Bearer, Keys, SecretError, SecretKeys, SecretOptions};
use auth::condition::mapping::{Mapping, MappingConfigError, MappingOptions};
use auth::issuer::{Issuer, IssuerCheck, IssuerError};
use auth::jwt::{Key, KeyError};
use auth::token::{
    BrowserClient, Exchange, InsecureHttp, Mint, MintError, Upstream, UpstreamError,
};
use auth::workload::Workload;
use auth::{Authenticator, Gate, Policy};
use client::{Agent, Options, Proxies, Roots};
use config::{AwsSecretsManager, BearerOidc, Http};
use ext::ExtensionRoute;
use registry::Clock;

use super::sign_in::{Shared, SignInError, is_basic, read};
use crate::challenge::{TOKEN_PATH, TokenService};
use crate::sign_in::token::{self, Anonymous, TokenEndpoint};

/// Says why tokens cannot be accepted as the configuration asks.
#[derive(Debug, thiserror::Error)]
pub enum TokenSetupError {
    /// A file cannot be used.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The key of the token service cannot be used.
    #[error("key of the token service {0}")]
    Key(String, #[source] KeyError),
    /// Keys cannot be had from where they are said to be.
    #[error("http.auth.bearer.awsSecretsManager")]
    Secrets(#[from] SecretError),
    /// Nothing says with what Amazon's services are to be asked.
    #[error("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")]
    NoCredentials,
    /// An issuer cannot be used.
    #[error("http.auth.bearer.oidc[{0}]")]
    Issuer(usize, #[source] IssuerError),
    /// The certificates that an issuer's are to be signed by cannot be used.
    #[error("http.auth.bearer.oidc[{0}]: certificate authority")]
    Authority(usize, #[source] client::Error),
    /// Claims cannot be mapped as asked.
    #[error("http.auth.bearer.oidc[{0}].claimMapping")]
    Mapping(usize, #[source] MappingConfigError),
    /// No token can be made.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// The other token service cannot be asked.
    #[error("http.auth.bearer.upstreamTokenEndpoint")]
    Upstream(#[from] UpstreamError),
}

/// What is known of tokens under one configuration.
pub(super) struct Tokens {
    pub(super) service: TokenService,
    workloads: Arc<[Workload]>,
    access: Option<AccessTokens>,
    mint: Option<Arc<Mint>>,
}

/// Says whether tokens are all that is accepted.
pub(super) fn is_exclusive(http: &Http) -> bool {
    let bearer = http.auth.bearer.as_ref();
    bearer.is_some_and(|bearer| bearer.is_enabled() && bearer.exclusive)
}

impl Tokens {
    /// Sets up what verifies tokens.
    pub(super) fn new(
        http: &Http,
        policy: &Policy,
        shared: &Shared,
    ) -> Result<Self, TokenSetupError> {
        let service = service(http, policy);
        let is_own = matches!(service, TokenService::Own { .. });
        Ok(Self {
            workloads: workloads(http)?,
            access: access(http, shared)?,
            mint: is_own.then(|| Arc::clone(&shared.mint)),
            service,
        })
    }

    /// Yields what knows callers by their tokens, if any are accepted.
    pub(super) fn authenticator(&self) -> Option<Arc<dyn Authenticator>> {
        if self.workloads.is_empty() && self.access.is_none() && self.mint.is_none() {
            return None;
        }
        let bearer = Bearer::new(Arc::clone(&self.workloads), self.access.clone());
        Some(Arc::new(match &self.mint {
            Some(mint) => bearer.with_mint(Arc::clone(mint)),
            None => bearer,
        }))
    }

    /// Yields the routes of the token service.
    pub(super) fn routes(
        &self,
        (http, policy): (&Http, &Policy),
        passwords: Gate,
        clock: &Arc<dyn Clock>,
    ) -> Result<Vec<ExtensionRoute>, TokenSetupError> {
        if self.mint.is_none() && self.workloads.is_empty() {
            return Ok(Vec::new());
        }
        let realm = http.auth.bearer.as_ref().map(|bearer| &bearer.realm);
        let realm = realm.filter(|realm| !realm.is_empty()).cloned();
        let anonymous = if policy.has_anonymous_rights() {
            Anonymous::Served
        } else {
            Anonymous::Refused
        };
        Ok(token::routes(Arc::new(TokenEndpoint {
            exchange: Exchange::new(Arc::clone(&self.workloads), browser_clients(http)),
            mint: self.mint.clone(),
            anonymous,
            passwords,
            upstream: upstream(http)?,
            realm: realm.unwrap_or_else(|| "zot".to_owned()),
            clock: Arc::clone(clock),
        })))
    }
}

/// Decides who issues the tokens that challenges ask for.
///
/// Where passwords are accepted beside tokens, or some content is for everybody and some is not, it
/// is this registry: container clients then find their way with whatever they have.
fn service(http: &Http, policy: &Policy) -> TokenService {
    let bearer = http
        .auth
        .bearer
        .as_ref()
        .filter(|bearer| bearer.is_enabled());
    let mixed = policy.has_anonymous_rights() && policy.has_known_rights();
    let name = |bearer: Option<&config::Bearer>| {
        bearer.map_or_else(String::new, |bearer| bearer.service.clone())
    };
    if is_basic(http) && (mixed || bearer.is_some()) {
        return TokenService::Own {
            service: name(bearer),
        };
    }
    match bearer {
        Some(bearer) if !bearer.realm.is_empty() => TokenService::Named {
            realm: bearer.realm.clone(),
            service: name(Some(bearer)),
        },
        Some(_) | None => TokenService::None,
    }
}

fn access(http: &Http, shared: &Shared) -> Result<Option<AccessTokens>, TokenSetupError> {
    let bearer = http.auth.bearer.as_ref();
    let Some(bearer) = bearer.filter(|bearer| bearer.is_traditional()) else {
        return Ok(None);
    };
    let keys = match (&bearer.cert, &bearer.aws_secrets_manager) {
        (Some(path), _) => {
            let key = Key::read(&read(path)?);
            let key =
                key.map_err(|error| TokenSetupError::Key(path.display().to_string(), error))?;
            Keys::One(Arc::new(key))
        }
        (None, Some(secrets)) => Keys::Source(Arc::new(secret_keys(secrets, shared)?)),
        (None, None) => return Ok(None),
    };
    Ok(Some(AccessTokens::new(keys, bearer.service.clone())))
}

fn secret_keys(
    secrets: &AwsSecretsManager,
    shared: &Shared,
) -> Result<SecretKeys, TokenSetupError> {
    let given = shared.environment.aws.clone();
    let given = given.ok_or(TokenSetupError::NoCredentials)?;
    let options = SecretOptions {
        region: secrets.region.clone(),
        name: secrets.secret_name.clone(),
        refresh: secrets.refresh_interval,
        endpoint: None,
        access_key: given.access_key,
        secret_key: given.secret_key,
        session_token: given.session_token,
    };
    Ok(SecretKeys::new(options, agent(Roots::System))?)
}

/// Compiles what issuers' entries say of claims.
pub(super) fn check(http: &Http) -> Result<(), TokenSetupError> {
    let bearer = http.auth.bearer.as_ref();
    let entries = bearer.map_or(&[][..], |bearer| &bearer.oidc);
    for (at, entry) in entries.iter().enumerate() {
        compiled(at, entry)?;
    }
    Ok(())
}

fn compiled(at: usize, entry: &BearerOidc) -> Result<Mapping, TokenSetupError> {
    let mapping = Mapping::compile(&mapping(entry));
    mapping.map_err(|error| TokenSetupError::Mapping(at, error))
}

fn workloads(http: &Http) -> Result<Arc<[Workload]>, TokenSetupError> {
    let bearer = http.auth.bearer.as_ref();
    let Some(bearer) = bearer.filter(|bearer| bearer.is_oidc()) else {
        return Ok(Arc::new([]));
    };
    let entries = bearer.oidc.iter().enumerate();
    entries.map(|(at, entry)| workload(at, entry)).collect()
}

fn workload(at: usize, entry: &BearerOidc) -> Result<Workload, TokenSetupError> {
    let roots = match &entry.certificate_authority_file {
        Some(path) => Roots::Only(read(path)?),
        None if entry.certificate_authority.is_empty() => Roots::System,
        None => Roots::Only(entry.certificate_authority.clone().into_bytes()),
    };
    roots
        .check()
        .map_err(|error| TokenSetupError::Authority(at, error))?;
    let check = if entry.skip_issuer_verification {
        IssuerCheck::Skipped
    } else {
        IssuerCheck::Enforced
    };
    let issuer = Issuer::new(entry.issuer.clone(), check, agent(roots));
    let issuer = issuer.map_err(|error| TokenSetupError::Issuer(at, error))?;
    Ok(Workload::new(
        issuer,
        &entry.audiences,
        compiled(at, entry)?,
    ))
}

fn mapping(entry: &BearerOidc) -> MappingOptions {
    let Some(mapping) = &entry.claim_mapping else {
        return MappingOptions::default();
    };
    let variables = mapping.variables.iter();
    let validations = mapping.validations.iter();
    MappingOptions {
        username: mapping.username.clone(),
        groups: mapping.groups.clone(),
        variables: variables
            .map(|one| (one.name.clone(), one.expression.clone()))
            .collect(),
        validations: validations
            .map(|one| (one.expression.clone(), one.message.clone()))
            .collect(),
    }
}

fn browser_clients(http: &Http) -> Vec<BrowserClient> {
    let openid = http.auth.openid.as_ref();
    let providers = openid
        .into_iter()
        .flat_map(|openid| openid.providers.iter());
    providers
        .filter(|(_, provider)| !provider.issuer.is_empty())
        .map(|(_, provider)| BrowserClient {
            issuer: provider.issuer.clone(),
            client_id: provider.client_id.clone(),
        })
        .collect()
}

/// Takes the configured service that requests are passed on to, or else the one that issues tokens
/// with an access list: this registry stands before it when passwords are accepted too.
fn upstream(http: &Http) -> Result<Option<Upstream>, TokenSetupError> {
    let Some(bearer) = &http.auth.bearer else {
        return Ok(None);
    };
    let given = bearer.upstream_token_endpoint.as_ref();
    if let Some(given) = given.filter(|given| !given.realm.is_empty()) {
        let insecure = if given.allow_insecure_http {
            InsecureHttp::Allowed
        } else {
            InsecureHttp::Refused
        };
        let agent = agent(Roots::System);
        let service = given.service.clone();
        return Ok(Some(Upstream::new(&given.realm, service, insecure, agent)?));
    }
    if !bearer.is_traditional() || bearer.realm.ends_with(TOKEN_PATH) {
        return Ok(None);
    }
    let (insecure, agent) = (InsecureHttp::Allowed, agent(Roots::System));
    let service = bearer.service.clone();
    Ok(Some(Upstream::new(
        &bearer.realm,
        service,
        insecure,
        agent,
    )?))
}

/// Makes what asks other services.
pub(super) fn agent(roots: Roots) -> Agent {
    Agent::new(Options {
        roots,
        proxies: Proxies::from_environment(),
        ..Options::default()
    })
}
