//! The kernel's notices of what happens in folders.
#![expect(
    unsafe_code,
    reason = "tokio cannot see that a descriptor stays open; one block, reasoned below"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, Event, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::chain::Chain;

/// Room for notices that are read at once; one with the longest name is 272 bytes.
const ROOM: usize = 4096;

/// What tells of a folder as a whole.
const ITSELF: WatchFlags = WatchFlags::MOVE_SELF.union(WatchFlags::DELETE_SELF);

/// What tells of names in a folder. Reading tells nothing.
const NAMES: WatchFlags = WatchFlags::MODIFY
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO);

/// What was noticed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Files of which a name on their way was touched, by their number.
    pub(super) changed: BTreeSet<usize>,
    /// The kernel had more to say than it could keep.
    pub(super) lost: bool,
    /// A watched folder is no longer where it was.
    moved: bool,
}

impl Seen {
    pub(super) fn add(&mut self, more: Self) {
        self.changed.extend(more.changed);
        self.lost |= more.lost;
        self.moved |= more.moved;
    }

    fn is_nothing(&self) -> bool {
        self.changed.is_empty() && !self.lost && !self.moved
    }
}

/// One instance of inotify.
#[derive(Debug)]
pub(super) struct Inotify {
    fd: AsyncFd<OwnedFd>,
    /// Names that count, and which file each belongs to, by the kernel's number of the folder.
    folders: BTreeMap<i32, Vec<(OsString, usize)>>,
}

/// A folder to watch; it may have several paths.
#[derive(Debug)]
struct Wanted<'a> {
    path: &'a Path,
    flags: WatchFlags,
    names: Vec<(OsString, usize)>,
}

impl Inotify {
    /// Must be called within a runtime.
    pub(super) fn open() -> io::Result<Self> {
        let fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        // SAFETY: an `OwnedFd` is open and the same for as long as it lives, and it lives in there.
        let fd = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }?;
        Ok(Self {
            fd,
            folders: BTreeMap::new(),
        })
    }

    /// Watches what these ways lead through, and nothing else.
    pub(super) fn arm(&mut self, chains: &[Chain]) -> io::Result<()> {
        let mut folders = BTreeMap::new();
        for wanted in wanted(chains).into_values() {
            match inotify::add_watch(&self.fd, wanted.path, wanted.flags | WatchFlags::ONLYDIR) {
                Ok(id) => drop(folders.insert(id, wanted.names)),
                // It is gone meanwhile, which whoever calls sees by looking again.
                Err(Errno::NOENT | Errno::NOTDIR) => {}
                // Folders on the way may be passed without being read.
                Err(Errno::ACCESS) if wanted.names.is_empty() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let before = std::mem::replace(&mut self.folders, folders);
        for id in before.keys().filter(|id| !self.folders.contains_key(id)) {
            // A folder that is gone is not watched any more by itself.
            let _ = inotify::remove_watch(&self.fd, *id);
        }
        Ok(())
    }

    /// Waits until something happened that counts.
    pub(super) async fn wait(&mut self) -> Seen {
        loop {
            let read = self.fd.async_io(Interest::READABLE, |fd| self.read(fd));
            match read.await {
                Ok(seen) if seen.is_nothing() => {}
                Ok(seen) => return seen,
                Err(error) => {
                    tracing::warn!(%error, "reading notices of changed files");
                    return std::future::pending().await;
                }
            }
        }
    }

    /// Reads what there is, at least one notice.
    fn read(&self, fd: &OwnedFd) -> io::Result<Seen> {
        let mut room = [MaybeUninit::uninit(); ROOM];
        let mut reader = Reader::new(fd, &mut room);
        let mut seen = Seen::default();
        loop {
            self.judge(&reader.next()?, &mut seen);
            if reader.is_buffer_empty() {
                return Ok(seen);
            }
        }
    }

    fn judge(&self, event: &Event<'_>, seen: &mut Seen) {
        let flags = event.events();
        let moved = ReadFlags::MOVE_SELF | ReadFlags::DELETE_SELF | ReadFlags::UNMOUNT;
        seen.lost |= flags.contains(ReadFlags::QUEUE_OVERFLOW);
        let Some(names) = self.folders.get(&event.wd()) else {
            return;
        };
        seen.moved |= flags.intersects(moved);
        let Some(name) = event.file_name() else {
            return;
        };
        let name = OsStr::from_bytes(name.to_bytes());
        let hit = names.iter().filter(|(known, _)| known == name);
        seen.changed.extend(hit.map(|(_, file)| *file));
    }
}

/// Gathers the folders of all ways by their identity, since the kernel knows each once.
fn wanted(chains: &[Chain]) -> BTreeMap<(u64, u64), Wanted<'_>> {
    let mut wanted = BTreeMap::new();
    let mut want = |path, flags, name: Option<(OsString, usize)>| {
        let Ok(metadata) = std::fs::metadata(path) else {
            return;
        };
        let identity = (metadata.dev(), metadata.ino());
        let folder = wanted.entry(identity).or_insert(Wanted {
            path,
            flags: ITSELF,
            names: Vec::new(),
        });
        folder.flags |= flags;
        folder.names.extend(name);
    };
    for (file, chain) in chains.iter().enumerate() {
        for folder in &chain.folders {
            want(folder, ITSELF, None);
        }
        for (folder, name) in &chain.places {
            want(folder, ITSELF | NAMES, Some((name.clone(), file)));
        }
    }
    wanted
}
