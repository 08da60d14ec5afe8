//! A driver that shows one folder of another as if it were the whole.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, ready};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use tokio::sync::mpsc;

use crate::driver::{Caps, Driver, Entry, Object, Stat};
use crate::error::{Error, Result};
use crate::key::Key;

/// Puts all keys below a folder of another driver; errors name the keys that the caller knows.
#[derive(Debug)]
pub struct PrefixDriver {
    inner: Arc<dyn Driver>,
    folder: Key,
}

impl PrefixDriver {
    /// Shows `folder` of `inner`; it need not exist yet.
    pub fn new(inner: Arc<dyn Driver>, folder: Key) -> Self {
        Self { inner, folder }
    }

    fn outer(&self, error: Error) -> Error {
        match error.key().below(&self.folder) {
            Some(key) => error.about(key),
            // About a folder above ours, which has no name here but the root's.
            None => error.about(Key::root()),
        }
    }
}

impl Driver for PrefixDriver {
    fn caps(&self) -> Caps {
        self.inner.caps()
    }

    fn get<'a>(&'a self, key: &'a Key, range: Option<Range<u64>>) -> BoxFuture<'a, Result<Object>> {
        Box::pin(async move {
            let key = self.folder.join(key);
            self.inner
                .get(&key, range)
                .await
                .map_err(|error| self.outer(error))
        })
    }

    fn stat<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Stat>> {
        Box::pin(async move {
            let key = self.folder.join(key);
            self.inner
                .stat(&key)
                .await
                .map_err(|error| self.outer(error))
        })
    }

    fn put<'a>(&'a self, key: &'a Key, data: Bytes) -> BoxFuture<'a, Result<Stat>> {
        Box::pin(async move {
            let key = self.folder.join(key);
            self.inner
                .put(&key, data)
                .await
                .map_err(|error| self.outer(error))
        })
    }

    fn list<'a>(&'a self, folder: &'a Key) -> BoxStream<'a, Result<Entry>> {
        // The walk borrows the longer key, which lives in the future that drives the walk.
        let (sender, mut receiver) = mpsc::channel(1);
        let walk = async move {
            let folder = self.folder.join(folder);
            let mut entries = self.inner.list(&folder);
            while let Some(entry) = entries.next().await {
                if sender.send(entry).await.is_err() {
                    break;
                }
            }
        };
        let walk = walk.into_stream().filter_map(|()| ready(None));
        let entries = stream::poll_fn(move |context| receiver.poll_recv(context));
        stream::select(entries, walk)
            .map_err(|error| self.outer(error))
            .boxed()
    }

    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let key = self.folder.join(key);
            self.inner
                .delete(&key)
                .await
                .map_err(|error| self.outer(error))
        })
    }

    fn link<'a>(&'a self, from: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let from = self.folder.join(from);
            let to = self.folder.join(to);
            self.inner
                .link(&from, &to)
                .await
                .map_err(|error| self.outer(error))
        })
    }

    fn rename<'a>(&'a self, from: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let from = self.folder.join(from);
            let to = self.folder.join(to);
            self.inner
                .rename(&from, &to)
                .await
                .map_err(|error| self.outer(error))
        })
    }

    fn append<'a>(
        &'a self,
        upload: &'a Key,
        offset: u64,
        data: Vec<Bytes>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let upload = self.folder.join(upload);
            self.inner
                .append(&upload, offset, data)
                .await
                .map_err(|error| self.outer(error))
        })
    }

    fn commit<'a>(&'a self, upload: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let upload = self.folder.join(upload);
            let to = self.folder.join(to);
            self.inner
                .commit(&upload, &to)
                .await
                .map_err(|error| self.outer(error))
        })
    }

    fn persist<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let keys: Vec<_> = keys.iter().map(|key| self.folder.join(key)).collect();
            self.inner
                .persist(&keys)
                .await
                .map_err(|error| self.outer(error))
        })
    }

    fn redirect<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move {
            let key = self.folder.join(key);
            self.inner
                .redirect(&key)
                .await
                .map_err(|error| self.outer(error))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryDriver;

    #[tokio::test]
    async fn errors_name_the_keys_of_the_caller() {
        let key = |text| Key::new(text).expect("valid");
        let inner: Arc<dyn Driver> = Arc::new(MemoryDriver::new(4096));
        let driver = PrefixDriver::new(Arc::clone(&inner), key("p/q"));
        driver.put(&key("a"), "x".into()).await.expect("put");
        inner.stat(&key("p/q/a")).await.expect("below the folder");
        let error = driver.stat(&key("b/c")).await.expect_err("absent");
        assert_eq!(error.key(), &key("b/c"));
        let error = driver
            .link(&key("a"), &Key::root())
            .await
            .expect_err("refused");
        assert_eq!(error.key(), &Key::root());
        assert_eq!(error.to_string(), "object exists \"\"");
    }
}
