//! Content on its way out.

use std::fmt;
use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::error::Error;

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
