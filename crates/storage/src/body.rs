//! Content on its way out.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{BoxStream, TryStreamExt};

use crate::blocking::blocking;
use crate::error::Error;
use crate::key::Key;
use crate::sys;

/// Carries the bytes of an object in the form that is cheapest for its backend.
pub enum Body {
    /// All of them, in memory: small objects only.
    Bytes(Bytes),
    /// A part of a local file, so that the kernel can send it.
    File(FileSlice),
    /// Pieces as the backend yields them.
    Stream(BoxStream<'static, Result<Bytes, Error>>),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => f.debug_tuple("Bytes").field(&bytes.len()).finish(),
            Self::File(slice) => f.debug_tuple("File").field(slice).finish(),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

impl Body {
    /// Yields all bytes at once: for objects whose size was found to be small before.
    ///
    /// # Errors
    /// What the backend reports, about `key`.
    pub async fn collect(self, key: &Key) -> Result<Bytes, Error> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::File(slice) => {
                let name = key.clone();
                let read = move || slice.read_whole().map_err(|e| Error::from_io(e, &name));
                blocking(key.clone(), read).await
            }
            Self::Stream(pieces) => {
                let add = |mut whole: Vec<u8>, piece: Bytes| async move {
                    whole.extend_from_slice(&piece);
                    Ok(whole)
                };
                Ok(pieces.try_fold(Vec::new(), add).await?.into())
            }
        }
    }
}

/// A part of an open file.
///
/// # Invariants
/// The file is immutable and holds at least `offset + len` bytes: it was checked when it was opened,
/// and content files are never written again.
#[derive(Clone, Debug)]
pub struct FileSlice {
    /// The open file; reading must give an offset, since the cursor is shared.
    pub file: Arc<File>,
    /// Where the part starts, in bytes.
    pub offset: u64,
    /// How long the part is, in bytes.
    pub len: u64,
}

impl FileSlice {
    /// Reads what is in memory already, from `offset` bytes into the part on; yields how many bytes
    /// were read, 0 only at the end of the part.
    ///
    /// `None` means that it cannot be done without waiting or at all: [`Self::read_at`] does it, or
    /// says why not. Cheap enough for the threads of the runtime; buffers of 256 KiB do best.
    pub fn read_at_nowait(&self, offset: u64, buffer: &mut [u8]) -> Option<usize> {
        let (buffer, at) = self.clip(offset, buffer);
        if buffer.is_empty() {
            return Some(0);
        }
        sys::read_now(&self.file, buffer, at).filter(|read| *read > 0)
    }

    /// Reads from `offset` bytes into the part on; yields how many bytes were read, 0 only at the end
    /// of the part. Blocks: it belongs in the blocking pool.
    ///
    /// # Errors
    /// What the system reports; `UnexpectedEof` when the file has become shorter than the part.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let (buffer, at) = self.clip(offset, buffer);
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.file.read_at(buffer, at) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    fn read_whole(&self) -> io::Result<Bytes> {
        let mut whole = vec![0; usize::try_from(self.len).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut whole, self.offset)?;
        Ok(whole.into())
    }

    /// Shortens a buffer to what is left of the part; yields where in the file that is.
    fn clip<'b>(&self, offset: u64, buffer: &'b mut [u8]) -> (&'b mut [u8], u64) {
        let left = self.len.saturating_sub(offset);
        let len = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let buffer = buffer.get_mut(..len).unwrap_or_default();
        (buffer, self.offset.saturating_add(offset))
    }
}
