//! Issuers of identity tokens: what they publish of themselves, and their keys.
//!
//! Nothing is asked before the first token needs it, so an issuer that is down stops no start. What
//! was read is used for a minute, then read again beside the requests that go on with it; the last
//! good keys serve while an issuer is down, for a day.
//!
//! Spec: `OpenID` Connect Discovery 1.0, 4.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use client::{Agent, Redirects, Request, Trust, Url};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use tracing::{debug, warn};

use crate::jwt::{KeyError, KeySet, Token};

/// What is younger is used without a thought.
const FRESH: Duration = Duration::from_mins(1);
/// What is younger is used while it is read again; what is older is waited for.
const STALE: Duration = Duration::from_mins(10);
/// What is older is not used at all.
const GONE: Duration = Duration::from_hours(24);
/// The time between two attempts, whatever asks for them: names of keys are the caller's to invent.
const PAUSE: Duration = Duration::from_secs(10);
/// The longest a request waits.
const WAIT: Duration = Duration::from_secs(5);
/// The longest document or key set in bytes.
const MAX_DOCUMENT: u64 = 256 * 1024;

/// Says why an issuer cannot be used now.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IssuerError {
    /// Its address is no full `http` or `https` address.
    #[error("the issuer {0} is no full http or https address")]
    Address(String),
    /// It did not answer.
    #[error("the issuer {issuer} cannot be asked")]
    Request {
        /// The issuer.
        issuer: String,
        /// The cause.
        #[source]
        source: Arc<client::Error>,
    },
    /// It did not answer before the request had waited long enough.
    #[error("the issuer {0} takes too long")]
    Slow(String),
    /// What it says of itself cannot be used.
    #[error("the issuer {issuer} describes itself wrongly: {reason}")]
    Document {
        /// The issuer.
        issuer: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// Its keys cannot be used.
    #[error("the keys of the issuer {issuer} cannot be used")]
    Keys {
        /// The issuer.
        issuer: String,
        /// The cause.
        #[source]
        source: KeyError,
    },
}

/// Says whether an issuer must be whom its document and its tokens name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IssuerCheck {
    /// It must.
    #[default]
    Enforced,
    /// It need not: it is reached under another name than it gives itself.
    Skipped,
}

/// Holds what an issuer publishes of itself.
#[derive(Clone, Debug)]
pub struct Document {
    base: Url,
    fields: Map<String, Value>,
}

impl Document {
    /// Yields a field that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// Yields the texts of a field that is a list.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        let items = self.fields.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Yields a field that is an address, and how far to trust it: the host of the issuer itself was
    /// named by the configuration, any other by the issuer.
    pub fn endpoint(&self, name: &str) -> Option<(Url, Trust)> {
        let url = Url::parse(self.text(name)?).ok()?;
        let trust = if url.is_same_host(&self.base) {
            Trust::Configured
        } else {
            Trust::Named
        };
        Some((url, trust))
    }
}

/// Knows an issuer. Clones share what they know.
#[derive(Clone)]
pub struct Issuer(Arc<Inner>);

struct Inner {
    name: String,
    base: Url,
    check: IssuerCheck,
    agent: Agent,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: Option<Known>,
    tried: Option<SystemTime>,
    failed: Option<IssuerError>,
    flight: Option<Flight>,
}

type Flight = Shared<BoxFuture<'static, ()>>;

#[derive(Clone)]
struct Known {
    document: Arc<Document>,
    keys: Arc<KeySet>,
    at: SystemTime,
}

impl Issuer {
    /// Takes the address of an issuer, as its tokens write it, and what asks it.
    ///
    /// # Errors
    /// [`IssuerError::Address`].
    pub fn new(
        name: impl Into<String>,
        check: IssuerCheck,
        agent: Agent,
    ) -> Result<Self, IssuerError> {
        let name = name.into();
        let base = match Url::parse(&name) {
            Ok(base) if base.query().is_none() => base,
            Ok(_) | Err(_) => return Err(IssuerError::Address(name)),
        };
        Ok(Self(Arc::new(Inner {
            name,
            base,
            check,
            agent,
            state: Mutex::default(),
        })))
    }

    /// Yields the address, as tokens write it.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Tells whether the issuer may be whom a token names.
    pub fn may_be(&self, name: &str) -> bool {
        self.0.check == IssuerCheck::Skipped || self.0.name == name
    }

    /// Yields the agent that asks the issuer.
    pub fn agent(&self) -> &Agent {
        &self.0.agent
    }

    /// Yields what the issuer publishes of itself.
    ///
    /// # Errors
    /// [`IssuerError`], after a few seconds at most.
    pub async fn document(&self, now: SystemTime) -> Result<Arc<Document>, IssuerError> {
        let known = self.known(now, |_| true).await?;
        Ok(known.document)
    }

    /// Yields the keys of the issuer; they are read again when none fits the token.
    ///
    /// # Errors
    /// [`IssuerError`], after a few seconds at most.
    pub async fn keys(
        &self,
        token: &Token<'_>,
        now: SystemTime,
    ) -> Result<Arc<KeySet>, IssuerError> {
        let has_key = |keys: &KeySet| keys.for_token(token).next().is_some();
        let known = self.known(now, has_key).await?;
        Ok(known.keys)
    }

    async fn known(
        &self,
        now: SystemTime,
        is_enough: impl Fn(&KeySet) -> bool,
    ) -> Result<Known, IssuerError> {
        let flight = {
            let mut state = self.0.state.lock();
            let known = state.known.clone();
            let age = known.as_ref().map(|known| age(known.at, now));
            let known = known.filter(|known| is_enough(&known.keys));
            match (known, age) {
                (Some(known), Some(age)) if age < FRESH => return Ok(known),
                (Some(known), Some(age)) if age < STALE => {
                    self.take_off(&mut state, now);
                    return Ok(known);
                }
                _ => self.take_off(&mut state, now),
            }
        };
        let waited = match flight {
            Some(flight) => tokio::time::timeout(WAIT, flight).await,
            None => Ok(()),
        };
        let state = self.0.state.lock();
        match (&state.known, waited) {
            (Some(known), _) if age(known.at, now) < GONE => Ok(known.clone()),
            (_, Err(_elapsed)) => Err(IssuerError::Slow(self.0.name.clone())),
            _ => Err(state
                .failed
                .clone()
                .unwrap_or_else(|| IssuerError::Slow(self.0.name.clone()))),
        }
    }

    /// Starts to ask the issuer, unless that was done a moment ago. Who started it may go away.
    fn take_off(&self, state: &mut State, now: SystemTime) -> Option<Flight> {
        if let Some(flight) = &state.flight {
            return Some(flight.clone());
        }
        if state.tried.is_some_and(|tried| age(tried, now) < PAUSE) {
            return None;
        }
        state.tried = Some(now);
        let inner = Arc::clone(&self.0);
        let task = tokio::spawn(async move { inner.refresh(now).await });
        let flight = task.map(|_| ()).boxed().shared();
        state.flight = Some(flight.clone());
        Some(flight)
    }
}

impl Inner {
    async fn refresh(&self, now: SystemTime) {
        let read = self.read(now).await;
        let mut state = self.state.lock();
        state.flight = None;
        match read {
            Ok(known) => {
                debug!(issuer = self.name, keys = known.keys.len(), "issuer read");
                state.known = Some(known);
                state.failed = None;
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                warn!(error = %error, cause, "issuer not read");
                state.failed = Some(error);
            }
        }
    }

    async fn read(&self, now: SystemTime) -> Result<Known, IssuerError> {
        let wrong = |reason| IssuerError::Document {
            issuer: self.name.clone(),
            reason,
        };
        let well_known = self.base.below("/.well-known/openid-configuration");
        let url = well_known.map_err(|_error| IssuerError::Address(self.name.clone()))?;
        let fields = self.get(url, Trust::Configured).await?;
        let fields = fields.json().map_err(|error| self.failed(error))?;
        let document = Document {
            base: self.base.clone(),
            fields,
        };
        let is_named = document.text("issuer") == Some(self.name.as_str());
        if self.check == IssuerCheck::Enforced && !is_named {
            return Err(wrong("it says that it is somebody else"));
        }
        let place = document.endpoint("jwks_uri");
        let (url, trust) = place.ok_or_else(|| wrong("it has no jwks_uri"))?;
        let keys = self.get(url, trust).await?;
        let keys = KeySet::read(&keys.body).map_err(|source| IssuerError::Keys {
            issuer: self.name.clone(),
            source,
        })?;
        Ok(Known {
            document: Arc::new(document),
            keys: Arc::new(keys),
            at: now,
        })
    }

    async fn get(&self, url: Url, trust: Trust) -> Result<client::Response, IssuerError> {
        let request = Request::get(url)
            .with_trust(trust)
            .with_redirects(Redirects::SameHost(3))
            .with_limit(MAX_DOCUMENT);
        let response = self.agent.send(request).await;
        response
            .and_then(client::Response::success)
            .map_err(|error| self.failed(error))
    }

    fn failed(&self, source: client::Error) -> IssuerError {
        IssuerError::Request {
            issuer: self.name.clone(),
            source: Arc::new(source),
        }
    }
}

/// A clock that was set back makes everything old: it is read again.
fn age(at: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(at).unwrap_or(GONE)
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Issuer").field(&self.0.name).finish()
    }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
