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
use futures_util::StreamExt;
use oci::Hasher;
use storage::{Driver, Key};
use tokio::sync::OwnedMutexGuard;

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

/// Appends all of `source` to an upload; yields the size then.
///
/// A step that is under way owns the writer, so a call that is dropped in the middle leaves no two
/// writers behind, and a state that is true.
pub(crate) async fn append(
    driver: &Arc<dyn Driver>,
    upload: &Key,
    mut writer: Writer,
    source: &mut Source<'_>,
    pieces: &Pieces,
) -> Result<(Writer, u64)> {
    let share = pieces.share();
    let mut hasher = writer.hasher.clone().ok_or(Error::Closed)?;
    let (mut piece, mut end) = fill(source, &mut hasher, share.size()).await;
    while piece.length > 0 {
        let after = hasher.clone();
        let step = write(Arc::clone(driver), upload.clone(), writer, (piece, after));
        let under_way = tokio::spawn(step);
        (piece, end) = match end {
            End::More => fill(source, &mut hasher, share.size()).await,
            ended @ (End::Done | End::Broken(_)) => (Piece::default(), ended),
        };
        writer = under_way.await.unwrap_or_else(|_| Err(Error::Closed))?;
    }
    finish(writer, end)
}

fn finish(writer: Writer, end: End) -> Result<(Writer, u64)> {
    match (end, writer.size) {
        (End::Broken(error), _) => Err(error.into()),
        (_, Some(size)) => Ok((writer, size)),
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
