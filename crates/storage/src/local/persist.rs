//! Making objects survive a power cut.
//!
//! A file system joins what is flushed at the same time into one commit of its journal, so files are
//! flushed abreast: eight small ones cost hardly more than one, instead of eight times as much.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::ledger::{Identity, identity};
use super::{Disk, read};
use crate::blocking::blocking;
use crate::error::{ErrorKind, Result};
use crate::key::Key;
use crate::sys;

/// How many files one call opens at a time.
const OPEN: usize = 64;

/// How many files one call flushes at the same time.
const ABREAST: usize = 16;

/// What is to be flushed.
struct Pending {
    key: Key,
    file: File,
    identity: Identity,
}

impl Disk {
    pub(super) async fn persist(self: Arc<Self>, keys: Vec<Key>) -> Result<()> {
        for batch in keys.chunks(OPEN) {
            self.flush_all(batch, Self::open_objects, Self::flush_object)
                .await?;
        }
        let removals = self.ledger.removals();
        let folders: Vec<_> = self.folders_to_flush(&keys).into_iter().collect();
        for batch in folders.chunks(OPEN) {
            self.flush_all(batch, Self::open_folders, Self::flush_folder)
                .await?;
        }
        self.ledger.record_durable(folders, removals);
        Ok(())
    }

    async fn flush_all(
        self: &Arc<Self>,
        keys: &[Key],
        open: fn(&Self, &[Key]) -> Result<Vec<Pending>>,
        flush: fn(&Self, &Pending) -> Result<()>,
    ) -> Result<()> {
        let about = keys.first().cloned().unwrap_or_else(Key::root);
        let (disk, keys) = (Arc::clone(self), keys.to_vec());
        let opened = blocking(about, move || {
            let opened = open(&disk, &keys)?;
            match opened.as_slice() {
                // Another thread for a single one is not worth its while.
                [only] => flush(&disk, only).map(|()| Vec::new()),
                _ => Ok(opened),
            }
        });
        self.flush(opened.await?, flush).await
    }

    async fn flush(
        self: &Arc<Self>,
        pending: Vec<Pending>,
        flush: fn(&Self, &Pending) -> Result<()>,
    ) -> Result<()> {
        let start = |pending: Pending| {
            let disk = Arc::clone(self);
            blocking(pending.key.clone(), move || flush(&disk, &pending))
        };
        let mut flushed = stream::iter(pending).map(start).buffer_unordered(ABREAST);
        let mut outcome = Ok(());
        while let Some(one) = flushed.next().await {
            // Goes on after a failure, lest one that the kernel reports only now is missed.
            outcome = outcome.and(one);
        }
        outcome
    }

    fn open_objects(&self, keys: &[Key]) -> Result<Vec<Pending>> {
        let open = |key: &Key| {
            let (file, metadata) = self.open_object(key)?;
            sys::start_write_back(&file, 0, 0);
            Ok(Pending {
                key: key.clone(),
                file,
                identity: identity(&metadata),
            })
        };
        keys.iter().map(open).collect()
    }

    fn open_folders(&self, keys: &[Key]) -> Result<Vec<Pending>> {
        let open = |key: &Key| {
            let opened = File::open(self.path(key)).and_then(|file| Ok((file.metadata()?, file)));
            let (metadata, file) = opened.map_err(|error| read::failed(error, key))?;
            Ok(Pending {
                key: key.clone(),
                file,
                identity: identity(&metadata),
            })
        };
        keys.iter().map(open).collect()
    }

    /// Yields the folders that hold the objects, and those above them whose entries are not all known
    /// to be durable.
    pub(super) fn folders_to_flush(&self, keys: &[Key]) -> BTreeSet<Key> {
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
        folders
    }

    fn flush_object(&self, object: &Pending) -> Result<()> {
        self.ledger.check(object.identity, &object.key)?;
        object.file.sync_data().map_err(|error| {
            self.ledger.record_failure(object.identity);
            read::failed(error, &object.key)
        })
    }

    fn flush_folder(&self, folder: &Pending) -> Result<()> {
        self.ledger.check(folder.identity, &folder.key)?;
        folder.file.sync_all().map_err(|source| {
            let error = read::failed(source, &folder.key);
            // The entries of a folder wait in the journal for room; other failures lose them.
            if error.kind() != ErrorKind::Full {
                self.ledger.record_failure(folder.identity);
            }
            error
        })
    }
}
