//! Blobs.

use std::ops::Range;

use meta::{BlobRow, Edit, Found, Rights};
use oci::{Digest, MediaType, RepoName};
use storage::{Body, ErrorKind, Stat};
use tracing::{error, warn};

use crate::content;
use crate::error::{Error, Result};
use crate::layout;
use crate::registry::Registry;

/// What is known of a blob without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobInfo {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// The type that a manifest of the repository gives it, else `application/octet-stream`.
    pub media_type: MediaType,
}

/// A blob and its bytes.
#[derive(Debug)]
pub struct Blob {
    /// What is known of the whole blob.
    pub info: BlobInfo,
    /// The bytes of the range that was asked for.
    pub body: Body,
}

/// How a blob is held.
#[derive(Debug)]
pub(crate) enum Held {
    /// A row says so: its bytes are durable.
    Row(Found<BlobRow>),
    /// It has arrived and waits for its manifest.
    Fresh,
    /// It is a manifest.
    Manifest,
}

impl Registry {
    /// Looks at a blob. A blob that only another repository of the same store holds is mounted, if
    /// `rights` let the caller read it there and create it here.
    ///
    /// # Errors
    /// `BlobUnknown`, also for a repository that is unknown.
    ///
    /// Spec: distribution 1.1, Checking if content exists. Compat: the implicit mount is zot's.
    pub async fn stat_blob(
        &self,
        repo: &RepoName,
        digest: &Digest,
        rights: &Rights,
    ) -> Result<BlobInfo> {
        match self.blob_info(repo, digest).await {
            Err(Error::BlobUnknown(_)) => {}
            found => return found,
        }
        if self.mount_implicitly(repo, digest, rights).await? {
            return self.blob_info(repo, digest).await;
        }
        Err(Error::BlobUnknown(*digest))
    }

    /// Looks at a blob that the repository itself holds.
    ///
    /// A file that neither a row nor this process vouches for (an upload that a stop cut off from its
    /// manifest) is hashed first, and goes to quarantine if it is not what its name says.
    ///
    /// # Errors
    /// `BlobUnknown`.
    pub async fn blob_info(&self, repo: &RepoName, digest: &Digest) -> Result<BlobInfo> {
        let (info, _) = self
            .locate(repo, digest)
            .await?
            .ok_or(Error::BlobUnknown(*digest))?;
        let stat = self.stat_content(repo, digest).await?;
        if stat.is_some_and(|stat| stat.size == info.size) {
            return Ok(info);
        }
        warn!(%repo, %digest, "blob file is missing or has the wrong size");
        Err(Error::BlobUnknown(*digest))
    }

    /// Opens a blob that the repository holds, whole or a range of it. Never mounts anything.
    ///
    /// # Errors
    /// `BlobUnknown`, also when the file does not have the blob's size: a push then repairs it.
    ///
    /// Spec: distribution 1.1, Pulling blobs.
    pub async fn open_blob(
        &self,
        repo: &RepoName,
        digest: &Digest,
        range: Option<Range<u64>>,
    ) -> Result<Blob> {
        let (info, _) = self
            .locate(repo, digest)
            .await?
            .ok_or(Error::BlobUnknown(*digest))?;
        match self
            .driver(repo)
            .get(&layout::blob(repo, digest), range)
            .await
        {
            Ok(object) if object.stat.size == info.size => Ok(Blob {
                info,
                body: object.body,
            }),
            Ok(_) => {
                warn!(%repo, %digest, "blob file has the wrong size");
                Err(Error::BlobUnknown(*digest))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                warn!(%repo, %digest, "blob file is missing");
                Err(Error::BlobUnknown(*digest))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Yields an address from which the client may fetch the blob itself, if the store gives any.
    ///
    /// # Errors
    /// `BlobUnknown`.
    pub async fn redirect_blob(&self, repo: &RepoName, digest: &Digest) -> Result<Option<String>> {
        let driver = self.driver(repo);
        if !driver.caps().redirect {
            return Ok(None);
        }
        self.blob_info(repo, digest).await?;
        Ok(driver.redirect(&layout::blob(repo, digest)).await?)
    }

    /// Removes a blob that no manifest of the repository names.
    ///
    /// The digest stays remembered as deleted here, so that the next look does not mount it back from
    /// another repository. The row goes in two steps: a push that relied on the old row fails its
    /// check, a push that came before is seen by the second look at the links.
    ///
    /// # Errors
    /// `BlobUnknown`, `BlobInUse`.
    ///
    /// # Cancel safety
    /// A call that is dropped is carried out all the same.
    ///
    /// Spec: distribution 1.1, Deleting Blobs.
    pub async fn delete_blob(&self, repo: &RepoName, digest: &Digest) -> Result<()> {
        let (repo, digest) = (repo.clone(), *digest);
        self.carry_out(move |this| async move { this.remove_blob(&repo, &digest).await })
            .await
    }

    async fn remove_blob(&self, repo: &RepoName, digest: &Digest) -> Result<()> {
        self.blob_info(repo, digest).await?;
        let _alone = self.locks.alone(repo).await;
        let (info, held) = self
            .held(repo, digest)
            .await?
            .ok_or(Error::BlobUnknown(*digest))?;
        if matches!(held, Held::Manifest) || self.is_named(repo, digest, None).await? {
            return Err(Error::BlobInUse(*digest));
        }
        if let Held::Row(found) = &held {
            self.condemn(repo, digest, &info, found).await?;
        }
        let before = self.meta.blob(repo, digest).await?;
        let gone = BlobRow::Deleted {
            at: self.now_nanos(),
        };
        let mut edit = Edit::durable();
        edit.expect_blob(repo, digest, before.as_ref())
            .put_blob(repo, digest, &gone);
        self.meta.write(edit).await?;
        self.fresh.remove(repo, digest);
        match self.driver(repo).delete(&layout::blob(repo, digest)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn condemn(
        &self,
        repo: &RepoName,
        digest: &Digest,
        info: &BlobInfo,
        found: &Found<BlobRow>,
    ) -> Result<()> {
        let condemned = BlobRow::Condemned {
            size: info.size,
            media_type: Some(info.media_type.clone()),
            since: self.now_nanos(),
        };
        let mut edit = Edit::relaxed();
        edit.expect_blob(repo, digest, Some(found))
            .put_blob(repo, digest, &condemned);
        self.meta.write(edit).await?;
        if self.is_named(repo, digest, None).await? {
            let mut edit = Edit::relaxed();
            edit.put_blob(repo, digest, &found.value);
            self.meta.write(edit).await?;
            return Err(Error::BlobInUse(*digest));
        }
        Ok(())
    }

    /// Finds out whether and how the repository holds a blob; verifies a file that nothing vouches
    /// for. Does not look at the file otherwise. No lock of the repository may be held.
    pub(crate) async fn locate(
        &self,
        repo: &RepoName,
        digest: &Digest,
    ) -> Result<Option<(BlobInfo, Held)>> {
        if let Some(found) = self.held(repo, digest).await? {
            return Ok(Some(found));
        }
        if !self.find_repo(repo).await? {
            return Ok(None);
        }
        if let Some(found) = self.held(repo, digest).await? {
            return Ok(Some(found));
        }
        let row = self.meta.blob(repo, digest).await?;
        let is_deleted = row.is_some_and(|found| matches!(found.value, BlobRow::Deleted { .. }));
        if is_deleted || self.stat_content(repo, digest).await?.is_none() {
            return Ok(None);
        }
        self.verify_file(repo, digest).await
    }

    /// Asks rows and memory alone.
    pub(crate) async fn held(
        &self,
        repo: &RepoName,
        digest: &Digest,
    ) -> Result<Option<(BlobInfo, Held)>> {
        let info = |size, media_type: Option<MediaType>| BlobInfo {
            digest: *digest,
            size,
            media_type: media_type.unwrap_or(MediaType::OCTET_STREAM),
        };
        if let Some(found) = self.meta.blob(repo, digest).await?
            && let BlobRow::Present {
                size, media_type, ..
            } = &found.value
        {
            return Ok(Some((info(*size, media_type.clone()), Held::Row(found))));
        }
        if let Some(size) = self.fresh.size(repo, digest) {
            return Ok(Some((info(size, None), Held::Fresh)));
        }
        let row = self
            .meta
            .manifest(repo, digest)
            .await?
            .map(|found| found.value);
        Ok(row.map(|row| (info(row.size, Some(row.media_type)), Held::Manifest)))
    }

    pub(crate) async fn stat_content(
        &self,
        repo: &RepoName,
        digest: &Digest,
    ) -> Result<Option<Stat>> {
        match self.driver(repo).stat(&layout::blob(repo, digest)).await {
            Ok(stat) => Ok(Some(stat)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a file that nothing vouches for; what is not what its name says goes to quarantine.
    async fn verify_file(
        &self,
        repo: &RepoName,
        digest: &Digest,
    ) -> Result<Option<(BlobInfo, Held)>> {
        let (repo, digest) = (repo.clone(), *digest);
        self.carry_out(move |this| async move { this.verify(&repo, &digest).await })
            .await
    }

    async fn verify(&self, repo: &RepoName, digest: &Digest) -> Result<Option<(BlobInfo, Held)>> {
        // One reads, whoever else asks waits for the outcome; pushes go on meanwhile.
        let _reader = self.verifying.alone(repo).await;
        if let Some(found) = self.held(repo, digest).await? {
            return Ok(Some(found));
        }
        let (driver, key) = (self.driver(repo), layout::blob(repo, digest));
        let file = |stat: Option<Stat>| stat.map(|stat| (stat.size, stat.identity));
        let before = file(self.stat_content(repo, digest).await?);
        let read = content::hash(driver.as_ref(), &key, digest.algorithm()).await?;
        let _alone = self.locks.alone(repo).await;
        if let Some(found) = self.held(repo, digest).await? {
            return Ok(Some(found));
        }
        match read {
            // Another file than the one that was read: the next look judges it.
            _ if file(self.stat_content(repo, digest).await?) != before => Ok(None),
            Some((actual, size)) if actual == *digest => {
                self.remember(repo, digest, size).await?;
                self.held(repo, digest).await
            }
            Some(_) => {
                error!(%repo, %digest, "file is not what its name says, moved to quarantine");
                driver
                    .rename(&key, &layout::quarantine(digest, self.now_nanos()))
                    .await?;
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// Takes note of a blob that has arrived; one that memory has no room for is made durable.
    pub(crate) async fn remember(&self, repo: &RepoName, digest: &Digest, size: u64) -> Result<()> {
        if self.fresh.insert(repo, digest, size) {
            return Ok(());
        }
        self.make_durable(repo, digest, size).await
    }

    /// Gives a blob its row without waiting for a manifest.
    pub(crate) async fn make_durable(
        &self,
        repo: &RepoName,
        digest: &Digest,
        size: u64,
    ) -> Result<()> {
        self.driver(repo)
            .persist(&[layout::blob(repo, digest)])
            .await?;
        let mut edit = Edit::durable();
        self.plan_durable(&mut edit, repo, digest, size).await?;
        self.meta.write(edit).await?;
        Ok(())
    }

    /// Adds to a batch the row of a blob whose file is durable.
    pub(crate) async fn plan_durable(
        &self,
        edit: &mut Edit,
        repo: &RepoName,
        digest: &Digest,
        size: u64,
    ) -> Result<()> {
        let before = self.meta.blob(repo, digest).await?;
        let media_type = match before.as_ref().map(|found| &found.value) {
            Some(BlobRow::Present { media_type, .. }) => media_type.clone(),
            Some(BlobRow::Condemned { .. } | BlobRow::Deleted { .. }) | None => None,
        };
        let row = BlobRow::Present {
            size,
            media_type,
            checked: self.now_nanos(),
        };
        edit.expect_blob(repo, digest, before.as_ref())
            .put_blob(repo, digest, &row);
        Ok(())
    }
}
