//! What is known to be durable, and what can never be.
//!
//! Kernels report a failed write-back once, and a second `fdatasync` of the same file succeeds though
//! the bytes never reached the device. So what failed once is remembered for the life of the process.

use std::collections::HashSet;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;

use parking_lot::Mutex;

use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// How many folders are remembered as durable; one that was forgotten costs one more `fsync`.
const FOLDERS: usize = 64 * 1024;

/// How many failures are told apart; with more, nothing is called durable any longer.
const FAILURES: usize = 1024;

/// Tells a file from all others: device and inode.
pub(super) type Identity = (u64, u64);

pub(super) fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// Remembers what is known to be durable, and what can never be.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Records>);

#[derive(Debug, Default)]
struct Records {
    /// Folders whose own name is durable.
    folders: HashSet<Key>,
    /// Grows with every folder that is removed, so that a `persist` under way does not record one.
    removals: u64,
    failures: HashSet<Identity>,
    /// There were more failures than are kept.
    lost_count: bool,
}

impl Ledger {
    /// Drops the failure of a file that was deleted, when its inode is in use for a new one.
    pub(super) fn forgive(&self, file: Identity) {
        let mut records = self.0.lock();
        if !records.failures.is_empty() {
            records.failures.remove(&file);
        }
    }

    /// To be called before the folder is removed.
    pub(super) fn forget_folder(&self, folder: &Key) {
        let mut records = self.0.lock();
        records.removals = records.removals.wrapping_add(1);
        records.folders.remove(folder);
    }

    pub(super) fn check(&self, file: Identity, key: &Key) -> Result<()> {
        let records = self.0.lock();
        if records.lost_count || records.failures.contains(&file) {
            let earlier = io::Error::other("an earlier write-back of it failed");
            return Err(Error::with_source(ErrorKind::Io, earlier, key));
        }
        Ok(())
    }

    pub(super) fn record_failure(&self, file: Identity) {
        let mut records = self.0.lock();
        if records.failures.len() < FAILURES {
            records.failures.insert(file);
        } else {
            records.lost_count = true;
        }
    }

    pub(super) fn removals(&self) -> u64 {
        self.0.lock().removals
    }

    pub(super) fn is_durable(&self, folder: &Key) -> bool {
        self.0.lock().folders.contains(folder)
    }

    pub(super) fn record_durable(&self, folders: Vec<Key>, removals: u64) {
        let mut records = self.0.lock();
        if records.removals != removals {
            return;
        }
        if records.folders.len().saturating_add(folders.len()) > FOLDERS {
            records.folders.clear();
        }
        records.folders.extend(folders);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_too_many_failures_nothing_is_durable() {
        let ledger = Ledger::default();
        for inode in 0..1024 {
            ledger.record_failure((1, inode));
        }
        assert!(ledger.check((1, 5000), &Key::root()).is_ok());
        ledger.record_failure((1, 1024));
        assert!(ledger.check((1, 5000), &Key::root()).is_err());
    }

    #[test]
    fn a_folder_that_was_removed_meanwhile_is_not_durable() {
        let ledger = Ledger::default();
        let key = |text| Key::new(text).expect("valid");
        let folder = key("a/b");
        let before = ledger.removals();
        ledger.forget_folder(&key("c"));
        ledger.record_durable([folder.clone()].into(), before);
        assert!(!ledger.is_durable(&folder));
        ledger.record_durable([folder.clone()].into(), ledger.removals());
        assert!(ledger.is_durable(&folder));
        ledger.forget_folder(&folder);
        assert!(!ledger.is_durable(&folder));
    }
}
