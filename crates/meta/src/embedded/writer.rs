//! The thread that writes.

mod tail;

use std::sync::Arc;

use redb::{ReadableTable, StorageBackend, Table as RedbTable, WriteTransaction};
use tokio::sync::{mpsc, oneshot};

use super::database::{Open, ROWS};
use super::failure::{Failure, Kind};
use super::file::Place;
use super::shield::Shield;
use super::{Opened, Shared};
use crate::error::{Error, WriteError};
use crate::range::full_key;
use crate::store::{Batch, Change, Durability, Table};
use tail::Tail;

/// The format that is written.
const FORMAT: u32 = 1;

/// How many batches one commit takes at most.
const GROUP: usize = 256;

/// From this size of the file on, in bytes, each commit also saves which pages are free.
///
/// Without that an open after a kill reads the whole file to learn it: 0.3 to 0.4 s for a million
/// rows in 280 MiB. With it an open takes milliseconds, but a commit is flushed twice: half the
/// rate of a lone caller and 1.5 times the CPU. So small files take the former and large ones the
/// latter, and a start stays below a second.
const LARGE: u64 = 512 * 1024 * 1024;

/// The row of `State` that holds the format: four bytes, little endian.
const FORMAT_KEY: &str = "format";

/// The row of `State` that says whether the last stop was clean: one byte, zero or one.
const CLEAN: &str = "clean";

/// How a commit reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flush {
    /// Later.
    None,
    /// Before it returns.
    Once,
    /// Before it returns, together with which pages are free.
    WithFreePages,
}

/// What the writer is asked for.
pub(super) enum Job {
    /// Apply a batch.
    Write {
        batch: Batch,
        answer: oneshot::Sender<Result<(), WriteError>>,
    },
    /// A read failed in the given generation: open the file anew, unless that was done already.
    Recover {
        generation: u64,
        answer: oneshot::Sender<Result<(), Error>>,
    },
    /// Mark the stop as clean and end.
    Close {
        answer: oneshot::Sender<Result<(), Error>>,
    },
}

/// `None` when a check did not hold.
type Verdict = Option<()>;
type Pending = (Batch, oneshot::Sender<Result<(), WriteError>>);
type Rows<'tx> = RedbTable<'tx, &'static [u8], &'static [u8]>;

/// Owns the database.
pub(super) struct Writer {
    place: Arc<dyn Place>,
    cache_bytes: usize,
    shared: Arc<Shared>,
    /// `None` when it could not be opened again after a failure.
    open: Option<Open>,
    /// Counts how often the file was opened.
    generation: u64,
    tail: Tail,
    /// A flush failed: what the file holds may be nowhere but in the kernel's memory.
    suspect: bool,
}

impl Writer {
    /// Opens the database and marks it as in use.
    pub(super) fn open(
        place: Arc<dyn Place>,
        cache_bytes: usize,
        shared: Arc<Shared>,
    ) -> Result<(Self, Opened), Error> {
        let started = match start(&*place, cache_bytes, Shield::open) {
            // A full disk is no reason not to serve what is there.
            Err(Error::Full(_)) => start(&*place, cache_bytes, Shield::sealed),
            started => started,
        };
        let (open, opened, tail) = started?;
        let writer = Self {
            place,
            cache_bytes,
            shared,
            open: Some(open),
            generation: 0,
            tail,
            suspect: false,
        };
        writer.publish()?;
        Ok((writer, opened))
    }

    /// Works until it is closed or nobody is left to ask.
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut group = Vec::new();
            match gather(first, &mut jobs, &mut group) {
                None => self.write(group),
                Some(Job::Write { batch, answer }) => {
                    group.push((batch, answer));
                    self.write(group);
                }
                Some(Job::Recover { generation, answer }) => {
                    self.write(group);
                    let _gone = answer.send(self.recover_from(generation));
                }
                Some(Job::Close { answer }) => {
                    self.write(group);
                    let _gone = answer.send(self.close());
                    return;
                }
            }
        }
    }

    fn write(&mut self, mut group: Vec<Pending>) {
        // Who does not wait any more needs no answer, and the batch need not happen.
        group.retain(|(_, answer)| !answer.is_closed());
        if group.is_empty() {
            return;
        }
        let result = match self.commit(&group) {
            // The database had given up earlier, when something was read: it is open again now.
            Err(failure) if failure.kind == Kind::Stale => self.commit(&group),
            result => result,
        };
        match result {
            Ok(verdicts) => {
                for ((_, answer), verdict) in group.into_iter().zip(verdicts) {
                    let conflict = || Err(WriteError::Conflict);
                    let _gone = answer.send(verdict.map_or_else(conflict, Ok));
                }
            }
            Err(failure) => {
                for (_, answer) in group {
                    let _gone = answer.send(Err(failure.clone().into()));
                }
            }
        }
    }

    /// Commits what holds of a group and shows it to readers. After a failure the database is
    /// open again, if it can be.
    fn commit(&mut self, group: &[Pending]) -> Result<Vec<Verdict>, Failure> {
        if self.open.is_none() {
            self.recover(Kind::Stale)?;
        }
        self.settle()?;
        let result = self.try_commit(group);
        if let Err(failure) = &result {
            tracing::warn!(error = %failure, "rows could not be written, opening the store anew");
            self.recover(failure.kind)?;
        }
        result
    }

    fn try_commit(&mut self, group: &[Pending]) -> Result<Vec<Verdict>, Failure> {
        let transaction = self.begin()?;
        let mut sum = Sum::default();
        let mut rows = transaction.open_table(ROWS)?;
        let verdicts = apply_all(&mut rows, group, &mut sum)?;
        let durable = sum.durable || self.tail.is_full_with(sum.bytes);
        let carries = durable && !self.tail.is_empty();
        if carries {
            self.tail.mark(&mut rows)?;
        }
        drop(rows);
        if !sum.changed && !carries {
            transaction.abort()?;
            return Ok(verdicts);
        }
        commit(transaction, flush_of(self.opened()?, durable)?)?;
        if durable {
            self.tail.landed();
        } else {
            self.tail.extend(group, &verdicts, sum.bytes);
        }
        if let Err(failure) = self.publish() {
            // It is committed; opening the file anew shows it.
            self.recover(failure.kind)?;
        }
        Ok(verdicts)
    }

    fn begin(&self) -> Result<WriteTransaction, Failure> {
        Ok(self.opened()?.database.begin_write()?)
    }

    /// Sees to it that what is written reaches the file.
    fn settle(&mut self) -> Result<(), Failure> {
        let shield = &self.opened()?.shield;
        if shield.is_sealed() {
            self.place.check_room()?;
            shield.settle(self.suspect)?;
            self.suspect = false;
            tracing::info!("rows can be written again");
        }
        Ok(())
    }

    fn opened(&self) -> Result<&Open, Failure> {
        self.open
            .as_ref()
            .ok_or_else(|| redb::StorageError::DatabaseClosed.into())
    }

    fn recover_from(&mut self, generation: u64) -> Result<(), Error> {
        if generation < self.generation {
            return Ok(());
        }
        Ok(self.recover(Kind::Stale)?)
    }

    /// Opens the file anew, with all that was answered. The file itself is not changed before
    /// the next write.
    fn recover(&mut self, kind: Kind) -> Result<(), Failure> {
        self.suspect |= kind == Kind::Flush;
        self.open = None;
        let open = Open::new(Shield::sealed(self.place.open()?), self.cache_bytes)?;
        self.tail.replay(&open)?;
        self.generation += 1;
        self.open = Some(open);
        self.publish()
    }

    fn publish(&self) -> Result<(), Failure> {
        let snapshot = self.opened()?.snapshot(self.generation)?;
        self.shared.snapshot.store(Some(Arc::new(snapshot)));
        Ok(())
    }

    fn close(mut self) -> Result<(), Error> {
        let closed = match self.mark_clean() {
            Err(failure) if failure.kind == Kind::Stale => {
                self.recover(Kind::Stale)?;
                self.mark_clean()
            }
            closed => closed,
        };
        self.shared.snapshot.store(None);
        // The first failure says more than what closing after it says.
        let ended = self.open.map_or(Ok(()), |open| open.database.close());
        closed?;
        Ok(ended.map_err(Failure::from)?)
    }

    fn mark_clean(&mut self) -> Result<(), Failure> {
        self.settle()?;
        let transaction = self.begin()?;
        set_state(&mut transaction.open_table(ROWS)?, CLEAN, &[1])?;
        commit(transaction, Flush::Once)
    }
}

/// Takes all batches that wait; yields the first job that is none, if one was met.
fn gather(first: Job, jobs: &mut mpsc::Receiver<Job>, group: &mut Vec<Pending>) -> Option<Job> {
    let mut next = Some(first);
    while let Some(job) = next {
        match job {
            Job::Write { batch, answer } => group.push((batch, answer)),
            Job::Recover { .. } | Job::Close { .. } => return Some(job),
        }
        if group.len() == GROUP {
            break;
        }
        next = jobs.try_recv().ok();
    }
    None
}

/// What a group asks for.
#[derive(Default)]
struct Sum {
    changed: bool,
    durable: bool,
    bytes: usize,
}

fn apply_all(
    rows: &mut Rows<'_>,
    group: &[Pending],
    sum: &mut Sum,
) -> Result<Vec<Verdict>, redb::StorageError> {
    let verdicts = group.iter().map(|(batch, _)| {
        for check in &batch.checks {
            let found = rows.get(full_key(check.table, &check.key).as_slice())?;
            if found.as_ref().map(redb::AccessGuard::value) != check.value.as_deref() {
                return Ok(None);
            }
        }
        for change in &batch.changes {
            sum.bytes += apply(rows, change)?;
        }
        sum.changed |= !batch.changes.is_empty();
        sum.durable |= batch.durability == Durability::Durable;
        Ok(Some(()))
    });
    verdicts.collect()
}

/// Makes one change; yields about how many bytes it has.
fn apply(rows: &mut Rows<'_>, change: &Change) -> Result<usize, redb::StorageError> {
    match change {
        Change::Put(table, row) => {
            rows.insert(full_key(*table, &row.key).as_slice(), row.value.as_slice())?;
            Ok(row.key.len() + row.value.len())
        }
        Change::Delete(table, key) => {
            rows.remove(full_key(*table, key).as_slice())?;
            Ok(key.len())
        }
    }
}

fn flush_of(open: &Open, durable: bool) -> Result<Flush, Failure> {
    if !durable {
        return Ok(Flush::None);
    }
    let large = open.shield.len()? >= LARGE;
    Ok(if large {
        Flush::WithFreePages
    } else {
        Flush::Once
    })
}

fn commit(mut transaction: WriteTransaction, flush: Flush) -> Result<(), Failure> {
    transaction.set_durability(match flush {
        Flush::None => redb::Durability::None,
        Flush::Once | Flush::WithFreePages => redb::Durability::Immediate,
    })?;
    transaction.set_quick_repair(flush == Flush::WithFreePages);
    Ok(transaction.commit()?)
}

/// Opens the database, looks at how it was left, and marks it as in use.
fn start(
    place: &dyn Place,
    cache_bytes: usize,
    shield: fn(Box<dyn StorageBackend>) -> Shield,
) -> Result<(Open, Opened, Tail), Error> {
    let open = Open::new(shield(place.open()?), cache_bytes)?;
    let transaction = open.database.begin_write().map_err(Failure::from)?;
    let mut rows = transaction.open_table(ROWS).map_err(Failure::from)?;
    let format = state(&rows, FORMAT_KEY)?;
    let created = format.is_none();
    check_format(format)?;
    let clean = created || state(&rows, CLEAN)?.as_deref() == Some(&[1]);
    let tail = Tail::after(&rows)?;
    set_state(&mut rows, FORMAT_KEY, &FORMAT.to_le_bytes())?;
    set_state(&mut rows, CLEAN, &[0])?;
    drop(rows);
    commit(transaction, flush_of(&open, true)?)?;
    Ok((open, Opened { clean, created }, tail))
}

fn check_format(stored: Option<Vec<u8>>) -> Result<(), Error> {
    let Some(stored) = stored else {
        return Ok(());
    };
    let found = <[u8; 4]>::try_from(stored.as_slice()).map_err(|_length| Error::Row {
        table: Table::State.name(),
    })?;
    match u32::from_le_bytes(found) {
        found if found > FORMAT => Err(Error::Format {
            found,
            known: FORMAT,
        }),
        _ => Ok(()),
    }
}

fn state(
    rows: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &str,
) -> Result<Option<Vec<u8>>, Failure> {
    let found = rows.get(full_key(Table::State, key.as_bytes()).as_slice())?;
    Ok(found.map(|value| value.value().to_vec()))
}

fn set_state(rows: &mut Rows<'_>, key: &str, value: &[u8]) -> Result<(), Failure> {
    rows.insert(full_key(Table::State, key.as_bytes()).as_slice(), value)?;
    Ok(())
}
