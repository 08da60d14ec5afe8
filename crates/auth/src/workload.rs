//! Identity tokens of workloads, accepted as their issuers made them.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::bearer::{Lease, VerifyError};
use crate::condition::mapping::Mapping;
use crate::identity::{Identity, Method, User};
use crate::issuer::Issuer;
use crate::jwt::{Claims, Expiry, LEEWAY, Token, TokenError};

/// Verifies the tokens of one issuer.
#[derive(Clone)]
pub struct Workload {
    issuer: Issuer,
    audiences: Arc<[String]>,
    mapping: Arc<Mapping>,
}

impl Workload {
    /// Takes an issuer, the audiences, one of which a token must be for, and what makes a user of
    /// claims.
    pub fn new(issuer: Issuer, audiences: &[String], mapping: Mapping) -> Self {
        let audiences = audiences.iter().map(|one| one.trim().to_owned());
        Self {
            issuer,
            audiences: audiences.filter(|one| !one.is_empty()).collect(),
            mapping: Arc::new(mapping),
        }
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
        let mapped = self.mapping.apply(&claims)?;
        let mut user = User::new(mapped.username, mapped.groups, Method::Workload);
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
