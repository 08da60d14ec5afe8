//! A file that is read into memory on its way out: small ones, and those for HTTP/2 and TLS.

use std::future::Future;
use std::io::{self, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use rustix::io::{Errno, ReadWriteFlags};
use storage::FileSlice;
use tokio::task::JoinHandle;

/// The most that is read at once, in bytes.
const CHUNK: u64 = 256 << 10;

/// Reads a part of a file chunk by chunk.
///
/// What is in memory is read in place; only what is not costs a way through the blocking pool.
#[derive(Debug)]
pub(crate) struct FileRead {
    file: FileSlice,
    pending: Option<JoinHandle<io::Result<Vec<u8>>>>,
}

impl FileRead {
    pub(crate) const fn new(file: FileSlice) -> Self {
        Self {
            file,
            pending: None,
        }
    }

    pub(crate) const fn left(&self) -> u64 {
        self.file.len
    }

    /// Yields the next chunk; must not be called when nothing is left.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let bytes = match &mut self.pending {
            Some(pending) => {
                let read = ready!(Pin::new(pending).poll(cx));
                self.pending = None;
                read.map_err(io::Error::other)?
            }
            None => read(&self.file, ReadWriteFlags::NOWAIT),
        };
        match bytes {
            Ok(bytes) => {
                let len = u64::try_from(bytes.len()).map_err(io::Error::other)?;
                self.file.offset += len;
                self.file.len -= len;
                Poll::Ready(Ok(Bytes::from(bytes)))
            }
            Err(error) if is_absent(&error) => {
                let file = self.file.clone();
                self.pending = Some(tokio::task::spawn_blocking(move || {
                    read(&file, ReadWriteFlags::empty())
                }));
                self.poll_next(cx)
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

fn read(file: &FileSlice, flags: ReadWriteFlags) -> io::Result<Vec<u8>> {
    let len = usize::try_from(file.len.min(CHUNK)).map_err(io::Error::other)?;
    let mut bytes = vec![0; len];
    let mut slice = [IoSliceMut::new(&mut bytes)];
    let read = loop {
        match rustix::io::preadv2(&*file.file, &mut slice, file.offset, flags) {
            Err(Errno::INTR) => {}
            other => break other?,
        }
    };
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.truncate(read);
    Ok(bytes)
}

/// Tells whether the bytes are not in memory, or the file system cannot tell.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::AGAIN | Errno::OPNOTSUPP)
    )
}
