//! Blobs that have arrived but that no durable commit covers yet.
//!
//! A blob gets its row with the first manifest that names it; until then it is known here. What a
//! stop leaves without a row is not trusted afterwards: see [`crate::Registry::blob_info`].

use std::collections::HashMap;

use oci::{Digest, RepoName};
use parking_lot::Mutex;

/// How many blobs may wait for their manifest; one more is made durable at once.
const CAPACITY: usize = 32 * 1024;

/// Blobs of this process's uploads and mounts that have no row yet.
#[derive(Debug, Default)]
pub(crate) struct FreshBlobs {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    blobs: HashMap<Digest, HashMap<RepoName, u64>>,
    count: usize,
}

impl FreshBlobs {
    /// Yields the size in bytes of a blob that has arrived in `repo`.
    pub(crate) fn size(&self, repo: &RepoName, digest: &Digest) -> Option<u64> {
        self.table.lock().blobs.get(digest)?.get(repo).copied()
    }

    /// Adds a blob; false when the table is full, so that the caller must make it durable now.
    pub(crate) fn insert(&self, repo: &RepoName, digest: &Digest, size: u64) -> bool {
        let mut table = self.table.lock();
        if table.count >= CAPACITY {
            return false;
        }
        let before = table
            .blobs
            .entry(*digest)
            .or_default()
            .insert(repo.clone(), size);
        table.count += usize::from(before.is_none());
        true
    }

    /// Forgets a blob: it has a row now, or is gone.
    pub(crate) fn remove(&self, repo: &RepoName, digest: &Digest) {
        let mut table = self.table.lock();
        let Some(holders) = table.blobs.get_mut(digest) else {
            return;
        };
        let removed = holders.remove(repo).is_some();
        if holders.is_empty() {
            table.blobs.remove(digest);
        }
        table.count -= usize::from(removed);
    }

    /// Yields up to `limit` repositories that hold the blob.
    pub(crate) fn holders(&self, digest: &Digest, limit: usize) -> Vec<(RepoName, u64)> {
        let table = self.table.lock();
        let holders = table.blobs.get(digest).into_iter().flatten();
        holders
            .take(limit)
            .map(|(repo, size)| (repo.clone(), *size))
            .collect()
    }

    /// Yields everything, by repository, for the stop.
    pub(crate) fn take_all(&self) -> HashMap<RepoName, Vec<(Digest, u64)>> {
        let mut table = self.table.lock();
        table.count = 0;
        let mut by_repo: HashMap<_, Vec<_>> = HashMap::new();
        for (digest, holders) in std::mem::take(&mut table.blobs) {
            for (repo, size) in holders {
                by_repo.entry(repo).or_default().push((digest, size));
            }
        }
        by_repo
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_it_holds() {
        let fresh = FreshBlobs::default();
        let repo: RepoName = "a".parse().expect("valid");
        for number in 0..CAPACITY {
            assert!(fresh.insert(&repo, &Digest::sha256(&number.to_le_bytes()), 1));
        }
        let one = Digest::sha256(&0_usize.to_le_bytes());
        assert!(!fresh.insert(&repo, &Digest::sha256(b"more"), 1), "bounded");
        fresh.remove(&repo, &one);
        fresh.remove(&repo, &one);
        assert_eq!(fresh.size(&repo, &one), None);
        assert!(fresh.insert(&repo, &Digest::sha256(b"more"), 7));
        assert_eq!(fresh.size(&repo, &Digest::sha256(b"more")), Some(7));
        assert_eq!(fresh.take_all()[&repo].len(), CAPACITY);
        assert!(fresh.take_all().is_empty());
    }
}
