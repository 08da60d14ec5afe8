//! Sets of keys, as issuers publish them.

use serde_json::{Map, Value};

use super::key::MAX_TEXT;
use super::{Key, KeyError, Token, json};

/// More keys than this are no set of an honest issuer.
const MAX_KEYS: usize = 256;

/// Holds the keys of an issuer.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<Key>,
}

impl KeySet {
    /// Takes keys over.
    pub fn new(keys: Vec<Key>) -> Self {
        Self { keys }
    }

    /// Reads a set in JSON. Keys that sign no token, or in a way that is unknown, are left out.
    ///
    /// # Errors
    /// [`KeyError`]: it is no set, or too long.
    pub fn read(text: &[u8]) -> Result<Self, KeyError> {
        if text.len() > MAX_TEXT {
            return Err(KeyError::TooLong);
        }
        let object = json::object(text);
        let object = object.map_err(|_error| KeyError::Malformed("the set is no strict JSON"))?;
        let entries = entries(&object)?;
        if entries.len() > MAX_KEYS {
            return Err(KeyError::TooLong);
        }
        let objects = entries.iter().filter_map(Value::as_object);
        let keys = objects.filter_map(|jwk| Key::from_jwk(jwk).ok()).collect();
        Ok(Self { keys })
    }

    /// Yields the keys that may have signed a token: those of its name, or all when it names none.
    pub fn for_token<'a>(&'a self, token: &'a Token<'_>) -> impl Iterator<Item = &'a Key> {
        self.keys.iter().filter(|key| {
            let is_named = token.kid().is_none_or(|kid| key.kid() == Some(kid));
            is_named && key.fits(token.algorithm())
        })
    }

    /// Yields how many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

pub(super) fn entries(set: &Map<String, Value>) -> Result<&[Value], KeyError> {
    let keys = set.get("keys").and_then(Value::as_array);
    keys.map(Vec::as_slice)
        .ok_or(KeyError::Malformed("the JSON is no key set"))
}
