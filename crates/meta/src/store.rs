//! The seam below which rows are kept.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::error::{Error, WriteError};

/// Names a set of rows. The number is the first byte of a key on disk: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Table {
    /// Facts about the store itself: format version, whether the last stop was clean.
    State = 0,
    /// Repositories.
    Repos = 1,
    /// Tags by name.
    Tags = 2,
    /// Tags by the manifest they point to.
    Targets = 3,
    /// Manifests.
    Manifests = 4,
    /// Which manifest names which content.
    Links = 5,
    /// Which manifest refers to which subject.
    Referrers = 6,
    /// Which repository holds which blob.
    Blobs = 7,
    /// Repositories that are ahead of their `index.json`.
    Ahead = 8,
    /// Pull and push statistics.
    Stats = 9,
    /// Users who have logged in.
    Users = 10,
    /// Keys that users made for themselves.
    ApiKeys = 11,
    /// Browsers that are logged in.
    Sessions = 12,
    /// Repositories that count towards the quota.
    Counted = 13,
}

impl Table {
    /// Yields the number that stands for the table on disk.
    pub const fn number(self) -> u8 {
        match self {
            Self::State => 0,
            Self::Repos => 1,
            Self::Tags => 2,
            Self::Targets => 3,
            Self::Manifests => 4,
            Self::Links => 5,
            Self::Referrers => 6,
            Self::Blobs => 7,
            Self::Ahead => 8,
            Self::Stats => 9,
            Self::Users => 10,
            Self::ApiKeys => 11,
            Self::Sessions => 12,
            Self::Counted => 13,
        }
    }

    /// Yields the name that errors and logs use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Repos => "repos",
            Self::Tags => "tags",
            Self::Targets => "targets",
            Self::Manifests => "manifests",
            Self::Links => "links",
            Self::Referrers => "referrers",
            Self::Blobs => "blobs",
            Self::Ahead => "ahead",
            Self::Stats => "stats",
            Self::Users => "users",
            Self::ApiKeys => "api keys",
            Self::Sessions => "sessions",
            Self::Counted => "counted",
        }
    }
}

/// A row as it is stored: its key without the table's number, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key within the table.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

/// Says which rows a scan yields: those under a prefix, after a key, in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Keys start with this; empty for the whole table.
    pub prefix: Vec<u8>,
    /// Keys are greater than this whole key, if given.
    pub after: Option<Vec<u8>>,
    /// At most so many rows.
    pub limit: usize,
}

/// Must hold at the moment a batch is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The table of the row.
    pub table: Table,
    /// The key of the row.
    pub key: Vec<u8>,
    /// The value that the row has; `None` when there must be no row.
    pub value: Option<Vec<u8>>,
}

/// One change of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Sets a row.
    Put(Table, Row),
    /// Removes a row, if it is there.
    Delete(Table, Vec<u8>),
}

/// Says when a batch is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// When it survives a power cut.
    #[default]
    Durable,
    /// When it is visible; it survives from the next durable batch or clean stop on.
    Relaxed,
}

/// Changes that happen together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// All must hold, or nothing is changed.
    pub checks: Vec<Check>,
    /// Applied in order.
    pub changes: Vec<Change>,
    /// When the answer comes.
    pub durability: Durability,
}

/// Keeps rows in tables, ordered by key.
///
/// Every backend behaves alike; `testkit::store_suite` is the contract in executable form. Writers
/// may be in other processes: what a writer relies on goes into the batch's checks.
pub trait Store: Send + Sync + fmt::Debug {
    /// Reads one row's value. Sees every write that was answered before the call.
    fn get<'a>(
        &'a self,
        table: Table,
        key: &'a [u8],
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, Error>>;

    /// Reads rows in key order, all of one moment.
    fn scan(&self, table: Table, scan: Scan) -> BoxFuture<'_, Result<Vec<Row>, Error>>;

    /// Applies a batch. Batches that wait at the same time may share one commit.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when a check does not hold: nothing was changed.
    ///
    /// # Cancel safety
    /// A dropped call may have happened or not, never in part.
    fn write(&self, batch: Batch) -> BoxFuture<'_, Result<(), WriteError>>;

    /// Makes everything durable and marks the stop as clean; later writes fail.
    fn close(&self) -> BoxFuture<'_, Result<(), Error>>;
}
