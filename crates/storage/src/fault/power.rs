//! What a power cut takes.

use std::collections::BTreeMap;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::driver::Driver;
use crate::error::{ErrorKind, Result};
use crate::key::Key;

/// How much of what was not persisted a power cut takes. Devices do either, and anything between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All changes since the last persist: new objects are gone, replaced and deleted ones are back.
    Changes,
    /// The latter half of the bytes, while the names stay as they are.
    Bytes,
}

/// The objects that changed since they were persisted last.
#[derive(Debug, Default)]
pub(super) struct Volatile(Mutex<Records>);

#[derive(Debug, Default)]
struct Records {
    changed: BTreeMap<Key, Change>,
    count: u64,
}

#[derive(Clone, Debug)]
struct Change {
    /// What was there when it was durable; `None` for nothing.
    before: Option<Bytes>,
    /// The number of the last change.
    last: u64,
}

impl Volatile {
    /// Notes that the object is about to change.
    pub(super) async fn note(&self, inner: &dyn Driver, key: &Key) -> Result<()> {
        let is_noted = self.0.lock().changed.contains_key(key);
        let before = if is_noted {
            None
        } else {
            read(inner, key).await?
        };
        let mut records = self.0.lock();
        records.count = records.count.wrapping_add(1);
        let last = records.count;
        let change = records.changed.entry(key.clone());
        change.or_insert(Change { before, last }).last = last;
        Ok(())
    }

    /// Persists, and forgets what changed before that.
    pub(super) async fn persist(&self, inner: &dyn Driver, keys: &[Key]) -> Result<()> {
        let count = self.0.lock().count;
        inner.persist(keys).await?;
        let mut records = self.0.lock();
        for key in keys {
            if records
                .changed
                .get(key)
                .is_some_and(|change| change.last <= count)
            {
                records.changed.remove(key);
            }
        }
        Ok(())
    }

    pub(super) async fn lose(&self, inner: &dyn Driver, loss: Loss) -> Result<()> {
        let changed = std::mem::take(&mut self.0.lock().changed);
        for (key, change) in changed {
            let left = match loss {
                Loss::Changes => change.before,
                Loss::Bytes => read(inner, &key)
                    .await?
                    .map(|bytes| bytes.slice(..bytes.len().div_euclid(2))),
            };
            match left {
                Some(bytes) => drop(inner.put(&key, bytes).await?),
                None => absent_is_fine(inner.delete(&key).await, ())?,
            }
        }
        Ok(())
    }
}

async fn read(inner: &dyn Driver, key: &Key) -> Result<Option<Bytes>> {
    let read = async {
        let object = inner.get(key, None).await?;
        object.body.collect(key).await.map(Some)
    };
    absent_is_fine(read.await, None)
}

fn absent_is_fine<T>(result: Result<T>, absent: T) -> Result<T> {
    match result {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotEmpty) => {
            Ok(absent)
        }
        other => other,
    }
}
