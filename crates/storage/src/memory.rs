//! Memory: gone when the process is.

mod tree;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};
use futures_util::stream::{self, BoxStream, StreamExt};
use parking_lot::RwLock;

use crate::body::Body;
use crate::driver::{Caps, Driver, Entry, Object, Stat};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

use tree::Tree;

/// How much is handed out in one piece.
const PIECE: u64 = 64 * 1024;

type Now = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Keeps objects in memory, up to a capacity; links share their bytes.
///
/// Folders exist only while something lies in them, so that there is none to remove. What was
/// persisted is as safe as everything else: until the process ends.
pub struct MemoryDriver {
    tree: RwLock<Tree>,
    now: Now,
}

impl fmt::Debug for MemoryDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDriver")
            .field("used", &self.used())
            .finish_non_exhaustive()
    }
}

impl MemoryDriver {
    /// Starts empty; `capacity` in bytes bounds what objects and their keys take, and is `Full` when
    /// reached.
    #[expect(
        clippy::disallowed_methods,
        reason = "the times of objects are the backend's own, as those of files are"
    )]
    pub fn new(capacity: u64) -> Self {
        Self {
            tree: RwLock::new(Tree::new(capacity)),
            now: Arc::new(SystemTime::now),
        }
    }

    /// Takes the times of objects from another clock.
    #[must_use]
    pub fn with_clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.now = Arc::new(now);
        self
    }

    /// Yields how many bytes objects and their keys take.
    pub fn used(&self) -> u64 {
        self.tree.read().used()
    }

    fn read<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&Tree) -> Result<T> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move { call(&self.tree.read()) })
    }

    fn write<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&mut Tree, SystemTime) -> Result<T> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move { call(&mut self.tree.write(), (self.now)()) })
    }
}

/// Joins pieces that are small together, and leaves others as they are.
fn body(mut pieces: Vec<Bytes>, len: u64) -> Body {
    if pieces.len() <= 1 {
        Body::Bytes(pieces.pop().unwrap_or_default())
    } else if len <= PIECE {
        Body::Bytes(pieces.concat().into())
    } else {
        Body::Stream(stream::iter(pieces.into_iter().map(Ok)).boxed())
    }
}

impl Driver for MemoryDriver {
    fn caps(&self) -> Caps {
        Caps {
            link: true,
            rename: true,
            redirect: false,
        }
    }

    fn get<'a>(&'a self, key: &'a Key, range: Option<Range<u64>>) -> BoxFuture<'a, Result<Object>> {
        self.read(move |tree| {
            let stat = tree.stat(key)?;
            let range = range.unwrap_or(0..stat.size);
            if range.start > range.end || range.end > stat.size {
                return Err(Error::new(ErrorKind::Offset, key));
            }
            let len = range.end.saturating_sub(range.start);
            let body = body(tree.pieces(key, range)?, len);
            Ok(Object { stat, body })
        })
    }

    fn stat<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Stat>> {
        self.read(move |tree| tree.stat(key))
    }

    fn put<'a>(&'a self, key: &'a Key, data: Bytes) -> BoxFuture<'a, Result<Stat>> {
        self.write(move |tree, now| tree.put(key, &data, now))
    }

    fn list<'a>(&'a self, folder: &'a Key) -> BoxStream<'a, Result<Entry>> {
        let start = tree::inside(folder);
        stream::unfold(Some(start), move |from| async move {
            let (entries, next) = self.tree.read().entries(folder, &from?);
            Some((stream::iter(entries.into_iter().map(Ok)), next))
        })
        .flatten()
        .boxed()
    }

    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<()>> {
        self.write(move |tree, _| tree.delete(key))
    }

    fn link<'a>(&'a self, from: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        self.write(move |tree, now| tree.link(from, to, now))
    }

    fn rename<'a>(&'a self, from: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        self.write(move |tree, _| tree.rename(from, to))
    }

    fn append<'a>(
        &'a self,
        upload: &'a Key,
        offset: u64,
        data: Vec<Bytes>,
    ) -> BoxFuture<'a, Result<u64>> {
        self.write(move |tree, now| tree.append(upload, offset, &data.concat(), now))
    }

    fn commit<'a>(&'a self, upload: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        self.write(move |tree, now| {
            tree.rename(upload, to)?;
            tree.touch(to, now)
        })
    }

    fn persist<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<()>> {
        self.read(move |tree| keys.iter().try_for_each(|key| tree.stat(key).map(|_| ())))
    }

    fn redirect<'a>(&'a self, _key: &'a Key) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(ready(Ok(None)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn key(text: &str) -> Key {
        Key::new(text).expect("valid")
    }

    #[tokio::test]
    async fn a_full_memory_refuses_and_forgets_nothing() {
        let driver = MemoryDriver::new(4096);
        let (object, upload) = (key("object"), key("upload"));
        driver
            .put(&object, vec![1; 1000].into())
            .await
            .expect("fits");
        driver
            .append(&upload, 0, vec![vec![2; 1000].into()])
            .await
            .expect("fits");
        let used = driver.used();
        let big = Bytes::from(vec![3; 3000]);
        for error in [
            driver.put(&object, big.clone()).await.expect_err("full"),
            driver
                .put(&key("other"), big.clone())
                .await
                .expect_err("full"),
            driver
                .append(&upload, 1000, vec![big])
                .await
                .expect_err("full"),
        ] {
            assert_eq!(error.kind(), ErrorKind::Full);
        }
        assert_eq!(driver.used(), used);
        assert_eq!(driver.stat(&upload).await.expect("stat").size, 1000);
        driver
            .link(&object, &key("l"))
            .await
            .expect("shares its bytes");
        assert!(driver.used() < used + 1000);
        for name in ["object", "upload", "l"] {
            driver.delete(&key(name)).await.expect("delete");
        }
        assert_eq!(driver.used(), 0);
    }

    #[tokio::test]
    async fn names_alone_fill_a_memory_too() {
        let driver = MemoryDriver::new(1024);
        let mut outcome = Ok(());
        for i in 0..1024 {
            outcome = driver
                .put(&key(&i.to_string()), Bytes::new())
                .await
                .map(|_| ());
            if outcome.is_err() {
                break;
            }
        }
        assert_eq!(outcome.expect_err("full").kind(), ErrorKind::Full);
    }

    #[tokio::test]
    async fn times_come_from_the_clock() {
        let time = Arc::new(parking_lot::Mutex::new(UNIX_EPOCH));
        let clock = Arc::clone(&time);
        let driver = MemoryDriver::new(4096).with_clock(move || *clock.lock());
        driver.put(&key("a"), "x".into()).await.expect("put");
        let later = UNIX_EPOCH + Duration::from_secs(5);
        *time.lock() = later;
        assert_eq!(
            driver.stat(&key("a")).await.expect("stat").modified,
            UNIX_EPOCH
        );
        driver.link(&key("a"), &key("b")).await.expect("link");
        assert_eq!(driver.stat(&key("a")).await.expect("stat").modified, later);
    }

    #[tokio::test]
    async fn an_object_cannot_be_a_folder_too() {
        let driver = MemoryDriver::new(4096);
        driver.put(&key("a/b"), "x".into()).await.expect("put");
        for target in [key("a"), key("a/b/c"), Key::root()] {
            let error = driver.put(&target, "x".into()).await.expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::Exists, "{target}");
        }
    }
}
