//! Identity tokens that arrive where passwords do.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tracing::debug;

use crate::bearer::VerifyError;
use crate::jwt::{Claims, Token};
use crate::workload::Workload;

/// The most credentials of one request that are looked at.
const MAX_CREDENTIALS: usize = 8;

/// Names this registry at a service for logins in the browser. Tokens for it are for no token
/// service, ours or another's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserClient {
    /// The issuer.
    pub issuer: String,
    /// The name of this registry there.
    pub client_id: String,
}

/// Says what came of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchanged {
    /// A credential is a good token: it is its own exchange.
    Accepted(Accepted),
    /// A credential is for this registry, and is not good.
    Refused,
    /// No credential is any of our business.
    Foreign,
}

/// Describes the token that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Which of the credentials it is.
    pub position: usize,
    /// How long it holds from now on.
    pub expires_in: Duration,
    /// When it was issued, if it says so.
    pub issued_at: Option<SystemTime>,
}

/// Accepts the identity tokens of workloads where a client sends a password.
#[derive(Clone, Debug)]
pub struct Exchange {
    workloads: Arc<[Workload]>,
    browser: Vec<BrowserClient>,
}

impl Exchange {
    /// Takes the issuers of workloads, and who this registry is for logins in the browser.
    pub fn new(workloads: Arc<[Workload]>, browser: Vec<BrowserClient>) -> Self {
        Self { workloads, browser }
    }

    /// Looks for a good token among credentials, in their order.
    pub async fn exchange(&self, credentials: &[&str], now: SystemTime) -> Exchanged {
        let mut result = Exchanged::Foreign;
        for (position, text) in credentials.iter().take(MAX_CREDENTIALS).enumerate() {
            let Some((token, claims)) = read(text) else {
                continue;
            };
            let is_owned = self.workloads.iter().any(|workload| workload.owns(&claims));
            if !is_owned && !self.is_for_browser(&claims) {
                continue;
            }
            result = Exchanged::Refused;
            if !is_owned {
                debug!("token of a login in the browser is not exchanged");
                continue;
            }
            match self.verify(&token, &claims, now).await {
                Ok(()) => return Exchanged::Accepted(accepted(position, &claims, now)),
                Err(error) => debug!(error = %error, "token not exchanged"),
            }
        }
        result
    }

    async fn verify(
        &self,
        token: &Token<'_>,
        claims: &Claims,
        now: SystemTime,
    ) -> Result<(), VerifyError> {
        let mut last = crate::jwt::TokenError::UnknownKey.into();
        for workload in self.workloads.iter().filter(|one| one.wants(claims)) {
            match workload.verify(token, now).await {
                Ok(_known) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn is_for_browser(&self, claims: &Claims) -> bool {
        self.browser.iter().any(|client| {
            let id = client.client_id.as_str();
            client.issuer == claims.issuer() && !id.is_empty() && claims.is_for(&[id])
        })
    }
}

fn read(text: &str) -> Option<(Token<'_>, Claims)> {
    let token = Token::parse(text.as_bytes()).ok()?;
    let claims = token.unverified().ok()?;
    Some((token, claims))
}

fn accepted(position: usize, claims: &Claims, now: SystemTime) -> Accepted {
    let time = |name| claims.time(name).ok().flatten();
    let left = time("exp").and_then(|end| end.duration_since(now).ok());
    Accepted {
        position,
        expires_in: left.unwrap_or_default(),
        issued_at: time("iat"),
    }
}

#[cfg(test)]
mod tests;
