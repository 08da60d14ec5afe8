//! The local disk.
//!
//! A key is a path below the root, so that the layout on disk is the one of the keys:
//!
//! ```text
//! <root>/
//!   <repo>/
//!     oci-layout, index.json      written by `put`
//!     blobs/<algorithm>/<hex>     written by `put`, `commit` or `link`, never changed again
//!     .uploads/<uuid>             uploads that grow by `append`, and what `put` has not finished yet
//!   <any>/.holdfast-tmp-<uuid>    what `put` has not finished yet, for keys outside repositories
//! ```
//!
//! - Folders have mode 0700, files 0600. Nothing else is created, except for a moment at start
//!   `hardlinkcheck.txt` and `duphardlinkcheck.txt` in the root.
//! - What a killed process leaves of a `put` lies among the uploads and ages with them; a leftover
//!   outside repositories is not listed.
//! - Folders may be symbolic links (operators spread repositories over disks so); an object that is
//!   one is refused as `Denied`, so that no layout that is dropped in can lead out of the root.
//! - Names that are not UTF-8, and entries that are neither files nor folders, do not exist here.
//!
//! Compat: the layout, the modes and the files of the check at start are those of zot (core.md 9.1).

mod ledger;
mod persist;
mod place;
mod read;
mod write;

#[cfg(test)]
mod tests;

use std::fs::{self, DirBuilder, File, Metadata};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::blocking::blocking;
use crate::driver::{Caps, Driver, Entry, Object, Stat};
use crate::error::Result;
use crate::key::Key;
use crate::sys;

use ledger::Ledger;

/// Tunes a [`LocalDriver`].
#[derive(Clone, Debug)]
pub struct LocalOptions {
    /// Up to this many bytes are answered from memory rather than as a part of a file.
    pub inline: u64,
    /// An upload is handed to the device whenever it has grown past a multiple of this many bytes.
    pub write_back: u64,
    /// Uploads leave this many bytes of the disk free, so that manifests and rows still fit.
    pub head_room: HeadRoom,
}

/// Bytes of a disk that uploads leave free. Clones are the same number, which may change while drivers
/// use it.
#[derive(Clone, Debug, Default)]
pub struct HeadRoom(Arc<AtomicU64>);

impl HeadRoom {
    /// Starts with a number of bytes; 0 for none.
    pub fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    /// Changes it.
    pub fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self {
            inline: 64 * 1024,
            write_back: 8 * 1024 * 1024,
            head_room: HeadRoom::default(),
        }
    }
}

/// Keeps objects as files below a folder.
///
/// `get` and `stat` look names up where they are called, since those are nearly always in memory;
/// whatever may wait for a device runs in the runtime's blocking pool, so that all calls need a tokio
/// runtime.
#[derive(Debug)]
pub struct LocalDriver {
    disk: Arc<Disk>,
}

#[derive(Debug)]
struct Disk {
    root: PathBuf,
    options: LocalOptions,
    link: bool,
    ledger: Ledger,
}

impl LocalDriver {
    /// Takes a folder as root, creating it if need be, and finds out whether it allows hard links.
    ///
    /// Blocks: meant for the start of the process.
    ///
    /// # Errors
    /// What the file system says when the folder cannot be created, or `Exists` when it is a file.
    pub fn open(root: PathBuf, options: LocalOptions) -> Result<Self> {
        let failed = |error| write::failed(error, &Key::root());
        if !root.is_dir() {
            make_folders(&root).map_err(failed)?;
            // The root's own name is to be as durable as everything below it.
            if let Some(parent) = root.canonicalize().map_err(failed)?.parent() {
                File::open(parent)
                    .and_then(|f| f.sync_all())
                    .map_err(failed)?;
            }
        }
        let link = links_work(&root);
        let ledger = Ledger::default();
        let disk = Arc::new(Disk {
            root,
            options,
            link,
            ledger,
        });
        Ok(Self { disk })
    }

    /// Runs a call that may wait for the device.
    fn blocking<T: Send + 'static>(
        &self,
        key: &Key,
        call: impl FnOnce(&Disk) -> Result<T> + Send + 'static,
    ) -> BoxFuture<'static, Result<T>> {
        let disk = Arc::clone(&self.disk);
        Box::pin(blocking(key.clone(), move || call(&disk)))
    }
}

impl Disk {
    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }
}

fn make_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Tries a hard link. What cannot be found out (a full or read-only disk) is taken to work, since
/// `link` itself will say.
fn links_work(root: &Path) -> bool {
    let from = root.join("hardlinkcheck.txt");
    let to = root.join("duphardlinkcheck.txt");
    let clean = || {
        // Absent most of the time, and a leftover harms nobody.
        let _ = fs::remove_file(&from);
        let _ = fs::remove_file(&to);
    };
    clean();
    let tried = sys::create_new(&from).and_then(|_| fs::hard_link(&from, &to));
    clean();
    !tried.is_err_and(|error| sys::is_link_refusal(&error))
}

fn stat_of(metadata: &Metadata) -> Stat {
    Stat {
        size: metadata.len(),
        modified: metadata.modified().unwrap_or(UNIX_EPOCH),
        identity: metadata.ino(),
    }
}

impl Driver for LocalDriver {
    fn caps(&self) -> Caps {
        Caps {
            link: self.disk.link,
            rename: true,
            redirect: false,
        }
    }

    fn get<'a>(&'a self, key: &'a Key, range: Option<Range<u64>>) -> BoxFuture<'a, Result<Object>> {
        Box::pin(self.disk.get(key, range))
    }

    fn stat<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Stat>> {
        Box::pin(async move { self.disk.stat(key) })
    }

    fn put<'a>(&'a self, key: &'a Key, data: Bytes) -> BoxFuture<'a, Result<Stat>> {
        let target = key.clone();
        self.blocking(key, move |disk| disk.put(&target, &data))
    }

    fn list<'a>(&'a self, folder: &'a Key) -> BoxStream<'a, Result<Entry>> {
        self.disk.list(folder)
    }

    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<()>> {
        let target = key.clone();
        self.blocking(key, move |disk| disk.delete(&target))
    }

    fn link<'a>(&'a self, from: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        let (source, target) = (from.clone(), to.clone());
        self.blocking(to, move |disk| disk.link(&source, &target))
    }

    fn rename<'a>(&'a self, from: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        let (source, target) = (from.clone(), to.clone());
        self.blocking(to, move |disk| disk.rename(&source, &target))
    }

    fn append<'a>(
        &'a self,
        upload: &'a Key,
        offset: u64,
        data: Vec<Bytes>,
    ) -> BoxFuture<'a, Result<u64>> {
        let target = upload.clone();
        self.blocking(upload, move |disk| disk.append(&target, offset, &data))
    }

    fn commit<'a>(&'a self, upload: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        let (source, target) = (upload.clone(), to.clone());
        self.blocking(to, move |disk| disk.commit(&source, &target))
    }

    fn append_and_commit<'a>(
        &'a self,
        upload: &'a Key,
        (offset, data): (u64, Vec<Bytes>),
        to: &'a Key,
    ) -> BoxFuture<'a, Result<()>> {
        let (source, target) = (upload.clone(), to.clone());
        self.blocking(to, move |disk| {
            disk.append_and_commit(&source, (offset, &data), &target)
        })
    }

    fn persist<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<()>> {
        let disk = Arc::clone(&self.disk);
        Box::pin(disk.persist(keys.to_vec()))
    }

    fn redirect<'a>(&'a self, _key: &'a Key) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
