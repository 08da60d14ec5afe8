//! Credentials that were found right a short while ago.
//!
//! A password hash costs tens of milliseconds on purpose, and clients send the same credentials with
//! each request. What was found right is remembered under a keyed MAC of the credentials, so that a
//! later request costs one MAC and nothing in memory tells the credentials. Whatever else happens at
//! the same time with the same credentials waits for the first check and shares its result.
//!
//! What was found wrong is not remembered. Whoever guesses sends something else each time, so it
//! would guard nothing and fill the memory; and a password that was just set would be refused.

pub(crate) mod turns;

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use ring::hmac;
use ring::rand::SystemRandom;

use crate::api_key::Usage;
use crate::gate::Refusal;
use crate::identity::User;

/// For how long and how many credentials are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedOptions {
    /// How long a check holds. A password that is changed in a directory works on for so long.
    pub life: Duration,
    /// How many credentials are remembered at most.
    pub count: usize,
}

impl Default for VerifiedOptions {
    fn default() -> Self {
        Self {
            life: Duration::from_mins(5),
            count: 10_000,
        }
    }
}

/// Stands for credentials: their MAC under a key that lives as long as the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mark([u8; 32]);

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mark")
    }
}

/// Whom credentials are of.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) user: Arc<User>,
    /// When the credentials end, if they do.
    pub(crate) expires: Option<SystemTime>,
    /// Where uses of an API key are noted.
    pub(crate) usage: Option<Arc<Usage>>,
}

/// What a check of credentials found; all who waited for it get one.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Known(Known),
    Wrong,
    /// Too many checks wait already.
    Busy,
    Failed(Arc<dyn StdError + Send + Sync>),
}

/// Too many passwords wait to be checked, of this address or in all: the caller may come back.
///
/// The source of a [`Refusal::Failed`], for whoever words it.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("too many passwords wait to be checked")]
pub struct Busy;

/// Carries a failure to each of those who waited.
#[derive(Debug, thiserror::Error)]
#[error("credentials could not be checked")]
struct Failure(#[source] Arc<dyn StdError + Send + Sync>);

impl Outcome {
    pub(crate) fn failed(error: impl StdError + Send + Sync + 'static) -> Self {
        Self::Failed(Arc::new(error))
    }

    pub(crate) fn into_result(self) -> Result<Known, Refusal> {
        match self {
            Self::Known(known) => Ok(known),
            Self::Wrong => Err(Refusal::Wrong),
            Self::Busy => Err(Refusal::Failed(Box::new(Busy))),
            Self::Failed(error) => Err(Refusal::Failed(Box::new(Failure(error)))),
        }
    }
}

type Flight = BoxFuture<'static, Outcome>;

#[derive(Debug)]
struct Entry {
    known: Known,
    until: SystemTime,
}

/// The random numbers of the system are not to be had.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no random numbers to be had")]
pub struct NoRandom;

/// Remembers credentials that were found right.
pub struct Verified {
    key: hmac::Key,
    /// Counts those who verify.
    verifiers: AtomicU64,
    life: Duration,
    entries: Cache<Mark, Arc<Entry>>,
    /// Counts what was forgotten: a check that began before is not remembered afterwards.
    forgotten: Mutex<u64>,
    flights: Mutex<HashMap<Mark, WeakShared<Flight>>>,
}

impl Verified {
    /// Starts with nothing remembered, under a new key.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn new(options: VerifiedOptions) -> Result<Self, NoRandom> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        Ok(Self {
            key: key.map_err(|_unspecified| NoRandom)?,
            verifiers: AtomicU64::new(0),
            life: options.life,
            entries: Cache::new(options.count),
            forgotten: Mutex::new(0),
            flights: Mutex::default(),
        })
    }

    /// Forgets everything: the password file has changed.
    pub fn forget_all(&self) {
        let mut forgotten = self.forgotten.lock();
        *forgotten += 1;
        self.entries.clear();
    }

    /// Forgets the credentials of one user.
    pub fn forget_user(&self, name: &str) {
        self.forget(|known| known.user.name == name);
    }

    pub(crate) fn forget(&self, which: impl Fn(&Known) -> bool) {
        let mut forgotten = self.forgotten.lock();
        *forgotten += 1;
        self.entries.retain(|_, entry| !which(&entry.known));
    }

    /// Yields a number for one who verifies. What one of them has found right is nothing to another,
    /// so that requests which began before a change of the passwords leave nothing behind that
    /// counts after it.
    pub(crate) fn verifier(&self) -> u64 {
        self.verifiers.fetch_add(1, Ordering::Relaxed)
    }

    /// Yields what stands for credentials before one who verifies.
    pub(crate) fn mark(&self, verifier: u64, credentials: &[u8]) -> Mark {
        let mut mac = hmac::Context::with_key(&self.key);
        mac.update(&verifier.to_le_bytes());
        mac.update(credentials);
        let tag = mac.sign();
        let mut mark = [0; 32];
        for (to, from) in mark.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        Mark(mark)
    }

    /// Yields whom credentials are of, if that is remembered.
    pub(crate) fn get(&self, mark: &Mark, now: SystemTime) -> Option<Known> {
        let entry = self.entries.get(mark)?;
        // A clock that was set back must not make the entry live longer.
        let left = entry.until.duration_since(now).ok()?;
        (!left.is_zero() && left <= self.life).then(|| entry.known.clone())
    }

    /// Has credentials checked by `check`, unless that is going on already: then its result is
    /// awaited.
    ///
    /// # Cancel safety
    /// A dropped call leaves the check to the others who wait for it, if there are any.
    pub(crate) async fn check(
        self: &Arc<Self>,
        mark: Mark,
        now: SystemTime,
        check: impl FnOnce() -> Flight,
    ) -> Outcome {
        let flight = self.flight(mark, now, check);
        flight.await
    }

    fn flight(
        self: &Arc<Self>,
        mark: Mark,
        now: SystemTime,
        check: impl FnOnce() -> Flight,
    ) -> Shared<Flight> {
        let mut flights = self.flights.lock();
        if let Some(flight) = flights.get(&mark).and_then(WeakShared::upgrade) {
            return flight;
        }
        let begun = *self.forgotten.lock();
        let landing = Landing(Arc::clone(self), mark);
        let check = check();
        let flight = async move {
            let Landing(verified, mark) = &landing;
            let outcome = check.await;
            if let Outcome::Known(known) = &outcome {
                verified.remember(*mark, known, now, begun);
            }
            outcome
        };
        let flight = flight.boxed().shared();
        if let Some(weak) = flight.downgrade() {
            flights.insert(mark, weak);
        }
        flight
    }

    fn remember(&self, mark: Mark, known: &Known, now: SystemTime, begun: u64) {
        let mut until = now + self.life;
        if let Some(expires) = known.expires {
            until = until.min(expires);
        }
        let forgotten = self.forgotten.lock();
        if *forgotten == begun {
            let known = known.clone();
            self.entries.insert(mark, Arc::new(Entry { known, until }));
        }
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("life", &self.life)
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

/// Takes a check off the list when it ends or when nobody waits for it any more.
struct Landing(Arc<Verified>, Mark);

impl Drop for Landing {
    fn drop(&mut self) {
        self.0.flights.lock().remove(&self.1);
    }
}

#[cfg(test)]
mod tests;
