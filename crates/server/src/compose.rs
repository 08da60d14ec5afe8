//! From a configuration to all that depends on it.

use std::sync::Arc;
use std::time::Instant;

use auth::policy::PolicyError;
use auth::verified::NoRandom;
use auth::{ApiKeys, Fips, Users, Verified, VerifiedOptions};
use config::Config;
use meta::Meta;

use crate::audit::Audit;
use crate::challenge::Origin;
use crate::client_address::TrustedProxies;
use crate::log::LogError;
use crate::rate_limit::RateLimits;
use crate::settings::Settings;
use crate::snapshot::Snapshot;

mod policy;
mod sign_in;

pub(crate) use sign_in::Shared;
pub use sign_in::SignInError;

/// Says why a configuration cannot be put to work.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// A rule of access control does not compile.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Callers cannot be known as asked.
    #[error(transparent)]
    SignIn(#[from] SignInError),
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
    /// What the last snapshot was built from, and the snapshot: some of its parts go on as they are
    /// when nothing has changed for them.
    last: Option<(Config, Snapshot)>,
}

impl Composer {
    /// Sets up what outlives any snapshot.
    ///
    /// # Errors
    /// `NoRandom`.
    pub(crate) fn new(meta: &Meta, fips: Fips) -> Result<Self, ComposeError> {
        let verified = Arc::new(Verified::new(VerifiedOptions::default())?);
        Ok(Self {
            shared: Shared {
                users: Arc::new(Users::new(meta.clone(), Arc::clone(&verified))),
                keys: Arc::new(ApiKeys::new(meta.clone(), Arc::clone(&verified))),
                verified,
                fips,
            },
            last: None,
        })
    }

    /// Builds all that depends on a configuration. Reads files, so it may block for a moment.
    ///
    /// # Errors
    /// [`ComposeError`]; what was built before is as it was.
    pub(crate) fn compose(&mut self, config: &Config) -> Result<Snapshot, ComposeError> {
        let http = &config.http;
        let snapshot = Snapshot {
            settings: Settings::from_config(config),
            policy: policy::compile(http)?,
            gate: sign_in::gate(config, &self.shared)?,
            challenges: sign_in::challenges(http),
            origin: Origin::configured(&http.external_url),
            fail_delay: std::time::Duration::from_secs(http.auth.fail_delay),
            proxies: TrustedProxies::new(http.trusted_proxies.clone()),
            rates: self.rates(config),
            audit: self.audit(config)?,
            ..Snapshot::default()
        };
        // Passwords may have changed with it.
        self.shared.verified.forget_all();
        self.last = Some((config.clone(), snapshot.clone()));
        Ok(snapshot)
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
