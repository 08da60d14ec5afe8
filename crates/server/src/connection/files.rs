//! Which addresses of memory stand for which part of a file.
#![expect(
    unsafe_code,
    reason = "a file is mapped so that a slice can name a part of it; one block, reasoned below"
)]

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use memmap2::{Mmap, MmapOptions};
use parking_lot::Mutex;

/// Keeps the mappings whose slices are under way on one connection.
///
/// A response body that is a file yields slices of a mapping that nobody reads. The connection's
/// writer looks the address of a slice up here and lets the kernel send that part of the file.
///
/// # Invariants
/// An entry lives exactly as long as its mapping: the last slice that goes takes the entry out and
/// only then unmaps, so an address can never be found under a mapping that is gone.
#[derive(Debug, Default)]
pub struct FileTable {
    /// Number of entries, so that writes of connections that send no file take no lock.
    len: AtomicUsize,
    entries: Mutex<Vec<Entry>>,
    sent: AtomicU64,
}

#[derive(Clone, Debug)]
struct Entry {
    start: usize,
    len: usize,
    file: Arc<File>,
    offset: u64,
}

/// A part of a file, found by the address of its mapping.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) file: Arc<File>,
    pub(crate) offset: u64,
    /// How many bytes follow in the file, counted from `offset` to the end of the slice asked for.
    pub(crate) len: usize,
}

impl FileTable {
    /// Maps a part of a file and yields it as bytes; untouched, they cost address space only.
    ///
    /// # Errors
    /// What the system says when it refuses the mapping.
    pub(crate) fn map(
        self: &Arc<Self>,
        file: &Arc<File>,
        offset: u64,
        len: usize,
    ) -> io::Result<Bytes> {
        let mut options = MmapOptions::new();
        options.offset(offset).len(len).no_reserve_swap();
        // SAFETY: undefined are only a mapping that changes while it is read, and SIGBUS is met only
        // by reading past the end of a file that was cut. Files of content come into being under
        // their name complete, are never written or cut again, only unlinked (an unlinked file
        // keeps its pages while it is mapped), and their size was checked when they were opened.
        // Besides, nobody reads these bytes: the kernel sends from the file, and where it refuses
        // to, `write` reads the mapping inside the kernel, which yields an error, not a signal.
        let map = unsafe { options.map(file.as_ref()) }?;
        let start = map.as_ptr().addr();
        self.entries.lock().push(Entry {
            start,
            len,
            file: Arc::clone(file),
            offset,
        });
        self.len.fetch_add(1, Ordering::Release);
        Ok(Bytes::from_owner(Mapping {
            map,
            table: Arc::clone(self),
        }))
    }

    /// Tells whether no file is under way.
    pub fn is_empty(&self) -> bool {
        self.len.load(Ordering::Acquire) == 0
    }

    /// Yields how many bytes the kernel has sent straight from files.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn count_sent(&self, bytes: usize) {
        self.sent
            .fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
    }

    /// Finds the part of a file that a slice stands for.
    pub(crate) fn find(&self, slice: &[u8]) -> Option<Found> {
        let address = slice.as_ptr().addr();
        let entries = self.entries.lock();
        entries.iter().find_map(|entry| {
            let skipped = address.checked_sub(entry.start)?;
            let left = entry.len.checked_sub(skipped)?;
            if left == 0 {
                return None;
            }
            Some(Found {
                file: Arc::clone(&entry.file),
                offset: entry.offset + u64::try_from(skipped).ok()?,
                len: left.min(slice.len()),
            })
        })
    }

    fn remove(&self, start: usize) {
        let mut entries = self.entries.lock();
        if let Some(at) = entries.iter().position(|entry| entry.start == start) {
            entries.swap_remove(at);
            self.len.fetch_sub(1, Ordering::Release);
        }
    }
}

/// Owns a mapping on behalf of the slices of it.
struct Mapping {
    map: Mmap,
    table: Arc<FileTable>,
}

impl AsRef<[u8]> for Mapping {
    fn as_ref(&self) -> &[u8] {
        &self.map
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // The field `map` goes after this, which keeps the invariant of the table.
        self.table.remove(self.map.as_ptr().addr());
    }
}

#[cfg(test)]
mod tests;
