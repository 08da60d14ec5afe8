//! A backend in one file.
//!
//! Reads are answered at once from a snapshot of the last commit: no transaction begins, no task
//! waits. Writes go to one thread that takes all that wait into one commit. See [`EmbeddedStore`].

mod database;
mod failure;
mod file;
mod shield;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::ArcSwapOption;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::error::{Error, WriteError};
use crate::range;
use crate::store::{Batch, Row, Scan, Store, Table};
use database::Snapshot;
use failure::Failure;
use file::{PathPlace, Place};
use writer::{Job, Writer};

/// How many batches may wait for the writer; who comes later waits for room.
const QUEUE: usize = 256;

/// How the store behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbeddedOptions {
    /// Memory for pages of the file, in bytes; the kernel caches the file too.
    pub cache_bytes: usize,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 8 * 1024 * 1024,
        }
    }
}

/// Says in which state the store was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The last process that had it open closed it, or there was none. Otherwise that process
    /// was killed or the power failed: what was answered is there, what was under way may not be.
    pub clean: bool,
    /// There was no store.
    pub created: bool,
}

/// Keeps rows in one file. One process has it open at a time.
///
/// When the file cannot be written (no space, a failing disk), the batches concerned get the
/// error, reads go on, and writes work again as soon as the file can be written.
///
/// Dropping the last handle without [`Store::close`] is an unclean stop.
pub struct EmbeddedStore {
    /// `None` only while dropping.
    jobs: Option<mpsc::Sender<Job>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What readers see of the writer.
struct Shared {
    /// `None` once closed.
    snapshot: ArcSwapOption<Snapshot>,
}

impl EmbeddedStore {
    /// Opens the file, or creates it. Blocks: meant for the start of a process.
    ///
    /// # Errors
    /// [`Error::InUse`] when a process has it open, [`Error::Format`] when a newer version wrote
    /// it, [`Error::Backend`] when it is no such file or cannot be read.
    pub fn open(path: &Path, options: EmbeddedOptions) -> Result<(Self, Opened), Error> {
        Self::open_on(Arc::new(PathPlace(path.to_path_buf())), options)
    }

    fn open_on(place: Arc<dyn Place>, options: EmbeddedOptions) -> Result<(Self, Opened), Error> {
        let shared = Arc::new(Shared {
            snapshot: ArcSwapOption::empty(),
        });
        let (writer, opened) = Writer::open(place, options.cache_bytes, Arc::clone(&shared))?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("meta-writer".to_owned())
            .spawn(move || writer.run(receiver))
            .map_err(|error| Error::Backend(Box::new(error)))?;
        let store = Self {
            jobs: Some(sender),
            shared,
            thread: Some(thread),
        };
        Ok((store, opened))
    }

    /// Reads from the current snapshot, ready at once unless the file just failed.
    fn read<'a, T, F>(&'a self, read: F) -> BoxFuture<'a, Result<T, Error>>
    where
        T: Send + 'a,
        F: Fn(&Snapshot) -> Result<T, redb::StorageError> + Send + 'a,
    {
        // The first attempt is made when the future is polled, so that it sees every write
        // answered until then.
        async move {
            let generation = match self.try_read(&read)? {
                Ok(found) => return Ok(found),
                Err((generation, failure)) if failure.is_io() => generation,
                Err((_, failure)) => return Err(failure.into()),
            };
            self.submit(|answer| Job::Recover { generation, answer })
                .await??;
            self.try_read(&read)?.map_err(|(_, failure)| failure.into())
        }
        .boxed()
    }

    fn try_read<T>(
        &self,
        read: impl Fn(&Snapshot) -> Result<T, redb::StorageError>,
    ) -> Result<Result<T, (u64, Failure)>, Error> {
        let snapshot = self.shared.snapshot.load();
        let snapshot = snapshot.as_ref().ok_or(Error::Closed)?;
        Ok(read(snapshot).map_err(|error| (snapshot.generation(), error.into())))
    }

    /// Hands a job to the writer and waits for its answer.
    async fn submit<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, Error> {
        let jobs = self.jobs.as_ref().ok_or(Error::Closed)?;
        // Room first: a job exists only once the writer can take it.
        let room = jobs.reserve().await.map_err(closed)?;
        let (answer, answered) = oneshot::channel();
        room.send(job(answer));
        answered.await.map_err(closed)
    }
}

/// The writer is gone: it was closed.
fn closed<E>(_: E) -> Error {
    Error::Closed
}

impl Store for EmbeddedStore {
    fn get<'a>(
        &'a self,
        table: Table,
        key: &'a [u8],
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, Error>> {
        let key = range::full_key(table, key);
        self.read(move |snapshot| snapshot.get(&key))
    }

    fn scan(&self, table: Table, scan: Scan) -> BoxFuture<'_, Result<Vec<Row>, Error>> {
        let range = range::of_scan(table, &scan);
        self.read(move |snapshot| match &range {
            Some(range) => snapshot.scan(range, scan.limit),
            None => Ok(Vec::new()),
        })
    }

    fn write(&self, batch: Batch) -> BoxFuture<'_, Result<(), WriteError>> {
        async move { self.submit(|answer| Job::Write { batch, answer }).await? }.boxed()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        async move { self.submit(|answer| Job::Close { answer }).await? }.boxed()
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        // The writer ends when nobody can send; the file is free once it has ended.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
