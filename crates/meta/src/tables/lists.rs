//! Lists: bounded reads of rows that lie side by side.

use oci::{Digest, RepoName, Tag};

use super::Meta;
use crate::error::Error;
use crate::keys;
use crate::rights::{Action, Rights};
use crate::rows::{
    self, AheadRow, BlobRow, LinkRow, ManifestRow, ReferrerRow, RepoRow, TagRow, Value,
};
use crate::store::{Row, Scan, Table};

/// How many rows one read of a filtered list takes: enough that few reads are made, few enough
/// that each is short.
const SLICE: std::ops::RangeInclusive<usize> = 16..=512;

impl Meta {
    /// Lists tags by name, those after `after`, at most `limit`.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn tags(
        &self,
        repo: &RepoName,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Tag, TagRow)>, Error> {
        let prefix = keys::within(repo);
        let after = after.map(|after| keys::name(repo, after));
        let tag = |rest: &[u8]| keys::read_tag(Table::Tags, rest);
        self.list(prefix, after, limit, tag).await
    }

    /// Lists the tags that point to a manifest, by name, at most `limit`.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn targets(
        &self,
        repo: &RepoName,
        digest: &Digest,
        limit: usize,
    ) -> Result<Vec<Tag>, Error> {
        let prefix = keys::digest_in(repo, digest);
        let rows = self.rows(Table::Targets, &prefix, None, limit).await?;
        let tags = rows.iter().map(|row| {
            let rest = row.key.get(prefix.len()..).unwrap_or_default();
            keys::read_tag(Table::Targets, rest)
        });
        tags.collect()
    }

    /// Lists manifests by digest, those after `after`, at most `limit`.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn manifests(
        &self,
        repo: &RepoName,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<(Digest, ManifestRow)>, Error> {
        let prefix = keys::within(repo);
        let after = after.map(|after| keys::digest_in(repo, after));
        let digest = |rest: &[u8]| keys::read_digest(Table::Manifests, rest);
        self.list(prefix, after, limit, digest).await
    }

    /// Lists the manifests that name `child`, by digest, at most `limit`.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn parents(
        &self,
        repo: &RepoName,
        child: &Digest,
        limit: usize,
    ) -> Result<Vec<(Digest, LinkRow)>, Error> {
        let prefix = keys::digest_in(repo, child);
        let digest = |rest: &[u8]| keys::read_digest(Table::Links, rest);
        self.list(prefix, None, limit, digest).await
    }

    /// Tells whether any manifest names `child`.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn has_parent(&self, repo: &RepoName, child: &Digest) -> Result<bool, Error> {
        let prefix = keys::digest_in(repo, child);
        Ok(!self.rows(Table::Links, &prefix, None, 1).await?.is_empty())
    }

    /// Lists what refers to `subject`, by digest, those after `after`, at most `limit`.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn referrers(
        &self,
        repo: &RepoName,
        subject: &Digest,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<(Digest, ReferrerRow)>, Error> {
        let prefix = keys::digest_in(repo, subject);
        let after = after.map(|after| keys::pair_in(repo, subject, after));
        let digest = |rest: &[u8]| keys::read_digest(Table::Referrers, rest);
        self.list(prefix, after, limit, digest).await
    }

    /// Lists the repositories that hold a blob and that the caller may read, by name, those after
    /// `after`, at most `limit`.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn holders(
        &self,
        digest: &Digest,
        after: Option<&RepoName>,
        limit: usize,
        rights: &Rights,
    ) -> Result<Vec<(RepoName, BlobRow)>, Error> {
        let prefix = keys::digest(digest);
        let after = after.map(|after| keys::blob(digest, after));
        let keep =
            |repo: &RepoName, row: &BlobRow| row.is_present() && rights.allows(repo, Action::Read);
        self.filtered(prefix, after, limit, keep).await
    }

    /// Lists the repositories whose names the caller is shown, those after `after`, at most `limit`.
    /// Reads on until so many are found.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn repos(
        &self,
        rights: &Rights,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(RepoName, RepoRow)>, Error> {
        let after = after.map(|after| after.as_bytes().to_vec());
        let keep = |repo: &RepoName, _: &RepoRow| rights.shows(repo);
        self.filtered(Vec::new(), after, limit, keep).await
    }

    /// Lists the repositories that are ahead of their `index.json`, by name, those after `after`,
    /// at most `limit`.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn repos_ahead(
        &self,
        after: Option<&RepoName>,
        limit: usize,
    ) -> Result<Vec<(RepoName, AheadRow)>, Error> {
        let after = after.map(keys::repo);
        let repo = |rest: &[u8]| keys::read_repo(Table::Ahead, rest);
        self.list(Vec::new(), after, limit, repo).await
    }

    async fn list<K, T: Value>(
        &self,
        prefix: Vec<u8>,
        after: Option<Vec<u8>>,
        limit: usize,
        read_key: impl Fn(&[u8]) -> Result<K, Error>,
    ) -> Result<Vec<(K, T)>, Error> {
        let rows = self.rows(T::TABLE, &prefix, after, limit).await?;
        let typed = rows.iter().map(|row| {
            let rest = row.key.get(prefix.len()..).unwrap_or_default();
            Ok((read_key(rest)?, rows::decode(&row.value)?))
        });
        typed.collect()
    }

    /// Lists rows whose key ends with a repository and that `keep` wants.
    async fn filtered<T: Value>(
        &self,
        prefix: Vec<u8>,
        mut after: Option<Vec<u8>>,
        limit: usize,
        keep: impl Fn(&RepoName, &T) -> bool,
    ) -> Result<Vec<(RepoName, T)>, Error> {
        let mut found = Vec::new();
        while found.len() < limit {
            let slice = (limit - found.len()).clamp(*SLICE.start(), *SLICE.end());
            let rows = self.rows(T::TABLE, &prefix, after, slice).await?;
            for row in &rows {
                let rest = row.key.get(prefix.len()..).unwrap_or_default();
                let repo = keys::read_repo(T::TABLE, rest)?;
                let value = rows::decode(&row.value)?;
                if found.len() < limit && keep(&repo, &value) {
                    found.push((repo, value));
                }
            }
            if rows.len() < slice {
                break;
            }
            after = rows.into_iter().next_back().map(|row| row.key);
            // A caller who may read little makes this long: others get their turn.
            tokio::task::yield_now().await;
        }
        Ok(found)
    }

    async fn rows(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        let scan = Scan {
            prefix: prefix.to_vec(),
            after,
            limit,
        };
        self.0.scan(table, scan).await
    }
}
