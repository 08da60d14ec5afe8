//! What was answered before it was durable.
//!
//! The database forgets commits without a flush when it has to be opened again after a failure,
//! but their callers were told that they are visible. So they are kept here until a flush, and
//! made again. The amount is bounded: a commit that would exceed it is flushed.

use redb::ReadableTable;

use super::{Flush, Pending, Rows, Verdict, apply, commit, set_state, state};
use crate::embedded::database::{Open, ROWS};
use crate::embedded::failure::Failure;
use crate::store::Change;

/// How many bytes of changes may wait for a flush.
const LIMIT: usize = 1024 * 1024;

/// What one change costs beside its key and value.
const OVERHEAD: usize = 64;

/// The row of `State` that counts flushes that took a tail with them: eight bytes, little endian.
/// After a failed commit it tells whether the commit happened all the same.
const SEQUENCE: &str = "sequence";

/// Changes since the last flush.
#[derive(Debug, Default)]
pub(super) struct Tail {
    changes: Vec<Change>,
    bytes: usize,
    sequence: u64,
}

impl Tail {
    /// Starts after what the rows hold.
    pub(super) fn after(
        rows: &impl ReadableTable<&'static [u8], &'static [u8]>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            sequence: stored_sequence(rows)?,
            ..Self::default()
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Tells whether `bytes` more are too many.
    pub(super) fn is_full_with(&self, bytes: usize) -> bool {
        self.bytes + self.changes.len() * OVERHEAD + bytes > LIMIT
    }

    /// Marks the commit that takes the tail with it.
    pub(super) fn mark(&self, rows: &mut Rows<'_>) -> Result<(), Failure> {
        set_state(rows, SEQUENCE, &(self.sequence + 1).to_le_bytes())
    }

    /// Notes that everything is flushed.
    pub(super) fn landed(&mut self) {
        if !self.is_empty() {
            self.sequence += 1;
        }
        self.changes = Vec::new();
        self.bytes = 0;
    }

    /// Notes what a commit without a flush changed.
    pub(super) fn extend(&mut self, group: &[Pending], verdicts: &[Verdict], bytes: usize) {
        let applied = group
            .iter()
            .zip(verdicts)
            .filter(|(_, verdict)| verdict.is_some());
        for ((batch, _), _) in applied {
            self.changes.extend_from_slice(&batch.changes);
        }
        self.bytes += bytes;
    }

    /// Makes the changes again in a database that may have lost them.
    pub(super) fn replay(&mut self, open: &Open) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        let transaction = open.database.begin_write()?;
        let mut rows = transaction.open_table(ROWS)?;
        if stored_sequence(&rows)? > self.sequence {
            drop(rows);
            self.landed();
            return Ok(transaction.abort()?);
        }
        for change in &self.changes {
            apply(&mut rows, change)?;
        }
        drop(rows);
        commit(transaction, Flush::None)
    }
}

fn stored_sequence(
    rows: &impl ReadableTable<&'static [u8], &'static [u8]>,
) -> Result<u64, Failure> {
    let stored = state(rows, SEQUENCE)?.unwrap_or_default();
    Ok(<[u8; 8]>::try_from(stored.as_slice()).map_or(0, u64::from_le_bytes))
}
