//! A file that is read into memory on its way out: small ones, and those for HTTP/2 and TLS.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use storage::FileSlice;
use tokio::task::JoinHandle;

/// The most that is read at once, in bytes.
const CHUNK: usize = 256 << 10;

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
            None => return self.poll_now(cx),
        };
        Poll::Ready(bytes.and_then(|bytes| self.take(bytes)))
    }

    /// Reads in place, or has the blocking pool read.
    fn poll_now(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let mut bytes = vec![0; chunk(&self.file)];
        if let Some(read) = self.file.read_at_nowait(0, &mut bytes) {
            bytes.truncate(read);
            return Poll::Ready(self.take(bytes));
        }
        let file = self.file.clone();
        self.pending = Some(tokio::task::spawn_blocking(move || {
            let read = file.read_at(0, &mut bytes)?;
            bytes.truncate(read);
            Ok(bytes)
        }));
        self.poll_next(cx)
    }

    /// Takes off the part what was read of it.
    fn take(&mut self, bytes: Vec<u8>) -> io::Result<Bytes> {
        let read = u64::try_from(bytes.len()).map_err(io::Error::other)?;
        self.file.offset += read;
        self.file.len = self.file.len.saturating_sub(read);
        Ok(bytes.into())
    }
}

fn chunk(file: &FileSlice) -> usize {
    usize::try_from(file.len).map_or(CHUNK, |len| len.min(CHUNK))
}
