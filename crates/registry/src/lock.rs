//! Locks of single repositories.
//!
//! Rows are guarded by the checks of each batch, so pushes run side by side and hold the lock
//! *shared*. What removes files holds it *alone*: between the row that goes and the file that goes
//! no push may take the file for granted. Locks of different repositories are never held together.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use oci::RepoName;
use parking_lot::Mutex;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// When the table has grown to so many entries, those that nobody holds are dropped.
const SWEEP_AT: usize = 1024;

/// The locks of all repositories that somebody is working on.
#[derive(Debug, Default)]
pub(crate) struct RepoLocks {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    locks: HashMap<RepoName, Weak<RwLock<()>>>,
    sweep_at: usize,
}

impl RepoLocks {
    /// Waits until nobody holds the repository alone.
    pub(crate) async fn shared(&self, repo: &RepoName) -> OwnedRwLockReadGuard<()> {
        self.lock_of(repo).read_owned().await
    }

    /// Waits until nobody holds the repository.
    pub(crate) async fn alone(&self, repo: &RepoName) -> OwnedRwLockWriteGuard<()> {
        self.lock_of(repo).write_owned().await
    }

    fn lock_of(&self, repo: &RepoName) -> Arc<RwLock<()>> {
        let mut table = self.table.lock();
        if let Some(lock) = table.locks.get(repo).and_then(Weak::upgrade) {
            return lock;
        }
        if table.locks.len() >= table.sweep_at {
            table.locks.retain(|_, lock| lock.strong_count() > 0);
            table.sweep_at = (table.locks.len() * 2).max(SWEEP_AT);
        }
        let lock = Arc::new(RwLock::new(()));
        table.locks.insert(repo.clone(), Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_lock_per_repository_and_none_left_behind() {
        let locks = RepoLocks::default();
        for number in 0..10 * SWEEP_AT {
            let repo: RepoName = format!("r{number}").parse().expect("valid");
            drop(locks.alone(&repo).await);
        }
        assert!(locks.table.lock().locks.len() <= SWEEP_AT + 1);

        let repo: RepoName = "a".parse().expect("valid");
        let first = locks.shared(&repo).await;
        let second = locks.shared(&repo).await;
        assert!(locks.lock_of(&repo).try_write().is_err());
        drop((first, second));
        assert!(locks.lock_of(&repo).try_write().is_ok());
    }
}
