//! Judges JSON text before anything is built from it.
//!
//! A document that two readers may understand in two ways is refused here, and so is one that costs
//! more to read than its size allows. What passes can be handed to any JSON reader.

mod cursor;
mod walk;

use std::borrow::Cow;

/// Bounds what [`check`] accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of text.
    pub max_bytes: usize,
    /// The most objects and lists that may be open at once; a flat object needs one.
    pub max_depth: usize,
}

impl Limits {
    /// The limits of a manifest: 4 MiB, 64 levels.
    pub const MANIFEST: Self = Self {
        max_bytes: 4 * 1024 * 1024,
        max_depth: 64,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::MANIFEST
    }
}

/// Says why a text is refused. Offsets count bytes from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// There is nothing but white space.
    #[error("body is empty")]
    Empty,
    /// The text is longer than [`Limits::max_bytes`].
    #[error("body is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// More is open at once than [`Limits::max_depth`] allows.
    #[error("nesting at byte {offset} is deeper than {limit} levels")]
    TooDeep {
        /// The limit in levels.
        limit: usize,
        /// Where the level too many opens.
        offset: usize,
    },
    /// An object has a key twice, so readers may differ about its value.
    #[error("key {path} is repeated at byte {offset}")]
    DuplicateKey {
        /// The key with those around it, such as `config.digest`; shortened when long.
        path: String,
        /// Where the second one starts.
        offset: usize,
    },
    /// The bytes are not UTF-8.
    #[error("invalid UTF-8 at byte {offset}")]
    NotUtf8 {
        /// Where the first bad sequence starts.
        offset: usize,
    },
    /// The text is not JSON.
    #[error("expected {expected} at byte {offset}")]
    Syntax {
        /// What the grammar asks for there.
        expected: &'static str,
        /// Where.
        offset: usize,
    },
    /// Something follows the value.
    #[error("unexpected data after the value at byte {offset}")]
    TrailingData {
        /// Where it starts.
        offset: usize,
    },
}

/// Checks that `raw` is one JSON value within `limits`, without a repeated key in any object.
///
/// Keys are compared after their escapes are resolved. Half a surrogate pair in an escape is
/// refused too, since readers differ about it. Takes time in proportion to the text whatever its
/// content; holds the keys of the objects that are open, and nothing else that grows.
///
/// # Errors
/// The first fault that is met, reading from the front; the size and the encoding come first.
///
/// Spec: RFC 8259, sections 2 to 8; distribution 1.1 does not say what a repeated key means.
pub fn check(raw: &[u8], limits: Limits) -> Result<(), JsonError> {
    checked(raw, limits).map(|_| ())
}

/// Does what [`check`] does; yields the text.
pub(crate) fn checked(raw: &[u8], limits: Limits) -> Result<&str, JsonError> {
    if raw.len() > limits.max_bytes {
        return Err(JsonError::TooLarge {
            limit: limits.max_bytes,
        });
    }
    let text = std::str::from_utf8(raw).map_err(|error| JsonError::NotUtf8 {
        offset: error.valid_up_to(),
    })?;
    walk::Walk::new(text, limits.max_depth).run()?;
    Ok(text)
}

/// Shortens text that a client chose, for use in an error.
pub(crate) fn clip(text: &str, max_chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max_chars) {
        None => Cow::Borrowed(text),
        Some((end, _)) => {
            let mut short = text.get(..end).unwrap_or_default().to_owned();
            short.push('…');
            Cow::Owned(short)
        }
    }
}

#[cfg(test)]
mod tests;
