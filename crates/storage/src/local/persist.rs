//! Making objects survive a power cut.

use std::collections::BTreeSet;
use std::fs::File;

use super::ledger::{Identity, identity};
use super::{Disk, read};
use crate::error::{ErrorKind, Result};
use crate::key::Key;
use crate::sys;

/// How many files are open at a time.
const OPEN: usize = 64;

impl Disk {
    pub(super) fn persist(&self, keys: &[Key]) -> Result<()> {
        for batch in keys.chunks(OPEN) {
            self.persist_files(batch)?;
        }
        self.persist_names(keys)
    }

    fn persist_files(&self, keys: &[Key]) -> Result<()> {
        let mut files = Vec::with_capacity(keys.len());
        for key in keys {
            let (file, metadata) = self.open_object(key)?;
            sys::start_write_back(&file, 0, 0);
            files.push((key, file, identity(&metadata)));
        }
        let mut outcome = Ok(());
        for (key, file, id) in &files {
            // Goes on after a failure, lest one that the kernel reports only now is missed.
            outcome = outcome.and(self.persist_file(file, *id, key));
        }
        outcome
    }

    /// Makes durable the entries of the folders that hold the objects, and of those above them that
    /// are not known to be durable.
    fn persist_names(&self, keys: &[Key]) -> Result<()> {
        let removals = self.ledger.removals();
        let mut folders = BTreeSet::new();
        for key in keys {
            let mut next = key.parent();
            while let Some(folder) = next {
                next = folder.parent();
                if self.ledger.is_durable(&folder) {
                    next = None;
                }
                if !folders.insert(folder) {
                    break;
                }
            }
        }
        for folder in &folders {
            self.persist_folder(folder)?;
        }
        self.ledger.record_durable(folders, removals);
        Ok(())
    }

    fn persist_folder(&self, folder: &Key) -> Result<()> {
        let opened = File::open(self.path(folder)).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = opened.map_err(|error| read::failed(error, folder))?;
        self.ledger.check(identity(&metadata), folder)?;
        file.sync_all().map_err(|source| {
            let error = read::failed(source, folder);
            // The entries of a folder wait in the journal for room; other failures lose them.
            if error.kind() != ErrorKind::Full {
                self.ledger.record_failure(identity(&metadata));
            }
            error
        })
    }

    fn persist_file(&self, file: &File, id: Identity, key: &Key) -> Result<()> {
        self.ledger.check(id, key)?;
        file.sync_data().map_err(|error| {
            self.ledger.record_failure(id);
            read::failed(error, key)
        })
    }
}
