//! Upload sessions: content that arrives in pieces and gets its name at the end.
//!
//! A session is a file. What is kept in memory beside it, its size and the hash so far, is taken
//! again from the file when it is missing: after a restart, or when a request was cut off.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use oci::{Algorithm, Digest, Hasher, RepoName};
use parking_lot::Mutex;
use storage::{ErrorKind, Key};
use uuid::Uuid;

use crate::blob::Held;
use crate::content;
use crate::error::{Error, Result};
use crate::ingest::{self, Arrived, Last, Pieces, Short, Writer};
use crate::layout;
use crate::registry::Registry;
use crate::source::Source;
use crate::stores::Dedupe;

/// How many sessions are remembered; the state of others is taken from their files again.
const REMEMBERED: usize = 4096;

/// Names an upload session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UploadId(Uuid);

impl FromStr for UploadId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> std::result::Result<Self, uuid::Error> {
        Uuid::try_parse(text).map(Self)
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

type Session = Arc<tokio::sync::Mutex<State>>;

/// How a session ends.
#[derive(Clone, Copy, Debug)]
pub struct FinishUpload {
    /// Where the client says that the session stands, before what it still sends.
    pub at: Option<u64>,
    /// The digest of all that was sent.
    pub digest: Digest,
}

/// The sessions that memory knows of.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    table: Mutex<HashMap<(RepoName, UploadId), Session>>,
    pieces: Pieces,
}

/// Where a session stands.
#[derive(Debug)]
pub(crate) struct State {
    /// How many bytes the file holds; `None` when it must be asked.
    pub(crate) size: Option<u64>,
    /// The hash of those bytes; `None` when they must be read.
    pub(crate) hasher: Option<Hasher>,
}

impl State {
    fn empty(algorithm: Algorithm) -> Self {
        Self {
            size: Some(0),
            hasher: Some(Hasher::new(algorithm)),
        }
    }
}

/// A session whose content is verified.
struct Upload {
    id: UploadId,
    /// In bytes, with those that are not in the file yet.
    size: u64,
    last: Option<Last>,
}

impl Uploads {
    fn session(&self, repo: &RepoName, id: UploadId) -> Session {
        let mut table = self.table.lock();
        if table.len() >= REMEMBERED {
            table.retain(|_, session| Arc::strong_count(session) > 1);
        }
        let unknown = || {
            Arc::new(tokio::sync::Mutex::new(State {
                size: None,
                hasher: None,
            }))
        };
        Arc::clone(table.entry((repo.clone(), id)).or_insert_with(unknown))
    }

    fn forget(&self, repo: &RepoName, id: UploadId) {
        self.table.lock().remove(&(repo.clone(), id));
    }
}

impl Registry {
    /// Starts a session; its bytes are hashed with `algorithm` as they arrive.
    ///
    /// # Errors
    /// Only those of the stores.
    ///
    /// Spec: distribution 1.1, Pushing blobs, POST then PUT.
    pub async fn start_upload(&self, repo: &RepoName, algorithm: Algorithm) -> Result<UploadId> {
        self.ensure_repo(repo).await?;
        let id = UploadId(Uuid::new_v4());
        let mut state = self.writer(repo, id)?;
        self.driver(repo)
            .append(&upload_key(repo, id), 0, Vec::new())
            .await?;
        *state = State::empty(algorithm);
        Ok(id)
    }

    /// Yields how many bytes a session holds.
    ///
    /// # Errors
    /// `UploadUnknown`.
    pub async fn upload_size(&self, repo: &RepoName, id: &UploadId) -> Result<u64> {
        match self.driver(repo).stat(&upload_key(repo, *id)).await {
            Ok(stat) => Ok(stat.size),
            Err(error) => Err(unknown_if_absent(error, *id)),
        }
    }

    /// Appends to a session, at `at` if the client names an offset; yields the size then.
    ///
    /// # Errors
    /// `UploadUnknown`; `UploadOffset` when the session stands elsewhere; `UploadBusy` when another
    /// request is writing; `Source` when the client's data broke off, and what came stays.
    ///
    /// # Cancel safety
    /// A dropped call may have appended a part of the data.
    ///
    /// Spec: distribution 1.1, Pushing a blob in chunks.
    pub async fn append_upload(
        &self,
        repo: &RepoName,
        id: &UploadId,
        at: Option<u64>,
        source: &mut Source<'_>,
    ) -> Result<u64> {
        let writer = self.writer_at(repo, *id, at).await?;
        let arrived = self.ingest(repo, *id, writer, (source, Short::Write));
        Ok(arrived.await?.size)
    }

    /// Appends what is left and turns the session into a blob.
    ///
    /// # Errors
    /// Those of [`Self::append_upload`]; `DigestMismatch` when the content is another, and then the
    /// session stays as it is.
    ///
    /// # Cancel safety
    /// A dropped call may have appended; once everything is there it is carried out.
    ///
    /// Spec: distribution 1.1, Pushing blobs, closing the session.
    pub async fn finish_upload(
        &self,
        repo: &RepoName,
        id: &UploadId,
        ending: FinishUpload,
        source: &mut Source<'_>,
    ) -> Result<()> {
        let writer = self.writer_at(repo, *id, ending.at).await?;
        self.complete(repo, *id, writer, (&ending.digest, source))
            .await
    }

    /// Appends what is left and places the whole if it has the digest.
    async fn complete(
        &self,
        repo: &RepoName,
        id: UploadId,
        writer: Writer,
        (digest, source): (&Digest, &mut Source<'_>),
    ) -> Result<()> {
        let arrived = self.ingest(repo, id, writer, (source, Short::Keep)).await?;
        let Arrived {
            writer: mut state,
            size,
            mut last,
        } = arrived;
        let is_it = |hasher: &Hasher| {
            hasher.algorithm() == digest.algorithm() && hasher.clone().finish() == *digest
        };
        if let Some(kept) = last.take_if(|last| !is_it(&last.hasher)) {
            let key = upload_key(repo, id);
            state = ingest::write_last(self.driver(repo), &key, state, kept).await?;
        }
        if last.is_none() {
            let hasher = match state.hasher.take() {
                Some(hasher) if hasher.algorithm() == digest.algorithm() => hasher,
                _ => self.rehash(repo, id, digest.algorithm()).await?.0,
            };
            state.hasher = Some(hasher.clone());
            if hasher.finish() != *digest {
                return Err(Error::DigestMismatch { expected: *digest });
            }
        }
        let (repo, digest) = (repo.clone(), *digest);
        self.carry_out(move |this| async move {
            if last.is_some() {
                // Should this fail, the file is asked how much of it came.
                state.size = None;
            }
            let upload = Upload { id, size, last };
            this.place(&repo, &digest, upload).await?;
            this.uploads.forget(&repo, id);
            // Nobody may append to what is being placed.
            drop(state);
            Ok(())
        })
        .await
    }

    /// Drops a session and what it holds.
    ///
    /// # Errors
    /// `UploadUnknown`, `UploadBusy`.
    ///
    /// Spec: distribution 1.1, Cancelling an upload.
    pub async fn cancel_upload(&self, repo: &RepoName, id: &UploadId) -> Result<()> {
        let _writer = self.writer(repo, *id)?;
        let removed = self.driver(repo).delete(&upload_key(repo, *id)).await;
        self.uploads.forget(repo, *id);
        removed.map_err(|error| unknown_if_absent(error, *id))
    }

    /// Takes a blob in one go.
    ///
    /// # Errors
    /// `DigestMismatch`, `Source`; nothing stays behind then.
    ///
    /// Spec: distribution 1.1, Pushing a blob monolithically, single POST.
    pub async fn put_blob(
        &self,
        repo: &RepoName,
        digest: &Digest,
        source: &mut Source<'_>,
    ) -> Result<()> {
        self.ensure_repo(repo).await?;
        let id = UploadId(Uuid::new_v4());
        let mut writer = self.writer(repo, id)?;
        // Nobody else knows of it: its file comes with its bytes.
        *writer = State::empty(digest.algorithm());
        let taken = self.complete(repo, id, writer, (digest, source)).await;
        if taken.is_err() {
            // The client is told why the upload failed; a leftover waits for the collector.
            let _ = self.cancel_upload(repo, &id).await;
        }
        taken
    }

    /// Moves a session's verified content to where its digest says, or links what is there already.
    async fn place(&self, repo: &RepoName, digest: &Digest, from: Upload) -> Result<()> {
        let Upload { id, size, last } = from;
        let upload = upload_key(repo, id);
        let _shared = self.locks.shared(repo).await;
        let driver = self.driver(repo);
        let held = self.held(repo, digest).await?;
        let has_row = matches!(held, Some((_, Held::Row(_))));
        let is_stored = held.is_some() && self.has_file(repo, digest, size).await?;
        if is_stored || self.dedupe(repo, digest, size).await? {
            if let Err(error) = driver.delete(&upload).await
                && error.kind() != ErrorKind::NotFound
            {
                return Err(error.into());
            }
            if is_stored && has_row {
                return Ok(());
            }
        } else {
            let last = match last {
                // The row calls the file durable, so it has to be before it appears.
                last if has_row => self.persist_upload(repo, &upload, last).await?,
                last => last,
            };
            let blob = layout::blob(repo, digest);
            match last {
                Some(Last { at, data, .. }) => {
                    driver.append_and_commit(&upload, (at, data), &blob).await?;
                }
                None => driver.commit(&upload, &blob).await?,
            }
        }
        self.remember(repo, digest, size).await
    }

    /// Makes the whole of an upload durable; nothing is left to write then.
    async fn persist_upload(
        &self,
        repo: &RepoName,
        upload: &Key,
        last: Option<Last>,
    ) -> Result<Option<Last>> {
        let driver = self.driver(repo);
        if let Some(Last { at, data, .. }) = last {
            driver.append(upload, at, data).await?;
        }
        driver.persist(std::slice::from_ref(upload)).await?;
        Ok(None)
    }

    /// Tells whether the repository holds a trusted file of the right size.
    pub(crate) async fn is_stored(
        &self,
        repo: &RepoName,
        digest: &Digest,
        size: u64,
    ) -> Result<bool> {
        Ok(self.held(repo, digest).await?.is_some() && self.has_file(repo, digest, size).await?)
    }

    async fn has_file(&self, repo: &RepoName, digest: &Digest, size: u64) -> Result<bool> {
        let stat = self.stat_content(repo, digest).await?;
        Ok(stat.is_some_and(|stat| stat.size == size))
    }

    /// Links another repository's copy, so that the store keeps one.
    async fn dedupe(&self, repo: &RepoName, digest: &Digest, size: u64) -> Result<bool> {
        let store = self.stores.of(repo);
        if store.dedupe() == Dedupe::Off || !store.driver.caps().link {
            return Ok(false);
        }
        if self.stat_content(repo, digest).await?.is_some() {
            // Something untrusted lies there: the upload replaces it.
            return Ok(false);
        }
        for (holder, held) in self.holders(digest, &meta::Rights::everything()).await? {
            let usable = held == size && holder != *repo && self.stores.together(&holder, repo);
            if usable && self.link(&holder, repo, digest, size).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Becomes the one writer of a session that stands at `at`.
    async fn writer_at(&self, repo: &RepoName, id: UploadId, at: Option<u64>) -> Result<Writer> {
        let mut state = match self.writer(repo, id) {
            Ok(state) => state,
            Err(busy) => {
                // A session that does not exist is unknown, not busy.
                self.upload_size(repo, &id).await?;
                return Err(busy);
            }
        };
        let size = match state.size {
            Some(size) => size,
            None => match self.upload_size(repo, &id).await {
                Ok(size) => size,
                Err(error) => {
                    drop(state);
                    self.uploads.forget(repo, id);
                    return Err(error);
                }
            },
        };
        if at.is_some_and(|at| at != size) {
            return Err(Error::UploadOffset { size });
        }
        if state.hasher.is_none() || state.size.is_none() {
            let (hasher, read) = self.rehash(repo, id, Algorithm::Sha256).await?;
            *state = State {
                size: Some(read),
                hasher: Some(hasher),
            };
        }
        Ok(state)
    }

    async fn ingest(
        &self,
        repo: &RepoName,
        id: UploadId,
        writer: Writer,
        source: (&mut Source<'_>, Short),
    ) -> Result<Arrived> {
        let key = upload_key(repo, id);
        let pieces = &self.uploads.pieces;
        ingest::append(self.driver(repo), &key, writer, source, pieces).await
    }

    fn writer(&self, repo: &RepoName, id: UploadId) -> Result<Writer> {
        let session = self.uploads.session(repo, id);
        match session.try_lock_owned() {
            Ok(writer) => Ok(writer),
            Err(_) => Err(Error::UploadBusy(id.to_string())),
        }
    }

    /// Reads a session's file to get its hash.
    async fn rehash(
        &self,
        repo: &RepoName,
        id: UploadId,
        algorithm: Algorithm,
    ) -> Result<(Hasher, u64)> {
        let driver = self.driver(repo);
        let read = content::hasher_of(driver.as_ref(), &upload_key(repo, id), algorithm).await?;
        read.ok_or_else(|| Error::UploadUnknown(id.to_string()))
    }
}

fn upload_key(repo: &RepoName, id: UploadId) -> Key {
    layout::upload(repo, &id.to_string())
}

fn unknown_if_absent(error: storage::Error, id: UploadId) -> Error {
    if error.kind() == ErrorKind::NotFound {
        return Error::UploadUnknown(id.to_string());
    }
    error.into()
}
