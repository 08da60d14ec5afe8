//! What cookies are signed with.

use std::fmt;
use std::sync::{Arc, OnceLock};

use ring::hmac::{self, HMAC_SHA256, Key, Tag};
use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;

use super::record::{Records, RecordsError, SharedKey};

/// Keys of the configuration. They are not printed.
#[derive(Clone, Default)]
pub struct SessionKeys {
    /// Signs cookies; all servers behind one name share it. Empty for none.
    pub hash: Vec<u8>,
    /// Is mixed into the former: a cookie holds nothing that could be encrypted. Empty for none.
    pub encrypt: Vec<u8>,
}

impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKeys")
    }
}

/// Says that the machine yields no random bytes.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no random bytes to be had")]
pub struct NoRandom;

/// Yields random bytes that nobody can guess.
///
/// # Errors
/// [`NoRandom`].
pub fn random() -> Result<[u8; 32], NoRandom> {
    let mut bytes = [0; 32];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_unspecified) => Err(NoRandom),
    }
}

/// Compares two secrets in a time that does not depend on where they differ.
pub(crate) fn is_same_secret(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// Signs cookies, with the key of the configuration or with the one that lies beside the records.
pub struct Signer {
    records: Arc<dyn Records>,
    key: OnceLock<Key>,
}

/// Names what is signed, so that no signature serves for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The id of a session.
    Session,
    /// A login that is under way.
    Login,
    /// A value that is derived and never shown whole: the state of a login, and the like.
    Derived(&'static str),
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Login => "login",
            Self::Derived(name) => name,
        }
    }
}

impl Signer {
    /// Signs with the keys of the configuration, or else with a key that lies beside `records`.
    pub fn new(keys: &SessionKeys, records: Arc<dyn Records>) -> Self {
        let key = OnceLock::new();
        if !keys.hash.is_empty() {
            let mixed = hmac::sign(&Key::new(HMAC_SHA256, &keys.hash), &keys.encrypt);
            let _ = key.set(Key::new(HMAC_SHA256, mixed.as_ref()));
        }
        Self { records, key }
    }

    /// Signs bytes.
    ///
    /// # Errors
    /// [`RecordsError`] when the key lies beside the records and cannot be read.
    pub async fn sign(&self, purpose: Purpose, parts: &[&[u8]]) -> Result<Tag, RecordsError> {
        let key = self.key().await?;
        Ok(hmac::sign(key, &message(purpose, parts)))
    }

    /// Tells whether a signature is right, in a time that does not depend on how wrong it is.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub async fn is_signed(
        &self,
        purpose: Purpose,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Result<bool, RecordsError> {
        let key = self.key().await?;
        Ok(hmac::verify(key, &message(purpose, parts), signature).is_ok())
    }

    async fn key(&self) -> Result<&Key, RecordsError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let fresh = SharedKey(random().map_err(|error| RecordsError(Box::new(error)))?);
        let shared = self.records.key(&fresh).await?;
        Ok(self.key.get_or_init(|| Key::new(HMAC_SHA256, &shared.0)))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

/// Yields what is signed: every part behind its length, so that no two lists read the same.
fn message(purpose: Purpose, parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::new();
    for part in std::iter::once(&purpose.name().as_bytes()).chain(parts) {
        message.extend_from_slice(&part.len().to_be_bytes());
        message.extend_from_slice(part);
    }
    message
}
