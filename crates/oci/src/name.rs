//! Repository names.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::digest::Algorithm;

/// The longest name that is accepted, in bytes.
pub const MAX_NAME: usize = 255;

/// Says why a text is not a repository name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text does not follow the grammar.
    #[error("repository name does not match the grammar")]
    Grammar,
    /// The text has more than [`MAX_NAME`] bytes.
    #[error("repository name is longer than 255 bytes")]
    TooLong,
    /// A folder of that name would hide a file of an OCI layout or of the registry.
    #[error("repository name is reserved by the storage layout")]
    Reserved,
}

/// Names a repository: lower-case components joined by slashes, any number of levels.
///
/// # Invariants
/// Follows the grammar, is at most [`MAX_NAME`] bytes long, and as a path never collides with a
/// file of the layout (`a/index.json`, `a/blobs/sha256/…`). Cloning is cheap.
///
/// Spec: distribution 1.1, Pulling manifests (`<name>`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoName(Arc<str>);

impl RepoName {
    /// Yields the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Yields the part before the first slash, if there is a slash.
    pub fn first_of_many(&self) -> Option<&str> {
        self.0.split_once('/').map(|(first, _)| first)
    }
}

impl FromStr for RepoName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.len() > MAX_NAME {
            return Err(NameError::TooLong);
        }
        let mut previous = None;
        for component in text.split('/') {
            if !is_component(component) {
                return Err(NameError::Grammar);
            }
            if is_reserved(previous, component) {
                return Err(NameError::Reserved);
            }
            previous = Some(component);
        }
        Ok(Self(text.into()))
    }
}

/// Letters and digits in runs, with one `.`, one or two `_`, or any number of `-` between runs.
fn is_component(text: &str) -> bool {
    let mut separator: &[u8] = b"";
    let mut start = true;
    let bytes = text.as_bytes();
    let mut position = 0;
    while let Some(byte) = bytes.get(position) {
        let run = bytes
            .iter()
            .skip(position)
            .take_while(|b| is_alnum(**b) == is_alnum(*byte));
        let length = run.count();
        if is_alnum(*byte) {
            separator = b"";
        } else {
            separator = bytes.get(position..position + length).unwrap_or_default();
            if start || !is_separator(separator) {
                return false;
            }
        }
        start = false;
        position += length;
    }
    !start && separator.is_empty()
}

const fn is_alnum(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_separator(run: &[u8]) -> bool {
    matches!(run, b"." | b"_" | b"__") || run.iter().all(|byte| *byte == b'-')
}

fn is_reserved(previous: Option<&str>, component: &str) -> bool {
    match previous {
        None => matches!(component, "meta.db" | "cache.db"),
        Some(_) if matches!(component, "index.json" | "oci-layout") => true,
        Some(parent) => parent == "blobs" && Algorithm::from_name(component).is_some(),
    }
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl AsRef<str> for RepoName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn grammar() {
        let table = [
            ("busybox", Ok(())),
            ("a/b/c/d/e/f/g/h", Ok(())),
            ("a.b_c__d-e--f", Ok(())),
            ("0", Ok(())),
            ("myblobs/x", Ok(())),
            ("blobs", Ok(())),
            ("", Err(NameError::Grammar)),
            ("a/", Err(NameError::Grammar)),
            ("/a", Err(NameError::Grammar)),
            ("a//b", Err(NameError::Grammar)),
            ("A", Err(NameError::Grammar)),
            ("a..b", Err(NameError::Grammar)),
            ("a___b", Err(NameError::Grammar)),
            ("a._b", Err(NameError::Grammar)),
            ("-a", Err(NameError::Grammar)),
            ("a-", Err(NameError::Grammar)),
            (".", Err(NameError::Grammar)),
            ("..", Err(NameError::Grammar)),
            ("a\u{e9}", Err(NameError::Grammar)),
            ("a/index.json", Err(NameError::Reserved)),
            ("a/oci-layout/b", Err(NameError::Reserved)),
            ("a/blobs/sha256", Err(NameError::Reserved)),
            ("blobs/sha512/x", Err(NameError::Reserved)),
            ("blobs/index.json", Err(NameError::Reserved)),
            ("index.json", Ok(())),
            ("a/blobs/md5", Ok(())),
            ("a/blobs/x/sha256", Ok(())),
            ("meta.db", Err(NameError::Reserved)),
        ];
        for (text, want) in table {
            assert_eq!(text.parse::<RepoName>().map(|_| ()), want, "{text}");
        }
        assert!("a".repeat(MAX_NAME).parse::<RepoName>().is_ok());
        assert_eq!(
            "a".repeat(MAX_NAME + 1).parse::<RepoName>(),
            Err(NameError::TooLong)
        );
    }

    #[test]
    fn first_component_of_many() {
        let first = |text: &str| {
            let name: RepoName = text.parse().unwrap();
            name.first_of_many().map(str::to_owned)
        };
        assert_eq!(first("busybox"), None);
        assert_eq!(first("team/app"), Some("team".to_owned()));
        assert_eq!(first("a/b/c"), Some("a".to_owned()));
    }

    proptest! {
        #[test]
        fn never_panics_and_keeps_the_text(text in "\\PC*|[a-z0-9._/-]{0,300}") {
            if let Ok(name) = text.parse::<RepoName>() {
                prop_assert_eq!(name.as_str(), &text);
                prop_assert!(!text.split('/').any(|part| matches!(part, "" | "." | "..")));
            }
        }

        #[test]
        fn takes_what_the_grammar_makes(
            text in "[a-z0-9]{1,4}((\\.|_|__|-{1,4})[a-z0-9]{1,4}){0,3}(/[a-z]{1,3}(-[0-9]{1,3}){0,2}){0,4}",
        ) {
            prop_assert!(text.parse::<RepoName>().is_ok());
        }
    }
}
