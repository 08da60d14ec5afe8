//! From a configuration to all that depends on it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use auth::policy::PolicyError;
use auth::session::{Records, StoredRecords};
use auth::token::Mint;
use auth::verified::NoRandom;
use auth::{ApiKeys, Authenticator, Gate, Policy, Users, Verified, VerifiedOptions};
use config::{Config, Http};
use ext::ExtensionRoute;
use meta::Meta;
use registry::Clock;
use ring::hmac;

use crate::audit::Audit;
use crate::challenge::{Challenges, Origin};
use crate::client_address::TrustedProxies;
use crate::log::LogError;
use crate::rate_limit::RateLimits;
use crate::run::Environment;
use crate::settings::Settings;
use crate::sign_in::browser::Browsers;
use crate::sign_in::{api_key, login, logout};
use crate::snapshot::{Entry, Snapshot};

mod browser;
mod policy;
mod sign_in;
mod tokens;

use sign_in::Shared;
pub use sign_in::SignInError;
pub use tokens::TokenSetupError;
use tokens::Tokens;

/// Says why a configuration cannot be put to work.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// A rule of access control does not compile.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Callers cannot be known as asked.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// Tokens cannot be accepted as asked.
    #[error(transparent)]
    Tokens(#[from] TokenSetupError),
    /// There is no secret to be had from the system.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
    /// There is no record of changes to write to.
    #[error(transparent)]
    Audit(#[from] LogError),
}

/// Builds snapshots.
#[derive(Debug)]
pub(crate) struct Composer {
    shared: Shared,
    clock: Arc<dyn Clock>,
    /// What the last snapshot was built from, and the snapshot: some of its parts go on as they are
    /// when nothing has changed for them.
    last: Option<(Config, Snapshot)>,
}

/// What a composer stands on.
pub(crate) struct Base<'a> {
    pub(crate) meta: &'a Meta,
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) records: Arc<dyn Records>,
    pub(crate) environment: Environment,
}

impl Composer {
    /// Sets up what outlives any snapshot.
    ///
    /// # Errors
    /// `NoRandom`, `Tokens`.
    pub(crate) fn new(config: &Config, base: Base<'_>) -> Result<Self, ComposeError> {
        let verified = Arc::new(Verified::new(VerifiedOptions::default())?);
        let (meta, seed) = (base.meta, seed(config));
        let mint = Mint::new("", seed.as_ref()).map_err(TokenSetupError::from)?;
        Ok(Self {
            shared: Shared {
                users: Arc::new(Users::new(meta.clone(), Arc::clone(&verified))),
                keys: Arc::new(ApiKeys::new(meta.clone(), Arc::clone(&verified))),
                verified,
                records: base.records,
                mint: Arc::new(mint),
                environment: base.environment,
            },
            clock: Arc::clone(base.clock),
            last: None,
        })
    }

    /// Ends what was known under the snapshot before, once another one is in its place: passwords may
    /// have gone, and what is handed out until then must not outlive them.
    pub(crate) fn forget(&self) {
        self.shared.verified.forget_all();
        self.shared.mint.revoke(self.clock.now());
    }

    /// Yields the API keys, whose uses are to be written down now and then.
    pub(crate) fn keys(&self) -> Arc<ApiKeys> {
        Arc::clone(&self.shared.keys)
    }

    /// Builds all that depends on a configuration. Reads files, so it may block for a moment.
    ///
    /// # Errors
    /// [`ComposeError`]; what was built before is as it was.
    pub(crate) fn compose(&mut self, config: &Config) -> Result<Snapshot, ComposeError> {
        let http = &config.http;
        let policy = policy::compile(http)?;
        let tokens = Tokens::new(http, &policy, &self.shared)?;
        let basic = sign_in::basic(http, &self.shared)?;
        let browsers = sign_in::is_basic(http)
            .then(|| browser::browsers(http, &self.shared, &self.clock))
            .transpose()?;
        let snapshot = Snapshot {
            settings: Settings::from_config(config),
            routes: self.routes(
                (http, &policy),
                &tokens,
                (basic.as_ref(), browsers.as_ref()),
            )?,
            gate: gate(http, tokens.authenticator(), (basic, browsers.as_ref()))?,
            challenges: Challenges {
                basic: sign_in::is_basic(http).then(|| http.realm.clone()),
                tokens: tokens.service,
            },
            policy,
            entry: if tokens::is_exclusive(http) {
                Entry::Nobody
            } else {
                Entry::ByPolicy
            },
            browsers,
            origin: Origin::configured(&http.external_url),
            fail_delay: Duration::from_secs(http.auth.fail_delay),
            proxies: TrustedProxies::new(http.trusted_proxies.clone()),
            rates: self.rates(config),
            audit: self.audit(config)?,
        };
        self.last = Some((config.clone(), snapshot.clone()));
        Ok(snapshot)
    }

    fn routes(
        &self,
        (http, policy): (&Http, &Policy),
        tokens: &Tokens,
        (basic, browsers): (Option<&Arc<dyn Authenticator>>, Option<&Arc<Browsers>>),
    ) -> Result<Vec<ExtensionRoute>, ComposeError> {
        let passwords = Gate::new(basic.cloned().into_iter().collect(), Vec::new());
        let mut routes = tokens.routes((http, policy), passwords, &self.clock)?;
        if let Some(browsers) = browsers {
            routes.extend(login::routes(browsers));
            routes.extend(logout::routes(browsers));
        }
        if http.auth.apikey && basic.is_some() {
            let keys = Arc::clone(&self.shared.keys);
            routes.extend(api_key::routes(keys, Arc::clone(&self.clock)));
        }
        Ok(routes)
    }

    /// Buckets go on as full as they are.
    fn rates(&self, config: &Config) -> Option<Arc<RateLimits>> {
        if let Some((last, snapshot)) = &self.last
            && last.http.ratelimit == config.http.ratelimit
        {
            return snapshot.rates.clone();
        }
        let limit = config.http.ratelimit.as_ref();
        let limits = limit.and_then(|limit| RateLimits::new(limit, Instant::now()));
        limits.map(Arc::new)
    }

    /// One file has one writer.
    fn audit(&self, config: &Config) -> Result<Option<Audit>, LogError> {
        if let Some((last, snapshot)) = &self.last
            && last.log.audit == config.log.audit
        {
            return Ok(snapshot.audit.clone());
        }
        config.log.audit.as_deref().map(Audit::open).transpose()
    }
}

/// Builds what one configuration asks for, once: for a registry inside another program, which keeps
/// users, API keys and sessions in `meta`. Reads files, so it may block for a moment.
///
/// # Errors
/// [`ComposeError`].
pub fn snapshot(
    config: &Config,
    meta: &Meta,
    clock: &Arc<dyn Clock>,
) -> Result<Snapshot, ComposeError> {
    let base = Base {
        meta,
        clock,
        records: Arc::new(StoredRecords::new(meta.clone())),
        environment: Environment::default(),
    };
    Composer::new(config, base)?.compose(config)
}

/// Checks what of a configuration can be checked without the files that it names: the expressions in
/// it.
///
/// # Errors
/// `Policy`, `Tokens`.
pub fn check(config: &Config) -> Result<(), ComposeError> {
    policy::compile(&config.http)?;
    Ok(tokens::check(&config.http)?)
}

/// Puts the methods in their order. Tokens alone are accepted where the configuration says so.
fn gate(
    http: &Http,
    tokens: Option<Arc<dyn Authenticator>>,
    (basic, browsers): (Option<Arc<dyn Authenticator>>, Option<&Arc<Browsers>>),
) -> Result<Gate, ComposeError> {
    let by_header: Vec<_> = tokens.into_iter().chain(basic).collect();
    if tokens::is_exclusive(http) {
        return Ok(Gate::new(by_header, Vec::new()));
    }
    let sessions =
        browsers.map(|browsers| -> Arc<dyn Authenticator> { Arc::new(browsers.sessions.clone()) });
    let by_other = sessions.into_iter().chain(sign_in::certificates(http)?);
    Ok(Gate::new(by_header, by_other.collect()))
}

/// Servers that share the key of their sessions accept each other's tokens too.
fn seed(config: &Config) -> Option<[u8; 32]> {
    let keys = config.http.auth.session_keys.as_ref()?;
    let key = Some(keys.hash_key.expose()).filter(|key| !key.is_empty())?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let tag = hmac::sign(&key, b"tokens of this registry");
    tag.as_ref().try_into().ok()
}

#[cfg(test)]
mod tests;
