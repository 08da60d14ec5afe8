//! What can go wrong with a row.

use std::error::Error as StdError;

/// Says why rows could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the store open.
    #[error("metadata store is in use by another process")]
    InUse,
    /// The store was written by a newer version.
    #[error("metadata store has format {found}, newest known is {known}")]
    Format {
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        known: u32,
    },
    /// A row cannot be read as what it should be.
    #[error("row of {table} is malformed")]
    Row {
        /// The table.
        table: &'static str,
    },
    /// There is no room left.
    #[error("no space left for the metadata store")]
    Full(#[source] Box<dyn StdError + Send + Sync>),
    /// The store was closed.
    #[error("metadata store is closed")]
    Closed,
    /// The backend failed.
    #[error("metadata store failed")]
    Backend(#[source] Box<dyn StdError + Send + Sync>),
}

/// Says why a batch was not applied.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A check did not hold: somebody else changed the row. Read again and retry.
    #[error("row changed meanwhile")]
    Conflict,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}
