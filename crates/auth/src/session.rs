//! Browsers that are logged in.
//!
//! A browser holds a random id with a signature in the cookie `session`; who it is lies in a record
//! on the server, which a logout removes. The cookie counts only in requests that say that they
//! come from the user interface. A login lasts for [`LIFE`], by the record, whatever the browser
//! says.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::SystemTime;
//!
//! use auth::session::{Profiles, SessionKeys, Sessions, StoredRecords};
//! use futures_util::future::{BoxFuture, FutureExt, ready};
//! use meta::{Error, MemoryStore, Meta};
//!
//! #[derive(Debug)]
//! struct Everybody;
//!
//! impl Profiles for Everybody {
//!     fn groups<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Vec<String>>, Error>> {
//!         ready(Ok(Some(Vec::new()))).boxed()
//!     }
//!
//!     fn note<'a>(
//!         &'a self,
//!         _: &'a str,
//!         _: &'a [String],
//!         _: SystemTime,
//!     ) -> BoxFuture<'a, Result<(), Error>> {
//!         ready(Ok(())).boxed()
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let records = StoredRecords::new(Meta::new(Arc::new(MemoryStore::new())));
//! let keys = SessionKeys::default();
//! let sessions = Sessions::new(Arc::new(records), Arc::new(Everybody), &keys);
//! let now = SystemTime::UNIX_EPOCH;
//! let cookie = sessions.open("ann", None, now).await?;
//!
//! let mut headers = http::HeaderMap::new();
//! headers.insert("cookie", format!("session={}", cookie.expose()).parse()?);
//! assert_eq!(sessions.find(&headers, now).await?.map(|found| found.user).as_deref(), Some("ann"));
//! sessions.close(&headers, now).await?;
//! assert_eq!(sessions.find(&headers, now).await?, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`record`] | what is kept of a session, and the seam of those who keep it |
//! | [`rows`] | records in the metadata store |
//! | [`cookie`] | what requests carry |
//! | [`signer`] | what cookies are signed with |

pub mod cookie;
pub mod record;
pub mod rows;
pub mod signer;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::{BoxFuture, FutureExt};
use http::HeaderMap;
use ring::digest::{SHA256, digest};

pub use cookie::is_interface;
pub use record::{LIFE, MAX_PER_USER, Record, Records, RecordsError, SessionId, SharedKey};
pub use rows::StoredRecords;
pub use signer::{SessionKeys, Signer};

use crate::gate::{Authenticator, Evidence, Refusal, Verdict};
use crate::identity::{Identity, Method, User};
use crate::user::Users;
use signer::Purpose;

/// How many records a sweep drops before it lets others go on.
const SWEEP: usize = 256;

/// Remembers users and the groups of their last login.
pub trait Profiles: Send + Sync + fmt::Debug {
    /// Yields the groups of a user; `None` for one who is unknown, or was removed.
    fn groups<'a>(
        &'a self,
        user: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<String>>, meta::Error>>;

    /// Notes a login, whose groups replace those before.
    fn note<'a>(
        &'a self,
        user: &'a str,
        groups: &'a [String],
        now: SystemTime,
    ) -> BoxFuture<'a, Result<(), meta::Error>>;
}

impl Profiles for Users {
    fn groups<'a>(
        &'a self,
        user: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<String>>, meta::Error>> {
        Self::groups(self, user).boxed()
    }

    fn note<'a>(
        &'a self,
        user: &'a str,
        groups: &'a [String],
        now: SystemTime,
    ) -> BoxFuture<'a, Result<(), meta::Error>> {
        Self::note(self, user, groups, now).boxed()
    }
}

/// The value of a cookie. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(String);

impl Ticket {
    /// The value itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket")
    }
}

/// Begins, finds and ends the sessions of browsers.
#[derive(Clone, Debug)]
pub struct Sessions {
    records: Arc<dyn Records>,
    profiles: Arc<dyn Profiles>,
    signer: Arc<Signer>,
}

impl Sessions {
    /// Keeps sessions in `records`, signed with `keys` or else with a key that lies beside them.
    pub fn new(records: Arc<dyn Records>, profiles: Arc<dyn Profiles>, keys: &SessionKeys) -> Self {
        let signer = Arc::new(Signer::new(keys, Arc::clone(&records)));
        Self {
            records,
            profiles,
            signer,
        }
    }

    /// Yields what signs the cookies, for logins that are under way.
    pub fn signer(&self) -> Arc<Signer> {
        Arc::clone(&self.signer)
    }

    /// Begins a session and yields the value of the cookie. `provider` is the service that the user
    /// logged in at, if it was not here.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn open(
        &self,
        user: &str,
        provider: Option<&str>,
        now: SystemTime,
    ) -> Result<Ticket, RecordsError> {
        let secret = signer::random().map_err(|error| RecordsError(Box::new(error)))?;
        let signature = self.signer.sign(Purpose::Session, &[&secret]).await?;
        let record = Record {
            // Only other servers need them: without, they ask for another login.
            groups: self.profiles.groups(user).await.ok().flatten(),
            ..Record::new(user, provider, now)
        };
        self.records.put(&id_of(&secret), &record).await?;
        let (secret, signature) = (hex::encode(secret), hex::encode(signature));
        Ok(Ticket(secret + &signature))
    }

    /// Begins a session for a user who sent a password with a request of the user interface, unless
    /// the browser has one of the same user. Whoever is no browser gets none.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn open_for(
        &self,
        evidence: &Evidence<'_>,
        identity: &Identity,
    ) -> Result<Option<Ticket>, RecordsError> {
        let Some(user) = identity.user() else {
            return Ok(None);
        };
        // A key of the API may allow less than its user: it must not become a session.
        let by_password = matches!(user.method, Method::Htpasswd | Method::Ldap);
        if !by_password || !is_interface(evidence.headers) {
            return Ok(None);
        }
        let present = self.find(evidence.headers, evidence.now).await?;
        if present.is_some_and(|present| present.user == user.name) {
            return Ok(None);
        }
        self.open(&user.name, None, evidence.now).await.map(Some)
    }

    /// Finds the session of a request that goes on. Does not look at where the request comes from.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn find(
        &self,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<Option<Record>, RecordsError> {
        for id in self.ids(headers).await? {
            let record = self.records.get(&id).await?;
            if let Some(record) = record.filter(|record| record.is_alive(now)) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Ends the sessions of a request, for good, and yields one that still went on.
    ///
    /// # Errors
    /// [`RecordsError`]: the session may go on.
    pub async fn close(
        &self,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<Option<Record>, RecordsError> {
        let mut ended = None;
        for id in self.ids(headers).await? {
            let record = self.records.get(&id).await?;
            self.records.remove(&id).await?;
            ended = ended.or(record.filter(|record| record.is_alive(now)));
        }
        Ok(ended)
    }

    /// Drops a slice of the records that have ended, and yields whether there may be more.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn sweep(&self, now: SystemTime) -> Result<bool, RecordsError> {
        Ok(self.records.sweep(now, SWEEP).await? == SWEEP)
    }

    /// Yields the ids of the cookies with a right signature: others cost no look at the records.
    async fn ids(&self, headers: &HeaderMap) -> Result<Vec<SessionId>, RecordsError> {
        let mut ids = Vec::new();
        for value in cookie::cookies(headers, cookie::SESSION) {
            let mut bytes = [0; 64];
            if hex::decode_to_slice(value, &mut bytes).is_err() {
                continue;
            }
            let (secret, signature) = bytes.split_at(32);
            let parts = [secret];
            let signed = self.signer.is_signed(Purpose::Session, &parts, signature);
            if signed.await? {
                ids.push(id_of(secret));
            }
        }
        Ok(ids)
    }

    async fn judge(&self, evidence: &Evidence<'_>) -> Result<Verdict, Refusal> {
        let failed = |error| Refusal::Failed(Box::new(error));
        let mut sent = cookie::cookies(evidence.headers, cookie::SESSION);
        if !is_interface(evidence.headers) || sent.all(str::is_empty) {
            return Ok(Verdict::Absent);
        }
        let found = self.find(evidence.headers, evidence.now).await;
        let Some(record) = found.map_err(failed)? else {
            return Err(Refusal::Wrong);
        };
        let groups = self.profiles.groups(&record.user).await;
        let groups = groups.map_err(|error| Refusal::Failed(Box::new(error)))?;
        // A user whom this server has never seen may have logged in at another one.
        let Some(groups) = groups.or(record.groups) else {
            return Err(Refusal::Wrong);
        };
        let user = User::new(record.user, groups, Method::Session);
        Ok(Verdict::Known(Identity::User(Arc::new(user))))
    }
}

/// Knows browsers by their cookies.
///
/// A cookie that is wrong, or whose session has ended, is refused and not taken for nobody's: the
/// user interface then shows its login page.
impl Authenticator for Sessions {
    fn authenticate<'a>(&'a self, evidence: &'a Evidence<'a>) -> BoxFuture<'a, Verdict> {
        let judged = self.judge(evidence);
        judged
            .map(|judged| judged.unwrap_or_else(Verdict::Refused))
            .boxed()
    }
}

fn id_of(secret: &[u8]) -> SessionId {
    let mut id = [0; 32];
    for (to, from) in id.iter_mut().zip(digest(&SHA256, secret).as_ref()) {
        *to = *from;
    }
    id
}

#[cfg(test)]
mod tests;
