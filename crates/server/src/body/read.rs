//! A file that is read into memory on its way out: small ones, and those for HTTP/2 and TLS.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use storage::FileSlice;
use tokio::task::JoinHandle;

/// The most that is read at once, in bytes.
const CHUNK: usize = 256 << 10;

/// A room, and how many bytes were read into it.
type Filled = (Vec<u8>, usize);

/// Reads a part of a file chunk by chunk.
///
/// What is in memory is read in place; only what is not costs a way through the blocking pool.
#[derive(Debug)]
pub(crate) struct FileRead {
    file: FileSlice,
    /// The chunk before. Once nobody else holds it, its room is used again: it is still in the cache
    /// of the processor then, and needs no zeros.
    before: Option<Arc<Vec<u8>>>,
    pending: Option<JoinHandle<io::Result<Filled>>>,
}

impl FileRead {
    pub(crate) const fn new(file: FileSlice) -> Self {
        Self {
            file,
            before: None,
            pending: None,
        }
    }

    pub(crate) const fn left(&self) -> u64 {
        self.file.len
    }

    /// Yields the next chunk; must not be called when nothing is left.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let read = match &mut self.pending {
            Some(pending) => {
                let read = ready!(Pin::new(pending).poll(cx));
                self.pending = None;
                read.map_err(io::Error::other)?
            }
            None => return self.poll_now(cx),
        };
        Poll::Ready(read.and_then(|(space, read)| self.take(space, read)))
    }

    /// Reads in place, or has the blocking pool read.
    fn poll_now(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let len = chunk(&self.file);
        let before = self.before.take().and_then(Arc::into_inner);
        let mut space = before.unwrap_or_else(|| vec![0; len]);
        let bytes = space.get_mut(..len).unwrap_or_default();
        if let Some(read) = self.file.read_at_nowait(0, bytes) {
            return Poll::Ready(self.take(space, read));
        }
        let file = self.file.clone();
        self.pending = Some(tokio::task::spawn_blocking(move || {
            let bytes = space.get_mut(..len).unwrap_or_default();
            let read = file.read_at(0, bytes)?;
            Ok((space, read))
        }));
        self.poll_next(cx)
    }

    /// Takes off the part what was read of it.
    fn take(&mut self, mut space: Vec<u8>, read: usize) -> io::Result<Bytes> {
        let len = u64::try_from(read).map_err(io::Error::other)?;
        self.file.offset += len;
        self.file.len = self.file.len.saturating_sub(len);
        if self.file.len == 0 {
            space.truncate(read);
            return Ok(space.into());
        }
        let space = Arc::new(space);
        self.before = Some(Arc::clone(&space));
        Ok(Bytes::from_owner(Chunk { space, read }))
    }
}

/// The first bytes of a room that is used again.
struct Chunk {
    space: Arc<Vec<u8>>,
    read: usize,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        self.space.get(..self.read).unwrap_or_default()
    }
}

fn chunk(file: &FileSlice) -> usize {
    usize::try_from(file.len).map_or(CHUNK, |len| len.min(CHUNK))
}
