//! Signed tokens: their keys, what they claim, and whether they hold.
//!
//! The compact form alone, and only what a registry meets: signatures by RSA, ECDSA and Ed25519.
//! The algorithm that a token names must fit the key that is chosen for it, so a token cannot
//! choose how it is checked. `none`, shared secrets and encryption do not exist here.
//!
//! Written on ring rather than on a library of tokens, which would leave to us just what is
//! delicate (ring's primitives, certificates, P-521) and read headers more kindly than this.
//!
//! ```
//! use auth::jwt::{Key, Token};
//!
//! let key = Key::read(br#"{"keys":[{"kty":"OKP","crv":"Ed25519",
//!     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#)?;
//! let text = b"eyJhbGciOiJFZERTQSJ9.e30.AAAA";
//! assert!(Token::parse(text)?.verify([&key]).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Spec: RFC 7515 (signatures), RFC 7517 (keys), RFC 7518 (algorithms), RFC 7519 (claims),
//! RFC 8037 (Ed25519).

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

mod algorithm;
mod claims;
#[cfg(test)]
pub(crate) mod fixture;
mod json;
mod key;
mod key_set;
mod pem;
mod sign;

pub use algorithm::Algorithm;
pub(crate) use claims::numeric_date;
pub use claims::{Claims, Expiry, LEEWAY};
pub use key::{Key, KeyError};
pub use key_set::KeySet;
pub use sign::{SignError, SigningKey};

/// The longest token in bytes that is looked at.
pub const MAX_LENGTH: usize = 16 * 1024;

/// Says why a token does not hold. The token itself is never part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is too long to be looked at.
    #[error("the token is too long")]
    TooLong,
    /// It is not what a token looks like.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// It is signed in a way that is unknown or not allowed.
    #[error("the algorithm of the token is not supported")]
    Algorithm,
    /// It demands what is not understood.
    #[error("the token has critical headers")]
    Critical,
    /// No key fits.
    #[error("no key is known for the token")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the signature of the token is wrong")]
    Signature,
    /// It has no end, or it has passed.
    #[error("the token has expired")]
    Expired,
    /// It begins, or was issued, in the future.
    #[error("the token is not valid yet")]
    NotYet,
    /// Somebody else issued it.
    #[error("the token has another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("the token has another audience")]
    Audience,
}

/// Holds a token whose signature nobody has checked yet.
#[derive(Clone)]
pub struct Token<'a> {
    algorithm: Algorithm,
    kid: Option<String>,
    signed: &'a [u8],
    payload: &'a [u8],
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Takes a token apart. Only its header is read.
    ///
    /// # Errors
    /// [`TokenError`]: its length, form, algorithm or critical headers.
    pub fn parse(text: &'a [u8]) -> Result<Self, TokenError> {
        if text.len() > MAX_LENGTH {
            return Err(TokenError::TooLong);
        }
        let mut parts = text.splitn(4, |byte| *byte == b'.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Malformed("it has not three parts"));
        };
        let length = header.len() + 1 + payload.len();
        let signed = text.get(..length).unwrap_or_default();
        let header = json::object(&decode(header)?)?;
        if header.contains_key("crit") {
            return Err(TokenError::Critical);
        }
        let field = |name: &str| header.get(name).map(|value| value.as_str());
        let algorithm = field("alg").flatten().and_then(Algorithm::parse);
        let kid = match field("kid") {
            Some(None) => return Err(TokenError::Malformed("its key id is no text")),
            kid => kid.flatten().map(str::to_owned),
        };
        Ok(Self {
            algorithm: algorithm.ok_or(TokenError::Algorithm)?,
            kid,
            signed,
            payload,
            signature: decode(signature)?,
        })
    }

    /// Yields how the token says it is signed.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Yields the name of the key that the token says it is signed with.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Reads what the token claims without a look at its signature: good for finding out whom to
    /// ask, and for nothing else.
    ///
    /// # Errors
    /// [`TokenError::Malformed`].
    pub fn unverified(&self) -> Result<Claims, TokenError> {
        json::object(&decode(self.payload)?).map(Claims::new)
    }

    /// Checks the signature with those of `keys` that fit, and yields the claims. Times, issuer and
    /// audience are the caller's to check.
    ///
    /// # Errors
    /// [`TokenError`]: no key fits, the signature is wrong, or the claims are malformed.
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k Key>,
    ) -> Result<Claims, TokenError> {
        let mut error = TokenError::UnknownKey;
        for key in keys {
            if !key.fits(self.algorithm) {
                continue;
            }
            if key.verify(self.algorithm, self.signed, &self.signature) {
                return self.unverified();
            }
            error = TokenError::Signature;
        }
        Err(error)
    }
}

/// A token is a secret, so it is not printed.
impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

fn decode(text: &[u8]) -> Result<Vec<u8>, TokenError> {
    let wrong = |_error| TokenError::Malformed("it is not base64url");
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(wrong)
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests;
