//! Reading content whole: small objects into memory, large ones through a hash.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use oci::{Algorithm, Digest, Hasher};
use storage::{Body, Driver, ErrorKind, FileSlice, Key};

use crate::error::{Error, Result};

/// How many bytes are read at a time.
const PIECE: usize = 1024 * 1024;

/// Reads an object of at most `limit` bytes; `None` when there is none.
pub(crate) async fn read_small(
    driver: &dyn Driver,
    key: &Key,
    limit: u64,
) -> Result<Option<Bytes>> {
    let object = match driver.get(key, None).await {
        Ok(object) => object,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if object.stat.size > limit {
        return Err(storage::Error::new(ErrorKind::Corrupt, key).into());
    }
    let mut whole = BytesMut::new();
    match object.body {
        Body::Bytes(bytes) => return Ok(Some(bytes)),
        Body::File(slice) => {
            let key = key.clone();
            let read = blocking(move || {
                each_piece(&slice, &key, |piece| whole.extend_from_slice(piece))?;
                Ok(whole.freeze())
            });
            return read.await.map(Some);
        }
        Body::Stream(mut pieces) => {
            while let Some(piece) = pieces.next().await {
                whole.extend_from_slice(&piece?);
            }
        }
    }
    Ok(Some(whole.freeze()))
}

/// Hashes an object; yields its size in bytes too, or `None` when there is none.
pub(crate) async fn hash(
    driver: &dyn Driver,
    key: &Key,
    algorithm: Algorithm,
) -> Result<Option<(Digest, u64)>> {
    Ok(hasher_of(driver, key, algorithm)
        .await?
        .map(|(hasher, size)| (hasher.finish(), size)))
}

/// Feeds an object to a hash that more may be added to.
pub(crate) async fn hasher_of(
    driver: &dyn Driver,
    key: &Key,
    algorithm: Algorithm,
) -> Result<Option<(Hasher, u64)>> {
    let object = match driver.get(key, None).await {
        Ok(object) => object,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let size = object.stat.size;
    let mut hasher = Hasher::new(algorithm);
    match object.body {
        Body::Bytes(bytes) => hasher.update(&bytes),
        Body::File(slice) => {
            let key = key.clone();
            let read = blocking(move || {
                each_piece(&slice, &key, |piece| hasher.update(piece))?;
                Ok(hasher)
            });
            return Ok(Some((read.await?, size)));
        }
        Body::Stream(mut pieces) => {
            while let Some(piece) = pieces.next().await {
                hasher.update(&piece?);
            }
        }
    }
    Ok(Some((hasher, size)))
}

/// Runs work that takes its time away from the runtime's threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // A panic was reported where it happened; otherwise the runtime is going away.
        Err(_) => Err(Error::Closed),
    }
}

fn each_piece(slice: &FileSlice, key: &Key, mut visit: impl FnMut(&[u8])) -> Result<()> {
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    while offset < slice.len {
        let read = slice
            .read_at(offset, &mut buffer)
            .map_err(|error| storage::Error::from_io(error, key))?;
        let piece = buffer.get(..read).unwrap_or_default();
        if piece.is_empty() {
            return Err(storage::Error::new(ErrorKind::Corrupt, key).into());
        }
        visit(piece);
        offset += u64::try_from(read).unwrap_or(u64::MAX);
    }
    Ok(())
}
