//! What a manifest is asked for by: a tag or a digest.

use std::fmt;

use crate::digest::{Algorithm, Digest, DigestError};
use crate::tag::{Tag, TagError};

/// Says why a text is not a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The text names a known algorithm but its value is wrong.
    #[error(transparent)]
    Digest(DigestError),
    /// The text is neither a digest nor anything that a store could hold as a tag.
    #[error(transparent)]
    Tag(TagError),
}

/// Names a manifest by tag or by digest.
///
/// Spec: distribution 1.1, Pulling manifests (`<reference>`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// By name.
    Tag(Tag),
    /// By content.
    Digest(Digest),
}

impl Reference {
    /// Reads a path segment: a digest when it starts with a known algorithm and a colon, else a tag.
    ///
    /// The tag may be one that could not be pushed; see [`Tag::is_conformant`].
    ///
    /// # Errors
    /// [`ReferenceError::Digest`] for a malformed digest, [`ReferenceError::Tag`] for the rest.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let algorithm = text
            .split_once(':')
            .and_then(|(name, _)| Algorithm::from_name(name));
        if algorithm.is_some() {
            return text
                .parse()
                .map(Self::Digest)
                .map_err(ReferenceError::Digest);
        }
        Tag::stored(text)
            .map(Self::Tag)
            .map_err(ReferenceError::Tag)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => fmt::Display::fmt(tag, f),
            Self::Digest(digest) => fmt::Display::fmt(digest, f),
        }
    }
}
