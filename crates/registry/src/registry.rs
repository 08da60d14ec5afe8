//! The registry as a value.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use meta::{AheadRow, Edit, Meta};
use oci::json::Limits;
use oci::{Digest, RepoName};
use storage::Driver;
use tokio::sync::watch;

use crate::cache::ManifestCache;
use crate::clock::{Clock, nanos};
use crate::error::{Error, Result};
use crate::fresh::FreshBlobs;
use crate::hook::{Event, Hooks};
use crate::layout;
use crate::lock::RepoLocks;
use crate::presence::Presence;
use crate::quota::Quota;
use crate::stats::PullCounts;
use crate::stores::Stores;
use crate::upload::Uploads;
use crate::view::Views;

/// How many blobs get their rows in one batch when the engine stops.
const FRESH: usize = 256;

/// Whether a manifest may name content that is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sparse {
    /// An image must have its blobs; an index may name manifests that are not here yet.
    Indexes,
    /// Images may lack blobs too.
    Anything,
}

/// When lists of repositories are answered after a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// Once every folder has been walked: others may have written the store.
    AfterWalk,
    /// At once, from the rows: they were complete at the last stop.
    AtOnce,
}

/// How the engine behaves; can be replaced while it runs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether a manifest may name content that is not here.
    pub sparse: Sparse,
    /// Bounds of a manifest's JSON.
    pub manifest: Limits,
    /// When lists of repositories are answered after a start.
    pub lists: Lists,
    /// How many repositories there may be, of those that have held a manifest; 0 for any number.
    pub max_repos: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sparse: Sparse::Indexes,
            manifest: Limits::default(),
            lists: Lists::AfterWalk,
            max_repos: 0,
        }
    }
}

/// What the engine is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where content lies.
    pub stores: Stores,
    /// Where facts about it lie.
    pub meta: Meta,
    /// How the engine behaves.
    pub options: Options,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The engine: every operation of the distribution specification on durable state.
///
/// All methods take `&self` and may run at the same time.
pub struct Registry {
    pub(crate) stores: Stores,
    pub(crate) meta: Meta,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) locks: RepoLocks,
    /// Who reads a repository's files that nothing vouches for; taken before `locks`.
    pub(crate) verifying: RepoLocks,
    pub(crate) fresh: FreshBlobs,
    pub(crate) cache: ManifestCache,
    pub(crate) uploads: Uploads,
    pub(crate) views: Views,
    pub(crate) presence: Presence,
    pub(crate) quota: Quota,
    pub(crate) pulls: PullCounts,
    last_ahead: AtomicU64,
    /// How much is being carried out, whether or not anybody waits for it.
    running: watch::Sender<usize>,
    options: ArcSwap<Options>,
    hooks: ArcSwap<Hooks>,
    /// Ourselves, for tasks that go on after a call.
    this: Weak<Self>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("stores", &self.stores)
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// Puts the engine together and starts to look for repositories that others have written.
    ///
    /// Serving may begin at once: a repository is brought in when it is first asked for.
    pub fn open(parts: Parts) -> Arc<Self> {
        let registry = Arc::new_cyclic(|this| Self {
            stores: parts.stores,
            meta: parts.meta,
            clock: parts.clock,
            locks: RepoLocks::default(),
            verifying: RepoLocks::default(),
            fresh: FreshBlobs::default(),
            cache: ManifestCache::new(),
            uploads: Uploads::default(),
            views: Views::default(),
            presence: Presence::default(),
            quota: Quota::default(),
            pulls: PullCounts::default(),
            last_ahead: AtomicU64::new(0),
            running: watch::Sender::new(0),
            options: ArcSwap::from_pointee(parts.options),
            hooks: ArcSwap::default(),
            this: Weak::clone(this),
        });
        registry.start_discovery();
        registry
    }

    /// Writes what is still behind and closes the metadata store. Call it once requests have ended.
    ///
    /// # Errors
    /// The first failure; the rest is done all the same, and a later start catches up.
    pub async fn close(&self) -> Result<()> {
        self.presence.stop();
        // The sender lives as long as `self`, so waiting ends with the count.
        let _ = self.running.subscribe().wait_for(|count| *count == 0).await;
        let views = self.write_late_views().await;
        let fresh = self.persist_fresh().await;
        let pulls = self.flush_pulls().await;
        self.meta.close().await?;
        views.and(fresh).and(pulls)
    }

    /// Replaces the options; requests under way may still see the old ones.
    pub fn set_options(&self, options: Options) {
        self.options.store(Arc::new(options));
        // Without a limit nobody counts.
        self.quota.forget();
    }

    /// Yields the stores, whose use may be changed.
    pub const fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Replaces what hangs on the engine.
    pub fn set_hooks(&self, hooks: Hooks) {
        self.hooks.store(Arc::new(hooks));
    }

    /// Yields the metadata store.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Yields the time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Yields a handle for tasks that outlive a call but must not keep the engine alive.
    pub(crate) fn weak(&self) -> Weak<Self> {
        Weak::clone(&self.this)
    }

    /// Carries work out to its end, whether or not anybody still waits for it.
    ///
    /// A call that is dropped in the middle lets go of its locks, while what it asked of a driver may
    /// still be about to happen. So whatever is guarded by a lock runs in a task that owns the guard.
    pub(crate) async fn carry_out<T, F>(&self, work: impl FnOnce(Arc<Self>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let this = self.this.upgrade().ok_or(Error::Closed)?;
        let running = Running::begin(Arc::clone(&this));
        let work = work(this);
        let task = tokio::spawn(async move {
            let _running = running;
            work.await
        });
        // A panic was reported where it happened; otherwise the runtime is going away.
        task.await.unwrap_or(Err(Error::Closed))
    }

    /// Yields how the engine behaves now.
    pub fn options(&self) -> Arc<Options> {
        self.options.load_full()
    }

    pub(crate) fn hooks(&self) -> Arc<Hooks> {
        self.hooks.load_full()
    }

    pub(crate) fn driver(&self, repo: &RepoName) -> &Arc<dyn Driver> {
        &self.stores.of(repo).driver
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    pub(crate) fn now_nanos(&self) -> u64 {
        nanos(self.clock.now())
    }

    /// Yields the row that marks a repository as ahead of its file; no two are equal, so that a check
    /// tells one change from the next.
    pub(crate) fn ahead_row(&self) -> AheadRow {
        let now = self.now_nanos();
        let next = |last: u64| Some(now.max(last.saturating_add(1)));
        let last = self
            .last_ahead
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        AheadRow {
            since: last.map_or(now, |last| now.max(last.saturating_add(1))),
        }
    }

    /// Makes sure that the repository exists, on disk as in the store.
    pub(crate) async fn ensure_repo(&self, repo: &RepoName) -> Result<()> {
        if self.find_repo(repo).await? {
            return Ok(());
        }
        let repo = repo.clone();
        self.carry_out(move |this| async move { this.create_repo(&repo).await })
            .await
    }

    async fn create_repo(&self, repo: &RepoName) -> Result<()> {
        let _alone = self.locks.alone(repo).await;
        if self.meta.repo(repo).await?.is_some() {
            return Ok(());
        }
        let driver = self.driver(repo);
        driver
            .put(&layout::marker(repo), oci::index::LAYOUT_CONTENT.into())
            .await?;
        let index = driver
            .put(&layout::index(repo), layout::EMPTY_INDEX.into())
            .await?;
        let row = meta::RepoRow {
            created: self.now_nanos(),
            index: Some(crate::import::identity(&index)),
            store: String::new(),
        };
        let mut edit = Edit::relaxed();
        edit.expect_repo(repo, None).put_repo(repo, &row);
        match self.meta.write(edit).await {
            Ok(()) => self.hooks().publish(&Event::RepoCreated(repo.clone())),
            Err(meta::WriteError::Conflict) => {}
            Err(meta::WriteError::Store(error)) => return Err(error.into()),
        }
        self.presence.add(repo);
        Ok(())
    }

    /// Gives their rows to blobs that wait for a manifest, so that the next start need not read them.
    async fn persist_fresh(&self) -> Result<()> {
        let mut outcome = Ok(());
        for (repo, blobs) in self.fresh.take_all() {
            for slice in blobs.chunks(FRESH) {
                outcome = outcome.and(self.persist_slice(&repo, slice).await);
            }
        }
        outcome
    }

    async fn persist_slice(&self, repo: &RepoName, blobs: &[(Digest, u64)]) -> Result<()> {
        let keys: Vec<_> = blobs
            .iter()
            .map(|(digest, _)| layout::blob(repo, digest))
            .collect();
        self.driver(repo).persist(&keys).await?;
        // The store is about to be closed, which makes its rows durable once for all.
        let mut edit = Edit::relaxed();
        for (digest, size) in blobs {
            self.plan_durable(&mut edit, repo, digest, *size).await?;
        }
        Ok(self.meta.write(edit).await?)
    }
}

/// Counts something that is being carried out.
struct Running(Arc<Registry>);

impl Running {
    fn begin(registry: Arc<Registry>) -> Self {
        registry.running.send_modify(|count| *count += 1);
        Self(registry)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.send_modify(|count| *count -= 1);
    }
}
