//! Making objects survive a power cut.
//!
//! A file system joins what is flushed at the same time into one commit of its journal, so files are
//! flushed abreast: eight small ones cost hardly more than one, instead of eight times as much.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;

use futures_util::future;
use futures_util::stream::{self, StreamExt};
use tokio::sync::oneshot;

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

/// Says how a file is flushed.
#[derive(Clone, Copy)]
enum Kind {
    Object,
    Folder,
}

/// What is to be flushed.
struct Pending {
    key: Key,
    kind: Kind,
    file: File,
    identity: Identity,
}

impl Disk {
    pub(super) async fn persist(self: Arc<Self>, keys: Vec<Key>) -> Result<()> {
        let removals = self.ledger.removals();
        let folders: Vec<_> = self.folders_to_flush(&keys).into_iter().collect();
        let objects = keys.into_iter().map(|key| (key, Kind::Object));
        let above = folders.iter().map(|folder| (folder.clone(), Kind::Folder));
        // Names do not wait for bytes: neither is relied on before both are safe.
        let all: Vec<_> = objects.chain(above).collect();
        for batch in all.chunks(OPEN) {
            self.flush_all(batch).await?;
        }
        self.ledger.record_durable(folders, removals);
        Ok(())
    }

    async fn flush_all(self: &Arc<Self>, wanted: &[(Key, Kind)]) -> Result<()> {
        let about = wanted
            .first()
            .map_or_else(Key::root, |(key, _)| key.clone());
        let (disk, wanted) = (Arc::clone(self), wanted.to_vec());
        let (rest, others) = oneshot::channel();
        let first = blocking(about, move || {
            let mut opened = disk.open_all(&wanted)?;
            // The thread that has opened them flushes one itself.
            let own = opened.pop();
            // When the call was dropped there is nobody to flush the others for.
            let _ = rest.send(opened);
            own.map_or(Ok(()), |own| disk.flush_one(&own))
        });
        let others = async {
            let others = others.await.unwrap_or_default();
            self.flush(others).await
        };
        let (first, others) = future::join(first, others).await;
        first.and(others)
    }

    async fn flush(self: &Arc<Self>, pending: Vec<Pending>) -> Result<()> {
        let start = |pending: Pending| {
            let disk = Arc::clone(self);
            blocking(pending.key.clone(), move || disk.flush_one(&pending))
        };
        let mut flushed = stream::iter(pending).map(start).buffer_unordered(ABREAST);
        let mut outcome = Ok(());
        while let Some(one) = flushed.next().await {
            // Goes on after a failure, lest one that the kernel reports only now is missed.
            outcome = outcome.and(one);
        }
        outcome
    }

    fn open_all(&self, wanted: &[(Key, Kind)]) -> Result<Vec<Pending>> {
        let open = |(key, kind): &(Key, Kind)| {
            let (file, metadata) = match kind {
                Kind::Object => {
                    let opened = self.open_object(key)?;
                    sys::start_write_back(&opened.0, 0, 0);
                    opened
                }
                Kind::Folder => File::open(self.path(key))
                    .and_then(|file| file.metadata().map(|metadata| (file, metadata)))
                    .map_err(|error| read::failed(error, key))?,
            };
            Ok(Pending {
                key: key.clone(),
                kind: *kind,
                file,
                identity: identity(&metadata),
            })
        };
        wanted.iter().map(open).collect()
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

    fn flush_one(&self, pending: &Pending) -> Result<()> {
        match pending.kind {
            Kind::Object => self.flush_object(pending),
            Kind::Folder => self.flush_folder(pending),
        }
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
