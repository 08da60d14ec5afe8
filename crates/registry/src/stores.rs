//! The stores of the registry: the default one, and those that take whole first segments.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oci::RepoName;
use storage::Driver;

/// Whether equal content in one store is kept once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedupe {
    /// Link what another repository of the store holds.
    On,
    /// Keep a copy for each repository.
    Off,
}

/// One store and how it is used.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Where its content lies.
    pub driver: Arc<dyn Driver>,
    /// Whether equal content is kept once.
    pub dedupe: Dedupe,
    /// Whether a push waits until `index.json` is safe from a power cut too.
    pub commit: bool,
}

/// One store that is in use; how it is used may change meanwhile.
#[derive(Debug)]
pub struct InUse {
    /// Where its content lies.
    pub driver: Arc<dyn Driver>,
    dedupe: AtomicBool,
    commit: AtomicBool,
}

impl InUse {
    fn new(options: StoreOptions) -> Self {
        Self {
            driver: options.driver,
            dedupe: AtomicBool::new(options.dedupe == Dedupe::On),
            commit: AtomicBool::new(options.commit),
        }
    }

    /// Tells whether equal content is kept once.
    pub fn dedupe(&self) -> Dedupe {
        if self.dedupe.load(Ordering::Relaxed) {
            Dedupe::On
        } else {
            Dedupe::Off
        }
    }

    /// Tells whether a push waits until `index.json` is safe from a power cut too.
    pub fn commits(&self) -> bool {
        self.commit.load(Ordering::Relaxed)
    }

    /// Changes how the store is used from now on; what was stored stays as it is.
    pub fn set(&self, dedupe: Dedupe, commit: bool) {
        self.dedupe.store(dedupe == Dedupe::On, Ordering::Relaxed);
        self.commit.store(commit, Ordering::Relaxed);
    }
}

/// All stores. A repository `first/…` lies in the store whose route is `/first`, if there is one.
///
/// Compat: only the first of several segments is looked at, and names keep it below the store's root.
#[derive(Debug)]
pub struct Stores {
    default: Arc<InUse>,
    routed: HashMap<String, Arc<InUse>>,
}

impl Stores {
    /// Starts with the store that takes every repository.
    pub fn new(default: StoreOptions) -> Self {
        Self {
            default: Arc::new(InUse::new(default)),
            routed: HashMap::new(),
        }
    }

    /// Adds a store for the repositories whose first segment is `segment` (without a slash).
    #[must_use]
    pub fn with(mut self, segment: &str, store: StoreOptions) -> Self {
        let store = Arc::new(InUse::new(store));
        self.routed.insert(segment.to_owned(), store);
        self
    }

    /// Yields the store that a repository lies in.
    pub fn of(&self, repo: &RepoName) -> &Arc<InUse> {
        if self.routed.is_empty() {
            return &self.default;
        }
        let routed = repo
            .first_of_many()
            .and_then(|segment| self.routed.get(segment));
        routed.unwrap_or(&self.default)
    }

    /// Yields the default store.
    pub fn default_store(&self) -> &Arc<InUse> {
        &self.default
    }

    /// Yields the store of the repositories whose first segment is `segment`.
    pub fn routed(&self, segment: &str) -> Option<&Arc<InUse>> {
        self.routed.get(segment)
    }

    /// Yields every store.
    pub fn all(&self) -> impl Iterator<Item = &Arc<InUse>> {
        std::iter::once(&self.default).chain(self.routed.values())
    }

    /// Tells whether two repositories lie in one store, so that content can be linked between them.
    pub(crate) fn together(&self, one: &RepoName, other: &RepoName) -> bool {
        Arc::ptr_eq(&self.of(one).driver, &self.of(other).driver)
    }
}
