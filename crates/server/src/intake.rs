//! Bodies of requests that are read whole.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::HeaderMap;
use oci::{Error, ErrorCode};
use registry::Source;

use crate::header;

/// Reads a body of at most `limit` bytes into memory, which grows with what has come.
///
/// # Errors
/// `SizeExceeded` as soon as the length is known to be too large; what the source yields.
pub async fn read_all(
    headers: &HeaderMap,
    source: &mut Source<'_>,
    limit: usize,
) -> Result<Bytes, Error> {
    let too_large = || Error::new(ErrorCode::SizeExceeded).with("limit", limit);
    let declared = header::content_length(headers).unwrap_or(0);
    if usize::try_from(declared).map_or(true, |length| length > limit) {
        return Err(too_large());
    }
    let mut pieces = Pieces::None;
    while let Some(piece) = source.next().await {
        let piece = piece.map_err(registry::Error::from)?;
        if pieces.len() + piece.len() > limit {
            return Err(too_large());
        }
        pieces.push(piece);
    }
    Ok(pieces.into_bytes())
}

/// What has come so far; most bodies come in one piece, which is not copied.
enum Pieces {
    None,
    One(Bytes),
    Many(BytesMut),
}

impl Pieces {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(piece) => piece.len(),
            Self::Many(pieces) => pieces.len(),
        }
    }

    fn push(&mut self, piece: Bytes) {
        match self {
            Self::None => *self = Self::One(piece),
            Self::One(first) => {
                let mut pieces = BytesMut::with_capacity(first.len() + piece.len());
                pieces.extend_from_slice(first);
                pieces.extend_from_slice(&piece);
                *self = Self::Many(pieces);
            }
            Self::Many(pieces) => pieces.extend_from_slice(&piece),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::One(piece) => piece,
            Self::Many(pieces) => pieces.freeze(),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, stream};
    use http::HeaderValue;
    use registry::SourceError;

    use super::*;

    fn read(declared: Option<u64>, pieces: &[&'static str], limit: usize) -> Result<Bytes, u16> {
        let mut headers = HeaderMap::new();
        if let Some(declared) = declared {
            headers.insert(http::header::CONTENT_LENGTH, declared.into());
        }
        let pieces: Vec<Result<Bytes, SourceError>> = pieces
            .iter()
            .map(|piece| Ok(Bytes::from_static(piece.as_bytes())))
            .collect();
        let mut source = stream::iter(pieces);
        let read = read_all(&headers, &mut source, limit)
            .now_or_never()
            .unwrap();
        read.map_err(|error| error.code.status())
    }

    #[test]
    fn case_a10_bodies_are_bounded() {
        let table = [
            (None, vec![], 0, Ok("")),
            (None, vec!["abc"], 3, Ok("abc")),
            (None, vec!["a", "b", "c"], 3, Ok("abc")),
            (Some(3), vec!["ab", "c"], 3, Ok("abc")),
            (None, vec!["abcd"], 3, Err(413)),
            (None, vec!["ab", "cd"], 3, Err(413)),
            (Some(1_000_000_000), vec![], 3, Err(413)),
            (Some(u64::MAX), vec![], 3, Err(413)),
        ];
        for (declared, pieces, limit, want) in table {
            let got = read(declared, &pieces, limit);
            assert_eq!(got, want.map(Bytes::from), "{pieces:?}");
        }
    }

    #[test]
    fn a_broken_body_is_an_error() {
        let pieces = [Ok(Bytes::from_static(b"a")), Err(SourceError::Stalled)];
        let mut source = stream::iter(pieces);
        let headers = HeaderMap::from_iter([(http::header::HOST, HeaderValue::from_static("x"))]);
        let read = read_all(&headers, &mut source, 9).now_or_never().unwrap();
        assert_eq!(read.unwrap_err().code, ErrorCode::Timeout);
    }
}
