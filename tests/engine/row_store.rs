//! Rows in memory that a power cut can take back, and that fail or wait on demand.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use meta::{Batch, Change, Durability, Error, Row, Scan, Store, Table, WriteError};
use parking_lot::Mutex;
use storage::Gate;

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// What happens to the next write.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Nothing is written, and the call fails.
    Fail,
    /// The rows are written, but the caller is told that it failed.
    LoseAnswer,
    /// The write waits at a gate first.
    Wait(Gate),
}

#[derive(Debug, Default)]
pub(crate) struct RowStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rows: Rows,
    durable: Rows,
    closed: bool,
    faults: Vec<(usize, Fault)>,
    writes: usize,
}

impl RowStore {
    /// Yields a store with what was durable in this one.
    pub(crate) fn after_power_cut(&self) -> Self {
        let rows = self.state.lock().durable.clone();
        let state = State {
            rows: rows.clone(),
            durable: rows,
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
        }
    }

    /// Meets the write after so many others with a fault.
    pub(crate) fn fault_after(&self, writes: usize, fault: Fault) {
        let mut state = self.state.lock();
        let at = state.writes + writes;
        state.faults.push((at, fault));
    }

    pub(crate) fn clear_faults(&self) {
        self.state.lock().faults.clear();
    }

    /// Yields how many rows a table has.
    pub(crate) fn count(&self, table: Table) -> usize {
        let state = self.state.lock();
        state.rows.keys().filter(|(of, _)| *of == table).count()
    }

    fn next_fault(&self) -> Option<Fault> {
        let mut state = self.state.lock();
        let write = state.writes;
        state.writes += 1;
        let found = state.faults.iter().position(|(at, _)| *at == write)?;
        Some(state.faults.swap_remove(found).1)
    }

    fn apply(&self, batch: Batch) -> Result<(), WriteError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Error::Closed.into());
        }
        for check in batch.checks {
            if state.rows.get(&(check.table, check.key)) != check.value.as_ref() {
                return Err(WriteError::Conflict);
            }
        }
        for change in batch.changes {
            match change {
                Change::Put(table, row) => state.rows.insert((table, row.key), row.value),
                Change::Delete(table, key) => state.rows.remove(&(table, key)),
            };
        }
        if batch.durability == Durability::Durable {
            state.durable = state.rows.clone();
        }
        Ok(())
    }

    fn read_range(&self, table: Table, scan: &Scan) -> Result<Vec<Row>, Error> {
        let state = self.state.lock();
        if state.closed {
            return Err(Error::Closed);
        }
        let start = scan
            .after
            .clone()
            .unwrap_or_default()
            .max(scan.prefix.clone());
        let found = state.rows.range((table, start)..);
        let found = found
            .take_while(|((of, key), _)| *of == table && key.starts_with(&scan.prefix))
            .filter(|((_, key), _)| scan.after.as_ref().is_none_or(|after| key > after))
            .take(scan.limit)
            .map(|((_, key), value)| Row {
                key: key.clone(),
                value: value.clone(),
            });
        Ok(found.collect())
    }
}

fn failure() -> WriteError {
    Error::Backend("asked to fail".into()).into()
}

impl Store for RowStore {
    fn get<'a>(
        &'a self,
        table: Table,
        key: &'a [u8],
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, Error>> {
        Box::pin(async move {
            let state = self.state.lock();
            if state.closed {
                return Err(Error::Closed);
            }
            Ok(state.rows.get(&(table, key.to_vec())).cloned())
        })
    }

    fn scan(&self, table: Table, scan: Scan) -> BoxFuture<'_, Result<Vec<Row>, Error>> {
        Box::pin(async move { self.read_range(table, &scan) })
    }

    fn write(&self, batch: Batch) -> BoxFuture<'_, Result<(), WriteError>> {
        Box::pin(async move {
            match self.next_fault() {
                None => self.apply(batch),
                Some(Fault::Fail) => Err(failure()),
                Some(Fault::LoseAnswer) => {
                    self.apply(batch)?;
                    Err(failure())
                }
                Some(Fault::Wait(gate)) => {
                    gate.pass().await;
                    self.apply(batch)
                }
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            let mut state = self.state.lock();
            state.durable = state.rows.clone();
            state.closed = true;
            Ok(())
        })
    }
}
