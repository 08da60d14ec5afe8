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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digests_are_told_from_tags() {
        let digest = Digest::sha256(b"");
        let tag = |text: &str| Ok(Reference::Tag(Tag::stored(text).unwrap()));
        let bad = |error| Err(ReferenceError::Digest(error));
        let table = [
            (digest.to_string(), Ok(Reference::Digest(digest))),
            ("latest".to_owned(), tag("latest")),
            ("a:b".to_owned(), tag("a:b")),
            ("md5:00".to_owned(), tag("md5:00")),
            ("SHA256:00".to_owned(), tag("SHA256:00")),
            ("sha256".to_owned(), tag("sha256")),
            ("sha256:".to_owned(), bad(DigestError::BadValue)),
            ("sha256:x".to_owned(), bad(DigestError::BadValue)),
            (format!("{digest}0"), bad(DigestError::BadValue)),
            (
                digest.to_string().to_uppercase(),
                tag(&digest.to_string().to_uppercase()),
            ),
            (String::new(), Err(ReferenceError::Tag(TagError))),
            ("a/b".to_owned(), Err(ReferenceError::Tag(TagError))),
        ];
        for (text, want) in table {
            assert_eq!(Reference::parse(&text), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_back(text in "\\PC*|(sha256|sha512|md5):[0-9a-f]{0,130}") {
            if let Ok(reference) = Reference::parse(&text) {
                prop_assert_eq!(reference.to_string(), text);
            }
        }
    }
}
