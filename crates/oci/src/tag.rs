//! Tags.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::digest::{Algorithm, Digest};

/// The longest tag that may be pushed, in bytes.
pub const MAX_TAG: usize = 128;

/// Says why a text is not a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tag does not match the grammar")]
pub struct TagError;

/// Names a manifest within a repository.
///
/// # Invariants
/// A parsed tag follows the grammar of the specification. One read from a store ([`Self::stored`])
/// may be any text that a path segment can carry, since other registries accept those.
///
/// Spec: distribution 1.1, Pulling manifests (`<reference>`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(Arc<str>);

impl Tag {
    /// Yields the tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes a tag that a store holds or a client asks for, whether or not it could be pushed.
    ///
    /// Compat: other registries let odd tags such as `a:b` in; they stay readable and deletable.
    ///
    /// # Errors
    /// Refuses the empty text, more than 1,024 bytes, a slash, and control characters.
    pub fn stored(text: &str) -> Result<Self, TagError> {
        let odd = text.chars().any(|c| c == '/' || c.is_control());
        if text.is_empty() || text.len() > 1024 || odd {
            return Err(TagError);
        }
        Ok(Self(text.into()))
    }

    /// Tells whether the tag follows the grammar, so that it may be pushed.
    pub fn is_conformant(&self) -> bool {
        is_tag(&self.0)
    }

    /// Yields the tag under which clients without the referrers API list what refers to `digest`.
    ///
    /// Spec: distribution 1.1, Referrers Tag Schema.
    pub fn of_referrers(digest: &Digest) -> Self {
        let mut text = format!("{}-{}", digest.algorithm().name(), digest.to_hex());
        text.truncate(MAX_TAG);
        Self(text.into())
    }

    /// Yields the digest whose referrers this tag lists, if it is of that form.
    pub fn referrers_subject(&self) -> Option<Digest> {
        let (algorithm, value) = self.0.split_once('-')?;
        Digest::from_hex(Algorithm::from_name(algorithm)?, value).ok()
    }
}

impl FromStr for Tag {
    type Err = TagError;

    fn from_str(text: &str) -> Result<Self, TagError> {
        if is_tag(text) {
            Ok(Self(text.into()))
        } else {
            Err(TagError)
        }
    }
}

fn is_tag(text: &str) -> bool {
    let mut bytes = text.bytes();
    let first = bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    first
        && text.len() <= MAX_TAG
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
