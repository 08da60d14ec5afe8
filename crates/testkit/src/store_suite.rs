//! What every store must do: the contract of [`meta::Store`] in executable form.
//!
//! Covers what all backends have in common. What survives a stop or a failing disk is tested
//! beside the backend that promises it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a suite reports by panicking, as tests do"
)]

mod batches;
mod model;
mod races;
mod reads;
mod stop;

use std::sync::Arc;

use meta::{Batch, Change, Check, Durability, Row, Scan, Store, Table, WriteError};

/// Runs all cases, each on a fresh and empty store that `make` yields.
///
/// A store may hold rows of its own in [`Table::State`]. Needs a tokio runtime; one with several
/// threads lets races happen.
///
/// # Panics
/// When the store breaks the contract.
pub async fn store_suite<F, Fut>(make: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Store>>,
{
    Box::pin(reads::run(&make)).await;
    Box::pin(batches::run(&make)).await;
    Box::pin(races::run(&make)).await;
    Box::pin(model::run(&make)).await;
    Box::pin(stop::run(&make)).await;
}

/// Collects a batch.
#[derive(Default)]
struct Build(Batch);

impl Build {
    fn put(mut self, table: Table, key: &[u8], value: &[u8]) -> Self {
        let (key, value) = (key.to_vec(), value.to_vec());
        self.0.changes.push(Change::Put(table, Row { key, value }));
        self
    }

    fn delete(mut self, table: Table, key: &[u8]) -> Self {
        self.0.changes.push(Change::Delete(table, key.to_vec()));
        self
    }

    fn check(mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Self {
        let value = value.map(<[u8]>::to_vec);
        let key = key.to_vec();
        self.0.checks.push(Check { table, key, value });
        self
    }

    fn relaxed(mut self) -> Self {
        self.0.durability = Durability::Relaxed;
        self
    }

    async fn write(self, store: &dyn Store) {
        store.write(self.0).await.expect("batch is applied");
    }

    /// Writes and tells whether the batch was applied or met a conflict.
    async fn try_write(self, store: &dyn Store) -> bool {
        match store.write(self.0).await {
            Ok(()) => true,
            Err(WriteError::Conflict) => false,
            Err(error @ WriteError::Store(_)) => panic!("batch is not judged: {error}"),
        }
    }
}

async fn get(store: &dyn Store, table: Table, key: &[u8]) -> Option<Vec<u8>> {
    store.get(table, key).await.expect("row is read")
}

async fn scan(
    store: &dyn Store,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Vec<Row> {
    let scan = Scan {
        prefix: prefix.to_vec(),
        after: after.map(<[u8]>::to_vec),
        limit,
    };
    store.scan(table, scan).await.expect("rows are read")
}

/// Yields the keys of a scan.
async fn keys(
    store: &dyn Store,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Vec<Vec<u8>> {
    let rows = scan(store, table, prefix, after, limit).await;
    rows.into_iter().map(|row| row.key).collect()
}
