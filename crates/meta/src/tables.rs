//! Typed reads of the tables.

mod lists;
mod session;
mod user;

use std::sync::Arc;

use oci::{Digest, RepoName, Tag};

use crate::edit::Edit;
use crate::error::{Error, WriteError};
use crate::keys;
use crate::rows::{
    self, AheadRow, BlobRow, CountedRow, ManifestRow, RepoRow, StatsRow, TagRow, Value,
};
use crate::store::Store;

/// A row as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// What it says.
    pub value: T,
    /// The stored form, for the checks of an [`Edit`].
    pub raw: Vec<u8>,
}

/// Reads and writes the tables of one store. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Meta(Arc<dyn Store>);

impl Meta {
    /// Stands above `store`.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    /// Reads a repository.
    ///
    /// # Errors
    /// Those of the store, and [`Error::Row`].
    pub async fn repo(&self, repo: &RepoName) -> Result<Option<Found<RepoRow>>, Error> {
        self.get(&keys::repo(repo)).await
    }

    /// Reads a tag.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn tag(&self, repo: &RepoName, tag: &Tag) -> Result<Option<Found<TagRow>>, Error> {
        self.get(&keys::tag(repo, tag)).await
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn manifest(
        &self,
        repo: &RepoName,
        digest: &Digest,
    ) -> Result<Option<Found<ManifestRow>>, Error> {
        self.get(&keys::digest_in(repo, digest)).await
    }

    /// Reads how a repository stands to a blob.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn blob(
        &self,
        repo: &RepoName,
        digest: &Digest,
    ) -> Result<Option<Found<BlobRow>>, Error> {
        self.get(&keys::blob(digest, repo)).await
    }

    /// Reads whether a repository is ahead of its `index.json`.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn ahead(&self, repo: &RepoName) -> Result<Option<Found<AheadRow>>, Error> {
        self.get(&keys::repo(repo)).await
    }

    /// Reads whether a repository counts towards the quota.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn counted(&self, repo: &RepoName) -> Result<Option<Found<CountedRow>>, Error> {
        self.get(&keys::repo(repo)).await
    }

    /// Reads the statistics of a manifest.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn stats(
        &self,
        repo: &RepoName,
        digest: &Digest,
    ) -> Result<Option<Found<StatsRow>>, Error> {
        self.get(&keys::digest_in(repo, digest)).await
    }

    /// Applies an edit.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when a check does not hold: nothing was changed.
    ///
    /// # Cancel safety
    /// A dropped call may have happened or not, never in part.
    pub async fn write(&self, edit: Edit) -> Result<(), WriteError> {
        self.0.write(edit.into_batch()?).await
    }

    /// Makes everything durable and marks the stop as clean; later calls fail.
    ///
    /// # Errors
    /// Those of the store: the stop is then not clean, and the next start looks after it.
    pub async fn close(&self) -> Result<(), Error> {
        self.0.close().await
    }

    async fn get<T: Value>(&self, key: &[u8]) -> Result<Option<Found<T>>, Error> {
        let Some(raw) = self.0.get(T::TABLE, key).await? else {
            return Ok(None);
        };
        let value = rows::decode(&raw)?;
        Ok(Some(Found { value, raw }))
    }
}

#[cfg(test)]
mod tests;
