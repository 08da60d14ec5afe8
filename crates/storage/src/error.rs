//! What can go wrong with an object.

use std::fmt;
use std::io;

use crate::key::Key;
use crate::sys;

/// Sorts failures by what a caller can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// There is no such object.
    NotFound,
    /// The target exists already.
    Exists,
    /// An upload does not end where the caller wants to append.
    Offset,
    /// A folder that is to be removed holds something.
    NotEmpty,
    /// The backend refuses access.
    Denied,
    /// There is no room left.
    Full,
    /// The backend is overloaded or locked; trying again may help.
    Busy,
    /// The backend cannot do this (see [`crate::Caps`]).
    Unsupported,
    /// The object is not what it should be.
    Corrupt,
    /// Anything else that the backend reports.
    Io,
}

/// One failure: its kind, the key it is about, and the backend's own words.
#[derive(Debug, thiserror::Error)]
#[error("{} {key:?}", Text(*.kind))]
pub struct Error {
    kind: ErrorKind,
    key: Key,
    source: Option<io::Error>,
}

struct Text(ErrorKind);

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            ErrorKind::NotFound => "no object",
            ErrorKind::Exists => "object exists",
            ErrorKind::Offset => "upload does not end at the offset given for",
            ErrorKind::NotEmpty => "folder is not empty",
            ErrorKind::Denied => "access denied to",
            ErrorKind::Full => "no space left for",
            ErrorKind::Busy => "backend busy for",
            ErrorKind::Unsupported => "operation not supported for",
            ErrorKind::Corrupt => "corrupt object",
            ErrorKind::Io => "i/o failed on",
        })
    }
}

impl Error {
    /// Builds a failure that has no cause below it.
    pub fn new(kind: ErrorKind, key: &Key) -> Self {
        Self {
            kind,
            key: key.clone(),
            source: None,
        }
    }

    /// Wraps what the operating system reports.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the enum of std grows; the rest is Io"
    )]
    pub fn from_io(source: io::Error, key: &Key) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ErrorKind::NotFound,
            io::ErrorKind::AlreadyExists => ErrorKind::Exists,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                ErrorKind::Denied
            }
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => ErrorKind::Full,
            io::ErrorKind::DirectoryNotEmpty => ErrorKind::NotEmpty,
            io::ErrorKind::ResourceBusy
            | io::ErrorKind::WouldBlock
            | io::ErrorKind::TimedOut
            | io::ErrorKind::OutOfMemory => ErrorKind::Busy,
            io::ErrorKind::CrossesDevices
            | io::ErrorKind::TooManyLinks
            | io::ErrorKind::Unsupported => ErrorKind::Unsupported,
            _ if sys::is_exhaustion(&source) => ErrorKind::Busy,
            _ => ErrorKind::Io,
        };
        Self::with_source(kind, source, key)
    }

    /// Builds a failure of a kind that its cause does not tell by itself.
    pub fn with_source(kind: ErrorKind, source: io::Error, key: &Key) -> Self {
        Self {
            kind,
            key: key.clone(),
            source: Some(source),
        }
    }

    /// Says the same of another key, for drivers that hand calls on under other names.
    #[must_use]
    pub fn about(self, key: Key) -> Self {
        Self { key, ..self }
    }

    /// Yields the kind, which is what callers decide by.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Yields the key that the failure is about.
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Tells whether the same call may succeed later without anybody's doing.
    pub const fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Busy | ErrorKind::Full)
    }
}

/// What every call of a driver yields.
pub type Result<T> = std::result::Result<T, Error>;
