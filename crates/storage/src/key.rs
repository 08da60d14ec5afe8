//! Keys: where an object lies within a store.

use std::fmt;
use std::sync::Arc;

/// Addresses an object or a folder within one store, such as `team/app/blobs/sha256/<hex>`.
///
/// # Invariants
/// Segments are separated by single slashes; none is empty, `.` or `..`, and none holds a NUL. The
/// empty key is the root folder.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

impl Key {
    /// Yields the root folder.
    pub fn root() -> Self {
        Self("".into())
    }

    /// Takes a text as a key; `None` when it breaks an invariant.
    pub fn new(text: &str) -> Option<Self> {
        let valid = |segment: &str| !matches!(segment, "" | "." | "..") && !segment.contains('\0');
        (text.is_empty() || text.split('/').all(valid)).then(|| Self(text.into()))
    }

    /// Yields the key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Appends one segment; `None` when the segment is not a valid one.
    pub fn child(&self, segment: &str) -> Option<Self> {
        if segment.contains('/') || segment.is_empty() {
            return None;
        }
        if self.0.is_empty() {
            Self::new(segment)
        } else {
            Self::new(&format!("{self}/{segment}"))
        }
    }

    /// Yields the key that another one has when its root is put in this place.
    #[must_use]
    pub fn join(&self, inner: &Self) -> Self {
        match (self.0.is_empty(), inner.0.is_empty()) {
            (true, _) => inner.clone(),
            (_, true) => self.clone(),
            _ => Self(format!("{self}/{inner}").into()),
        }
    }

    /// Undoes [`Self::join`]; `None` when the key is not in the folder.
    pub fn below(&self, folder: &Self) -> Option<Self> {
        if folder.0.is_empty() {
            return Some(self.clone());
        }
        let rest = self.0.strip_prefix(&*folder.0)?;
        match rest.strip_prefix('/') {
            Some(inner) => Some(Self(inner.into())),
            None => rest.is_empty().then(Self::root),
        }
    }

    /// Yields the folder that holds the object; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        Some(Self(
            self.0
                .rsplit_once('/')
                .map_or("", |(parent, _)| parent)
                .into(),
        ))
    }

    /// Yields the last segment; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_cannot_leave_the_store() {
        for text in ["/a", "a/", "a//b", "..", "a/../b", "./a", "a/.", "a\0b"] {
            assert_eq!(Key::new(text), None, "{text}");
        }
        let key = Key::new("a/b.c/_d").expect("valid");
        assert_eq!(key.parent().expect("has one").as_str(), "a/b.c");
        assert_eq!(key.name(), "_d");
        assert_eq!(
            Key::root().child("x").expect("valid").parent(),
            Some(Key::root())
        );
        assert_eq!(key.child("a/b"), None);
        assert_eq!(Key::root().parent(), None);
    }

    #[test]
    fn joining_and_going_below_undo_each_other() {
        for (folder, inner, whole) in [
            ("", "a/b", "a/b"),
            ("a", "b", "a/b"),
            ("a/b", "", "a/b"),
            ("", "", ""),
        ] {
            let [folder, inner, whole] =
                [folder, inner, whole].map(|t| Key::new(t).expect("valid"));
            assert_eq!(folder.join(&inner), whole);
            assert_eq!(whole.below(&folder), Some(inner));
        }
        let key = |text| Key::new(text).expect("valid");
        assert_eq!(key("ab/c").below(&key("a")), None);
        assert_eq!(key("a").below(&key("a/b")), None);
    }
}
