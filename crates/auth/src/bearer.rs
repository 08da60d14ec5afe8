//! Callers with a token: `Authorization: Bearer`.
//!
//! A token is asked for in this order: tokens of this server, workload issuers as they are
//! configured, the token service. The first that accepts it decides.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tracing::debug;

use crate::condition::mapping::MappingError;
use crate::gate::{Authenticator, Authorization, Evidence, Refusal, Verdict};
use crate::identity::Identity;
use crate::issuer::IssuerError;
use crate::jwt::{Token, TokenError};
use crate::token::Mint;
use crate::workload::Workload;

mod access;
mod memory;
mod secret;
mod sigv4;

pub use access::{AccessTokens, KeySource, Keys};
pub(crate) use access::{actions_of, entries};
pub(crate) use memory::{Lease, Memory};
pub use secret::{SecretError, SecretKeys, SecretOptions};

/// Says why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It does not hold.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Its issuer could not be asked.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// Its claims name nobody who is let in.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The place that holds the keys could not be asked.
    #[error("the keys of the token service are not available")]
    Keys(#[source] Box<dyn StdError + Send + Sync>),
}

impl VerifyError {
    /// Tells whether the token may well be good, and somebody else is to blame.
    fn is_failure(&self) -> bool {
        matches!(self, Self::Issuer(_) | Self::Keys(_))
    }
}

/// Knows callers by their tokens.
pub struct Bearer {
    mint: Option<Arc<Mint>>,
    workloads: Arc<[Workload]>,
    access: Option<AccessTokens>,
    memory: Arc<Memory>,
}

impl Bearer {
    /// Takes the issuers of workloads in their order, and what verifies tokens with an access list.
    pub fn new(workloads: Arc<[Workload]>, access: Option<AccessTokens>) -> Self {
        Self {
            mint: None,
            workloads,
            access,
            memory: Memory::new(),
        }
    }

    /// Accepts the tokens of this server too.
    #[must_use]
    pub fn with_mint(mut self, mint: Arc<Mint>) -> Self {
        self.mint = Some(mint);
        self
    }

    /// Forgets which tokens were verified: keys have changed.
    pub fn forget(&self) {
        self.memory.clear();
    }

    async fn judge(&self, text: &[u8], now: SystemTime) -> Result<Identity, Refusal> {
        let minted = |mint: &Arc<Mint>| mint.recall(text, now);
        let known = self.mint.as_ref().and_then(minted);
        if let Some(identity) = known.or_else(|| self.memory.get(text, now)) {
            return Ok(identity);
        }
        let token = Token::parse(text).map_err(|error| self.refuse(error.into()))?;
        if let Some(mint) = self.mint.as_deref().filter(|mint| mint.is_own(&token)) {
            return mint
                .verify(&token, text, now)
                .map_err(|error| self.refuse(error.into()));
        }
        let (identity, lease) = self
            .ask(&token, now)
            .await
            .map_err(|error| self.refuse(error))?;
        self.memory.put(text, identity.clone(), lease);
        Ok(identity)
    }

    async fn ask(
        &self,
        token: &Token<'_>,
        now: SystemTime,
    ) -> Result<(Identity, Lease), VerifyError> {
        let claims = token.unverified()?;
        let mut last = VerifyError::Token(TokenError::UnknownKey);
        for workload in self.workloads.iter().filter(|one| one.wants(&claims)) {
            match workload.verify(token, now).await {
                Ok(found) => return Ok(found),
                Err(error) => last = worse(last, error),
            }
        }
        let Some(access) = &self.access else {
            return Err(last);
        };
        access
            .verify(token, now)
            .await
            .map_err(|error| worse(last, error))
    }

    /// Compat: with identity tokens alone zot answers a bad token with a challenge, with a token
    /// service without one. A wrong audience gets a challenge in either case.
    fn refuse(&self, error: VerifyError) -> Refusal {
        let cause: &(dyn StdError + 'static) = &error;
        debug!(error = cause, "token refused");
        if error.is_failure() {
            return Refusal::Failed(Box::new(error));
        }
        let is_elsewhere = matches!(error, VerifyError::Token(TokenError::Audience));
        if is_elsewhere || self.access.is_none() {
            return Refusal::Wrong;
        }
        Refusal::InvalidToken
    }
}

/// Keeps a failure of somebody else, so that a client does not throw a good token away.
fn worse(first: VerifyError, second: VerifyError) -> VerifyError {
    if first.is_failure() { first } else { second }
}

impl Authenticator for Bearer {
    fn authenticate<'a>(&'a self, evidence: &'a Evidence<'a>) -> BoxFuture<'a, Verdict> {
        async move {
            let Authorization::Bearer(text) = evidence.authorization() else {
                return Verdict::Absent;
            };
            match self.judge(text, evidence.now).await {
                Ok(identity) => Verdict::Known(identity),
                Err(refusal) => Verdict::Refused(refusal),
            }
        }
        .boxed()
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer")
            .field("workloads", &self.workloads)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
