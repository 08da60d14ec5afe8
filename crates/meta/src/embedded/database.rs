//! The database file: one table for all rows, so that a commit touches one tree.

use std::ops::Bound;
use std::sync::Arc;

use redb::{Builder, Database, ReadOnlyTable, ReadableDatabase, StorageError, TableDefinition};

use super::failure::Failure;
use super::shield::{Shield, Shielded};
use crate::range::KeyRange;
use crate::store::Row;

/// All rows; a key is the table's number and the key within the table.
pub(super) const ROWS: TableDefinition<'static, &'static [u8], &'static [u8]> =
    TableDefinition::new("rows");

/// A database that is open.
pub(super) struct Open {
    pub(super) database: Database,
    pub(super) shield: Arc<Shield>,
}

impl Open {
    pub(super) fn new(shield: Shield, cache_bytes: usize) -> Result<Self, Failure> {
        let shield = Arc::new(shield);
        let mut builder = Builder::new();
        builder.set_cache_size(cache_bytes);
        let database = builder.create_with_backend(Shielded(Arc::clone(&shield)))?;
        Ok(Self { database, shield })
    }

    /// Yields all that was committed until now.
    pub(super) fn snapshot(&self, generation: u64) -> Result<Snapshot, Failure> {
        let rows = self.database.begin_read()?.open_table(ROWS)?;
        Ok(Snapshot { rows, generation })
    }
}

/// The rows of one moment.
pub(super) struct Snapshot {
    rows: ReadOnlyTable<&'static [u8], &'static [u8]>,
    generation: u64,
}

impl Snapshot {
    /// Tells which opening of the database this belongs to.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let found = self.rows.get(key)?;
        Ok(found.map(|value| value.value().to_vec()))
    }

    pub(super) fn scan(&self, range: &KeyRange, limit: usize) -> Result<Vec<Row>, StorageError> {
        let bounds: (Bound<&[u8]>, Bound<&[u8]>) = (
            range.0.as_ref().map(Vec::as_slice),
            range.1.as_ref().map(Vec::as_slice),
        );
        let found = self.rows.range::<&[u8]>(bounds)?.take(limit);
        let found = found.map(|row| {
            let (key, value) = row?;
            Ok(Row {
                key: key.value().get(1..).unwrap_or_default().to_vec(),
                value: value.value().to_vec(),
            })
        });
        found.collect()
    }
}
