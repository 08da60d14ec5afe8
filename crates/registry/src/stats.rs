//! Pull statistics: counted in memory, written in batches, so that a pull costs no write.

use std::collections::HashMap;
use std::time::Duration;

use meta::{Edit, StatsRow};
use oci::{Digest, RepoName};
use parking_lot::Mutex;
use tracing::warn;

use crate::clock::nanos;
use crate::error::{Result, logged};
use crate::registry::Registry;

/// How long a count may wait in memory.
const DELAY: Duration = Duration::from_secs(10);
/// How many manifests may have counts waiting; those of one more are written at once.
const CAPACITY: usize = 16 * 1024;
/// With so many, pulls of further manifests are not counted.
const LIMIT: usize = 2 * CAPACITY;
/// How many rows one batch changes.
const BATCH: usize = 256;

/// Pulls that no row tells of yet.
#[derive(Debug, Default)]
pub(crate) struct PullCounts {
    waiting: Mutex<HashMap<(RepoName, Digest), StatsRow>>,
    /// Held while rows are read and written, lest two writers count from the same row.
    writing: tokio::sync::Mutex<()>,
}

impl Registry {
    /// Counts a pull. Best effort: a crash may forget the last few seconds.
    pub(crate) fn count_pull(&self, repo: &RepoName, digest: &Digest) {
        let now = nanos(self.now());
        let mut waiting = self.pulls.waiting.lock();
        let first = waiting.is_empty();
        let key = (repo.clone(), *digest);
        let is_new = !waiting.contains_key(&key);
        if is_new && waiting.len() >= LIMIT {
            // The store does not keep up.
            return;
        }
        let row = waiting.entry(key).or_default();
        row.pulls += 1;
        row.last_pull = row.last_pull.max(now);
        let full = is_new && waiting.len() == CAPACITY;
        drop(waiting);
        if first || full {
            let registry = self.weak();
            let pause = self.clock.sleep(if full { Duration::ZERO } else { DELAY });
            tokio::spawn(async move {
                pause.await;
                let Some(registry) = registry.upgrade() else {
                    return;
                };
                if let Err(error) = registry.flush_pulls().await {
                    warn!(error = logged(&error), "pull counts were not written");
                }
            });
        }
    }

    /// Writes all counts that wait.
    pub(crate) async fn flush_pulls(&self) -> Result<()> {
        let _alone = self.pulls.writing.lock().await;
        let waiting = std::mem::take(&mut *self.pulls.waiting.lock());
        let mut rows: Vec<_> = waiting.into_iter().collect();
        while !rows.is_empty() {
            let slice = rows.split_off(rows.len().saturating_sub(BATCH));
            let mut edit = Edit::relaxed();
            for ((repo, digest), counted) in slice {
                if self.meta.manifest(&repo, &digest).await?.is_none() {
                    // It was deleted, and its statistics with it.
                    continue;
                }
                let before = self.meta.stats(&repo, &digest).await?;
                let row = StatsRow {
                    pulls: before.as_ref().map_or(0, |found| found.value.pulls) + counted.pulls,
                    last_pull: counted.last_pull,
                };
                edit.put_stats(&repo, &digest, &row);
            }
            self.meta.write(edit).await?;
        }
        Ok(())
    }
}
