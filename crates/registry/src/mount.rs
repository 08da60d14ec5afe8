//! Making a blob of one repository appear in another.

use meta::{Action, BlobRow, Rights};
use oci::{Digest, RepoName};
use storage::ErrorKind;

use crate::blob::Held;
use crate::content;
use crate::error::Result;
use crate::layout;
use crate::registry::Registry;

/// How many holders of a blob are tried.
const CANDIDATES: usize = 8;

impl Registry {
    /// Mounts a blob: from `from` if given, else from any repository of the same store that holds it
    /// and that `rights` let the caller read. False says no more than "upload it": neither whether
    /// the blob exists elsewhere nor why it was not mounted.
    ///
    /// # Errors
    /// Only those of the stores.
    ///
    /// Spec: distribution 1.1, Mounting a blob from another repository.
    pub async fn mount_blob(
        &self,
        repo: &RepoName,
        digest: &Digest,
        from: Option<&RepoName>,
        rights: &Rights,
    ) -> Result<bool> {
        if self.blob_info(repo, digest).await.is_ok() {
            return Ok(true);
        }
        let holders = match from {
            Some(from) => self
                .holder(from, digest, rights)
                .await?
                .into_iter()
                .collect(),
            None => self.holders(digest, rights).await?,
        };
        self.mount_from(repo, digest, &holders, rights).await
    }

    /// Mounts a blob that was only looked at, unless it was deleted here on request.
    pub(crate) async fn mount_implicitly(
        &self,
        repo: &RepoName,
        digest: &Digest,
        rights: &Rights,
    ) -> Result<bool> {
        let row = self.meta.blob(repo, digest).await?;
        if row.is_some_and(|found| matches!(found.value, BlobRow::Deleted { .. })) {
            return Ok(false);
        }
        let holders = self.holders(digest, rights).await?;
        self.mount_from(repo, digest, &holders, rights).await
    }

    async fn mount_from(
        &self,
        repo: &RepoName,
        digest: &Digest,
        holders: &[(RepoName, u64)],
        rights: &Rights,
    ) -> Result<bool> {
        let usable: Vec<_> = holders
            .iter()
            .filter(|(holder, _)| may_mount(rights, holder, repo))
            .filter(|(holder, _)| self.stores.together(holder, repo))
            .cloned()
            .collect();
        if usable.is_empty() {
            return Ok(false);
        }
        self.ensure_repo(repo).await?;
        let (repo, digest) = (repo.clone(), *digest);
        self.carry_out(move |this| async move { this.link_one(&repo, &digest, usable).await })
            .await
    }

    /// Links a blob's file from the first holder that turns out to have it.
    async fn link_one(
        &self,
        repo: &RepoName,
        digest: &Digest,
        holders: Vec<(RepoName, u64)>,
    ) -> Result<bool> {
        let _shared = self.locks.shared(repo).await;
        for (holder, size) in holders {
            if self.link(&holder, repo, digest, size).await? {
                self.remember(repo, digest, size).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Links a blob's file; false when the holder turns out not to have it or links are not to be had.
    pub(crate) async fn link(
        &self,
        holder: &RepoName,
        repo: &RepoName,
        digest: &Digest,
        size: u64,
    ) -> Result<bool> {
        if self
            .stat_content(holder, digest)
            .await?
            .is_none_or(|stat| stat.size != size)
        {
            return Ok(false);
        }
        let (from, to) = (layout::blob(holder, digest), layout::blob(repo, digest));
        let driver = self.driver(repo);
        if let Some((_, Held::Row(_))) = self.held(repo, digest).await? {
            // The row calls the file durable, so it has to be before it appears.
            driver.persist(std::slice::from_ref(&from)).await?;
        }
        match driver.link(&from, &to).await {
            Ok(()) => Ok(true),
            Err(error) => match error.kind() {
                ErrorKind::Exists => self.is_what_its_name_says(repo, digest, size).await,
                ErrorKind::NotFound | ErrorKind::Unsupported => Ok(false),
                ErrorKind::Offset
                | ErrorKind::NotEmpty
                | ErrorKind::Denied
                | ErrorKind::Full
                | ErrorKind::Busy
                | ErrorKind::Corrupt
                | ErrorKind::Io => Err(error.into()),
            },
        }
    }

    /// Judges a file that lies where a link was to go. Often somebody else has just made the same
    /// link; but it may as well be what a power cut has brought back, and then nothing vouches for it.
    async fn is_what_its_name_says(
        &self,
        repo: &RepoName,
        digest: &Digest,
        size: u64,
    ) -> Result<bool> {
        if self.is_stored(repo, digest, size).await? {
            return Ok(true);
        }
        let (driver, key) = (self.driver(repo), layout::blob(repo, digest));
        let found = content::hash(driver.as_ref(), &key, digest.algorithm()).await?;
        Ok(found == Some((*digest, size)))
    }

    /// Yields repositories that hold a blob and that the caller may read, with the blob's size.
    pub(crate) async fn holders(
        &self,
        digest: &Digest,
        rights: &Rights,
    ) -> Result<Vec<(RepoName, u64)>> {
        let mut holders = self.fresh.holders(digest, CANDIDATES);
        holders.retain(|(repo, _)| rights.allows(repo, Action::Read));
        for (repo, row) in self.meta.holders(digest, None, CANDIDATES, rights).await? {
            if let BlobRow::Present { size, .. } = row {
                holders.push((repo, size));
            }
        }
        Ok(holders)
    }

    async fn holder(
        &self,
        from: &RepoName,
        digest: &Digest,
        rights: &Rights,
    ) -> Result<Option<(RepoName, u64)>> {
        if !rights.allows(from, Action::Read) {
            return Ok(None);
        }
        let located = self.locate(from, digest).await?;
        let blob = located.filter(|(_, held)| !matches!(held, Held::Manifest));
        Ok(blob.map(|(info, _)| (from.clone(), info.size)))
    }
}

/// The one decision for every way in: explicit mounts, with and without `from`, and looks.
fn may_mount(rights: &Rights, from: &RepoName, to: &RepoName) -> bool {
    rights.allows(from, Action::Read) && rights.allows(to, Action::Create)
}
