//! What is kept of a browser that is logged in, and the seam below which it is kept.

use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
pub use meta::SessionId;

/// How long a session lives, from its login on. Nothing but a new login renews it.
///
/// Compat: zot's two hours.
pub const LIFE: Duration = Duration::from_hours(2);

/// The most sessions of one user. Another login ends the oldest.
pub const MAX_PER_USER: usize = 64;

/// Says who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The user's name.
    pub user: String,
    /// The service that the user logged in at; `None` for a password of our own.
    pub provider: Option<String>,
    /// The groups at the login, where servers share records but not what they know of users.
    pub groups: Option<Vec<String>>,
    /// When the login was.
    pub created: SystemTime,
    /// When it ends.
    pub expires: SystemTime,
}

impl Record {
    /// Describes a login of this moment.
    pub fn new(user: &str, provider: Option<&str>, now: SystemTime) -> Self {
        Self {
            user: user.to_owned(),
            provider: provider.map(str::to_owned),
            groups: None,
            created: now,
            expires: now + LIFE,
        }
    }

    /// Tells whether the session goes on at `now`.
    pub fn is_alive(&self, now: SystemTime) -> bool {
        now < self.expires
    }
}

/// Random bytes that several servers may share. They are not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedKey(pub [u8; 32]);

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedKey")
    }
}

/// Says that the place of the records failed.
#[derive(Debug, thiserror::Error)]
#[error("session records cannot be reached")]
pub struct RecordsError(#[source] pub Box<dyn StdError + Send + Sync>);

/// Keeps records of sessions.
///
/// A record is found by the hash of what its browser holds, so that whoever reads the records
/// cannot log in with them. Two places have them: the metadata store and Redis.
pub trait Records: Send + Sync + fmt::Debug {
    /// Reads a record. One that has ended may still be there.
    fn get<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<Record>, RecordsError>>;

    /// Keeps a record, and drops the oldest of its user beyond [`MAX_PER_USER`].
    fn put<'a>(
        &'a self,
        id: &'a SessionId,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), RecordsError>>;

    /// Drops a record, so that it stays gone. One that is not there is no error.
    fn remove<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), RecordsError>>;

    /// Yields the key that all who share the records sign with: `fresh`, if there is none yet.
    fn key<'a>(&'a self, fresh: &'a SharedKey) -> BoxFuture<'a, Result<SharedKey, RecordsError>>;

    /// Drops records that have ended, at most `limit`, and yields how many it dropped.
    fn sweep(&self, now: SystemTime, limit: usize) -> BoxFuture<'_, Result<usize, RecordsError>>;
}
