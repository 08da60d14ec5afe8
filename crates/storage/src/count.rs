//! A driver that counts what is asked of another.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use parking_lot::Mutex;

use crate::driver::{Caps, Driver, Entry, Object, Stat};
use crate::error::Result;
use crate::key::Key;
use crate::operation::Operation;

/// How often something was asked for, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Calls, those that failed too.
    pub calls: u64,
    /// Bytes that were given to be written, or opened to be read.
    pub bytes: u64,
}

/// Hands all calls on, and counts them.
#[derive(Debug)]
pub struct CountDriver {
    inner: Arc<dyn Driver>,
    counts: Mutex<BTreeMap<Operation, Count>>,
}

impl CountDriver {
    /// Starts to count at zero.
    pub fn new(inner: Arc<dyn Driver>) -> Self {
        Self {
            inner,
            counts: Mutex::default(),
        }
    }

    /// Yields what was asked of one operation so far.
    pub fn count(&self, operation: Operation) -> Count {
        self.counts
            .lock()
            .get(&operation)
            .copied()
            .unwrap_or_default()
    }

    /// Yields all that is not zero and starts again.
    pub fn take(&self) -> BTreeMap<Operation, Count> {
        std::mem::take(&mut self.counts.lock())
    }

    fn called(&self, operation: Operation, bytes: u64) {
        self.add(operation, Count { calls: 1, bytes });
    }

    fn add(&self, operation: Operation, more: Count) {
        let mut counts = self.counts.lock();
        let count = counts.entry(operation).or_default();
        count.calls = count.calls.saturating_add(more.calls);
        count.bytes = count.bytes.saturating_add(more.bytes);
    }
}

fn total<'d>(pieces: impl IntoIterator<Item = &'d Bytes>) -> u64 {
    let len = |piece: &Bytes| u64::try_from(piece.len()).unwrap_or(u64::MAX);
    pieces.into_iter().map(len).fold(0, u64::saturating_add)
}

impl Driver for CountDriver {
    fn caps(&self) -> Caps {
        self.inner.caps()
    }

    fn get<'a>(&'a self, key: &'a Key, range: Option<Range<u64>>) -> BoxFuture<'a, Result<Object>> {
        self.called(Operation::Get, 0);
        Box::pin(async move {
            let object = self.inner.get(key, range.clone()).await?;
            let range = range.unwrap_or(0..object.stat.size);
            let bytes = range.end.saturating_sub(range.start);
            self.add(Operation::Get, Count { calls: 0, bytes });
            Ok(object)
        })
    }

    fn stat<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Stat>> {
        self.called(Operation::Stat, 0);
        self.inner.stat(key)
    }

    fn put<'a>(&'a self, key: &'a Key, data: Bytes) -> BoxFuture<'a, Result<Stat>> {
        self.called(Operation::Put, total([&data]));
        self.inner.put(key, data)
    }

    fn list<'a>(&'a self, folder: &'a Key) -> BoxStream<'a, Result<Entry>> {
        self.called(Operation::List, 0);
        self.inner.list(folder)
    }

    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<()>> {
        self.called(Operation::Delete, 0);
        self.inner.delete(key)
    }

    fn link<'a>(&'a self, from: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        self.called(Operation::Link, 0);
        self.inner.link(from, to)
    }

    fn rename<'a>(&'a self, from: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        self.called(Operation::Rename, 0);
        self.inner.rename(from, to)
    }

    fn append<'a>(
        &'a self,
        upload: &'a Key,
        offset: u64,
        data: Vec<Bytes>,
    ) -> BoxFuture<'a, Result<u64>> {
        self.called(Operation::Append, total(&data));
        self.inner.append(upload, offset, data)
    }

    fn commit<'a>(&'a self, upload: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        self.called(Operation::Commit, 0);
        self.inner.commit(upload, to)
    }

    fn persist<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<()>> {
        self.called(Operation::Persist, 0);
        self.inner.persist(keys)
    }

    fn redirect<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<String>>> {
        self.called(Operation::Redirect, 0);
        self.inner.redirect(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryDriver;

    #[tokio::test]
    async fn counts_calls_and_bytes() {
        let driver = CountDriver::new(Arc::new(MemoryDriver::new(4096)));
        let key = Key::new("a").expect("valid");
        driver
            .append(&key, 0, vec!["ab".into(), "c".into()])
            .await
            .expect("append");
        driver.get(&key, Some(1..2)).await.expect("get");
        driver.get(&key, None).await.expect("get");
        driver.get(&key, Some(0..9)).await.expect_err("too long");
        assert_eq!(driver.count(Operation::Get), Count { calls: 3, bytes: 4 });
        let expected = [
            (Operation::Get, Count { calls: 3, bytes: 4 }),
            (Operation::Append, Count { calls: 1, bytes: 3 }),
        ];
        assert_eq!(driver.take(), BTreeMap::from(expected));
        assert_eq!(driver.count(Operation::Get), Count::default());
    }
}
