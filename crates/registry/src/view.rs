//! `index.json`: a view of the tags, for everybody who reads the layout without asking us.
//!
//! The rows are the truth. A small file is written before the push is answered; a large one behind it,
//! at most [`DELAY`] later, once for all pushes of that time. Which repositories are ahead of their
//! file is a row of the push's own batch, so a start after a crash writes those files first. A file
//! that somebody else has changed is read before it is replaced.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use meta::{AheadRow, Edit, Found, IndexIdentity};
use oci::index::IndexWriter;
use oci::{Descriptor, Digest, RepoName, Tag};
use parking_lot::Mutex;
use storage::{ErrorKind, Stat};
use tracing::warn;

use crate::error::{Error, Result, logged};
use crate::import::{Mode, identity, same_file};
use crate::layout;
use crate::registry::Registry;

/// Files up to this size, in bytes, are written before the push is answered.
const SMALL: u64 = 64 * 1024;
/// How long a larger file may be behind.
const DELAY: Duration = Duration::from_secs(1);
/// How long what is known of written files may wait for its row.
const SETTLE: Duration = Duration::from_secs(2);
/// How many rows are read at a time.
const SLICE: usize = 1000;
/// How many rows are settled side by side, so that they share commits.
const SIDE_BY_SIDE: usize = 64;
/// When the table has grown to so many entries, those that nobody uses are dropped.
const SWEEP_AT: usize = 1024;

/// The views that somebody works on, and the written ones that no row tells of yet.
#[derive(Debug, Default)]
pub(crate) struct Views {
    table: Mutex<HashMap<RepoName, Weak<View>>>,
    /// Those that a task will write, or is writing.
    late: Mutex<HashMap<RepoName, Arc<View>>>,
    /// Files that were written, for as long as the rows do not say so.
    written: Mutex<HashMap<RepoName, Noted>>,
    /// Whether a task will settle them.
    is_settling: AtomicBool,
}

/// A file that was written, and the mark that it makes superfluous.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Noted {
    identity: IndexIdentity,
    /// The mark as it was before the rows were read: a later change has replaced it.
    ahead: Option<Found<AheadRow>>,
}

/// One repository's view.
#[derive(Debug, Default)]
struct View {
    /// Counts changes of the rows.
    changes: AtomicU64,
    /// Whether a task will write the file later.
    is_scheduled: AtomicBool,
    /// The change up to which the file tells; held while it is written.
    written: tokio::sync::Mutex<u64>,
}

impl Views {
    fn of(&self, repo: &RepoName) -> Arc<View> {
        let mut table = self.table.lock();
        if let Some(view) = table.get(repo).and_then(Weak::upgrade) {
            return view;
        }
        if table.len() >= SWEEP_AT {
            table.retain(|_, view| view.strong_count() > 0);
        }
        let view = Arc::new(View::default());
        table.insert(repo.clone(), Arc::downgrade(&view));
        view
    }

    /// Takes a view from the late ones, unless it has become late again.
    fn caught_up(&self, repo: &RepoName, view: &View) {
        let mut late = self.late.lock();
        if !view.is_scheduled.load(Ordering::SeqCst) {
            late.remove(repo);
        }
    }

    /// Forgets a written file that its row tells of, unless it was written again.
    fn settled(&self, repo: &RepoName, noted: &Noted) {
        let mut written = self.written.lock();
        if written.get(repo) == Some(noted) {
            written.remove(repo);
        }
    }
}

impl Registry {
    /// Brings the file up to the rows, now or soon. No lock of the repository may be held.
    ///
    /// # Errors
    /// Only where the store is set to wait for the file; otherwise a failure is logged and tried again.
    pub(crate) async fn index_changed(&self, repo: &RepoName) -> Result<()> {
        let view = self.views.of(repo);
        let change = view.changes.fetch_add(1, Ordering::SeqCst) + 1;
        let must_wait = self.stores.of(repo).commits();
        if !must_wait && self.index_size(repo).await > SMALL {
            self.schedule_view(repo, view);
            return Ok(());
        }
        let Err(error) = self.write_view(repo, &view, change).await else {
            return Ok(());
        };
        warn!(%repo, error = logged(&error), "index.json is behind");
        self.schedule_view(repo, view);
        if must_wait { Err(error) } else { Ok(()) }
    }

    /// Writes the file of a repository that is ahead of it, soon.
    pub(crate) fn catch_up(&self, repo: &RepoName) {
        let view = self.views.of(repo);
        view.changes.fetch_add(1, Ordering::SeqCst);
        self.schedule_view(repo, view);
    }

    /// Brings the file up to the rows after a write that may have happened although it failed.
    pub(crate) fn doubt(&self, repo: &RepoName, error: &Error) {
        if matches!(error, Error::Meta(_)) {
            self.catch_up(repo);
            self.quota.forget();
        }
    }

    /// Writes every file that is behind, and what is known of them, for the stop.
    pub(crate) async fn write_late_views(&self) -> Result<()> {
        let late = self.views.late.lock().clone();
        let mut outcome = Ok(());
        for (repo, view) in late {
            let change = view.changes.load(Ordering::SeqCst);
            outcome = outcome.and(self.write_view(&repo, &view, change).await);
        }
        self.settle_views().await;
        outcome
    }

    async fn index_size(&self, repo: &RepoName) -> u64 {
        let stat = self.driver(repo).stat(&layout::index(repo)).await;
        stat.map_or(0, |stat| stat.size)
    }

    fn schedule_view(&self, repo: &RepoName, view: Arc<View>) {
        if view.is_scheduled.swap(true, Ordering::SeqCst) {
            return;
        }
        self.views
            .late
            .lock()
            .insert(repo.clone(), Arc::clone(&view));
        let (registry, repo) = (self.weak(), repo.clone());
        let pause = self.clock.sleep(DELAY);
        tokio::spawn(async move {
            pause.await;
            let Some(registry) = registry.upgrade() else {
                return;
            };
            view.is_scheduled.store(false, Ordering::SeqCst);
            let change = view.changes.load(Ordering::SeqCst);
            if let Err(error) = registry.write_view(&repo, &view, change).await {
                warn!(%repo, error = logged(&error), "index.json is behind");
                registry.schedule_view(&repo, Arc::clone(&view));
            }
            registry.views.caught_up(&repo, &view);
        });
    }

    /// Writes the file unless it tells of `change` already. Whoever waits here while another writes
    /// finds its change in that file, or writes once for all who wait.
    async fn write_view(&self, repo: &RepoName, view: &View, change: u64) -> Result<()> {
        let mut written = view.written.lock().await;
        if *written >= change {
            return Ok(());
        }
        self.take_foreign_changes(repo).await?;
        let up_to = view.changes.load(Ordering::SeqCst);
        let ahead = self.meta.ahead(repo).await?;
        let (bytes, count) = self.render_index(repo).await?;
        let digest = (count > 0 && bytes.len() > SLICE).then(|| Digest::sha256(&bytes));
        self.restore_marker(repo).await?;
        let (driver, key) = (self.driver(repo), layout::index(repo));
        let stat = driver.put(&key, bytes).await?;
        if self.stores.of(repo).commits() {
            driver.persist(&[key, layout::marker(repo)]).await?;
        }
        let identity = IndexIdentity {
            digest,
            ..identity(&stat)
        };
        *written = up_to;
        self.note_written(repo, Noted { identity, ahead });
        Ok(())
    }

    /// Writes the layout's marker again if a power cut took it: without it nobody knows the folder.
    async fn restore_marker(&self, repo: &RepoName) -> Result<()> {
        let (driver, key) = (self.driver(repo), layout::marker(repo));
        match driver.stat(&key).await {
            Ok(stat) if stat.size > 0 => return Ok(()),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            Ok(_) | Err(_) => {}
        }
        driver.put(&key, oci::index::LAYOUT_CONTENT.into()).await?;
        Ok(())
    }

    /// Brings in what somebody else has written to the file since we last saw it.
    async fn take_foreign_changes(&self, repo: &RepoName) -> Result<()> {
        let stat = match self.driver(repo).stat(&layout::index(repo)).await {
            Ok(stat) => stat,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let noted = self
            .views
            .written
            .lock()
            .get(repo)
            .map(|noted| noted.identity.clone());
        let known = match noted {
            Some(identity) => Some(identity),
            None => self
                .meta
                .repo(repo)
                .await?
                .and_then(|found| found.value.index),
        };
        if known.is_none_or(|known| same_file(&known, &stat)) {
            return Ok(());
        }
        warn!(%repo, "index.json was changed by another program, taking its entries in");
        let _alone = self.locks.alone(repo).await;
        self.import(repo, &stat, Mode::Add).await?;
        Ok(())
    }

    /// Yields the file's bytes and the number of its entries: tags in byte order, then manifests
    /// without a tag.
    async fn render_index(&self, repo: &RepoName) -> Result<(Bytes, usize)> {
        let mut entries = Entries::new()?;
        let mut tagged = HashSet::new();
        let mut after: Option<Tag> = None;
        loop {
            let rows = self
                .meta
                .tags(repo, after.as_ref().map(Tag::as_str), SLICE)
                .await?;
            for (tag, row) in &rows {
                tagged.insert(row.digest);
                let entry = Descriptor::new(row.media_type.clone(), row.digest, row.size);
                entries.push(&entry.with_ref_name(tag))?;
            }
            let is_last = rows.len() < SLICE;
            after = rows.into_iter().next_back().map(|(tag, _)| tag);
            if is_last {
                break;
            }
        }
        let mut after: Option<Digest> = None;
        loop {
            let rows = self.meta.manifests(repo, after.as_ref(), SLICE).await?;
            for (digest, row) in rows.iter().filter(|(digest, _)| !tagged.contains(digest)) {
                entries.push(&Descriptor::new(row.media_type.clone(), *digest, row.size))?;
            }
            after = rows.last().map(|(digest, _)| *digest);
            if rows.len() < SLICE {
                return entries.finish();
            }
        }
    }

    /// Remembers a file that the rows have outrun: there is nothing in it to take in.
    pub(crate) fn judged(&self, repo: &RepoName, stat: &Stat) {
        let identity = identity(stat);
        self.note_written(
            repo,
            Noted {
                identity,
                ahead: None,
            },
        );
    }

    /// Remembers what was written until its row is settled.
    fn note_written(&self, repo: &RepoName, noted: Noted) {
        self.views.written.lock().insert(repo.clone(), noted);
        self.settle_later();
    }

    fn settle_later(&self) {
        if self.views.is_settling.swap(true, Ordering::SeqCst) {
            return;
        }
        let registry = self.weak();
        let pause = self.clock.sleep(SETTLE);
        tokio::spawn(async move {
            pause.await;
            if let Some(registry) = registry.upgrade() {
                registry.views.is_settling.store(false, Ordering::SeqCst);
                registry.settle_views().await;
                if !registry.views.written.lock().is_empty() {
                    registry.settle_later();
                }
            }
        });
    }

    /// Tells the rows which files are up to date. What fails is tried again, and at the next start.
    async fn settle_views(&self) {
        let written = self.views.written.lock().clone();
        let settle = |(repo, noted): (RepoName, Noted)| async move {
            match self.settle_view(&repo, &noted).await {
                Ok(()) => self.views.settled(&repo, &noted),
                Err(error) => {
                    warn!(%repo, error = logged(&error), "row is behind its file");
                }
            }
        };
        futures_util::stream::iter(written)
            .for_each_concurrent(SIDE_BY_SIDE, settle)
            .await;
    }

    /// Makes the file safe, says in the row that it is ours, and takes the mark away unless the rows
    /// have changed since: from then on a file that is not this one was written by somebody else.
    async fn settle_view(&self, repo: &RepoName, noted: &Noted) -> Result<()> {
        let keys = [layout::index(repo), layout::marker(repo)];
        self.driver(repo).persist(&keys).await?;
        let Some(row) = self.meta.repo(repo).await? else {
            return Ok(());
        };
        let mut value = row.value.clone();
        value.index = Some(noted.identity.clone());
        let mut edit = Edit::relaxed();
        edit.expect_repo(repo, Some(&row)).put_repo(repo, &value);
        if let Some(ahead) = &noted.ahead
            && self.meta.ahead(repo).await?.as_ref() == Some(ahead)
        {
            edit.expect_ahead(repo, Some(ahead)).delete_ahead(repo);
        }
        Ok(self.meta.write(edit).await?)
    }
}

/// An index that is being put together in memory.
struct Entries {
    writer: IndexWriter<Vec<u8>>,
    count: usize,
}

impl Entries {
    fn new() -> Result<Self> {
        let writer = IndexWriter::new(Vec::new()).map_err(in_memory)?;
        Ok(Self { writer, count: 0 })
    }

    fn push(&mut self, entry: &Descriptor) -> Result<()> {
        self.count += 1;
        self.writer.push(entry).map_err(in_memory)
    }

    fn finish(self) -> Result<(Bytes, usize)> {
        let bytes = self.writer.finish().map_err(in_memory)?;
        Ok((bytes.into(), self.count))
    }
}

/// Writing to memory does not fail; should it ever, it is the index that failed.
fn in_memory(error: std::io::Error) -> Error {
    let index = storage::Key::new(layout::INDEX).unwrap_or_else(storage::Key::root);
    storage::Error::from_io(error, &index).into()
}
