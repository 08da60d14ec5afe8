//! Where unfinished objects lie.

use uuid::Uuid;

use crate::key::Key;

/// Marks what `put` has not finished yet in folders that have no place for it.
const TEMP: &str = ".holdfast-tmp-";

/// Yields a fresh name in the same file system under which an object is written before it appears.
///
/// Within a repository that is a name among its uploads: there foreign tools expect unfinished files,
/// and what a crash leaves is collected with old uploads. Elsewhere it is a hidden sibling.
///
/// Compat: zot writes its copies of `index.json` to `.uploads/<uuid>` too (core.md 9.3).
pub(super) fn temporary(key: &Key) -> Option<Key> {
    let id = Uuid::new_v4();
    match repository(key) {
        Some(repo) => repo.child(".uploads")?.child(&id.to_string()),
        None => key.parent()?.child(&format!("{TEMP}{id}")),
    }
}

/// Tells whether an entry is such a hidden sibling.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMP)
}

/// Yields the folder of the repository that the key lies in, judging by the key alone.
fn repository(key: &Key) -> Option<Key> {
    if matches!(key.name(), "index.json" | "oci-layout") {
        return key.parent().filter(|repo| *repo != Key::root());
    }
    let mut folder = key.parent()?;
    while folder.name() != "blobs" {
        folder = folder.parent()?;
    }
    folder.parent().filter(|repo| *repo != Key::root())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_objects_lie_among_the_uploads_of_their_repository() {
        for (key, folder) in [
            ("a/index.json", "a/.uploads/"),
            ("a/b/oci-layout", "a/b/.uploads/"),
            ("a/b/blobs/sha256/00", "a/b/.uploads/"),
            ("blobs/blobs/sha256/00", "blobs/.uploads/"),
            ("a/blobs/b/blobs/sha256/00", "a/blobs/b/.uploads/"),
            ("_sessions/session_1", "_sessions/.holdfast-tmp-"),
            ("index.json", ".holdfast-tmp-"),
            ("blobs/x", "blobs/.holdfast-tmp-"),
            ("a/.uploads/1", "a/.uploads/.holdfast-tmp-"),
            ("x", ".holdfast-tmp-"),
        ] {
            let temp = temporary(&Key::new(key).expect("valid")).expect("not the root");
            assert!(temp.as_str().starts_with(folder), "{key} by way of {temp}");
        }
        assert_eq!(temporary(&Key::root()), None);
    }
}
