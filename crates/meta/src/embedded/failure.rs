//! One failure of the database, told to all who wait.

use std::error::Error as StdError;
use std::sync::Arc;
use std::{fmt, io};

use redb::StorageError;

use crate::error::{Error, WriteError};

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Another process has the file.
    InUse,
    /// No room.
    Full,
    /// The database gave up earlier; nothing was tried now.
    Stale,
    /// A flush failed: what the kernel dropped is unknown.
    Flush,
    /// The file could not be read or written.
    Io,
    /// Anything else.
    Other,
}

/// Says why the database could not do something; can be told to many.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    source: Arc<dyn StdError + Send + Sync>,
}

/// Marks an error of a flush on its way through the database.
#[derive(Debug, thiserror::Error)]
#[error("flush failed: {0}")]
pub(super) struct FlushFailed(pub(super) io::Error);

impl Failure {
    /// Tells whether opening the file anew may help.
    pub(super) fn is_io(&self) -> bool {
        match self.kind {
            Kind::Stale | Kind::Full | Kind::Flush | Kind::Io => true,
            Kind::InUse | Kind::Other => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl From<redb::Error> for Failure {
    fn from(error: redb::Error) -> Self {
        Self {
            kind: kind_of(&error),
            source: Arc::new(error),
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enum is open, and all but these are alike to us"
)]
fn kind_of(error: &redb::Error) -> Kind {
    match error {
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => Kind::InUse,
        redb::Error::PreviousIo | redb::Error::DatabaseClosed | redb::Error::LockPoisoned(_) => {
            Kind::Stale
        }
        redb::Error::Io(error) => kind_of_io(error),
        _ => Kind::Other,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enum is open, and all but these are alike to us"
)]
fn kind_of_io(error: &io::Error) -> Kind {
    let flush = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<FlushFailed>());
    match error.kind() {
        _ if flush.is_some() => Kind::Flush,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Kind::Full
        }
        _ => Kind::Io,
    }
}

macro_rules! from {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                redb::Error::from(error).into()
            }
        })*
    };
}

from!(
    StorageError,
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::CommitError,
    redb::SetDurabilityError,
    io::Error
);

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            Kind::InUse => Self::InUse,
            Kind::Full => Self::Full(Box::new(failure.source)),
            Kind::Stale | Kind::Flush | Kind::Io | Kind::Other => {
                Self::Backend(Box::new(failure.source))
            }
        }
    }
}

impl From<Failure> for WriteError {
    fn from(failure: Failure) -> Self {
        Self::Store(failure.into())
    }
}
