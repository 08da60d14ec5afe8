//! Which repositories are known to be in step with their folders.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use oci::RepoName;
use parking_lot::RwLock;
use tokio::sync::watch;

/// How many repositories are remembered; when there are more, all are looked at once again.
const CAPACITY: usize = 256 * 1024;

/// Repositories that were compared with their `index.json` since the start.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    known: RwLock<HashSet<RepoName>>,
    discovered: watch::Sender<bool>,
    stopped: AtomicBool,
}

impl Presence {
    pub(crate) fn contains(&self, repo: &RepoName) -> bool {
        self.known.read().contains(repo)
    }

    pub(crate) fn add(&self, repo: &RepoName) {
        let mut known = self.known.write();
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(repo.clone());
    }

    /// Says that every repository on disk has a row now.
    pub(crate) fn set_discovered(&self) {
        self.discovered.send_replace(true);
    }

    /// Waits until every repository on disk has a row.
    pub(crate) async fn discovered(&self) {
        let mut receiver = self.discovered.subscribe();
        // The sender lives as long as `self`, so waiting ends with the value.
        let _ = receiver.wait_for(|done| *done).await;
    }

    /// Asks the walk in the background to end.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.set_discovered();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}
