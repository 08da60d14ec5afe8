//! Deleting a tag, or a manifest with all its tags.

use meta::{Edit, ManifestRow, Role, WriteError};
use oci::{Digest, Manifest, Reference, RepoName, Tag};
use storage::ErrorKind;
use tracing::warn;

use super::rows::manifest_rows;
use crate::error::{Error, Result, logged};
use crate::hook::{Event, by_tag};
use crate::layout;
use crate::manifest::{Condition, ManifestInfo};
use crate::registry::Registry;

/// How often a delete is tried again when rows that it relies on keep changing.
const ATTEMPTS: usize = 32;
/// How many tags one batch removes; a manifest with more loses them in several.
const TAGS: usize = 512;
/// How many links to content are looked at; with more that do not count, it is taken to be named.
const PARENTS: usize = 1024;

/// How a manifest is to be deleted.
#[derive(Clone, Debug, Default)]
pub struct DeleteManifest {
    /// Whether a manifest with several tags stays as it is.
    ///
    /// Compat: zot's `detectManifestCollision`.
    pub refuse_shared: bool,
    /// What the delete relies on.
    pub condition: Condition,
}

impl Registry {
    /// Deletes a tag, or a manifest with all its tags. What it named waits for the collector.
    ///
    /// # Errors
    /// `RepoUnknown`, `ManifestUnknown`; `ManifestInUse` when an index of the repository lists the
    /// manifest; `ManifestShared` when asked to refuse that; `Precondition`.
    ///
    /// # Cancel safety
    /// A call that is dropped is carried out all the same.
    ///
    /// Spec: distribution 1.1, Deleting tags, Deleting manifests.
    pub async fn delete_manifest(
        &self,
        repo: &RepoName,
        reference: &Reference,
        request: DeleteManifest,
    ) -> Result<()> {
        let (repo, reference) = (repo.clone(), reference.clone());
        self.carry_out(move |this| async move { this.delete(&repo, &reference, request).await })
            .await
    }

    async fn delete(
        &self,
        repo: &RepoName,
        reference: &Reference,
        request: DeleteManifest,
    ) -> Result<()> {
        self.stat_manifest(repo, reference).await?;
        let deleted = self.delete_rows(repo, reference, &request).await;
        let deleted = deleted.inspect_err(|error| self.doubt(repo, error))?;
        self.index_changed(repo).await?;
        let hooks = self.hooks();
        for reference in deleted.references {
            hooks.publish(&Event::ImageDeleted {
                repo: repo.clone(),
                reference,
                digest: deleted.info.digest,
                media_type: deleted.info.media_type.clone(),
            });
        }
        Ok(())
    }

    async fn delete_rows(
        &self,
        repo: &RepoName,
        reference: &Reference,
        request: &DeleteManifest,
    ) -> Result<Deleted> {
        let _alone = self.locks.alone(repo).await;
        for _ in 0..ATTEMPTS {
            let info = self.resolve(repo, reference).await?;
            let info = info.ok_or_else(|| Error::ManifestUnknown(reference.clone()))?;
            if !request.condition.holds(Some(&info.digest)) {
                return Err(Error::Precondition);
            }
            let done = match reference {
                Reference::Tag(tag) => self.delete_tag(repo, tag, &info.digest).await?,
                Reference::Digest(digest) => self.delete_digest(repo, digest, request).await?,
            };
            if let Some(references) = done {
                return Ok(Deleted { info, references });
            }
        }
        Err(Error::Contended)
    }

    /// Removes a tag that points to `digest`; `None` when it changed meanwhile. The manifest stays.
    async fn delete_tag(
        &self,
        repo: &RepoName,
        tag: &Tag,
        digest: &Digest,
    ) -> Result<Option<Vec<Reference>>> {
        let found = self.meta.tag(repo, tag).await?;
        let Some(found) = found.filter(|found| found.value.digest == *digest) else {
            return Ok(None);
        };
        let mut edit = Edit::durable();
        edit.expect_tag(repo, tag, Some(&found))
            .delete_tag(repo, tag, &found.value);
        edit.put_ahead(repo, &self.ahead_row());
        Ok(self.write_or_retry(edit).await?.then(|| vec![by_tag(tag)]))
    }

    /// Removes a manifest and its tags; `None` when a row changed meanwhile.
    async fn delete_digest(
        &self,
        repo: &RepoName,
        digest: &Digest,
        request: &DeleteManifest,
    ) -> Result<Option<Vec<Reference>>> {
        if self.is_named(repo, digest, Some(Role::Child)).await? {
            return Err(Error::ManifestInUse(*digest));
        }
        let Some(row) = self.meta.manifest(repo, digest).await? else {
            return Ok(None);
        };
        let mut tags = self.meta.targets(repo, digest, TAGS).await?;
        if request.refuse_shared && tags.len() > 1 {
            return Err(Error::ManifestShared(*digest));
        }
        let mut references = Vec::new();
        while tags.len() == TAGS {
            let mut edit = Edit::relaxed();
            edit.expect_manifest(repo, digest, Some(&row));
            if !self.plan_untag(&mut edit, repo, digest, &tags).await?
                || !self.write_or_retry(edit).await?
            {
                return Ok(None);
            }
            references.extend(tags.iter().map(by_tag));
            tags = self.meta.targets(repo, digest, TAGS).await?;
        }
        let mut edit = Edit::durable();
        edit.expect_manifest(repo, digest, Some(&row));
        if !self.plan_untag(&mut edit, repo, digest, &tags).await? {
            return Ok(None);
        }
        self.forget_manifest(&mut edit, repo, digest, &row.value)
            .await?;
        if !self.write_or_retry(edit).await? {
            return Ok(None);
        }
        self.delete_content(repo, digest).await?;
        references.extend(tags.iter().map(by_tag));
        references.push(Reference::Digest(*digest));
        Ok(Some(references))
    }

    /// Adds to a batch what takes tags off a manifest; false when one has moved meanwhile.
    async fn plan_untag(
        &self,
        edit: &mut Edit,
        repo: &RepoName,
        digest: &Digest,
        tags: &[Tag],
    ) -> Result<bool> {
        for tag in tags {
            let found = self.meta.tag(repo, tag).await?;
            let Some(found) = found.filter(|found| found.value.digest == *digest) else {
                return Ok(false);
            };
            edit.expect_tag(repo, tag, Some(&found))
                .delete_tag(repo, tag, &found.value);
        }
        edit.put_ahead(repo, &self.ahead_row());
        Ok(true)
    }

    /// Tells whether a manifest of the repository names content, in the given role if there is one.
    ///
    /// Links of a manifest that could not be read when it was deleted do not count.
    pub(crate) async fn is_named(
        &self,
        repo: &RepoName,
        digest: &Digest,
        role: Option<Role>,
    ) -> Result<bool> {
        let parents = self.meta.parents(repo, digest, PARENTS).await?;
        for (parent, link) in &parents {
            let counts = role.is_none_or(|role| link.role == role);
            if counts && self.meta.manifest(repo, parent).await?.is_some() {
                return Ok(true);
            }
        }
        // Not all were seen: better refuse than break what names it.
        Ok(parents.len() == PARENTS)
    }

    /// Adds to a batch what makes the rows of a manifest go.
    pub(crate) async fn forget_manifest(
        &self,
        edit: &mut Edit,
        repo: &RepoName,
        digest: &Digest,
        row: &ManifestRow,
    ) -> Result<()> {
        edit.delete_manifest(repo, digest)
            .delete_stats(repo, digest);
        if let Some(subject) = &row.subject {
            edit.delete_referrer(repo, subject, digest);
        }
        let raw = match self.manifest_bytes(repo, digest).await {
            Ok(raw) => raw,
            Err(Error::Corrupt(_)) => None,
            Err(error) => return Err(error),
        };
        let limits = oci::json::Limits {
            max_bytes: usize::MAX,
            ..self.options().manifest
        };
        let manifest = raw.and_then(|raw| Manifest::parse(&row.media_type, raw, limits).ok());
        if let Some(manifest) = manifest {
            manifest_rows(&manifest, 0, None).delete(edit, repo, digest);
        } else {
            warn!(%repo, %digest, "links of an unreadable manifest are left behind");
        }
        Ok(())
    }

    /// Removes a manifest's file, unless it is held as a blob too. The repository is locked.
    async fn delete_content(&self, repo: &RepoName, digest: &Digest) -> Result<()> {
        if self.held(repo, digest).await?.is_some() || self.is_named(repo, digest, None).await? {
            return Ok(());
        }
        match self.driver(repo).delete(&layout::blob(repo, digest)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                // The rows are gone, so the answer stands; the file waits for the collector.
                warn!(%repo, %digest, error = logged(&error), "manifest file stays");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn write_or_retry(&self, edit: Edit) -> Result<bool> {
        match self.meta.write(edit).await {
            Ok(()) => Ok(true),
            Err(WriteError::Conflict) => Ok(false),
            Err(WriteError::Store(error)) => Err(error.into()),
        }
    }
}

struct Deleted {
    info: ManifestInfo,
    references: Vec<Reference>,
}
