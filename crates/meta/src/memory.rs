//! A backend that keeps rows in memory: for tests, and for registries that keep nothing.

use std::collections::BTreeMap;
use std::future::ready;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use parking_lot::RwLock;

use crate::error::{Error, WriteError};
use crate::range;
use crate::store::{Batch, Change, Row, Scan, Store, Table};

/// Keeps rows in memory. Durability has no meaning here: a stop loses all.
#[derive(Debug)]
pub struct MemoryStore {
    /// `None` once closed.
    rows: RwLock<Option<BTreeMap<Vec<u8>, Vec<u8>>>>,
}

impl MemoryStore {
    /// Starts without rows.
    pub fn new() -> Self {
        Self {
            rows: RwLock::new(Some(BTreeMap::new())),
        }
    }

    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let rows = self.rows.read();
        let rows = rows.as_ref().ok_or(Error::Closed)?;
        Ok(rows.get(&range::full_key(table, key)).cloned())
    }

    fn read_range(&self, table: Table, scan: &Scan) -> Result<Vec<Row>, Error> {
        let rows = self.rows.read();
        let rows = rows.as_ref().ok_or(Error::Closed)?;
        let Some(range) = range::of_scan(table, scan) else {
            return Ok(Vec::new());
        };
        let found = rows.range(range).take(scan.limit);
        let found = found.map(|(key, value)| Row {
            key: key.get(1..).unwrap_or_default().to_vec(),
            value: value.clone(),
        });
        Ok(found.collect())
    }

    fn apply(&self, batch: Batch) -> Result<(), WriteError> {
        let mut rows = self.rows.write();
        let rows = rows.as_mut().ok_or(Error::Closed)?;
        for check in &batch.checks {
            if rows.get(&range::full_key(check.table, &check.key)) != check.value.as_ref() {
                return Err(WriteError::Conflict);
            }
        }
        for change in batch.changes {
            match change {
                Change::Put(table, row) => {
                    rows.insert(range::full_key(table, &row.key), row.value);
                }
                Change::Delete(table, key) => {
                    rows.remove(&range::full_key(table, &key));
                }
            }
        }
        Ok(())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {
    fn get<'a>(
        &'a self,
        table: Table,
        key: &'a [u8],
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, Error>> {
        ready(self.read(table, key)).boxed()
    }

    fn scan(&self, table: Table, scan: Scan) -> BoxFuture<'_, Result<Vec<Row>, Error>> {
        ready(self.read_range(table, &scan)).boxed()
    }

    fn write(&self, batch: Batch) -> BoxFuture<'_, Result<(), WriteError>> {
        // Lazy, so that a call that is dropped before it is polled changes nothing.
        async move { self.apply(batch) }.boxed()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            let rows = self.rows.write().take();
            rows.map(|_| ()).ok_or(Error::Closed)
        }
        .boxed()
    }
}
