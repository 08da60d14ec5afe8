//! Records in the metadata store.

use std::time::SystemTime;

use futures_util::future::{BoxFuture, FutureExt};
use meta::rows::{nanos, time};
use meta::{Edit, Error, Meta, SessionId, SessionKeyRow, SessionRow, WriteError};

use super::record::{MAX_PER_USER, Record, Records, RecordsError, SharedKey};

/// How many sessions a login ends at most, should there be too many.
const TRIM: usize = 16;

/// Keeps records in table `Sessions` of the metadata store.
#[derive(Clone, Debug)]
pub struct StoredRecords(Meta);

impl StoredRecords {
    /// Stands above the tables.
    pub const fn new(meta: Meta) -> Self {
        Self(meta)
    }

    async fn write_one(&self, id: &SessionId, record: &Record) -> Result<(), WriteError> {
        // A login that a power cut undoes is repeated: nobody waits for the disk.
        let mut edit = Edit::relaxed();
        edit.put_session(id, &stored(record));
        let seen = self
            .0
            .sessions_of(&record.user, MAX_PER_USER + TRIM)
            .await?;
        let room = MAX_PER_USER - 1;
        let excess = seen.len().saturating_sub(room);
        self.drop_all(&mut edit, seen.iter().take(excess)).await?;
        self.0.write(edit).await
    }

    async fn remove_one(&self, id: &SessionId) -> Result<(), WriteError> {
        // A logout is for good, power cut or not.
        let mut edit = Edit::durable();
        self.drop_all(&mut edit, [id].into_iter()).await?;
        if edit.is_empty() {
            return Ok(());
        }
        self.0.write(edit).await
    }

    async fn shared_key(&self, fresh: &SharedKey) -> Result<SharedKey, WriteError> {
        if let Some(found) = self.0.session_key().await? {
            return Ok(SharedKey(found.value.key));
        }
        let mut edit = Edit::durable();
        edit.put_session_key(&SessionKeyRow { key: fresh.0 });
        match self.0.write(edit).await {
            Ok(()) => Ok(fresh.clone()),
            Err(WriteError::Conflict) => match self.0.session_key().await? {
                Some(found) => Ok(SharedKey(found.value.key)),
                None => Err(WriteError::Conflict),
            },
            Err(failed) => Err(failed),
        }
    }

    async fn sweep_some(&self, now: SystemTime, limit: usize) -> Result<usize, WriteError> {
        let ended = self.0.sessions_ended(nanos(now), limit).await?;
        if !ended.is_empty() {
            let mut edit = Edit::relaxed();
            self.drop_all(&mut edit, ended.iter()).await?;
            self.0.write(edit).await?;
        }
        Ok(ended.len())
    }

    async fn drop_all(
        &self,
        edit: &mut Edit,
        ids: impl Iterator<Item = &SessionId>,
    ) -> Result<(), Error> {
        for id in ids {
            if let Some(found) = self.0.session(id).await? {
                edit.delete_session(id, &found.value);
            }
        }
        Ok(())
    }
}

impl Records for StoredRecords {
    fn get<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<Record>, RecordsError>> {
        let read = async move {
            let found = self.0.session(id).await.map_err(failed)?;
            Ok(found.map(|found| read(found.value)))
        };
        read.boxed()
    }

    fn put<'a>(
        &'a self,
        id: &'a SessionId,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), RecordsError>> {
        async move { self.write_one(id, record).await.map_err(failed) }.boxed()
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), RecordsError>> {
        async move { self.remove_one(id).await.map_err(failed) }.boxed()
    }

    fn key<'a>(&'a self, fresh: &'a SharedKey) -> BoxFuture<'a, Result<SharedKey, RecordsError>> {
        async move { self.shared_key(fresh).await.map_err(failed) }.boxed()
    }

    fn sweep(&self, now: SystemTime, limit: usize) -> BoxFuture<'_, Result<usize, RecordsError>> {
        async move { self.sweep_some(now, limit).await.map_err(failed) }.boxed()
    }
}

fn failed(error: impl Into<WriteError>) -> RecordsError {
    RecordsError(Box::new(error.into()))
}

fn stored(record: &Record) -> SessionRow {
    SessionRow {
        user: record.user.clone(),
        provider: record.provider.clone(),
        created: nanos(record.created),
        expires: nanos(record.expires),
    }
}

fn read(row: SessionRow) -> Record {
    Record {
        user: row.user,
        provider: row.provider,
        // The store knows them, and newer ones.
        groups: None,
        created: time(row.created),
        expires: time(row.expires),
    }
}
