//! Where things lie in a store: the one place that builds keys.
//!
//! ```text
//! <root>/
//!   _holdfast/                     ours alone (default store only)
//!     meta.redb                    the metadata store
//!     quarantine/<digest>-<nanos>  files that were not what their name said
//!   <repository>/
//!     oci-layout                   {"imageLayoutVersion":"1.0.0"}
//!     index.json                   an image index: a view of the tags
//!     blobs/<algorithm>/<hex>      manifests, configs and layers alike
//!     .uploads/<uuid>              upload sessions and temporary files
//! ```
//!
//! Spec: image 1.1, Image Layout. Compat: the same tree that zot reads and writes; names that start
//! with `_` are not repositories.

use oci::{Digest, RepoName};
use storage::Key;

/// The folder of the default store that holds what is ours alone.
pub const PRIVATE: &str = "_holdfast";
/// The file name of the layout marker.
pub const MARKER: &str = oci::index::LAYOUT_FILE;
/// The file name of the index.
pub const INDEX: &str = oci::index::INDEX_FILE;
/// The folder of content.
pub const BLOBS: &str = "blobs";
/// The folder of upload sessions.
pub const UPLOADS: &str = ".uploads";
/// The content of an index that lists nothing.
pub const EMPTY_INDEX: &str = r#"{"schemaVersion":2,"manifests":[]}"#;

/// Yields the folder of a repository.
pub fn repo(repo: &RepoName) -> Key {
    key(repo.as_str())
}

/// Yields where content lies.
pub fn blob(repo: &RepoName, digest: &Digest) -> Key {
    key(&format!(
        "{repo}/{BLOBS}/{}/{}",
        digest.algorithm().name(),
        digest.to_hex()
    ))
}

/// Yields where an upload session lies.
pub fn upload(repo: &RepoName, id: &str) -> Key {
    key(&format!("{repo}/{UPLOADS}/{id}"))
}

/// Yields where the index lies.
pub fn index(repo: &RepoName) -> Key {
    key(&format!("{repo}/{INDEX}"))
}

/// Yields where the layout marker lies.
pub fn marker(repo: &RepoName) -> Key {
    key(&format!("{repo}/{MARKER}"))
}

/// Yields where a file goes that is not what its name says.
pub fn quarantine(digest: &Digest, nanos: u64) -> Key {
    let algorithm = digest.algorithm().name();
    key(&format!(
        "{PRIVATE}/quarantine/{algorithm}-{}-{nanos}",
        digest.to_hex()
    ))
}

/// Valid parts joined by slashes are a valid key; should that ever fail, the root takes no object.
fn key(text: &str) -> Key {
    Key::new(text).unwrap_or_else(Key::root)
}
