//! A driver that fails on demand.
//!
//! Faults are scripted by [`Rule`]s. Apart from them, [`FaultDriver::power_cut`] takes back what was
//! never persisted.

mod gate;
mod power;
mod rule;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use parking_lot::Mutex;

use crate::driver::{Caps, Driver, Entry, Object, Stat};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::operation::Operation;

pub use gate::Gate;
pub use power::Loss;
pub use rule::{Effect, Keys, Rule};

use power::Volatile;
use rule::Verdict;

/// Hands all calls on, except where a rule wants otherwise.
///
/// For tests: it may keep copies of objects in memory.
#[derive(Debug)]
pub struct FaultDriver {
    inner: Arc<dyn Driver>,
    rules: Mutex<Vec<Rule>>,
    volatile: Option<Volatile>,
}

impl FaultDriver {
    /// Starts without rules, and without remembering what is volatile.
    pub fn new(inner: Arc<dyn Driver>) -> Self {
        Self {
            inner,
            rules: Mutex::default(),
            volatile: None,
        }
    }

    /// Remembers from now on what [`Self::power_cut`] has to undo.
    #[must_use]
    pub fn with_power_cuts(mut self) -> Self {
        self.volatile = Some(Volatile::default());
        self
    }

    /// Adds a rule; of the rules that match a call, the one that was added first decides.
    pub fn add(&self, rule: Rule) {
        self.rules.lock().push(rule);
    }

    /// Drops all rules.
    pub fn clear(&self) {
        self.rules.lock().clear();
    }

    /// Takes back all that was not persisted, as a power cut may.
    ///
    /// Calls that are under way must have ended; rules do not apply.
    ///
    /// # Errors
    /// What the driver below reports; `Unsupported` without [`Self::with_power_cuts`].
    pub async fn power_cut(&self, loss: Loss) -> Result<()> {
        match &self.volatile {
            Some(volatile) => volatile.lose(&*self.inner, loss).await,
            None => Err(Error::new(ErrorKind::Unsupported, &Key::root())),
        }
    }

    async fn judge(&self, operation: Operation, keys: &[&Key]) -> Verdict {
        let effect = rule::first_match(&mut self.rules.lock(), operation, keys);
        match effect {
            None => Verdict::Proceed,
            Some(Effect::Wait(gate)) => {
                gate.pass().await;
                Verdict::Proceed
            }
            Some(Effect::Fail(kind)) => Verdict::Refuse(kind),
            Some(Effect::Short { bytes, kind }) => Verdict::Shorten(bytes, kind),
            Some(Effect::LoseAnswer(kind)) => Verdict::LoseAnswer(kind),
        }
    }

    /// Makes a call unless a rule wants otherwise.
    async fn call<T>(
        &self,
        operation: Operation,
        keys: &[&Key],
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let about = keys.first().copied().cloned().unwrap_or_else(Key::root);
        match self.judge(operation, keys).await {
            Verdict::Proceed => call.await,
            Verdict::Refuse(kind) | Verdict::Shorten(_, kind) => Err(Error::new(kind, &about)),
            Verdict::LoseAnswer(kind) => {
                call.await?;
                Err(Error::new(kind, &about))
            }
        }
    }

    /// Notes that what is under the keys is about to change.
    async fn changing(&self, keys: &[&Key]) -> Result<()> {
        if let Some(volatile) = &self.volatile {
            for key in keys {
                volatile.note(&*self.inner, key).await?;
            }
        }
        Ok(())
    }

    async fn is_new(&self, key: &Key) -> Result<()> {
        match &self.volatile {
            Some(volatile) => volatile.note_new(&*self.inner, key).await,
            None => Ok(()),
        }
    }

    /// Makes a call that changes something.
    async fn change<T>(
        &self,
        operation: Operation,
        keys: &[&Key],
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let call = async {
            self.changing(keys).await?;
            call.await
        };
        self.call(operation, keys, call).await
    }
}

/// Cuts pieces so that no more than `bytes` are left.
fn shorten(data: Vec<Bytes>, bytes: u64) -> Vec<Bytes> {
    let mut left = usize::try_from(bytes).unwrap_or(usize::MAX);
    let cut = data.into_iter().map(|mut piece| {
        piece.truncate(left);
        left = left.saturating_sub(piece.len());
        piece
    });
    cut.collect()
}

impl Driver for FaultDriver {
    fn caps(&self) -> Caps {
        self.inner.caps()
    }

    fn get<'a>(&'a self, key: &'a Key, range: Option<Range<u64>>) -> BoxFuture<'a, Result<Object>> {
        let call = self.inner.get(key, range);
        Box::pin(async move { self.call(Operation::Get, &[key], call).await })
    }

    fn stat<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Stat>> {
        Box::pin(async move {
            self.call(Operation::Stat, &[key], self.inner.stat(key))
                .await
        })
    }

    fn put<'a>(&'a self, key: &'a Key, data: Bytes) -> BoxFuture<'a, Result<Stat>> {
        let call = async move {
            let stat = self.inner.put(key, data).await?;
            self.is_new(key).await?;
            Ok(stat)
        };
        Box::pin(async move { self.change(Operation::Put, &[key], call).await })
    }

    fn list<'a>(&'a self, folder: &'a Key) -> BoxStream<'a, Result<Entry>> {
        let started = async move {
            let call = async { Ok(self.inner.list(folder)) };
            self.call(Operation::List, &[folder], call).await
        };
        stream::once(started).try_flatten().boxed()
    }

    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<()>> {
        let call = async move { self.inner.delete(key).await };
        Box::pin(async move { self.change(Operation::Delete, &[key], call).await })
    }

    fn link<'a>(&'a self, from: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        let call = async move {
            if let Some(volatile) = &self.volatile {
                volatile.note_bytes(&*self.inner, from).await?;
            }
            self.changing(&[to]).await?;
            self.inner.link(from, to).await
        };
        Box::pin(async move { self.call(Operation::Link, &[to, from], call).await })
    }

    fn rename<'a>(&'a self, from: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        let call = async move { self.inner.rename(from, to).await };
        Box::pin(async move { self.change(Operation::Rename, &[to, from], call).await })
    }

    fn append<'a>(
        &'a self,
        upload: &'a Key,
        offset: u64,
        data: Vec<Bytes>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let verdict = self.judge(Operation::Append, &[upload]).await;
            let (data, failure) = match verdict {
                Verdict::Refuse(kind) => return Err(Error::new(kind, upload)),
                Verdict::Shorten(bytes, kind) => (shorten(data, bytes), Some(kind)),
                Verdict::LoseAnswer(kind) => (data, Some(kind)),
                Verdict::Proceed => (data, None),
            };
            self.changing(&[upload]).await?;
            let end = self.inner.append(upload, offset, data).await?;
            if offset == 0 {
                self.is_new(upload).await?;
            }
            match failure {
                Some(kind) => Err(Error::new(kind, upload)),
                None => Ok(end),
            }
        })
    }

    fn commit<'a>(&'a self, upload: &'a Key, to: &'a Key) -> BoxFuture<'a, Result<()>> {
        let call = async move { self.inner.commit(upload, to).await };
        Box::pin(async move { self.change(Operation::Commit, &[to, upload], call).await })
    }

    fn persist<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let about: Vec<_> = keys.iter().collect();
            let call = async {
                match &self.volatile {
                    Some(volatile) => volatile.persist(&*self.inner, keys).await,
                    None => self.inner.persist(keys).await,
                }
            };
            self.call(Operation::Persist, &about, call).await
        })
    }

    fn redirect<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<String>>> {
        let call = self.inner.redirect(key);
        Box::pin(async move { self.call(Operation::Redirect, &[key], call).await })
    }
}

#[cfg(test)]
mod tests;
