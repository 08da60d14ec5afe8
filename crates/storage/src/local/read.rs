//! Looking at objects and folders.

use std::fs::{self, DirEntry, File, Metadata, ReadDir};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::{Disk, place, stat_of};
use crate::blocking::blocking;
use crate::body::{Body, FileSlice};
use crate::driver::{Entry, EntryKind, Object, Stat};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::sys;

/// How much of a large object the kernel is asked to fetch at once.
const AHEAD: u64 = 1024 * 1024;

/// How many entries of a folder are held at a time.
const SLICE: usize = 256;

impl Disk {
    pub(super) async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Object> {
        let (file, metadata) = self.open_object(key)?;
        let stat = stat_of(&metadata);
        let range = range.unwrap_or(0..stat.size);
        let within = range.start <= range.end && range.end <= stat.size;
        if !within {
            return Err(Error::new(ErrorKind::Offset, key));
        }
        let len = range.end.saturating_sub(range.start);
        let body = if len <= self.options.inline {
            Body::Bytes(read_small(file, range.start, len, key).await?)
        } else {
            sys::advise_sequential(&file, range.start, len.min(AHEAD));
            Body::File(FileSlice {
                file: Arc::new(file),
                offset: range.start,
                len,
            })
        };
        Ok(Object { stat, body })
    }

    pub(super) fn stat(&self, key: &Key) -> Result<Stat> {
        let metadata = fs::symlink_metadata(self.path(key)).map_err(|e| failed(e, key))?;
        if metadata.file_type().is_symlink() {
            return Err(refused_or_absent(&self.path(key), key));
        }
        regular(&metadata, key)?;
        Ok(stat_of(&metadata))
    }

    /// Opens an object for reading and makes sure that it is one.
    pub(super) fn open_object(&self, key: &Key) -> Result<(File, Metadata)> {
        let path = self.path(key);
        let file = match sys::open_read(&path) {
            Ok(file) => file,
            Err(error) if sys::is_symlink_refusal(&error) => {
                return Err(refused_or_absent(&path, key));
            }
            Err(error) => return Err(failed(error, key)),
        };
        let metadata = file.metadata().map_err(|e| failed(e, key))?;
        regular(&metadata, key)?;
        Ok((file, metadata))
    }

    pub(super) fn list(&self, folder: &Key) -> BoxStream<'static, Result<Entry>> {
        let listing = Listing {
            key: folder.clone(),
            path: self.path(folder),
            open: None,
        };
        stream::try_unfold(Some(listing), |listing| async move {
            let Some(listing) = listing else {
                return Ok(None);
            };
            let slice = blocking(listing.key.clone(), move || listing.next_slice()).await?;
            Ok::<_, Error>(Some(slice))
        })
        .map_ok(|entries| stream::iter(entries.into_iter().map(Ok)))
        .try_flatten()
        .boxed()
    }
}

/// Reads a few bytes at once, in place when they are in memory already.
async fn read_small(file: File, offset: u64, len: u64, key: &Key) -> Result<Bytes> {
    let len = usize::try_from(len).map_err(|e| failed(io::Error::other(e), key))?;
    let mut buffer = vec![0; len];
    if len == 0 || sys::read_now(&file, &mut buffer, offset) == Some(len) {
        return Ok(buffer.into());
    }
    let name = key.clone();
    blocking(key.clone(), move || {
        file.read_exact_at(&mut buffer, offset)
            .map_err(|error| failed(error, &name))?;
        Ok(buffer.into())
    })
    .await
}

/// Says of a symbolic link whether it stands for a folder, which is no object, or for a refused one.
fn refused_or_absent(path: &std::path::Path, key: &Key) -> Error {
    let kind = match fs::metadata(path) {
        Ok(target) if !target.is_dir() => ErrorKind::Denied,
        _ => ErrorKind::NotFound,
    };
    Error::new(kind, key)
}

pub(super) fn regular(metadata: &Metadata, key: &Key) -> Result<()> {
    if metadata.is_file() {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::NotFound, key))
    }
}

/// Names the failure of a call that only looks.
pub(super) fn failed(error: io::Error, key: &Key) -> Error {
    if error.kind() == io::ErrorKind::InvalidFilename {
        // A name that the file system cannot hold is the name of nothing.
        return Error::with_source(ErrorKind::NotFound, error, key);
    }
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Error::with_source(ErrorKind::Corrupt, error, key);
    }
    Error::from_io(error, key)
}

/// A walk over one folder that is under way.
struct Listing {
    key: Key,
    path: PathBuf,
    open: Option<ReadDir>,
}

impl Listing {
    /// Reads some entries; yields itself again unless the folder is at its end.
    fn next_slice(mut self) -> Result<(Vec<Entry>, Option<Self>)> {
        let open = match self.open.take() {
            Some(open) => open,
            None => match fs::read_dir(&self.path) {
                Ok(open) => open,
                Err(error) => return absent_is_empty(error, &self.key),
            },
        };
        let open = self.open.insert(open);
        let (mut entries, mut ended) = (Vec::new(), true);
        for entry in open.by_ref().take(SLICE) {
            let entry = entry.and_then(|entry| entry_of(&entry));
            entries.extend(entry.map_err(|error| failed(error, &self.key))?);
            ended = false;
        }
        Ok((entries, (!ended).then_some(self)))
    }
}

fn absent_is_empty(error: io::Error, key: &Key) -> Result<(Vec<Entry>, Option<Listing>)> {
    let error = failed(error, key);
    if error.kind() == ErrorKind::NotFound {
        Ok((Vec::new(), None))
    } else {
        Err(error)
    }
}

/// Says what an entry is; `None` for what does not exist in terms of keys.
fn entry_of(entry: &DirEntry) -> io::Result<Option<Entry>> {
    let Ok(name) = entry.file_name().into_string() else {
        return Ok(None);
    };
    if place::is_temporary(&name) {
        return Ok(None);
    }
    let found = entry.file_type()?;
    let kind = if found.is_file() {
        EntryKind::Object
    } else if found.is_dir() || (found.is_symlink() && entry.path().is_dir()) {
        EntryKind::Folder
    } else {
        return Ok(None);
    };
    Ok(Some(Entry { name, kind }))
}
