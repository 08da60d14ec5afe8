//! Pushing a manifest: the moment at which content becomes an image.
//!
//! ```text
//! parse ─ checks of extensions ─ look up rows ─ write file ─ persist ─ one batch ─ index.json
//!                                  ▲                                      │
//!                                  └───────── a row changed meanwhile ────┘
//! ```
//!
//! Nothing is visible before the batch, and the batch comes only when the manifest's file and every
//! blob that it names survive a power cut. The batch carries the rows it relied on as checks: if one
//! of them changed (a blob was deleted, the tag moved), it does nothing, and all is looked up again.

use std::collections::HashSet;

use bytes::Bytes;
use meta::{Action, BlobRow, Edit, Found, Rights, TagRow, WriteError};
use oci::{Descriptor, Digest, Manifest, MediaType, Reference, RepoName, Tag};
use storage::Key;

use super::rows::manifest_rows;
use crate::blob::Held;
use crate::content::read_small;
use crate::error::{Error, Result};
use crate::hook::{Candidate, Event, by_tag};
use crate::layout;
use crate::manifest::Condition;
use crate::registry::{Registry, Sparse};

/// How often a push is tried when rows that it relies on keep changing.
const ATTEMPTS: usize = 32;
/// How many of these attempts are made side by side with other pushes to the repository. Those that
/// come after wait for their turn, so that only other processes can get in between.
const SIDE_BY_SIDE: usize = 2;
/// How many missing blobs an error names.
const NAMED: usize = 32;

/// A manifest that is to be pushed.
#[derive(Clone, Debug)]
pub struct PutManifest {
    /// What it is pushed as.
    pub reference: Reference,
    /// Further tags, when the reference is a digest.
    pub tags: Vec<Tag>,
    /// The type that the client declares.
    pub media_type: MediaType,
    /// The bytes.
    pub raw: Bytes,
    /// Who pushes, if known.
    pub by: Option<String>,
    /// What the push relies on.
    pub condition: Condition,
    /// What the caller may do. Which right a tag needs depends on whether it is there, so it is
    /// judged together with the rows that the push is checked against.
    pub rights: Rights,
}

/// What came of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutOutcome {
    /// The manifest's digest.
    pub digest: Digest,
    /// What the manifest refers to.
    pub subject: Option<Digest>,
    /// The tags that stand for it now, of those in the request.
    pub tags: Vec<Tag>,
}

/// A push whose manifest has been read.
struct Push<'a> {
    repo: &'a RepoName,
    request: &'a PutManifest,
    manifest: Manifest,
    digest: Digest,
    tags: Vec<Tag>,
    /// The repository takes up a place that it did not before.
    takes_place: bool,
}

/// What one look at the rows found.
struct Plan {
    edit: Edit,
    persist: Vec<Key>,
    fresh: Vec<Digest>,
    is_new: bool,
    moved: Vec<Tag>,
    /// The repository counts from now on.
    is_first: bool,
}

impl Plan {
    /// Tells whether anybody can see the difference.
    fn is_change(&self) -> bool {
        self.is_new || !self.moved.is_empty()
    }
}

impl Registry {
    /// Makes a manifest visible under its digest and its tags, all or none.
    ///
    /// When this yields, the tags, the manifest and every blob that it names survive a power cut.
    ///
    /// # Errors
    /// `TagInvalid`, `ManifestInvalid`, `ManifestMismatch`, `BlobsMissing`, `Refused`, `Denied`,
    /// `Precondition`, `TooManyRepos`; nothing is visible then.
    ///
    /// # Cancel safety
    /// A call that is dropped is carried out all the same.
    ///
    /// Spec: distribution 1.1, Pushing Manifests.
    pub async fn put_manifest(&self, repo: &RepoName, request: PutManifest) -> Result<PutOutcome> {
        let repo = repo.clone();
        self.carry_out(move |this| async move { this.push(&repo, request).await })
            .await
    }

    async fn push(&self, repo: &RepoName, request: PutManifest) -> Result<PutOutcome> {
        let mut push = self.read_push(repo, &request)?;
        let place = self.claim_place(repo).await?;
        push.takes_place = place.is_some();
        self.ask_checks(&push).await?;
        self.ensure_repo(repo).await?;
        for blob in push.manifest.blobs() {
            // Files that nothing vouches for are verified before the repository is locked.
            self.locate(repo, &blob.digest).await?;
        }
        let committed = self.commit_push(&push).await;
        let plan = committed.inspect_err(|error| self.doubt(repo, error))?;
        if let Some(place) = place.filter(|_| plan.is_first) {
            place.settle();
        }
        self.cache.insert(&push.digest, push.manifest.raw());
        if plan.is_change() {
            self.index_changed(repo).await?;
            self.announce(&push, &plan);
        }
        Ok(PutOutcome {
            digest: push.digest,
            subject: push.manifest.subject().map(|subject| subject.digest),
            tags: push.request.tags.clone(),
        })
    }

    fn read_push<'a>(&self, repo: &'a RepoName, request: &'a PutManifest) -> Result<Push<'a>> {
        let (digest, tags) = match &request.reference {
            Reference::Tag(tag) => (Digest::sha256(&request.raw), vec![tag.clone()]),
            Reference::Digest(expected) => {
                let actual = Digest::of(expected.algorithm(), &request.raw);
                if actual != *expected {
                    return Err(Error::ManifestMismatch {
                        expected: *expected,
                    });
                }
                (actual, request.tags.clone())
            }
        };
        if let Some(tag) = tags.iter().find(|tag| !tag.is_conformant()) {
            return Err(Error::TagInvalid(tag.clone()));
        }
        let limits = self.options().manifest;
        let parsed = Manifest::parse(&request.media_type, request.raw.clone(), limits);
        let manifest = parsed.map_err(|source| Error::ManifestInvalid {
            reference: request.reference.clone(),
            source: Box::new(source),
        })?;
        Ok(Push {
            repo,
            request,
            manifest,
            digest,
            tags,
            takes_place: false,
        })
    }

    async fn ask_checks(&self, push: &Push<'_>) -> Result<()> {
        let hooks = self.hooks();
        if hooks.checks.is_empty() || self.is_settled(push).await? {
            return Ok(());
        }
        let candidate = Candidate {
            repo: push.repo,
            reference: &push.request.reference,
            digest: push.digest,
            manifest: &push.manifest,
            registry: self,
        };
        for check in &hooks.checks {
            if let Err(refusal) = check.check(&candidate).await {
                hooks.publish(&Event::ImageRefused {
                    repo: push.repo.clone(),
                    reference: push.request.reference.clone(),
                    reason: refusal.reason.clone(),
                });
                return Err(Error::Refused(refusal));
            }
        }
        Ok(())
    }

    /// Tells whether the push changes nothing: whatever is wrong with it was let in before.
    async fn is_settled(&self, push: &Push<'_>) -> Result<bool> {
        for tag in &push.tags {
            let row = self.meta.tag(push.repo, tag).await?;
            if row.is_none_or(|found| found.value.digest != push.digest) {
                return Ok(false);
            }
        }
        Ok(self.meta.manifest(push.repo, &push.digest).await?.is_some())
    }

    pub(crate) async fn config_of(&self, repo: &RepoName, manifest: &Manifest) -> Option<Bytes> {
        let config = manifest.config()?;
        let (driver, key) = (self.driver(repo), layout::blob(repo, &config.digest));
        self.blob_info(repo, &config.digest).await.ok()?;
        let limit = u64::try_from(self.options().manifest.max_bytes).unwrap_or(u64::MAX);
        read_small(driver.as_ref(), &key, limit)
            .await
            .ok()
            .flatten()
    }

    /// Looks up, persists and writes, until the rows hold still.
    async fn commit_push(&self, push: &Push<'_>) -> Result<Plan> {
        for attempt in 0..ATTEMPTS {
            let committed = if attempt < SIDE_BY_SIDE {
                let _shared = self.locks.shared(push.repo).await;
                self.try_commit(push).await?
            } else {
                let _alone = self.locks.alone(push.repo).await;
                self.try_commit(push).await?
            };
            if let Some(plan) = committed {
                return Ok(plan);
            }
        }
        Err(Error::Contended)
    }

    /// Makes one attempt; `None` when a row changed meanwhile. The repository is locked.
    async fn try_commit(&self, push: &Push<'_>) -> Result<Option<Plan>> {
        let mut plan = self.plan_push(push).await?;
        self.write_file(push, &plan).await?;
        plan.persist.push(layout::blob(push.repo, &push.digest));
        self.driver(push.repo).persist(&plan.persist).await?;
        // Even where nothing changes, the rows that the answer relies on may not be durable yet.
        let edit = std::mem::replace(&mut plan.edit, Edit::durable());
        match self.meta.write(edit).await {
            Ok(()) => {}
            Err(WriteError::Conflict) => return Ok(None),
            Err(WriteError::Store(error)) => return Err(error.into()),
        }
        for digest in &plan.fresh {
            self.fresh.remove(push.repo, digest);
        }
        Ok(Some(plan))
    }

    /// Writes the manifest's file, unless it is there: what a row vouches for is not written over.
    async fn write_file(&self, push: &Push<'_>, plan: &Plan) -> Result<()> {
        let raw = push.manifest.raw();
        let size = u64::try_from(raw.len()).unwrap_or(u64::MAX);
        let (driver, key) = (
            self.driver(push.repo),
            layout::blob(push.repo, &push.digest),
        );
        let is_there = if plan.is_new {
            self.is_stored(push.repo, &push.digest, size).await?
        } else {
            let found = self.stat_content(push.repo, &push.digest).await?;
            found.is_some_and(|found| found.size == size)
                && read_small(driver.as_ref(), &key, size).await?.as_ref() == Some(raw)
        };
        if !is_there {
            driver.put(&key, raw.clone()).await?;
        }
        Ok(())
    }

    async fn plan_push(&self, push: &Push<'_>) -> Result<Plan> {
        let present = self.resolve(push.repo, &push.request.reference).await?;
        if !push
            .request
            .condition
            .holds(present.as_ref().map(|info| &info.digest))
        {
            return Err(Error::Precondition);
        }
        let mut before = Vec::with_capacity(push.tags.len());
        for tag in &push.tags {
            before.push((tag, self.meta.tag(push.repo, tag).await?));
        }
        judge_push(push, &before)?;
        let row = self.meta.manifest(push.repo, &push.digest).await?;
        let mut plan = Plan {
            edit: Edit::durable(),
            persist: Vec::new(),
            fresh: Vec::new(),
            is_new: row.is_none(),
            moved: Vec::new(),
            is_first: false,
        };
        plan.edit
            .expect_manifest(push.repo, &push.digest, row.as_ref());
        self.plan_blobs(push, &mut plan).await?;
        if plan.is_new {
            self.plan_manifest(push, &mut plan);
        }
        for (tag, before) in &before {
            self.plan_tag(push, tag, before.as_ref(), &mut plan);
        }
        if push.takes_place {
            plan.is_first = self.plan_count(&mut plan.edit, push.repo).await?;
        }
        if plan.is_change() {
            plan.edit.put_ahead(push.repo, &self.ahead_row());
        }
        Ok(plan)
    }

    /// Makes sure that the blobs are here, and will still be when the batch is applied.
    async fn plan_blobs(&self, push: &Push<'_>, plan: &mut Plan) -> Result<()> {
        let required: HashSet<Digest> = push
            .manifest
            .required_blobs()
            .map(|blob| blob.digest)
            .collect();
        let mut seen = HashSet::new();
        let mut missing = Vec::new();
        for blob in push
            .manifest
            .blobs()
            .filter(|blob| seen.insert(blob.digest))
        {
            let held = self.hold_blob(push.repo, blob, plan).await?;
            if !held && required.contains(&blob.digest) && missing.len() < NAMED {
                missing.push(blob.digest);
            }
        }
        let sparse = self.options().sparse == Sparse::Anything;
        if missing.is_empty() || sparse {
            return Ok(());
        }
        Err(Error::BlobsMissing {
            reference: push.request.reference.clone(),
            missing,
        })
    }

    async fn hold_blob(&self, repo: &RepoName, blob: &Descriptor, plan: &mut Plan) -> Result<bool> {
        let Some((info, held)) = self.held(repo, &blob.digest).await? else {
            return Ok(false);
        };
        let stat = self.stat_content(repo, &blob.digest).await?;
        if info.size != blob.size || stat.is_none_or(|stat| stat.size != blob.size) {
            return Ok(false);
        }
        let is_fresh = self.fresh.size(repo, &blob.digest).is_some();
        match held {
            Held::Manifest => return Ok(true),
            Held::Row(found) if !is_fresh => {
                plan.edit.expect_blob(repo, &blob.digest, Some(&found));
                if was_never_checked(&found) {
                    // Others have written it, and nobody knows whether it is safe.
                    plan.persist.push(layout::blob(repo, &blob.digest));
                }
                if names_type(&found) {
                    return Ok(true);
                }
            }
            Held::Row(_) | Held::Fresh => {
                plan.persist.push(layout::blob(repo, &blob.digest));
                plan.fresh.push(blob.digest);
                let before = self.meta.blob(repo, &blob.digest).await?;
                plan.edit.expect_blob(repo, &blob.digest, before.as_ref());
            }
        }
        let row = BlobRow::Present {
            size: info.size,
            media_type: Some(blob.media_type.clone()),
            checked: self.now_nanos(),
        };
        plan.edit.put_blob(repo, &blob.digest, &row);
        Ok(true)
    }

    fn plan_manifest(&self, push: &Push<'_>, plan: &mut Plan) {
        let rows = manifest_rows(&push.manifest, self.now_nanos(), push.request.by.clone());
        rows.put(&mut plan.edit, push.repo, &push.digest);
    }

    fn plan_tag(
        &self,
        push: &Push<'_>,
        tag: &Tag,
        before: Option<&Found<TagRow>>,
        plan: &mut Plan,
    ) {
        if plan.moved.contains(tag) {
            return;
        }
        if before.is_some_and(|found| found.value.digest == push.digest) {
            plan.edit.expect_tag(push.repo, tag, before);
            return;
        }
        let now = self.now_nanos();
        let row = TagRow {
            digest: push.digest,
            media_type: push.manifest.media_type().clone(),
            size: u64::try_from(push.manifest.raw().len()).unwrap_or(u64::MAX),
            tagged: before.map_or(now, |found| found.value.tagged),
            moved: now,
        };
        plan.edit.expect_tag(push.repo, tag, before);
        plan.edit
            .move_tag(push.repo, tag, before.map(|found| &found.value), &row);
        plan.moved.push(tag.clone());
    }

    fn announce(&self, push: &Push<'_>, plan: &Plan) {
        let hooks = self.hooks();
        let mut references: Vec<Reference> = plan.moved.iter().map(by_tag).collect();
        if references.is_empty() {
            references.push(Reference::Digest(push.digest));
        }
        for reference in references {
            hooks.publish(&Event::ImageUpdated {
                repo: push.repo.clone(),
                reference,
                digest: push.digest,
                media_type: push.manifest.media_type().clone(),
            });
        }
    }
}

fn names_type(found: &Found<BlobRow>) -> bool {
    matches!(
        &found.value,
        BlobRow::Present {
            media_type: Some(_),
            ..
        }
    )
}

fn was_never_checked(found: &Found<BlobRow>) -> bool {
    matches!(&found.value, BlobRow::Present { checked: 0, .. })
}

/// Judges whether the caller may set what a push sets: a tag that is there needs the right to update,
/// a new one that to create. The digest itself needs one too, where it is what the request names.
///
/// Compat: which rights zot asks for, and the reference that it asks with.
fn judge_push(push: &Push<'_>, before: &[(&Tag, Option<Found<TagRow>>)]) -> Result<()> {
    let judge = |action, reference: &str| {
        let judged = push.request.rights.judge(push.repo, action, reference);
        judged.map_err(Error::Denied)
    };
    let needed = |is_there| {
        if is_there {
            Action::Update
        } else {
            Action::Create
        }
    };
    for (tag, row) in before {
        judge(needed(row.is_some()), tag.as_str())?;
    }
    if let Reference::Digest(digest) = &push.request.reference {
        let digest = digest.to_string();
        if before.is_empty() || before.iter().any(|(_, row)| row.is_none()) {
            judge(Action::Create, &digest)?;
        }
        if before.iter().any(|(_, row)| row.is_some()) {
            judge(Action::Update, &digest)?;
        }
    }
    Ok(())
}
