//! What a power cut takes.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::driver::{Driver, Stat};
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
    /// How many bytes are durable of what has an identity, whatever its names are.
    durable: HashMap<u64, u64>,
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
        self.note_bytes(inner, key).await?;
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

    /// Notes that the bytes of an object may get another name.
    pub(super) async fn note_bytes(&self, inner: &dyn Driver, key: &Key) -> Result<()> {
        let stat = absent_is_fine(inner.stat(key).await.map(Some), None)?;
        let mut records = self.0.lock();
        if let Some(stat) = stat
            && !records.changed.contains_key(key)
        {
            records.make_durable(stat);
        }
        Ok(())
    }

    /// Notes that the object has been written from its first byte on.
    pub(super) async fn note_new(&self, inner: &dyn Driver, key: &Key) -> Result<()> {
        if let Some(stat) = absent_is_fine(inner.stat(key).await.map(Some), None)? {
            self.0.lock().durable.remove(&stat.identity);
        }
        Ok(())
    }

    /// Persists, and forgets what changed before that.
    pub(super) async fn persist(&self, inner: &dyn Driver, keys: &[Key]) -> Result<()> {
        let count = self.0.lock().count;
        let mut stats = Vec::with_capacity(keys.len());
        for key in keys {
            stats.push(inner.stat(key).await?);
        }
        inner.persist(keys).await?;
        let mut records = self.0.lock();
        for (key, stat) in keys.iter().zip(stats) {
            let change = records.changed.get(key);
            if change.is_some_and(|change| change.last <= count) {
                records.changed.remove(key);
                records.make_durable(stat);
            }
        }
        Ok(())
    }

    pub(super) async fn lose(&self, inner: &dyn Driver, loss: Loss) -> Result<()> {
        let Records {
            changed, durable, ..
        } = std::mem::take(&mut *self.0.lock());
        for (key, change) in changed {
            let left = match loss {
                Loss::Changes => change.before,
                Loss::Bytes => halve(inner, &key, &durable).await?,
            };
            match left {
                Some(bytes) => drop(inner.put(&key, bytes).await?),
                None => absent_is_fine(inner.delete(&key).await, ())?,
            }
        }
        Ok(())
    }
}

impl Records {
    fn make_durable(&mut self, stat: Stat) {
        if stat.identity != 0 {
            self.durable.insert(stat.identity, stat.size);
        }
    }
}

/// Yields the first half of an object, and what is durable of the other.
async fn halve(
    inner: &dyn Driver,
    key: &Key,
    durable: &HashMap<u64, u64>,
) -> Result<Option<Bytes>> {
    let Some(bytes) = read(inner, key).await? else {
        return Ok(None);
    };
    let identity = inner.stat(key).await?.identity;
    let durable = durable.get(&identity).copied().unwrap_or_default();
    let durable = usize::try_from(durable).unwrap_or(usize::MAX);
    let left = bytes.len().div_euclid(2).max(durable).min(bytes.len());
    Ok(Some(bytes.slice(..left)))
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
