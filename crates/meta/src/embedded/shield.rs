//! Keeps the database alive while its file cannot be written.
//!
//! After a failed write the database refuses everything until it is opened again, and opening it
//! writes. A sealed shield keeps what is written in memory, so that the database opens and reads
//! go on; [`Shield::settle`] brings it to the file once the file takes it. Little is written
//! while sealed, since the writer settles before each commit.

mod overlay;

use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use redb::{BackendError, StorageBackend};

use super::failure::FlushFailed;
use overlay::Overlay;

/// A file that can be sealed.
#[derive(Debug)]
pub(super) struct Shield {
    file: Box<dyn StorageBackend>,
    /// Set from the start or never; cleared once, under the lock of `overlay`.
    sealed: AtomicBool,
    overlay: Mutex<Overlay>,
}

impl Shield {
    /// Passes everything on.
    pub(super) fn open(file: Box<dyn StorageBackend>) -> Self {
        Self::new(file, false)
    }

    /// Keeps writes in memory.
    pub(super) fn sealed(file: Box<dyn StorageBackend>) -> Self {
        Self::new(file, true)
    }

    fn new(file: Box<dyn StorageBackend>, sealed: bool) -> Self {
        Self {
            file,
            sealed: AtomicBool::new(sealed),
            overlay: Mutex::new(Overlay::default()),
        }
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.sealed.load(Ordering::Acquire)
    }

    /// Brings what was kept in memory to the file; from then on passes everything on. `suspect`
    /// says that a flush of this file failed before: all of it is written once more, since the
    /// kernel takes pages whose flush failed for flushed.
    ///
    /// # Errors
    /// Those of the file: it stays sealed.
    pub(super) fn settle(&self, suspect: bool) -> io::Result<()> {
        let mut overlay = self.overlay.lock();
        if suspect {
            overlay.rewrite(&*self.file)?;
        }
        overlay.settle(&*self.file)?;
        *overlay = Overlay::default();
        self.sealed.store(false, Ordering::Release);
        Ok(())
    }

    /// Yields the length of the file as the database sees it, in bytes.
    pub(super) fn len(&self) -> io::Result<u64> {
        self.either(StorageBackend::len, Overlay::len)
    }

    /// Runs one of two, as sealed or not.
    fn either<T>(
        &self,
        open: impl FnOnce(&dyn StorageBackend) -> io::Result<T>,
        sealed: impl FnOnce(&mut Overlay, &dyn StorageBackend) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.is_sealed() {
            let mut overlay = self.overlay.lock();
            // It may have been settled meanwhile.
            if self.is_sealed() {
                return sealed(&mut overlay, &*self.file);
            }
        }
        open(&*self.file)
    }
}

/// The shield as the database owns it.
#[derive(Debug)]
pub(super) struct Shielded(pub(super) Arc<Shield>);

impl StorageBackend for Shielded {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        // Two closures cannot both hold the buffer.
        let out = std::cell::RefCell::new(out);
        self.0.either(
            |file| file.read(offset, &mut out.borrow_mut()),
            |overlay, file| overlay.read(file, offset, &mut out.borrow_mut()),
        )
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.either(
            |file| file.set_len(len),
            |overlay, file| overlay.set_len(file, len),
        )
    }

    fn sync_data(&self) -> io::Result<()> {
        let sync = |file: &dyn StorageBackend| {
            file.sync_data()
                .map_err(|error| io::Error::new(error.kind(), FlushFailed(error)))
        };
        self.0.either(sync, |_, _| Ok(()))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.either(
            |file| file.write(offset, data),
            |overlay, file| overlay.write(file, offset, data),
        )
    }

    fn close(&self) -> io::Result<()> {
        self.0.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.0.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.file.query_lock_range(start, end)
    }
}
