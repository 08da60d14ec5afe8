//! Manifests: reading them. Pushing and deleting are in the modules below.

mod delete;
mod put;
mod rows;

use bytes::Bytes;
use oci::{Digest, MediaType, Reference, RepoName};
use tracing::error;

pub use delete::DeleteManifest;
pub use put::{PutManifest, PutOutcome};
pub(crate) use rows::manifest_rows;

use crate::content;
use crate::error::{Error, Result};
use crate::layout;
use crate::registry::Registry;

/// No manifest larger than this is read, wherever it came from, in bytes.
const READ_LIMIT: u64 = 64 * 1024 * 1024;

/// What is known of a manifest without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestInfo {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// The type that it was pushed with.
    pub media_type: MediaType,
}

/// A manifest and its bytes, exactly as they were pushed.
#[derive(Clone, Debug)]
pub struct ManifestContent {
    /// What is known of it.
    pub info: ManifestInfo,
    /// The bytes.
    pub raw: Bytes,
}

/// What a request relies on: the tag's or digest's state before it changes anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    #[default]
    Always,
    /// The reference stands for one of these.
    IfMatch(Matches),
    /// The reference stands for none of these.
    IfNoneMatch(Matches),
}

/// Manifests that a condition names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matches {
    /// Any manifest at all.
    Any,
    /// One of these.
    Digests(Vec<Digest>),
}

impl Condition {
    fn holds(&self, present: Option<&Digest>) -> bool {
        let met = |matches: &Matches| match (matches, present) {
            (_, None) => false,
            (Matches::Any, Some(_)) => true,
            (Matches::Digests(digests), Some(present)) => digests.contains(present),
        };
        match self {
            Self::Always => true,
            Self::IfMatch(matches) => met(matches),
            Self::IfNoneMatch(matches) => !met(matches),
        }
    }
}

impl Registry {
    /// Looks at a manifest.
    ///
    /// # Errors
    /// `RepoUnknown`, `ManifestUnknown`.
    ///
    /// Spec: distribution 1.1, Checking if content exists.
    pub async fn stat_manifest(
        &self,
        repo: &RepoName,
        reference: &Reference,
    ) -> Result<ManifestInfo> {
        // Rows count for nothing before they were compared with the file once.
        if !self.find_repo(repo).await? {
            return Err(Error::RepoUnknown(repo.clone()));
        }
        let info = self.resolve(repo, reference).await?;
        info.ok_or_else(|| Error::ManifestUnknown(reference.clone()))
    }

    /// Reads a manifest and counts a pull.
    ///
    /// # Errors
    /// `RepoUnknown`, `ManifestUnknown`, `Corrupt` when the file is not what its name says.
    ///
    /// Spec: distribution 1.1, Pulling manifests.
    pub async fn get_manifest(
        &self,
        repo: &RepoName,
        reference: &Reference,
    ) -> Result<ManifestContent> {
        let content = self.read_manifest(repo, reference).await?;
        self.count_pull(repo, &content.info.digest);
        Ok(content)
    }

    /// Reads a manifest.
    pub(crate) async fn read_manifest(
        &self,
        repo: &RepoName,
        reference: &Reference,
    ) -> Result<ManifestContent> {
        let info = self.stat_manifest(repo, reference).await?;
        let raw = self.manifest_bytes(repo, &info.digest).await?;
        match raw {
            Some(raw) => Ok(ManifestContent { info, raw }),
            None => Err(Error::ManifestUnknown(reference.clone())),
        }
    }

    /// Finds the manifest that a reference stands for, by one row.
    pub(crate) async fn resolve(
        &self,
        repo: &RepoName,
        reference: &Reference,
    ) -> Result<Option<ManifestInfo>> {
        Ok(match reference {
            Reference::Tag(tag) => self.meta.tag(repo, tag).await?.map(|found| ManifestInfo {
                digest: found.value.digest,
                size: found.value.size,
                media_type: found.value.media_type,
            }),
            Reference::Digest(digest) => {
                self.meta
                    .manifest(repo, digest)
                    .await?
                    .map(|found| ManifestInfo {
                        digest: *digest,
                        size: found.value.size,
                        media_type: found.value.media_type,
                    })
            }
        })
    }

    /// Reads a manifest's bytes, from memory if they are there; verified against the digest.
    pub(crate) async fn manifest_bytes(
        &self,
        repo: &RepoName,
        digest: &Digest,
    ) -> Result<Option<Bytes>> {
        if let Some(raw) = self.cache.get(digest) {
            return Ok(Some(raw));
        }
        let (driver, key) = (self.driver(repo), layout::blob(repo, digest));
        let Some(raw) = content::read_small(driver.as_ref(), &key, READ_LIMIT).await? else {
            return Ok(None);
        };
        if Digest::of(digest.algorithm(), &raw) != *digest {
            error!(%repo, %digest, "manifest file is not what its name says");
            return Err(Error::Corrupt(*digest));
        }
        self.cache.insert(digest, &raw);
        Ok(Some(raw))
    }
}
