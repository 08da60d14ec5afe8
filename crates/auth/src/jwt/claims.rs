//! What a token claims.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use super::TokenError;

/// How far the clocks of a signer and of this machine may be apart.
///
/// Compat: zot allows nothing, so a token is refused in the second that it was made in.
pub const LEEWAY: Duration = Duration::from_mins(1);

/// The end of the year 9999, in seconds since 1970: past it all times are one.
const FAR: Duration = Duration::from_secs(253_402_300_799);

/// Says whether a token may live for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It must say when it ends.
    Required,
    /// It may.
    Optional,
}

/// Holds the claims of a token.
#[derive(Clone, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Takes claims over.
    pub fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// Yields a claim.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Yields a claim that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// Yields who issued the token; blank when it does not say.
    pub fn issuer(&self) -> &str {
        self.text("iss").unwrap_or_default()
    }

    /// Yields whom the token is for: one text or a list of them; none when it does not say, or says
    /// something else.
    pub fn audiences(&self) -> Vec<&str> {
        match self.get("aud") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Tells whether the token is for one of these.
    pub fn is_for<S: AsRef<str>>(&self, audiences: &[S]) -> bool {
        let of = self.audiences();
        audiences.iter().any(|one| of.contains(&one.as_ref()))
    }

    /// Yields a time, which claims give in seconds since 1970, with or without a fraction; none
    /// when there is no such claim.
    ///
    /// # Errors
    /// [`TokenError::Malformed`] when it is no number.
    pub fn time(&self, name: &str) -> Result<Option<SystemTime>, TokenError> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => numeric_date(value).map(Some),
        }
    }

    /// Checks when the token ends, begins and was issued, give or take [`LEEWAY`].
    ///
    /// # Errors
    /// [`TokenError`]: expired, not yet valid, or malformed.
    pub fn check_times(&self, now: SystemTime, expiry: Expiry) -> Result<(), TokenError> {
        match (self.time("exp")?, expiry) {
            (Some(end), _) if now >= end + LEEWAY => return Err(TokenError::Expired),
            (None, Expiry::Required) => return Err(TokenError::Expired),
            (Some(_) | None, _) => {}
        }
        for name in ["nbf", "iat"] {
            if self.time(name)?.is_some_and(|start| start > now + LEEWAY) {
                return Err(TokenError::NotYet);
            }
        }
        Ok(())
    }

    /// Yields all claims as one value.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

/// Claims may be private, so they are not printed.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

/// Reads seconds since 1970. Times before are 1970, times that no clock reaches are far.
pub(crate) fn numeric_date(value: &Value) -> Result<SystemTime, TokenError> {
    let Some(seconds) = value.as_f64() else {
        return Err(TokenError::Malformed("a time is no number"));
    };
    let since = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(FAR);
    Ok(UNIX_EPOCH + since.min(FAR))
}
