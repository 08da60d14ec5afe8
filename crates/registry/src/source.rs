//! Content on its way in.

use std::error::Error as StdError;

use bytes::Bytes;
use futures_util::Stream;
use oci::ErrorCode;

/// Says why a client's content did not arrive whole.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The connection broke off or the framing was wrong.
    #[error("connection broke off")]
    Closed(#[source] Box<dyn StdError + Send + Sync>),
    /// No byte came for longer than the idle limit.
    #[error("no data within the idle limit")]
    Stalled,
    /// There were more or fewer bytes than the client declared.
    #[error("length differs from the declared one")]
    Length,
}

impl SourceError {
    pub(crate) const fn code(&self) -> ErrorCode {
        match self {
            Self::Closed(_) => ErrorCode::BlobUploadInvalid,
            Self::Stalled => ErrorCode::Timeout,
            Self::Length => ErrorCode::SizeInvalid,
        }
    }
}

/// Content as it arrives, in pieces of any size.
pub type Source<'a> = dyn Stream<Item = Result<Bytes, SourceError>> + Send + Unpin + 'a;
