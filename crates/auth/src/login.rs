//! Logins in the browser, at other services.
//!
//! ```text
//! browser ── login ──> us ── 302 ──> service ── 302 ──> us: callback ── code ──> service
//!        <─────────────────── session, 302 ──────────────────┘      <── who it is ──┘
//! ```
//!
//! A service that is set up wrongly, or does not answer, is of no use until the next login there;
//! everything else goes on. Who has logged in is told; beginning a session is somebody else's work.
//!
//! Written on `client` and [`jwt`](crate::jwt) rather than on a library of the protocol, whose tree
//! is heavier than all of this crate.
//!
//! | module | holds |
//! |---|---|
//! | [`pending`] | a login that is under way, as its browser holds it |
//! | [`person`] | who logged in, by what the service says |

pub mod pending;
pub mod person;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use client::Agent;
use http::HeaderMap;

use crate::origin::{Forwarded, Public, Returns};
use crate::provider::{Provider, ProviderError, ProviderOptions};
use crate::session::cookie::cookies;
use crate::session::signer::is_same_secret;
use crate::session::{RecordsError, Signer};
use pending::{Pending, Purposes};
pub use person::{ClaimNames, Person};

/// The name of the cookie that a browser holds while it logs in.
pub const COOKIE: &str = "statecookie";

/// Below this path the services send browsers back.
pub const CALLBACK: &str = "/zot/auth/callback";

/// Says how logins work.
#[derive(Debug)]
pub struct LoginOptions {
    /// Where this registry is found.
    pub public: Public,
    /// Where logins may return to.
    pub returns: Returns,
    /// The services.
    pub providers: Vec<ProviderOptions>,
}

/// Says why somebody is not logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// There is no such service.
    #[error("there is no such service to log in at")]
    UnknownProvider,
    /// The service cannot be used now.
    #[error("{provider} cannot be used to log in")]
    Unavailable {
        /// The service.
        provider: String,
        /// Why.
        #[source]
        source: Box<ProviderError>,
    },
    /// The answer belongs to no login of this browser, or to one of long ago.
    #[error("the answer belongs to no login of this browser")]
    Stray,
    /// The service refused, in its words.
    #[error("{provider} answered {code}")]
    Refused {
        /// The service.
        provider: String,
        /// The code of the error.
        code: String,
    },
    /// The service did not say who it is.
    #[error("the login at {provider} failed")]
    Failed {
        /// The service.
        provider: String,
        /// Why.
        #[source]
        source: Box<ProviderError>,
    },
    /// Nothing that the service says names a user.
    #[error("{provider} names no user")]
    Nameless {
        /// The service.
        provider: String,
    },
    /// The key that logins are signed with could not be read.
    #[error("the login could not be signed")]
    Records(#[from] RecordsError),
}

/// Asks for a login.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The service.
    pub provider: &'a str,
    /// Where the browser wants to go in the end; may be empty.
    pub target: &'a str,
    /// What a trusted proxy says of the request.
    pub forwarded: Option<&'a Forwarded>,
    /// The time of the request.
    pub now: SystemTime,
}

/// A login that has begun. Not printed: the address holds what must come back.
#[derive(Clone, PartialEq, Eq)]
pub struct Begun {
    /// Where the browser goes now.
    pub location: String,
    /// The value of [`COOKIE`].
    pub cookie: String,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Begun")
    }
}

/// Lends the answer of a service, as the browser brings it. Not printed.
#[derive(Clone, Copy, Default)]
pub struct Answer<'a> {
    /// The service, by the path.
    pub provider: &'a str,
    /// Parameter `state`.
    pub state: &'a str,
    /// Parameter `code`.
    pub code: Option<&'a str>,
    /// Parameter `error`.
    pub error: Option<&'a str>,
    /// Parameter `iss`.
    pub issuer: Option<&'a str>,
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

/// Somebody has logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedIn {
    /// Who.
    pub person: Person,
    /// The service.
    pub provider: String,
    /// Where the browser goes now, if it said so at the beginning.
    pub target: Option<String>,
}

/// Logs browsers in at other services.
#[derive(Debug)]
pub struct Login {
    public: Public,
    returns: Returns,
    providers: Vec<Provider>,
    signer: Arc<Signer>,
}

impl Login {
    /// Puts the services together. Nothing is asked and nothing can fail: a service with wrong
    /// settings is of no use, as [`Self::check`] tells.
    pub fn new(options: LoginOptions, signer: Arc<Signer>, agent: &Agent) -> Self {
        let providers = options.providers.into_iter();
        let providers = providers.map(|options| Provider::new(options, agent));
        Self {
            returns: options.returns.and(options.public.origin()),
            public: options.public,
            providers: providers.collect(),
            signer,
        }
    }

    /// Asks every service whether it can be used, and yields those that cannot, with the reason.
    pub async fn check(&self, now: SystemTime) -> Vec<(String, ProviderError)> {
        let mut faults = Vec::new();
        for provider in &self.providers {
            if let Err(fault) = provider.check(now).await {
                faults.push((provider.name().to_owned(), fault));
            }
        }
        faults
    }

    /// Begins a login.
    ///
    /// # Errors
    /// [`LoginError`]: `UnknownProvider`, `Unavailable`, `Records`.
    pub async fn begin(&self, wish: Wish<'_>) -> Result<Begun, LoginError> {
        let provider = self.provider(wish.provider)?;
        let base = self.public.base(wish.forwarded);
        let target = match wish.target {
            long if long.len() > pending::MAX_TEXT => "/",
            target => target,
        };
        let purposes = Purposes {
            provider: provider.name().to_owned(),
            redirect_uri: format!("{base}{CALLBACK}/{}", provider.name()),
            target: self.returns.target(target),
        };
        let (pending, cookie) = Pending::begin(&self.signer, purposes, wish.now).await?;
        let location = provider.authorize(&pending, wish.now).await;
        match location {
            Ok(location) => Ok(Begun { location, cookie }),
            Err(source) => Err(LoginError::Unavailable {
                provider: wish.provider.to_owned(),
                source: Box::new(source),
            }),
        }
    }

    /// Ends a login: the answer must be to the login that the browser holds in its cookie.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn finish(
        &self,
        answer: Answer<'_>,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<LoggedIn, LoginError> {
        let provider = self.provider(answer.provider)?;
        let pending = self.pending(answer, headers, now).await?;
        let name = || answer.provider.to_owned();
        if let Some(error) = answer.error {
            return Err(LoginError::Refused {
                provider: name(),
                code: crate::provider::code_of(error),
            });
        }
        let code = answer.code.filter(|code| !code.is_empty());
        let code = code.ok_or(LoginError::Stray)?;
        let finished = provider.finish((code, answer.issuer), &pending, now);
        match finished.await {
            Ok(Some(person)) => Ok(LoggedIn {
                person,
                provider: name(),
                target: pending.purposes.target,
            }),
            Ok(None) => Err(LoginError::Nameless { provider: name() }),
            Err(source) => Err(LoginError::Failed {
                provider: name(),
                source: Box::new(source),
            }),
        }
    }

    /// Yields where a browser ends its session at the service that it logged in at, if the service
    /// has such a place and can be asked. The browser comes back to `/login`.
    pub async fn end_session(
        &self,
        provider: &str,
        forwarded: Option<&Forwarded>,
        now: SystemTime,
    ) -> Option<String> {
        let back = format!("{}/login", self.public.base(forwarded));
        let provider = self.provider(provider).ok()?;
        provider.end_session(&back, now).await
    }

    /// Tells whether browsers find this registry under an encrypted address.
    pub fn is_secure(&self, forwarded: Option<&Forwarded>) -> bool {
        self.public.base(forwarded).starts_with("https://")
    }

    fn provider(&self, name: &str) -> Result<&Provider, LoginError> {
        let mut providers = self.providers.iter();
        let found = providers.find(|provider| provider.name() == name);
        found.ok_or(LoginError::UnknownProvider)
    }

    async fn pending(
        &self,
        answer: Answer<'_>,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<Pending, LoginError> {
        for cookie in cookies(headers, COOKIE) {
            let Some(pending) = Pending::read(&self.signer, cookie, now).await? else {
                continue;
            };
            let same = is_same_secret(&pending.marks.state, answer.state);
            if same && pending.purposes.provider == answer.provider {
                return Ok(pending);
            }
        }
        Err(LoginError::Stray)
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
