//! Keys of rows.
//!
//! | table | key | row |
//! |---|---|---|
//! | `State` | `<name>` | bytes of the backend's own: `format`, `clean` |
//! | `Repos` | `<repo>` | [`RepoRow`](crate::RepoRow) |
//! | `Tags` | `<repo> 0 <tag>` | [`TagRow`](crate::TagRow) |
//! | `Targets` | `<repo> 0 <digest> <tag>` | empty: the tag points to the digest |
//! | `Manifests` | `<repo> 0 <digest>` | [`ManifestRow`](crate::ManifestRow) |
//! | `Links` | `<repo> 0 <child digest> <parent digest>` | [`LinkRow`](crate::LinkRow) |
//! | `Referrers` | `<repo> 0 <subject digest> <referrer digest>` | [`ReferrerRow`](crate::ReferrerRow) |
//! | `Blobs` | `<digest> <repo>` | [`BlobRow`](crate::BlobRow) |
//! | `Ahead` | `<repo>` | [`AheadRow`](crate::AheadRow) |
//! | `Stats` | `<repo> 0 <digest>` | [`StatsRow`](crate::StatsRow) |
//! | `Sessions` | see [`session`] | [`SessionRow`](crate::SessionRow) and others |
//! | `Users`, `ApiKeys` | see [`user`] | [`UserRow`](crate::UserRow), [`ApiKeyRow`](crate::ApiKeyRow) |
//! | `Counted` | `<repo>` | [`CountedRow`](crate::CountedRow) |
//!
//! `<repo>`, `<tag>` and `<name>` are text, `0` is one zero byte, which no repository name holds;
//! `<digest>` is the form of [`Digest::write_key`], whose length its first byte tells. So the rows
//! of one repository, of one digest in it, of one child or subject lie side by side, in the order
//! of their names, and the holders of a blob are one prefix read.

pub mod session;
pub mod user;

use oci::{Digest, RepoName, Tag};

use crate::error::Error;
use crate::store::Table;

/// Ends a repository name within a key.
const END: u8 = 0;

/// Yields the key of a row that belongs to the repository as a whole.
pub fn repo(repo: &RepoName) -> Vec<u8> {
    repo.as_str().as_bytes().to_vec()
}

/// Yields the prefix of all rows within a repository.
pub fn within(repo: &RepoName) -> Vec<u8> {
    let mut key = Vec::with_capacity(repo.as_str().len() + 1 + 2 * 65);
    key.extend_from_slice(repo.as_str().as_bytes());
    key.push(END);
    key
}

/// Yields the key of a tag.
pub fn tag(repo: &RepoName, tag: &Tag) -> Vec<u8> {
    name(repo, tag.as_str())
}

/// Yields the key under which `name` would stand among the tags: where a list goes on after it.
pub fn name(repo: &RepoName, name: &str) -> Vec<u8> {
    let mut key = within(repo);
    key.extend_from_slice(name.as_bytes());
    key
}

/// Yields the key that says that `tag` points to `digest`.
pub fn target(repo: &RepoName, digest: &Digest, tag: &Tag) -> Vec<u8> {
    let mut key = digest_in(repo, digest);
    key.extend_from_slice(tag.as_str().as_bytes());
    key
}

/// Yields the key of what a repository knows of one digest, and the prefix of what hangs on it.
pub fn digest_in(repo: &RepoName, digest: &Digest) -> Vec<u8> {
    let mut key = within(repo);
    digest.write_key(&mut key);
    key
}

/// Yields the key of a pair of digests: child and parent, or subject and referrer.
pub fn pair_in(repo: &RepoName, first: &Digest, second: &Digest) -> Vec<u8> {
    let mut key = digest_in(repo, first);
    second.write_key(&mut key);
    key
}

/// Yields the prefix of all holders of a blob.
pub fn digest(digest: &Digest) -> Vec<u8> {
    let mut key = Vec::with_capacity(65 + 64);
    digest.write_key(&mut key);
    key
}

/// Yields the key of a blob in a repository.
pub fn blob(digest_of_blob: &Digest, repo: &RepoName) -> Vec<u8> {
    let mut key = digest(digest_of_blob);
    key.extend_from_slice(repo.as_str().as_bytes());
    key
}

/// Reads a repository name from the end of a key.
///
/// # Errors
/// [`Error::Row`] when the bytes are not a repository name.
pub fn read_repo(table: Table, rest: &[u8]) -> Result<RepoName, Error> {
    let text = std::str::from_utf8(rest).ok();
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| malformed(table))
}

/// Reads a tag from the end of a key.
///
/// # Errors
/// [`Error::Row`] when the bytes are not a tag.
pub fn read_tag(table: Table, rest: &[u8]) -> Result<Tag, Error> {
    let text = std::str::from_utf8(rest).ok();
    text.and_then(|text| Tag::stored(text).ok())
        .ok_or_else(|| malformed(table))
}

/// Reads a digest that is all that is left of a key.
///
/// # Errors
/// [`Error::Row`] when the bytes are not one digest.
pub fn read_digest(table: Table, rest: &[u8]) -> Result<Digest, Error> {
    match Digest::read_key(rest) {
        Some((digest, [])) => Ok(digest),
        Some(_) | None => Err(malformed(table)),
    }
}

fn malformed(table: Table) -> Error {
    Error::Row {
        table: table.name(),
    }
}

#[cfg(test)]
mod tests;
