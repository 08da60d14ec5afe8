//! A disk that fails when told to, and forgets what was not flushed when the power is cut.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use redb::StorageBackend;

use crate::embedded::failure::Failure;
use crate::embedded::file::Place;

const SECTOR: usize = 512;

/// What fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing.
    #[default]
    None,
    /// There is no room: neither data nor a longer file.
    Full,
    /// There is no room for more; what is there can be overwritten.
    Grow,
    /// Data cannot be written.
    Write,
    /// Flushes fail, and as with Linux the data that was to be flushed is not tried again.
    Flush,
    /// Everything fails, reads too.
    All,
}

#[derive(Debug)]
enum Change {
    Len(usize),
    Write(usize, Vec<u8>),
}

#[derive(Debug, Default)]
struct State {
    /// What reads see.
    data: Vec<u8>,
    /// What a power cut leaves for certain.
    flushed: Vec<u8>,
    /// What it leaves or not.
    since: Vec<Change>,
    fault: Fault,
    /// Becomes the fault after so many more writes, cuts and flushes.
    then: Option<(u64, Fault)>,
    opened: u64,
}

impl State {
    fn fails(&self, faults: &[Fault]) -> io::Result<()> {
        if !faults.contains(&self.fault) {
            return Ok(());
        }
        Err(match self.fault {
            Fault::Full | Fault::Grow => io::ErrorKind::StorageFull.into(),
            Fault::None | Fault::Write | Fault::Flush | Fault::All => {
                io::Error::from_raw_os_error(5)
            }
        })
    }

    fn count_down(&mut self) {
        if let Some((left, fault)) = self.then {
            self.then = left.checked_sub(1).map(|left| (left, fault));
            if left == 0 {
                self.fault = fault;
            }
        }
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

/// The disk; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

impl Disk {
    /// Fails from now on.
    pub(super) fn fail(&self, fault: Fault) {
        let mut state = self.0.lock();
        state.fault = fault;
        state.then = None;
    }

    /// Fails after so many more writes, cuts and flushes.
    pub(super) fn fail_after(&self, left: u64, fault: Fault) {
        self.0.lock().then = Some((left, fault));
    }

    /// Tells whether a fault that was to come has come.
    pub(super) fn has_failed(&self) -> bool {
        self.0.lock().then.is_none()
    }

    /// Counts how often the file was opened.
    pub(super) fn opened(&self) -> u64 {
        self.0.lock().opened
    }

    pub(super) fn size(&self) -> usize {
        self.0.lock().data.len()
    }

    /// Yields what is left after a power cut: all that was flushed, and of the rest what
    /// `survives` picks, sector by sector.
    pub(super) fn cut_power(&self, mut survives: impl FnMut() -> bool) -> Self {
        let state = self.0.lock();
        let mut data = state.flushed.clone();
        for change in &state.since {
            match change {
                Change::Len(len) if survives() => data.resize(*len, 0),
                Change::Len(_) => {}
                Change::Write(offset, written) => {
                    for (number, sector) in written.chunks(SECTOR).enumerate() {
                        if survives() {
                            put(&mut data, offset + number * SECTOR, sector);
                        }
                    }
                }
            }
        }
        Self(Arc::new(Mutex::new(State {
            flushed: data.clone(),
            data,
            ..State::default()
        })))
    }
}

fn put(data: &mut Vec<u8>, offset: usize, written: &[u8]) {
    let end = offset + written.len();
    data.resize(data.len().max(end), 0);
    data[offset..end].copy_from_slice(written);
}

impl Place for Disk {
    fn open(&self) -> Result<Box<dyn StorageBackend>, Failure> {
        self.0.lock().opened += 1;
        Ok(Box::new(self.clone()))
    }

    fn check_room(&self) -> Result<(), Failure> {
        let state = self.0.lock();
        Ok(state.fails(&[Fault::Full, Fault::Grow, Fault::Write, Fault::All])?)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        let state = self.0.lock();
        state.fails(&[Fault::All])?;
        Ok(u64::try_from(state.data.len()).unwrap())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.0.lock();
        state.fails(&[Fault::All])?;
        let start = size(offset);
        let found = state.data.get(start..start + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.0.lock();
        state.count_down();
        let len = size(len);
        if len > state.data.len() {
            state.fails(&[Fault::Full, Fault::Grow])?;
        }
        state.fails(&[Fault::All])?;
        state.data.resize(len, 0);
        state.since.push(Change::Len(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.0.lock();
        state.count_down();
        if state.fault == Fault::Flush {
            state.since.clear();
        }
        state.fails(&[Fault::Flush, Fault::All])?;
        for change in std::mem::take(&mut state.since) {
            match change {
                Change::Len(len) => state.flushed.resize(len, 0),
                Change::Write(offset, data) => put(&mut state.flushed, offset, &data),
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        state.count_down();
        state.fails(&[Fault::Full, Fault::Write, Fault::All])?;
        put(&mut state.data, size(offset), data);
        state.since.push(Change::Write(size(offset), data.to_vec()));
        Ok(())
    }
}

/// Yields truth by the bits of a number.
pub(super) fn coin(mut seed: u64) -> impl FnMut() -> bool {
    move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed >> 63 == 1
    }
}
