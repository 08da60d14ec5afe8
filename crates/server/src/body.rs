//! Bodies of answers.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::Version;
use http_body::{Frame, SizeHint};
use storage::FileSlice;

use crate::connection::{Connection, FileTable};

mod read;

use read::FileRead;

/// Files up to this size are read at once: a mapping and two system calls would cost more.
const SMALL: u64 = 64 << 10;

/// The most that one slice of a mapping stands for, so that address space stays bounded.
const SLICE: u64 = 1 << 30;

/// Why a body breaks off.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// A file could not be read, or is shorter than it was when it was opened.
    #[error("reading a file")]
    Read(#[source] io::Error),
    /// The backend broke off.
    #[error("reading from the backend")]
    Content(#[source] storage::Error),
    /// The backend yielded another number of bytes than it announced.
    #[error("backend yields another length than announced")]
    Length,
}

/// The body of an answer; its length is always known.
#[derive(Debug, Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Full(Bytes),
    /// Sent by the kernel: slices of a mapping that is never read.
    Mapped {
        file: FileSlice,
        files: Arc<FileTable>,
    },
    Read(FileRead),
    Stream {
        stream: BoxStream<'static, Result<Bytes, storage::Error>>,
        left: u64,
    },
    Parts(Box<Parts>),
}

#[derive(Debug)]
struct Parts {
    parts: VecDeque<Body>,
    left: u64,
}

impl Body {
    /// Yields nothing.
    pub const fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// Yields bytes that are in memory.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() {
            return Self::empty();
        }
        Self(Kind::Full(bytes))
    }

    /// Yields content in the form that is cheapest on this connection; `len` is its length in bytes.
    ///
    /// A large file on plain HTTP/1.1 is sent by the kernel.
    pub fn content(
        body: storage::Body,
        len: u64,
        connection: &Connection,
        version: Version,
    ) -> Self {
        match body {
            storage::Body::Bytes(bytes) => Self::full(bytes),
            storage::Body::File(file) => Self::file(file, connection, version),
            storage::Body::Stream(stream) => Self(Kind::Stream { stream, left: len }),
        }
    }

    fn file(file: FileSlice, connection: &Connection, version: Version) -> Self {
        match file.len {
            0 => Self::empty(),
            1..=SMALL => Self(Kind::Read(FileRead::new(file))),
            _ if version > Version::HTTP_11 || connection.is_tls() => {
                Self(Kind::Read(FileRead::new(file)))
            }
            _ => Self(Kind::Mapped {
                file,
                files: Arc::clone(connection.files()),
            }),
        }
    }

    /// Yields several bodies one after the other.
    pub fn parts(parts: Vec<Self>) -> Self {
        let left = parts.iter().map(Self::left).sum();
        if left == 0 {
            return Self::empty();
        }
        Self(Kind::Parts(Box::new(Parts {
            parts: parts.into(),
            left,
        })))
    }

    /// Yields how many bytes are still to come.
    pub fn left(&self) -> u64 {
        match &self.0 {
            Kind::Empty => 0,
            Kind::Full(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Kind::Mapped { file, .. } => file.len,
            Kind::Read(read) => read.left(),
            Kind::Stream { left, .. } => *left,
            Kind::Parts(parts) => parts.left,
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if self.left() == 0 {
            self.0 = Kind::Empty;
        }
        let next = match &mut self.0 {
            Kind::Empty => return Poll::Ready(None),
            Kind::Full(bytes) => Ok(std::mem::take(bytes)),
            Kind::Mapped { file, files } => {
                if let Some(slice) = next_slice(file, files) {
                    Ok(slice)
                } else {
                    self.0 = Kind::Read(FileRead::new(file.clone()));
                    return self.poll_next(cx);
                }
            }
            Kind::Read(read) => ready!(read.poll_next(cx)).map_err(BodyError::Read),
            Kind::Stream { stream, left } => ready!(poll_stream(stream, left, cx)),
            Kind::Parts(parts) => return parts.poll_next(cx),
        };
        if next.is_err() {
            self.0 = Kind::Empty;
        }
        Poll::Ready(Some(next))
    }
}

/// Takes the next slice off a file; none when the system gives no mapping.
fn next_slice(file: &mut FileSlice, files: &Arc<FileTable>) -> Option<Bytes> {
    let len = file.len.min(SLICE);
    let slice = files
        .map(&file.file, file.offset, usize::try_from(len).ok()?)
        .ok()?;
    file.offset += len;
    file.len -= len;
    Some(slice)
}

fn poll_stream(
    stream: &mut BoxStream<'static, Result<Bytes, storage::Error>>,
    left: &mut u64,
    cx: &mut Context<'_>,
) -> Poll<Result<Bytes, BodyError>> {
    loop {
        return Poll::Ready(match ready!(stream.as_mut().poll_next(cx)) {
            Some(Ok(bytes)) if bytes.is_empty() => continue,
            Some(Ok(bytes)) => {
                let rest = u64::try_from(bytes.len())
                    .ok()
                    .and_then(|len| left.checked_sub(len));
                rest.map(|rest| {
                    *left = rest;
                    bytes
                })
                .ok_or(BodyError::Length)
            }
            Some(Err(error)) => Err(BodyError::Content(error)),
            None => Err(BodyError::Length),
        });
    }
}

impl Parts {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        while let Some(part) = self.parts.front_mut() {
            let Some(next) = ready!(part.poll_next(cx)) else {
                self.parts.pop_front();
                continue;
            };
            let len = next.as_ref().map_or(0, Bytes::len);
            self.left = self
                .left
                .saturating_sub(u64::try_from(len).unwrap_or(u64::MAX));
            if next.is_err() {
                self.parts.clear();
            }
            return Poll::Ready(Some(next));
        }
        Poll::Ready(None)
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.poll_next(cx).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Full(bytes) => f.debug_tuple("Full").field(&bytes.len()).finish(),
            Self::Mapped { file, .. } => f.debug_tuple("Mapped").field(file).finish(),
            Self::Read(read) => f.debug_tuple("Read").field(read).finish(),
            Self::Stream { left, .. } => f.debug_tuple("Stream").field(left).finish(),
            Self::Parts(parts) => f.debug_tuple("Parts").field(parts).finish(),
        }
    }
}

#[cfg(test)]
mod tests;
