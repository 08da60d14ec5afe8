//! What the engine stands on in these tests, and how it stops and starts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use meta::{EmbeddedOptions, EmbeddedStore, Meta, Rights, Store};
use oci::{Digest, RepoName};
use registry::{
    Dedupe, Options, Parts, Registry, Source, SourceError, Sparse, StoreOptions, Stores, layout,
};
use storage::{
    Driver, Effect, FaultDriver, Gate, Key, LocalDriver, LocalOptions, Loss, MemoryDriver, Rule,
};
use tempfile::TempDir;

use crate::manual_clock::ManualClock;
use crate::row_store::RowStore;

/// How long a test waits for what must happen at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// The back ends of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Local disk and embedded store.
    Disk,
    /// Everything in memory; power cuts can be simulated.
    Memory,
}

/// How the engine is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) kind: Kind,
    pub(crate) dedupe: Dedupe,
    pub(crate) commit: bool,
    pub(crate) sparse: Sparse,
    /// The first segment of repositories that lie in a second store.
    pub(crate) routed: Option<&'static str>,
}

impl Setup {
    pub(crate) const fn on(kind: Kind) -> Self {
        Self {
            kind,
            dedupe: Dedupe::On,
            commit: false,
            sparse: Sparse::Indexes,
            routed: None,
        }
    }
}

#[derive(Debug)]
enum RowsAt {
    File(PathBuf),
    Memory(Arc<RowStore>),
}

/// An engine with all that it stands on.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) faults: Arc<FaultDriver>,
    other: Arc<dyn Driver>,
    setup: Setup,
    rows: RowsAt,
    incarnation: usize,
    dir: TempDir,
}

impl World {
    pub(crate) fn on(kind: Kind) -> Self {
        Self::new(Setup::on(kind))
    }

    pub(crate) fn new(setup: Setup) -> Self {
        Self::prepared(setup, |_| {})
    }

    /// Starts an engine over a root that already holds something.
    pub(crate) fn prepared(setup: Setup, prepare: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir(&root).unwrap();
        prepare(&root);
        let faults = match setup.kind {
            Kind::Disk => {
                let driver = LocalDriver::open(root.clone(), LocalOptions::default()).unwrap();
                FaultDriver::new(Arc::new(driver))
            }
            Kind::Memory => {
                FaultDriver::new(Arc::new(MemoryDriver::new(1 << 30))).with_power_cuts()
            }
        };
        let faults = Arc::new(faults);
        let other: Arc<dyn Driver> = match setup.kind {
            Kind::Disk => {
                let root = dir.path().join("other");
                Arc::new(LocalDriver::open(root, LocalOptions::default()).unwrap())
            }
            Kind::Memory => Arc::new(MemoryDriver::new(1 << 30)),
        };
        let rows = match setup.kind {
            Kind::Disk => {
                let folder = root.join(layout::PRIVATE);
                std::fs::create_dir_all(&folder).unwrap();
                RowsAt::File(folder.join("meta.redb"))
            }
            Kind::Memory => RowsAt::Memory(Arc::default()),
        };
        let clock = Arc::new(ManualClock::new());
        let registry = open(setup, &faults, &other, &rows, &clock);
        Self {
            registry,
            clock,
            faults,
            other,
            setup,
            rows,
            incarnation: 0,
            dir,
        }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    pub(crate) fn rows(&self) -> &Arc<RowStore> {
        match &self.rows {
            RowsAt::Memory(rows) => rows,
            RowsAt::File(_) => panic!("rows lie in a file"),
        }
    }

    /// Stops as one should, and starts again.
    pub(crate) async fn restart(self) -> Self {
        self.registry.close().await.unwrap();
        self.start_again(|_| {}, None).await
    }

    /// Stops as one should, changes something while nobody looks, and starts again.
    pub(crate) async fn restart_after(self, change: impl FnOnce(&Path)) -> Self {
        self.registry.close().await.unwrap();
        self.start_again(change, None).await
    }

    /// Is killed: files are as they were, rows are what was durable.
    pub(crate) async fn crash(self) -> Self {
        self.crash_after(|_| {}).await
    }

    pub(crate) async fn crash_after(mut self, change: impl FnOnce(&Path)) -> Self {
        self.take_durable_rows();
        self.start_again(change, None).await
    }

    /// Loses its power: what was not made durable is gone or torn.
    pub(crate) async fn power_cut(mut self, loss: Loss) -> Self {
        self.take_durable_rows();
        self.start_again(|_| {}, Some(loss)).await
    }

    /// Loses the metadata store while it is stopped.
    pub(crate) async fn lose_rows(mut self) -> Self {
        self.registry.close().await.unwrap();
        self.incarnation += 1;
        match &mut self.rows {
            RowsAt::File(path) => {
                std::fs::remove_file(&*path).unwrap();
                *path = path.with_file_name(format!("meta-{}.redb", self.incarnation));
            }
            RowsAt::Memory(rows) => *rows = Arc::default(),
        }
        self.start_again(|_| {}, None).await
    }

    fn take_durable_rows(&mut self) {
        self.incarnation += 1;
        match &mut self.rows {
            RowsAt::File(path) => {
                let copy = path.with_file_name(format!("meta-{}.redb", self.incarnation));
                std::fs::copy(&*path, &copy).unwrap();
                *path = copy;
            }
            RowsAt::Memory(rows) => *rows = Arc::new(rows.after_power_cut()),
        }
    }

    async fn start_again(self, change: impl FnOnce(&Path), loss: Option<Loss>) -> Self {
        let Self {
            registry,
            faults,
            other,
            setup,
            mut rows,
            incarnation,
            dir,
            ..
        } = self;
        let gone = Arc::downgrade(&registry);
        drop(registry);
        eventually("the engine is gone", || async { gone.strong_count() == 0 }).await;
        if let RowsAt::Memory(store) = &mut rows {
            *store = Arc::new(store.after_power_cut());
        }
        faults.clear();
        if let Some(loss) = loss {
            faults.power_cut(loss).await.unwrap();
        }
        change(&dir.path().join("root"));
        let clock = Arc::new(ManualClock::new());
        let registry = open(setup, &faults, &other, &rows, &clock);
        Self {
            registry,
            clock,
            faults,
            other,
            setup,
            rows,
            incarnation,
            dir,
        }
    }

    /// Waits until the walk at the start has seen everything.
    pub(crate) async fn discovered(&self) {
        let all = Rights::everything();
        self.registry.list_repos(&all, None, 1).await.unwrap();
    }

    /// Meets the driver's call after so many others with a fault.
    pub(crate) fn fail_at(&self, effect: Effect, calls: u64) -> OneFault {
        let after = Gate::closed();
        after.open();
        self.faults.add(Rule::on_all(effect).after(calls).times(1));
        // Takes the calls that come after the one that fails.
        self.faults
            .add(Rule::on_all(Effect::Wait(after.clone())).after(calls));
        OneFault(after)
    }

    pub(crate) async fn file(&self, key: &Key) -> Option<Bytes> {
        let object = self.faults.get(key, None).await.ok()?;
        Some(object.body.collect(key).await.unwrap())
    }

    pub(crate) async fn index(&self, repo: &RepoName) -> oci::index::IndexFile {
        let raw = self.file(&layout::index(repo)).await.expect("an index");
        let (file, skipped) = oci::index::IndexFile::parse(&raw, usize::MAX).unwrap();
        assert_eq!(skipped, []);
        file
    }

    /// Yields the tags in `index.json`, and how many entries bear none.
    pub(crate) async fn listed(&self, repo: &RepoName) -> (Vec<String>, usize) {
        let file = self.index(repo).await;
        let names = file.manifests.iter().filter_map(|entry| entry.ref_name());
        let names: Vec<String> = names.map(str::to_owned).collect();
        let bare = file.manifests.len() - names.len();
        (names, bare)
    }

    pub(crate) async fn blob(&self, repo: &RepoName, digest: &Digest) -> registry::Result<Bytes> {
        let blob = self.registry.open_blob(repo, digest, None).await?;
        let raw = blob.body.collect(&layout::blob(repo, digest)).await?;
        let size = u64::try_from(raw.len()).unwrap();
        assert_eq!(blob.info.size, size);
        assert_eq!(Digest::of(digest.algorithm(), &raw), *digest);
        Ok(raw)
    }

    /// Yields what lies among the uploads of a repository.
    pub(crate) async fn leftovers(&self, repo: &RepoName) -> Vec<String> {
        use futures_util::StreamExt;
        let folder = layout::repo(repo).child(layout::UPLOADS).unwrap();
        let entries = self.faults.list(&folder).map(|entry| entry.unwrap().name);
        entries.collect().await
    }
}

fn open(
    setup: Setup,
    faults: &Arc<FaultDriver>,
    other: &Arc<dyn Driver>,
    rows: &RowsAt,
    clock: &Arc<ManualClock>,
) -> Arc<Registry> {
    let store: Arc<dyn Store> = match rows {
        RowsAt::File(path) => Arc::new(
            EmbeddedStore::open(path, EmbeddedOptions::default())
                .unwrap()
                .0,
        ),
        RowsAt::Memory(rows) => Arc::<RowStore>::clone(rows),
    };
    let options = |driver: Arc<dyn Driver>| StoreOptions {
        driver,
        dedupe: setup.dedupe,
        commit: setup.commit,
    };
    let mut stores = Stores::new(options(Arc::<FaultDriver>::clone(faults)));
    if let Some(segment) = setup.routed {
        stores = stores.with(segment, options(Arc::clone(other)));
    }
    Registry::open(Parts {
        stores,
        meta: Meta::new(store),
        options: Options {
            sparse: setup.sparse,
            ..Options::default()
        },
        clock: Arc::<ManualClock>::clone(clock),
    })
}

/// A fault that happens once.
#[derive(Debug)]
pub(crate) struct OneFault(Gate);

impl OneFault {
    /// Tells whether it has happened: a call comes through that would have been met otherwise.
    pub(crate) async fn was_met(&self, world: &World) -> bool {
        drop(world.faults.stat(&Key::root()).await);
        self.0.arrived(1).now_or_never().is_some()
    }
}

/// Waits for what other tasks bring about.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    let waiting = async {
        while !check().await {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "never: {what}");
}

pub(crate) fn repo(name: &str) -> RepoName {
    name.parse().unwrap()
}

/// Content from a client, in the pieces given.
pub(crate) fn source(pieces: &[&[u8]]) -> Box<Source<'static>> {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|piece| Ok::<_, SourceError>(Bytes::copy_from_slice(piece)))
        .collect();
    Box::new(futures_util::stream::iter(pieces))
}

pub(crate) fn nothing() -> Box<Source<'static>> {
    source(&[])
}

/// Bytes that no two seeds have in common.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Writes a file behind the driver's back.
#[expect(
    clippy::disallowed_methods,
    reason = "what others do to the root is not done by way of a driver"
)]
pub(crate) fn overwrite(path: impl AsRef<Path>, data: impl AsRef<[u8]>) {
    std::fs::write(path, data).unwrap();
}

/// Reads a file behind the driver's back.
#[expect(clippy::disallowed_methods, reason = "as for `overwrite`")]
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}
