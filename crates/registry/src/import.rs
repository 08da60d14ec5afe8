//! Taking in what others have written: layouts that were copied in, a root of zot, a restored backup.
//!
//! A repository is compared with its `index.json` once per start, when it is first asked for or when
//! the walk in the background reaches it. A file that is not the one we wrote is read, and the rows
//! are made to say what it says. Only manifests that have no row yet are read.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use meta::{AheadRow, BlobRow, Edit, Found, IndexIdentity, RepoRow, TagRow, WriteError};
use oci::index::IndexFile;
use oci::json::Limits;
use oci::{Descriptor, Digest, Manifest, ManifestKind, RepoName, Tag};
use storage::{ErrorKind, Key, Stat};
use tracing::{info, warn};

use crate::clock::nanos;
use crate::content;
use crate::error::{Error, Result, logged};
use crate::layout;
use crate::manifest::manifest_rows;
use crate::registry::Registry;

/// No larger `index.json` is read, in bytes.
const INDEX_LIMIT: usize = 512 * 1024 * 1024;
/// How many manifests of a foreign layout go into one batch.
const BATCH: usize = 128;
/// How many rows are read at a time.
const SLICE: usize = 1000;
/// How much later than a change we may still be writing its file, in nanoseconds.
const LAG: u64 = 60 * 1_000_000_000;
/// How deep indexes may lie in indexes.
const DEPTH: usize = 16;

/// What the file counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is the truth: what it does not list goes.
    Replace,
    /// It adds to the rows: tags that have a row stay as they are.
    Add,
}

/// Yields what is remembered of a file to recognise it by.
pub(crate) fn identity(stat: &Stat) -> IndexIdentity {
    IndexIdentity {
        size: stat.size,
        modified_nanos: nanos(stat.modified),
        inode: stat.identity,
        digest: None,
    }
}

/// Tells whether a file is the one that is remembered.
pub(crate) fn same_file(known: &IndexIdentity, stat: &Stat) -> bool {
    let now = identity(stat);
    (known.size, known.modified_nanos, known.inode) == (now.size, now.modified_nanos, now.inode)
}

/// Tells whether a file is the one that the row tells of.
fn is_known(row: &Found<RepoRow>, stat: &Stat) -> bool {
    let known = row.value.index.as_ref();
    known.is_some_and(|known| same_file(known, stat))
}

impl Registry {
    /// Tells whether a repository exists; brings it in if others have written it. No lock of the
    /// repository may be held.
    pub(crate) async fn find_repo(&self, repo: &RepoName) -> Result<bool> {
        if self.presence.contains(repo) {
            return Ok(true);
        }
        let row = self.meta.repo(repo).await?;
        if row.is_none() && self.index_stat(repo).await?.is_none() {
            return Ok(false);
        }
        let _alone = self.locks.alone(repo).await;
        if self.presence.contains(repo) {
            return Ok(true);
        }
        let found = self.compare(repo).await?;
        if found {
            self.presence.add(repo);
        }
        Ok(found)
    }

    /// Compares rows and file, and makes the one follow the other. The repository is locked.
    async fn compare(&self, repo: &RepoName) -> Result<bool> {
        let row = self.meta.repo(repo).await?;
        let stat = self.index_stat(repo).await?;
        let ahead = self.meta.ahead(repo).await?.map(|found| found.value);
        match (row, stat) {
            (None, None) => Ok(false),
            (None, Some(stat)) => self.import(repo, &stat, Mode::Replace).await,
            (Some(_), None) => self.miss_file(repo, ahead.is_some()).await,
            (Some(row), Some(stat)) => self.compare_file(repo, &row, &stat, ahead).await,
        }
    }

    /// Judges a repository that has rows and no file.
    async fn miss_file(&self, repo: &RepoName, is_ahead: bool) -> Result<bool> {
        if !is_ahead && !self.has_marker(repo).await? {
            // Rows and file were safe and in step, so it was no crash that took the folder.
            self.forget_repo(repo).await?;
            return Ok(false);
        }
        self.catch_up(repo);
        Ok(true)
    }

    /// Judges a repository that has rows and a file.
    async fn compare_file(
        &self,
        repo: &RepoName,
        row: &Found<RepoRow>,
        stat: &Stat,
        ahead: Option<AheadRow>,
    ) -> Result<bool> {
        let is_ours = self.is_ours(repo, row, stat).await?;
        let Some(ahead) = ahead else {
            if !is_ours {
                return self.import(repo, stat, Mode::Replace).await;
            }
            if !is_known(row, stat) {
                self.judged(repo, stat);
            }
            return Ok(true);
        };
        // We were cut off between the row and the file: the rows are the truth. Only a file that is
        // much younger than our last change is somebody else's and is read.
        if !is_ours && nanos(stat.modified) > ahead.since.saturating_add(LAG) {
            self.import(repo, stat, Mode::Add).await?;
        }
        if !is_known(row, stat) {
            self.judged(repo, stat);
        }
        self.catch_up(repo);
        Ok(true)
    }

    async fn is_ours(&self, repo: &RepoName, row: &Found<RepoRow>, stat: &Stat) -> Result<bool> {
        let Some(known) = &row.value.index else {
            return Ok(false);
        };
        if is_known(row, stat) {
            return Ok(true);
        }
        let (Some(digest), true) = (&known.digest, known.size == stat.size) else {
            return Ok(false);
        };
        let (driver, key) = (self.driver(repo), layout::index(repo));
        let actual = content::hash(driver.as_ref(), &key, digest.algorithm()).await?;
        Ok(actual.is_some_and(|(actual, _)| actual == *digest))
    }

    async fn index_stat(&self, repo: &RepoName) -> Result<Option<Stat>> {
        self.stat(repo, &layout::index(repo)).await
    }

    async fn has_marker(&self, repo: &RepoName) -> Result<bool> {
        Ok(self.stat(repo, &layout::marker(repo)).await?.is_some())
    }

    async fn stat(&self, repo: &RepoName, key: &Key) -> Result<Option<Stat>> {
        match self.driver(repo).stat(key).await {
            Ok(stat) => Ok(Some(stat)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the rows of a repository whose folder somebody has removed. It is locked.
    async fn forget_repo(&self, repo: &RepoName) -> Result<()> {
        warn!(%repo, "folder was removed by another program, forgetting the repository");
        let mut import = Import::new(self, repo, Mode::Replace);
        import.remove_the_rest().await?;
        import.edit.delete_repo(repo).delete_counted(repo);
        import.flush().await?;
        self.quota.forget();
        Ok(())
    }

    /// Keeps a copy of an index that cannot be read: it will be written over, and may be the only
    /// list of what there was.
    async fn keep_unreadable(&self, repo: &RepoName, raw: Bytes, stat: &Stat) -> Result<()> {
        if !raw.is_empty() {
            let name = layout::quarantine(&Digest::sha256(&raw), nanos(stat.modified));
            self.driver(repo).put(&name, raw).await?;
        }
        Ok(())
    }

    /// Makes the rows say what the file says; false when it cannot be read. The repository is locked.
    pub(crate) async fn import(&self, repo: &RepoName, stat: &Stat, mode: Mode) -> Result<bool> {
        let (driver, key) = (self.driver(repo), layout::index(repo));
        let limit = u64::try_from(INDEX_LIMIT).unwrap_or(u64::MAX);
        let Some(raw) = content::read_small(driver.as_ref(), &key, limit).await? else {
            return Ok(false);
        };
        let text = raw.clone();
        let parsed = content::blocking(move || Ok(IndexFile::parse(&text, INDEX_LIMIT))).await?;
        let (file, skipped) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                warn!(%repo, error = logged(&error), "index.json is unreadable");
                self.keep_unreadable(repo, raw, stat).await?;
                let row = self.meta.repo(repo).await?;
                if mode == Mode::Replace
                    && row.as_ref().is_some_and(|row| row.value.index.is_some())
                {
                    // Ours, torn by a power cut before anything was pushed, or spoilt: rows know more.
                    self.catch_up(repo);
                }
                return Ok(row.is_some());
            }
        };
        for entry in skipped {
            warn!(%repo, position = entry.position, reason = %entry.reason, "entry is left out");
        }
        let mut import = Import::new(self, repo, mode);
        for entry in &file.manifests {
            import.entry(entry).await?;
        }
        if mode == Mode::Replace {
            import.remove_the_rest().await?;
        }
        import.finish(identity(stat)).await?;
        info!(%repo, entries = file.manifests.len(), "repository taken in");
        Ok(true)
    }
}

/// One import under way.
struct Import<'a> {
    registry: &'a Registry,
    repo: &'a RepoName,
    mode: Mode,
    edit: Edit,
    pending: usize,
    /// Those that were met and are here, with their sizes.
    manifests: HashMap<Digest, u64>,
    tags: HashSet<Tag>,
}

impl<'a> Import<'a> {
    fn new(registry: &'a Registry, repo: &'a RepoName, mode: Mode) -> Self {
        let edit = Edit::relaxed();
        Self {
            registry,
            repo,
            mode,
            edit,
            pending: 0,
            manifests: HashMap::new(),
            tags: HashSet::new(),
        }
    }

    async fn entry(&mut self, entry: &Descriptor) -> Result<()> {
        if entry.media_type.manifest_kind().is_none() {
            warn!(repo = %self.repo, digest = %entry.digest, media_type = %entry.media_type,
                "entry of an unknown type is left out");
            return Ok(());
        }
        let Some(size) = self.manifest_and_children(entry).await? else {
            return Ok(());
        };
        if let Some(tag) = entry.ref_name().and_then(|name| Tag::stored(name).ok()) {
            self.tag(tag, entry, size).await?;
        }
        Ok(())
    }

    /// Takes in a manifest and, for an index, those that it lists; yields its size if it is here.
    async fn manifest_and_children(&mut self, top: &Descriptor) -> Result<Option<u64>> {
        let mut waiting = vec![(top.clone(), 0)];
        let mut size = None;
        while let Some((entry, depth)) = waiting.pop() {
            let taken = self.manifest(&entry).await?;
            if depth == 0 {
                size = taken.as_ref().map(|taken| taken.size);
            }
            if let Some(taken) = taken
                && depth < DEPTH
            {
                waiting.extend(taken.children.into_iter().map(|child| (child, depth + 1)));
            }
        }
        Ok(size)
    }

    /// Takes in one manifest; `None` when it is not here or cannot be read. Its children are told
    /// once.
    async fn manifest(&mut self, entry: &Descriptor) -> Result<Option<Taken>> {
        let (registry, repo, digest) = (self.registry, self.repo, &entry.digest);
        if let Some(size) = self.manifests.get(digest) {
            return Ok(Some(Taken::alone(*size)));
        }
        let row = registry.meta.manifest(repo, digest).await?;
        let row = row.map(|found| found.value);
        let is_image = entry.media_type.manifest_kind() == Some(ManifestKind::Image);
        let Some(stat) = registry.stat_content(repo, digest).await? else {
            return Ok(None);
        };
        if let Some(row) = &row
            && (self.mode == Mode::Add || is_image && row.size == stat.size)
        {
            self.manifests.insert(*digest, row.size);
            return Ok(Some(Taken::alone(row.size)));
        }
        let Some(manifest) = self.read(entry).await? else {
            return Ok(None);
        };
        self.manifests.insert(*digest, stat.size);
        if row.is_none() {
            let rows = manifest_rows(&manifest, nanos(stat.modified), None);
            rows.put(&mut self.edit, repo, digest);
            for blob in manifest.blobs() {
                self.blob(blob).await?;
            }
            self.added().await?;
        }
        let listed = |child: &&Descriptor| child.media_type.manifest_kind().is_some();
        Ok(Some(Taken {
            size: stat.size,
            children: manifest.children().filter(listed).cloned().collect(),
        }))
    }

    async fn read(&self, entry: &Descriptor) -> Result<Option<Manifest>> {
        let (repo, digest) = (self.repo, &entry.digest);
        let raw = match self.registry.manifest_bytes(repo, digest).await {
            Ok(Some(raw)) => raw,
            Ok(None) => return Ok(None),
            Err(Error::Corrupt(_)) => {
                warn!(%repo, %digest, "manifest is corrupt and left out");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let limits = Limits {
            max_bytes: usize::MAX,
            ..Limits::default()
        };
        match Manifest::parse(&entry.media_type, raw, limits) {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) => {
                warn!(%repo, %digest, error = logged(&error),
                    "manifest is unreadable and left out");
                Ok(None)
            }
        }
    }

    async fn blob(&mut self, blob: &Descriptor) -> Result<()> {
        let (registry, repo) = (self.registry, self.repo);
        let row = registry.meta.blob(repo, &blob.digest).await?;
        if row.is_some_and(|found| found.value.is_present()) {
            return Ok(());
        }
        let stat = registry.stat_content(repo, &blob.digest).await?;
        if stat.is_some_and(|stat| stat.size == blob.size) {
            let media_type = Some(blob.media_type.clone());
            let row = BlobRow::Present {
                size: blob.size,
                media_type,
                checked: 0,
            };
            self.edit.put_blob(repo, &blob.digest, &row);
        }
        Ok(())
    }

    async fn tag(&mut self, tag: Tag, entry: &Descriptor, size: u64) -> Result<()> {
        let before = self
            .registry
            .meta
            .tag(self.repo, &tag)
            .await?
            .map(|found| found.value);
        let is_same = before
            .as_ref()
            .is_some_and(|row| row.digest == entry.digest);
        if is_same || (before.is_some() && self.mode == Mode::Add) || self.tags.contains(&tag) {
            self.tags.insert(tag);
            return Ok(());
        }
        let stat = self.registry.stat_content(self.repo, &entry.digest).await?;
        let moved = stat.map_or(0, |stat| nanos(stat.modified));
        let row = TagRow {
            digest: entry.digest,
            media_type: entry.media_type.clone(),
            size,
            tagged: before.as_ref().map_or(moved, |row| row.tagged),
            moved,
        };
        self.edit.move_tag(self.repo, &tag, before.as_ref(), &row);
        self.tags.insert(tag);
        self.added().await
    }

    /// Removes the rows of what the file does not list.
    async fn remove_the_rest(&mut self) -> Result<()> {
        let (registry, repo) = (self.registry, self.repo);
        self.flush().await?;
        let mut after: Option<Tag> = None;
        loop {
            let rows = registry
                .meta
                .tags(repo, after.as_ref().map(Tag::as_str), SLICE)
                .await?;
            let is_last = rows.len() < SLICE;
            after = rows.last().map(|(tag, _)| tag.clone());
            for (tag, row) in &rows {
                if !self.tags.contains(tag) {
                    self.edit.delete_tag(repo, tag, row);
                    self.added().await?;
                }
            }
            if is_last {
                break;
            }
        }
        let mut after: Option<Digest> = None;
        loop {
            let rows = registry.meta.manifests(repo, after.as_ref(), SLICE).await?;
            let is_last = rows.len() < SLICE;
            after = rows.last().map(|(digest, _)| *digest);
            for (digest, row) in &rows {
                if !self.manifests.contains_key(digest) {
                    registry
                        .forget_manifest(&mut self.edit, repo, digest, row)
                        .await?;
                    self.added().await?;
                }
            }
            if is_last {
                return self.flush().await;
            }
        }
    }

    async fn finish(mut self, identity: IndexIdentity) -> Result<()> {
        let before = self.registry.meta.repo(self.repo).await?;
        let row = RepoRow {
            created: before.map_or_else(|| self.registry.now_nanos(), |row| row.value.created),
            index: Some(identity),
            store: String::new(),
        };
        self.edit.put_repo(self.repo, &row);
        self.flush().await?;
        self.registry.quota.forget();
        Ok(())
    }

    async fn added(&mut self) -> Result<()> {
        self.pending += 1;
        if self.pending < BATCH {
            Ok(())
        } else {
            self.flush().await
        }
    }

    async fn flush(&mut self) -> Result<()> {
        self.pending = 0;
        let edit = std::mem::replace(&mut self.edit, Edit::relaxed());
        match self.registry.meta.write(edit).await {
            Ok(()) => Ok(()),
            Err(WriteError::Conflict) => Err(Error::Contended),
            Err(WriteError::Store(error)) => Err(error.into()),
        }
    }
}

struct Taken {
    size: u64,
    children: Vec<Descriptor>,
}

impl Taken {
    /// One whose children need no look.
    const fn alone(size: u64) -> Self {
        Self {
            size,
            children: Vec::new(),
        }
    }
}
