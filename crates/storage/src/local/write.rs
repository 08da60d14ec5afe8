//! Making, moving and removing objects.

use std::fs::{self, File, Metadata};
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::ledger::identity;
use super::{Disk, make_folders, place, read, stat_of};
use crate::driver::Stat;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::sys;

/// How often folders are made again that somebody else keeps removing.
const ATTEMPTS: usize = 64;

/// How many pieces one system call takes, on every system.
const PIECES: usize = 512;

impl Disk {
    pub(super) fn put(&self, key: &Key, data: &[u8]) -> Result<Stat> {
        let temp = place::temporary(key).ok_or_else(|| Error::new(ErrorKind::Exists, key))?;
        let temp_path = self.path(&temp);
        let written = self
            .in_folder(&temp, || sys::create_new(&temp_path))
            .and_then(|mut file| {
                let unfinished = Unfinished(Some(temp_path.clone()));
                file.write_all(data)?;
                let metadata = file.metadata()?;
                self.ledger.forgive(identity(&metadata));
                let target = self.path(key);
                self.in_folder(key, || fs::rename(&temp_path, &target))?;
                unfinished.keep();
                Ok(metadata)
            });
        written
            .map(|metadata| stat_of(&metadata))
            .map_err(|error| failed(error, key))
    }

    pub(super) fn append(&self, upload: &Key, offset: u64, data: &[Bytes]) -> Result<u64> {
        self.append_open(upload, offset, data).map(|(_, end)| end)
    }

    /// The file is held from the first byte to its new name; that nobody has taken the old one
    /// meanwhile is for `rename` to find out.
    pub(super) fn append_and_commit(
        &self,
        upload: &Key,
        (offset, data): (u64, &[Bytes]),
        to: &Key,
    ) -> Result<()> {
        let (file, _) = self.append_open(upload, offset, data)?;
        sys::touch(&file).map_err(|error| failed(error, upload))?;
        self.rename(upload, to)
    }

    /// Appends; yields the file, held by this call, and where it ends.
    fn append_open(&self, upload: &Key, offset: u64, data: &[Bytes]) -> Result<(File, u64)> {
        let path = self.path(upload);
        let opened = if offset == 0 {
            self.in_folder(upload, || sys::open_or_create(&path))
        } else {
            sys::open_write(&path)
        };
        let file = opened.map_err(|error| failed(error, upload))?;
        let metadata = hold(&file, &path, upload)?;
        if metadata.len() != offset {
            return Err(Error::new(ErrorKind::Offset, upload));
        }
        if offset == 0 {
            self.ledger.forgive(identity(&metadata));
        }
        self.leave_room(&file, upload, data)?;
        match write_pieces(&file, offset, data) {
            Ok(end) => {
                self.write_back(&file, offset, end);
                Ok((file, end))
            }
            Err(error) => {
                // The failure that matters is the first one; a caller that goes on is told the
                // offset anyway.
                let _ = file.set_len(offset);
                Err(failed(error, upload))
            }
        }
    }

    /// Refuses data that would take the last room of the disk.
    fn leave_room(&self, file: &File, upload: &Key, data: &[Bytes]) -> Result<()> {
        let head_room = self.options.head_room.bytes();
        if head_room == 0 || data.is_empty() {
            return Ok(());
        }
        let coming = data.iter().map(Bytes::len).sum::<usize>();
        let needed =
            u64::try_from(coming).map_or(u64::MAX, |coming| coming.saturating_add(head_room));
        let free = sys::free_space(file).map_err(|error| failed(error, upload))?;
        if free < needed {
            return Err(Error::new(ErrorKind::Full, upload));
        }
        Ok(())
    }

    /// Hands whole steps of an upload to the device as soon as they are complete.
    fn write_back(&self, file: &File, before: u64, after: u64) {
        let step = self.options.write_back.max(1);
        let whole = |at: u64| at.saturating_sub(at % step);
        let (start, end) = (whole(before), whole(after));
        if end > start {
            sys::start_write_back(file, start, end.saturating_sub(start));
        }
    }

    /// Waits for an append that is under way, so that an object never grows after it has appeared.
    ///
    /// The object counts as written now, however old the last append is: otherwise a collector that
    /// goes by age could take it before anything names it.
    pub(super) fn commit(&self, upload: &Key, to: &Key) -> Result<()> {
        let path = self.path(upload);
        let file = sys::open_write(&path).map_err(|error| absent(error, upload))?;
        hold(&file, &path, upload)?;
        sys::touch(&file).map_err(|error| failed(error, upload))?;
        self.rename(upload, to)
    }

    pub(super) fn rename(&self, from: &Key, to: &Key) -> Result<()> {
        let (source, target) = (self.path(from), self.path(to));
        let metadata = existing(&source, from)?;
        if from == to {
            return Ok(());
        }
        let moved = if is_at(&metadata, &target) {
            // Two names of one file: the system call would leave both.
            fs::remove_file(&source)
        } else {
            self.in_folder(to, || fs::rename(&source, &target))
        };
        moved.map_err(|error| failed(error, to))
    }

    pub(super) fn link(&self, from: &Key, to: &Key) -> Result<()> {
        let (source, target) = (self.path(from), self.path(to));
        // Before the new name appears, so that it never looks old to a collector.
        let (file, _) = self.open_object(from)?;
        sys::touch(&file).map_err(|error| link_failed(error, from))?;
        self.in_folder(to, || fs::hard_link(&source, &target))
            .map_err(|error| {
                let is_gone = error.kind() == io::ErrorKind::NotFound;
                link_failed(error, if is_gone { from } else { to })
            })
    }

    pub(super) fn delete(&self, key: &Key) -> Result<()> {
        let path = self.path(key);
        let found = fs::symlink_metadata(&path).map_err(|error| absent(error, key))?;
        let is_linked_folder = found.file_type().is_symlink() && path.is_dir();
        if *key == Key::root() || is_linked_folder {
            // The root and linked folders were set up by the operator.
            return Err(Error::new(ErrorKind::Denied, key));
        }
        let removed = if found.is_dir() {
            self.ledger.forget_folder(key);
            fs::remove_dir(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.map_err(|error| absent(error, key))
    }

    /// Runs a step that needs the folder of a key; makes the folder when it is missing.
    fn in_folder<T>(&self, key: &Key, step: impl Fn() -> io::Result<T>) -> io::Result<T> {
        let mut done = step();
        for _ in 0..ATTEMPTS {
            let (true, Some(folder)) = (is_missing(&done), key.parent()) else {
                break;
            };
            done = match make_folders(&self.path(&folder)) {
                Err(error) if !is_disturbed(&error) => Err(error),
                _ => step(),
            };
        }
        done
    }
}

/// Tells whether somebody may have removed a folder while it was looked at.
fn is_disturbed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
    )
}

fn is_missing<T>(done: &io::Result<T>) -> bool {
    done.as_ref()
        .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn existing(path: &Path, key: &Key) -> Result<Metadata> {
    let metadata = fs::symlink_metadata(path).map_err(|error| absent(error, key))?;
    read::regular(&metadata, key)?;
    Ok(metadata)
}

/// Takes the upload for this call alone, and makes sure that it still has its name.
fn hold(file: &File, path: &Path, upload: &Key) -> Result<Metadata> {
    sys::hold(file).map_err(|error| failed(error, upload))?;
    let metadata = file.metadata().map_err(|error| failed(error, upload))?;
    read::regular(&metadata, upload)?;
    if is_at(&metadata, path) {
        Ok(metadata)
    } else {
        Err(Error::new(ErrorKind::NotFound, upload))
    }
}

fn is_at(metadata: &Metadata, path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| identity(&found) == identity(metadata))
}

/// Writes all pieces, starting at `offset`; yields where they end.
fn write_pieces(file: &File, offset: u64, data: &[Bytes]) -> io::Result<u64> {
    let mut end = offset;
    for batch in data.chunks(PIECES) {
        let mut slices: Vec<_> = batch.iter().map(|piece| IoSlice::new(piece)).collect();
        let mut rest = slices.as_mut_slice();
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            let written = match rustix::io::pwritev(file, rest, end) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => written,
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            IoSlice::advance_slices(&mut rest, written);
            end = end.saturating_add(u64::try_from(written).map_err(io::Error::other)?);
        }
    }
    Ok(end)
}

/// A file that is removed unless it is kept.
struct Unfinished(Option<PathBuf>);

impl Unfinished {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // There is nobody to tell; it ages with the uploads.
            let _ = fs::remove_file(path);
        }
    }
}

/// Names the failure of a call that makes something under a key.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enum of std grows; the rest is sorted by `from_io`"
)]
pub(super) fn failed(error: io::Error, key: &Key) -> Error {
    let kind = match error.kind() {
        // An object where a folder should be, or the other way round.
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => ErrorKind::Exists,
        io::ErrorKind::InvalidFilename => ErrorKind::Unsupported,
        _ if sys::is_symlink_refusal(&error) => ErrorKind::Denied,
        _ => return Error::from_io(error, key),
    };
    Error::with_source(kind, error, key)
}

/// Names the failure of a call that needs something under a key.
fn absent(error: io::Error, key: &Key) -> Error {
    if sys::is_symlink_refusal(&error) {
        return failed(error, key);
    }
    read::failed(error, key)
}

fn link_failed(error: io::Error, key: &Key) -> Error {
    if sys::is_link_refusal(&error) {
        return Error::with_source(ErrorKind::Unsupported, error, key);
    }
    failed(error, key)
}
