//! The way of content from a client to a file: hashed where it arrives, while it is in the
//! processor's cache, and written in pieces while the next one is still arriving.
//!
//! At most two pieces of an upload are in memory: one that is being written, one that is being
//! filled. When both are full the source is not read, and TCP slows the client down. The more uploads
//! there are, the smaller are their pieces: see [`Pieces`].

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, StreamExt};
use oci::Hasher;
use storage::{Driver, Key};
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::source::{Source, SourceError};
use crate::upload::State;

/// How many bytes a piece has at most; with more, fewer calls are saved than memory is used.
const LARGEST: usize = 1024 * 1024;
/// How many bytes a piece has at least, however many uploads there are.
const SMALLEST: usize = 64 * 1024;
/// How many bytes those pieces may have together that are being filled.
const TOGETHER: usize = 8 * 1024 * 1024;
/// Data this short is copied, lest a few bytes keep the whole buffer that they were read into.
const SHORT: usize = 64 * 1024;

/// The right to write to a session. Whoever holds it knows that nobody else writes.
pub(crate) type Writer = OwnedMutexGuard<State>;

/// Divides memory among the uploads that are under way.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    uploads: AtomicUsize,
}

/// An upload's part in that memory.
struct Share<'a>(&'a Pieces);

impl Pieces {
    fn share(&self) -> Share<'_> {
        self.uploads.fetch_add(1, Ordering::Relaxed);
        Share(self)
    }
}

impl Share<'_> {
    /// Yields how many bytes make a piece worth handing over, at this moment.
    fn size(&self) -> usize {
        let uploads = self.0.uploads.load(Ordering::Relaxed).max(1);
        (TOGETHER / uploads).clamp(SMALLEST, LARGEST)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.0.uploads.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What came of filling a piece.
enum End {
    More,
    Done,
    Broken(SourceError),
}

/// Data that is written at once.
#[derive(Default)]
struct Piece {
    data: Vec<Bytes>,
    /// Short data that has come last.
    short: BytesMut,
    length: usize,
}

impl Piece {
    fn push(&mut self, data: Bytes) {
        self.length += data.len();
        if data.len() < SHORT {
            self.short.extend_from_slice(&data);
        } else {
            self.close_short();
            self.data.push(data);
        }
    }

    fn close_short(&mut self) {
        if !self.short.is_empty() {
            self.data.push(mem::take(&mut self.short).freeze());
        }
    }

    fn into_data(mut self) -> Vec<Bytes> {
        self.close_short();
        self.data
    }
}

/// What an upload has come to.
pub(crate) struct Arrived {
    pub(crate) writer: Writer,
    /// How many bytes there are in all.
    pub(crate) size: u64,
    /// What is not in the file yet.
    pub(crate) last: Option<Last>,
}

/// The last data of an upload, when there was so little that it has not been written.
pub(crate) struct Last {
    /// Where it belongs.
    pub(crate) at: u64,
    pub(crate) data: Vec<Bytes>,
    /// The hash of everything.
    pub(crate) hasher: Hasher,
}

/// What [`append`] does with a source that has little to give.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Short {
    Write,
    /// Leaves it to the caller, who writes it together with what comes next.
    Keep,
}

/// Appends all of `source` to an upload.
///
/// A step that is under way owns the writer, so a call that is dropped in the middle leaves no two
/// writers behind, and a state that is true.
pub(crate) async fn append(
    driver: &Arc<dyn Driver>,
    upload: &Key,
    mut writer: Writer,
    (source, short): (&mut Source<'_>, Short),
    pieces: &Pieces,
) -> Result<Arrived> {
    let share = pieces.share();
    let mut hasher = writer.hasher.clone().ok_or(Error::Closed)?;
    let (mut piece, mut end) = fill(source, &mut hasher, share.size()).await;
    if short == Short::Keep && matches!(end, End::Done) && piece.length < SHORT {
        return keep(writer, piece, hasher);
    }
    while piece.length > 0 {
        let after = hasher.clone();
        let step = write(Arc::clone(driver), upload.clone(), writer, (piece, after));
        let under_way = begin(step);
        (piece, end) = match end {
            End::More => fill(source, &mut hasher, share.size()).await,
            ended @ (End::Done | End::Broken(_)) => (Piece::default(), ended),
        };
        writer = under_way.end().await?;
    }
    finish(writer, end)
}

fn keep(writer: Writer, piece: Piece, hasher: Hasher) -> Result<Arrived> {
    let at = writer.size.ok_or(Error::Closed)?;
    let size = at.saturating_add(u64::try_from(piece.length).unwrap_or(u64::MAX));
    // An upload of no bytes at all may not have its file yet.
    let last = (size == 0 || size > at).then(|| Last {
        at,
        data: piece.into_data(),
        hasher,
    });
    Ok(Arrived { writer, size, last })
}

/// The write of one piece.
enum Step {
    Done(Result<Writer>),
    UnderWay(JoinHandle<Result<Writer>>),
}

/// Begins at once, as a task would not that waits for this one to pause; goes on by itself.
fn begin(step: impl Future<Output = Result<Writer>> + Send + 'static) -> Step {
    let mut step = Box::pin(step);
    match step.as_mut().now_or_never() {
        Some(written) => Step::Done(written),
        None => Step::UnderWay(tokio::spawn(step)),
    }
}

impl Step {
    async fn end(self) -> Result<Writer> {
        match self {
            Self::Done(written) => written,
            Self::UnderWay(task) => task.await.unwrap_or_else(|_| Err(Error::Closed)),
        }
    }
}

fn finish(writer: Writer, end: End) -> Result<Arrived> {
    match (end, writer.size) {
        (End::Broken(error), _) => Err(error.into()),
        (_, Some(size)) => Ok(Arrived {
            writer,
            size,
            last: None,
        }),
        (_, None) => Err(Error::Closed),
    }
}

/// Collects and hashes the next piece; an empty one only when the source has ended.
///
/// Data comes in buffers of a socket, for which hashing takes a tenth of a millisecond: less than
/// handing it to another thread is worth.
async fn fill(source: &mut Source<'_>, hasher: &mut Hasher, size: usize) -> (Piece, End) {
    let mut piece = Piece::default();
    while piece.length < size {
        match source.next().await {
            Some(Ok(data)) => {
                hasher.update(&data);
                piece.push(data);
            }
            Some(Err(error)) => return (piece, End::Broken(error)),
            None => return (piece, End::Done),
        }
    }
    (piece, End::More)
}

/// Writes what was kept after all.
pub(crate) async fn write_last(
    driver: &Arc<dyn Driver>,
    upload: &Key,
    writer: Writer,
    last: Last,
) -> Result<Writer> {
    let Last { data, hasher, .. } = last;
    let piece = Piece {
        data,
        ..Piece::default()
    };
    let step = write(Arc::clone(driver), upload.clone(), writer, (piece, hasher));
    begin(step).end().await
}

/// Writes one piece; `after` is the hash with it. The state is unknown while that happens, and after
/// a failure.
async fn write(
    driver: Arc<dyn Driver>,
    upload: Key,
    mut writer: Writer,
    (piece, after): (Piece, Hasher),
) -> Result<Writer> {
    let (Some(size), Some(_)) = (writer.size.take(), writer.hasher.take()) else {
        return Err(Error::Closed);
    };
    let size = driver.append(&upload, size, piece.into_data()).await?;
    writer.size = Some(size);
    writer.hasher = Some(after);
    Ok(writer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_shrink_with_the_number_of_uploads() {
        let pieces = Pieces::default();
        let first = pieces.share();
        assert_eq!(first.size(), LARGEST);
        let more: Vec<_> = (0..63).map(|_| pieces.share()).collect();
        assert_eq!(first.size(), TOGETHER / 64);
        let many: Vec<_> = (0..1000).map(|_| pieces.share()).collect();
        assert_eq!(first.size(), SMALLEST);
        drop((more, many));
        assert_eq!(first.size(), LARGEST);
    }

    #[test]
    fn short_data_is_joined_and_order_is_kept() {
        let mut piece = Piece::default();
        let long = vec![b'l'; SHORT];
        for data in [&b"a"[..], b"b", &long, b"c"] {
            piece.push(Bytes::copy_from_slice(data));
        }
        assert_eq!(piece.length, SHORT + 3);
        let data = piece.into_data();
        assert_eq!(data, ["ab".as_bytes(), &long, b"c"]);
    }
}
