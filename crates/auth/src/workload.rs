//! Identity tokens of workloads, accepted as their issuers made them.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use crate::bearer::{Lease, VerifyError};
use crate::identity::{Identity, Method, User};
use crate::issuer::Issuer;
use crate::jwt::{Claims, Expiry, LEEWAY, Token, TokenError};

/// Says why claims name nobody who is let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claims of the token are not accepted: {0}")]
pub struct MappingError(pub String);

/// Makes a user name and groups of claims.
pub type ClaimMapper =
    Arc<dyn Fn(&Value) -> Result<(String, Vec<String>), MappingError> + Send + Sync>;

/// Verifies the tokens of one issuer.
#[derive(Clone)]
pub struct Workload {
    issuer: Issuer,
    audiences: Arc<[String]>,
    mapper: ClaimMapper,
}

impl Workload {
    /// Takes an issuer and the audiences, one of which a token must be for. Users are named
    /// `<issuer>/<subject>` until [`Workload::with_mapper`] says otherwise.
    pub fn new(issuer: Issuer, audiences: &[String]) -> Self {
        let audiences = audiences.iter().map(|one| one.trim().to_owned());
        Self {
            issuer,
            audiences: audiences.filter(|one| !one.is_empty()).collect(),
            mapper: Arc::new(subject),
        }
    }

    /// Sets how claims become a user.
    #[must_use]
    pub fn with_mapper(mut self, mapper: ClaimMapper) -> Self {
        self.mapper = mapper;
        self
    }

    /// Yields the issuer.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Tells whether claims, verified or not, are for this registry and from this issuer. Only then
    /// is the issuer asked anything, so that no stranger's token makes us call somebody.
    pub fn wants(&self, claims: &Claims) -> bool {
        self.issuer.may_be(claims.issuer()) && claims.is_for(&self.audiences)
    }

    /// Tells whether claims are for this registry and name this issuer, even where that need not be.
    pub(crate) fn owns(&self, claims: &Claims) -> bool {
        claims.issuer() == self.issuer.name() && claims.is_for(&self.audiences)
    }

    /// Verifies a token, and yields whom it stands for.
    pub(crate) async fn verify(
        &self,
        token: &Token<'_>,
        now: SystemTime,
    ) -> Result<(Identity, Lease), VerifyError> {
        let keys = self.issuer.keys(token, now).await?;
        let claims = token.verify(keys.for_token(token))?;
        if !self.issuer.may_be(claims.issuer()) {
            return Err(TokenError::Issuer.into());
        }
        claims.check_times(now, Expiry::Required)?;
        if !claims.is_for(&self.audiences) {
            return Err(TokenError::Audience.into());
        }
        let end = claims.time("exp")?.map(|end| end + LEEWAY);
        let claims = claims.into_value();
        let (name, groups) = (self.mapper)(&claims)?;
        if name.is_empty() {
            return Err(MappingError("the user name is empty".to_owned()).into());
        }
        let mut user = User::new(name, groups, Method::Workload);
        user.claims = Some(Arc::new(claims));
        Ok((Identity::User(Arc::new(user)), Lease { now, end }))
    }
}

impl fmt::Debug for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workload")
            .field("issuer", &self.issuer)
            .field("audiences", &self.audiences)
            .finish_non_exhaustive()
    }
}

/// Compat: what zot does without a mapping.
fn subject(claims: &Value) -> Result<(String, Vec<String>), MappingError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    match (text("iss"), text("sub")) {
        (Some(issuer), Some(subject)) => Ok((format!("{issuer}/{subject}"), Vec::new())),
        _ => Err(MappingError("there is no issuer or no subject".to_owned())),
    }
}
