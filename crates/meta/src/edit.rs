//! Typed batches.

mod counted;
mod session;
mod user;

use oci::{Digest, RepoName, Tag};

use crate::error::Error;
use crate::keys;
use crate::rows::{
    self, AheadRow, BlobRow, LinkRow, ManifestRow, ReferrerRow, RepoRow, StatsRow, TagRow, Value,
};
use crate::store::{Batch, Change, Check, Durability, Row, Table};
use crate::tables::Found;

/// Collects changes and checks that are applied together or not at all.
///
/// Changes are applied in the order of the calls. An `expect_*` call takes the row as it was read,
/// or `None` where there must be none.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    batch: Batch,
    /// A row that has no stored form; said when the edit is written.
    failed: Option<&'static str>,
}

impl Edit {
    /// Starts an edit that is answered when it survives a power cut.
    pub fn durable() -> Self {
        Self::default()
    }

    /// Starts an edit that is answered when it is visible.
    pub fn relaxed() -> Self {
        let mut edit = Self::default();
        edit.batch.durability = Durability::Relaxed;
        edit
    }

    /// Tells whether nothing would be changed.
    pub fn is_empty(&self) -> bool {
        self.batch.changes.is_empty()
    }

    /// Sets a repository.
    pub fn put_repo(&mut self, repo: &RepoName, row: &RepoRow) -> &mut Self {
        self.put(keys::repo(repo), row)
    }

    /// Removes a repository's own row, none of those within it.
    pub fn delete_repo(&mut self, repo: &RepoName) -> &mut Self {
        self.delete(Table::Repos, keys::repo(repo))
    }

    /// Demands that a repository is as it was read.
    pub fn expect_repo(&mut self, repo: &RepoName, seen: Option<&Found<RepoRow>>) -> &mut Self {
        self.expect(keys::repo(repo), seen)
    }

    /// Sets a tag that pointed to `from`, and keeps the list of the digest's tags in step.
    ///
    /// `from` is what [`Self::expect_tag`] was given: without that check it may be stale.
    pub fn move_tag(
        &mut self,
        repo: &RepoName,
        tag: &Tag,
        from: Option<&TagRow>,
        to: &TagRow,
    ) -> &mut Self {
        if let Some(from) = from.filter(|from| from.digest != to.digest) {
            self.delete(Table::Targets, keys::target(repo, &from.digest, tag));
        }
        self.batch.changes.push(Change::Put(
            Table::Targets,
            Row {
                key: keys::target(repo, &to.digest, tag),
                value: Vec::new(),
            },
        ));
        self.put(keys::tag(repo, tag), to)
    }

    /// Removes a tag that pointed to `from`, and keeps the list of the digest's tags in step.
    pub fn delete_tag(&mut self, repo: &RepoName, tag: &Tag, from: &TagRow) -> &mut Self {
        self.delete(Table::Targets, keys::target(repo, &from.digest, tag));
        self.delete(Table::Tags, keys::tag(repo, tag))
    }

    /// Demands that a tag is as it was read.
    pub fn expect_tag(
        &mut self,
        repo: &RepoName,
        tag: &Tag,
        seen: Option<&Found<TagRow>>,
    ) -> &mut Self {
        self.expect(keys::tag(repo, tag), seen)
    }

    /// Sets a manifest.
    pub fn put_manifest(
        &mut self,
        repo: &RepoName,
        digest: &Digest,
        row: &ManifestRow,
    ) -> &mut Self {
        self.put(keys::digest_in(repo, digest), row)
    }

    /// Removes a manifest's own row; links, referrers and tags are the caller's to remove.
    pub fn delete_manifest(&mut self, repo: &RepoName, digest: &Digest) -> &mut Self {
        self.delete(Table::Manifests, keys::digest_in(repo, digest))
    }

    /// Demands that a manifest is as it was read.
    pub fn expect_manifest(
        &mut self,
        repo: &RepoName,
        digest: &Digest,
        seen: Option<&Found<ManifestRow>>,
    ) -> &mut Self {
        self.expect(keys::digest_in(repo, digest), seen)
    }

    /// Sets that `parent` names `child`.
    pub fn put_link(
        &mut self,
        repo: &RepoName,
        child: &Digest,
        parent: &Digest,
        row: &LinkRow,
    ) -> &mut Self {
        self.put(keys::pair_in(repo, child, parent), row)
    }

    /// Removes that `parent` names `child`.
    pub fn delete_link(&mut self, repo: &RepoName, child: &Digest, parent: &Digest) -> &mut Self {
        self.delete(Table::Links, keys::pair_in(repo, child, parent))
    }

    /// Sets that `referrer` refers to `subject`.
    pub fn put_referrer(
        &mut self,
        repo: &RepoName,
        subject: &Digest,
        referrer: &Digest,
        row: &ReferrerRow,
    ) -> &mut Self {
        self.put(keys::pair_in(repo, subject, referrer), row)
    }

    /// Removes that `referrer` refers to `subject`.
    pub fn delete_referrer(
        &mut self,
        repo: &RepoName,
        subject: &Digest,
        referrer: &Digest,
    ) -> &mut Self {
        self.delete(Table::Referrers, keys::pair_in(repo, subject, referrer))
    }

    /// Sets how a repository stands to a blob.
    pub fn put_blob(&mut self, repo: &RepoName, digest: &Digest, row: &BlobRow) -> &mut Self {
        self.put(keys::blob(digest, repo), row)
    }

    /// Forgets that a repository ever had a blob.
    pub fn delete_blob(&mut self, repo: &RepoName, digest: &Digest) -> &mut Self {
        self.delete(Table::Blobs, keys::blob(digest, repo))
    }

    /// Demands that a blob is as it was read.
    pub fn expect_blob(
        &mut self,
        repo: &RepoName,
        digest: &Digest,
        seen: Option<&Found<BlobRow>>,
    ) -> &mut Self {
        self.expect(keys::blob(digest, repo), seen)
    }

    /// Sets that a repository is ahead of its `index.json`.
    pub fn put_ahead(&mut self, repo: &RepoName, row: &AheadRow) -> &mut Self {
        self.put(keys::repo(repo), row)
    }

    /// Sets that a repository agrees with its `index.json`.
    pub fn delete_ahead(&mut self, repo: &RepoName) -> &mut Self {
        self.delete(Table::Ahead, keys::repo(repo))
    }

    /// Demands that a repository is as far ahead as it was read.
    pub fn expect_ahead(&mut self, repo: &RepoName, seen: Option<&Found<AheadRow>>) -> &mut Self {
        self.expect(keys::repo(repo), seen)
    }

    /// Sets the statistics of a manifest.
    pub fn put_stats(&mut self, repo: &RepoName, digest: &Digest, row: &StatsRow) -> &mut Self {
        self.put(keys::digest_in(repo, digest), row)
    }

    /// Removes the statistics of a manifest.
    pub fn delete_stats(&mut self, repo: &RepoName, digest: &Digest) -> &mut Self {
        self.delete(Table::Stats, keys::digest_in(repo, digest))
    }

    /// Demands that the statistics of a manifest are as they were read.
    pub fn expect_stats(
        &mut self,
        repo: &RepoName,
        digest: &Digest,
        seen: Option<&Found<StatsRow>>,
    ) -> &mut Self {
        self.expect(keys::digest_in(repo, digest), seen)
    }

    /// Yields the batch.
    pub(crate) fn into_batch(self) -> Result<Batch, Error> {
        match self.failed {
            Some(table) => Err(Error::Row { table }),
            None => Ok(self.batch),
        }
    }

    fn put<T: Value>(&mut self, key: Vec<u8>, row: &T) -> &mut Self {
        match rows::encode(row) {
            Ok(value) => {
                let row = Row { key, value };
                self.batch.changes.push(Change::Put(T::TABLE, row));
            }
            Err(_) => self.failed = Some(T::TABLE.name()),
        }
        self
    }

    fn delete(&mut self, table: Table, key: Vec<u8>) -> &mut Self {
        self.batch.changes.push(Change::Delete(table, key));
        self
    }

    fn expect<T: Value>(&mut self, key: Vec<u8>, seen: Option<&Found<T>>) -> &mut Self {
        self.batch.checks.push(Check {
            table: T::TABLE,
            key,
            value: seen.map(|seen| seen.raw.clone()),
        });
        self
    }
}
