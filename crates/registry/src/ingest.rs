//! The way of content from a client to a file: each piece is hashed and written once, side by side,
//! while the next one is still arriving.
//!
//! At most two pieces of an upload are in memory: one that is being hashed and written, one that is
//! being filled. When both are full the source is not read, and TCP slows the client down.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use oci::Hasher;
use storage::{Driver, Key};
use tokio::sync::OwnedMutexGuard;

use crate::content::blocking;
use crate::error::{Error, Result};
use crate::source::{Source, SourceError};
use crate::upload::State;

/// How many bytes make a piece worth handing over.
const PIECE: usize = 256 * 1024;
/// Up to so many bytes are hashed where they are: handing them over costs more.
const INLINE: usize = 32 * 1024;

/// The right to write to a session. Whoever holds it knows that nobody else writes.
pub(crate) type Writer = OwnedMutexGuard<State>;

/// What came of filling a piece.
enum End {
    More,
    Done,
    Broken(SourceError),
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
) -> Result<(Writer, u64)> {
    let (mut piece, mut end) = fill(source).await;
    while !piece.is_empty() {
        let under_way = tokio::spawn(step(Arc::clone(driver), upload.clone(), writer, piece));
        (piece, end) = match end {
            End::More => fill(source).await,
            ended @ (End::Done | End::Broken(_)) => (Vec::new(), ended),
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

/// Collects the next piece; an empty one only when the source has ended.
async fn fill(source: &mut Source<'_>) -> (Vec<Bytes>, End) {
    let mut piece = Vec::new();
    let mut length = 0;
    while length < PIECE {
        match source.next().await {
            Some(Ok(data)) => {
                length += data.len();
                if !data.is_empty() {
                    piece.push(data);
                }
            }
            Some(Err(error)) => return (piece, End::Broken(error)),
            None => return (piece, End::Done),
        }
    }
    (piece, End::More)
}

/// Hashes and writes one piece. The state is unknown while that happens, and after a failure.
async fn step(
    driver: Arc<dyn Driver>,
    upload: Key,
    mut writer: Writer,
    piece: Vec<Bytes>,
) -> Result<Writer> {
    let (Some(size), Some(hasher)) = (writer.size.take(), writer.hasher.take()) else {
        return Err(Error::Closed);
    };
    let adding = add(hasher, piece.clone());
    let written = driver.append(&upload, size, piece);
    let (added, written) = tokio::join!(adding, written);
    let (hasher, size) = (added?, written?);
    writer.size = Some(size);
    writer.hasher = Some(hasher);
    Ok(writer)
}

async fn add(mut hasher: Hasher, piece: Vec<Bytes>) -> Result<Hasher> {
    let length: usize = piece.iter().map(Bytes::len).sum();
    let work = move || {
        for data in &piece {
            hasher.update(data);
        }
        hasher
    };
    if length <= INLINE {
        Ok(work())
    } else {
        blocking(move || Ok(work())).await
    }
}
