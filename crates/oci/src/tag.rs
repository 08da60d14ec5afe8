//! Tags.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::digest::{Algorithm, Digest};

/// The longest tag that may be pushed, in bytes.
pub const MAX_TAG: usize = 128;

/// The most hex digits of a digest in a tag that lists referrers.
const REFERRERS_HEX: usize = 64;

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
    /// It has the first 64 hex digits at most, so only a SHA-256 can be told from its tag.
    ///
    /// Spec: distribution 1.1, Referrers Tag Schema.
    pub fn of_referrers(digest: &Digest) -> Self {
        let mut value = digest.to_hex();
        value.truncate(REFERRERS_HEX);
        Self(format!("{}-{value}", digest.algorithm().name()).into())
    }

    /// Tells whether clients without the referrers API would list referrers under this tag.
    pub fn is_of_referrers(&self) -> bool {
        let Some((algorithm, value)) = self.0.split_once('-') else {
            return false;
        };
        Algorithm::from_name(algorithm).is_some()
            && value.len() == REFERRERS_HEX
            && value
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// Yields the digest whose referrers this tag lists, if the tag has all of it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        let longest = "a".repeat(MAX_TAG);
        let good = [
            "latest", "v1.2.3", "_", "0", "A-b_c.d", "a..b", "a-", &longest,
        ];
        for text in good {
            let tag: Tag = text.parse().unwrap();
            assert_eq!(tag.to_string(), text);
            assert!(tag.is_conformant(), "{text}");
        }
        let too_long = "a".repeat(MAX_TAG + 1);
        let bad = [
            "", ".a", "-a", "a:b", "a/b", "a b", "a+b", "\u{e9}", "a%2Fb", &too_long,
        ];
        for text in bad {
            assert_eq!(text.parse::<Tag>(), Err(TagError), "{text}");
        }
    }

    #[test]
    fn stored_tags_may_be_odd() {
        for text in ["a:b", ".x", "t%2Fx", "\u{e9}", "..", &"a".repeat(1024)] {
            let tag = Tag::stored(text).unwrap();
            assert_eq!(tag.as_str(), text);
            assert!(!tag.is_conformant(), "{text}");
        }
        assert!(Tag::stored("latest").unwrap().is_conformant());
        for text in [
            "",
            "a/b",
            "a\nb",
            "\0",
            "\u{7f}",
            "\u{85}",
            &"a".repeat(1025),
        ] {
            assert_eq!(Tag::stored(text), Err(TagError), "{text:?}");
        }
    }

    #[test]
    fn referrers_tags() {
        for algorithm in Algorithm::ALL {
            let digest = Digest::of(algorithm, b"subject");
            let tag = Tag::of_referrers(&digest);
            let value: String = digest.to_hex().chars().take(64).collect();
            assert_eq!(tag.as_str(), format!("{}-{value}", algorithm.name()));
            assert!(tag.is_conformant() && tag.is_of_referrers());
            let whole = (algorithm == Algorithm::Sha256).then_some(digest);
            assert_eq!(tag.referrers_subject(), whole);
        }
    }

    #[test]
    fn case_a12_odd_signature_tags_are_plain_tags() {
        let hex = "0".repeat(64);
        let odd = [
            "sha256".to_owned(),
            "sha256-".to_owned(),
            "sha256-.sig".to_owned(),
            "sha256-zz.sig".to_owned(),
            format!("sha256-{hex}.sig"),
            format!("sha256-{}", "A".repeat(64)),
            format!("sha256-{hex}0"),
            format!("md5-{hex}"),
            format!("-{hex}"),
        ];
        for text in odd {
            let tag = Tag::stored(&text).unwrap();
            assert_eq!(tag.referrers_subject(), None, "{text}");
            assert!(!tag.is_of_referrers(), "{text}");
        }
    }
}
