//! Keys that users make for themselves, and use as passwords.
//!
//! A key is `zak_` and 32 hexadecimal characters. The store has its hash alone. Finding a key is a
//! look-up of a hash, whose time says nothing about keys that exist. Uses are counted in memory and
//! written by [`ApiKeys::flush`], so that no request writes because it carried a key.

mod scope;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use futures_util::future::join_all;
use meta::rows::{nanos, time};
use meta::{ApiKeyId, ApiKeyRow, Edit, Error, Meta, Scoping, UserRow, WriteError};
use parking_lot::Mutex;
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use uuid::Uuid;

use crate::identity::{Method, User};
use crate::limit::{Limit, LimitMode};
use crate::user::KEYS_OF_ONE;
use crate::verified::{Known, NoRandom, Verified};

pub use scope::ScopeError;

/// What keys begin with.
pub const PREFIX: &str = "zak_";

/// The length of the rest, which is secret.
const SECRET: usize = 32;

/// How many scopes a key may have.
const SCOPES: usize = 100;

/// How many characters of a `User-Agent` are kept.
const AGENT: usize = 256;

/// How many keys are watched for uses at once.
const WATCHED: usize = 10_000;

/// How many rows one step of [`ApiKeys::flush`] writes.
const STEP: usize = 64;

/// How often a write is tried again that met another.
const TRIES: usize = 5;

/// A key cannot be made, found or removed.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// A scope is malformed; the first is number 1.
    #[error("scope {number} {reason}")]
    Scope {
        /// Which one.
        number: usize,
        /// What is wrong with it.
        reason: ScopeError,
    },
    /// There are more scopes than a key may have.
    #[error("more than {SCOPES} scopes")]
    TooManyScopes,
    /// It would end before it began.
    #[error("the expiration date has passed")]
    Expired,
    /// It would allow what the key that makes it does not.
    #[error("a key cannot make one that may do more than itself")]
    Exceeds,
    /// The user has as many as a user may have.
    #[error("a user may have {KEYS_OF_ONE} keys")]
    TooMany,
    /// There is no secret to be had.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Says what a new key shall be.
#[derive(Clone, Debug)]
pub struct NewKey<'a> {
    /// Who makes it, a user with a name.
    pub owner: &'a User,
    /// What the owner calls it.
    pub label: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it ends, if it does.
    pub expires: Option<SystemTime>,
    /// The `User-Agent` of the request.
    pub agent: &'a str,
    /// The key that the request was made with, if it was one: the new one may do no more and lives no
    /// longer.
    pub parent: Option<&'a ApiKeyRow>,
}

/// A key that was just made: the only time that it can be read.
pub struct Created {
    /// The key.
    pub key: String,
    /// What the store has of it.
    pub row: ApiKeyRow,
}

/// The key is not printed.
impl fmt::Debug for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Created")
            .field("row", &self.row)
            .finish_non_exhaustive()
    }
}

/// Notes when a key was last used.
#[derive(Debug)]
pub(crate) struct Usage {
    id: ApiKeyId,
    last: AtomicU64,
    written: AtomicU64,
}

impl Usage {
    pub(crate) fn note(&self, now: SystemTime) {
        self.last.fetch_max(nanos(now), Ordering::Relaxed);
    }

    fn is_ahead(&self) -> bool {
        self.last.load(Ordering::Relaxed) > self.written.load(Ordering::Relaxed)
    }
}

/// What a password is, seen as a key.
#[derive(Debug)]
pub(crate) enum Checked {
    /// No key that anybody has.
    Unknown,
    /// A key, but not one of this user or of this day.
    Wrong,
    /// A key of the user.
    Known(Known),
}

/// Makes, finds and removes keys.
#[derive(Debug)]
pub struct ApiKeys {
    meta: Meta,
    verified: Arc<Verified>,
    usages: Mutex<HashMap<ApiKeyId, Arc<Usage>>>,
}

impl ApiKeys {
    /// Stands above a store; what was found right of a key is forgotten when it is removed.
    pub fn new(meta: Meta, verified: Arc<Verified>) -> Self {
        Self {
            meta,
            verified,
            usages: Mutex::default(),
        }
    }

    /// Makes a key. It is in the store, and survives a power cut, when it is yielded.
    ///
    /// # Errors
    /// [`ApiKeyError`].
    ///
    /// # Cancel safety
    /// A dropped call may have made a key that nobody knows.
    pub async fn create(&self, new: NewKey<'_>, now: SystemTime) -> Result<Created, ApiKeyError> {
        let owner = new.owner;
        let mut row = new_row(new, now)?;
        let (key, id) = generate()?;
        let keys = self.meta.api_keys_of(&owner.name, KEYS_OF_ONE).await?;
        if keys.len() >= KEYS_OF_ONE {
            return Err(ApiKeyError::TooMany);
        }
        // Two keys of one moment would still differ in their ids.
        row.uuid = Uuid::new_v4().to_string();
        for _ in 0..TRIES {
            let mut edit = Edit::durable();
            edit.expect_api_key(&id, None).put_api_key(&id, &row);
            let user = self.meta.user(&owner.name).await?;
            edit.expect_user(&owner.name, user.as_ref());
            if user.is_none() {
                // The key has the groups of the last login, so there must be one to look at.
                let user = UserRow {
                    groups: owner.groups.clone(),
                    created: nanos(now),
                    changed: nanos(now),
                };
                edit.put_user(&owner.name, &user);
            }
            match self.meta.write(edit).await {
                Ok(()) => return Ok(Created { key, row }),
                Err(WriteError::Conflict) => {}
                Err(WriteError::Store(error)) => return Err(error.into()),
            }
        }
        Err(ApiKeyError::Store(Error::Backend(Box::new(
            WriteError::Conflict,
        ))))
    }

    /// Lists the keys of a user, the oldest first, with their latest uses.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self, owner: &str) -> Result<Vec<ApiKeyRow>, Error> {
        let keys = self.meta.api_keys_of(owner, KEYS_OF_ONE).await?;
        let usages = self.usages.lock();
        let keys = keys.into_iter().map(|(id, found)| {
            let mut row = found.value;
            if let Some(usage) = usages.get(&id) {
                row.last_used = row.last_used.max(usage.last.load(Ordering::Relaxed));
            }
            row
        });
        Ok(keys.collect())
    }

    /// Removes a key of a user, which is of no use from then on; tells whether there was one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn revoke(&self, owner: &str, uuid: &str) -> Result<bool, Error> {
        let keys = self.meta.api_keys_of(owner, KEYS_OF_ONE).await?;
        let key = keys.into_iter().find(|(_, key)| key.value.uuid == uuid);
        let Some((id, key)) = key else {
            return Ok(false);
        };
        let mut edit = Edit::durable();
        edit.delete_api_key(&id, &key.value);
        match self.meta.write(edit).await {
            // Nothing was demanded.
            Ok(()) | Err(WriteError::Conflict) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
        self.usages.lock().remove(&id);
        self.verified
            .forget(|known| known.usage.as_ref().is_some_and(|usage| usage.id == id));
        Ok(true)
    }

    /// Yields the key that a password is, if it is one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn find(&self, password: &[u8]) -> Result<Option<ApiKeyRow>, Error> {
        let Some(id) = id_of(password) else {
            return Ok(None);
        };
        Ok(self.meta.api_key(&id).await?.map(|found| found.value))
    }

    /// Checks a password that may be a key of the user.
    pub(crate) async fn check(
        &self,
        user: &str,
        password: &[u8],
        now: SystemTime,
    ) -> Result<Checked, Error> {
        let Some(id) = id_of(password) else {
            return Ok(Checked::Unknown);
        };
        let Some(found) = self.meta.api_key(&id).await? else {
            return Ok(Checked::Unknown);
        };
        let row = found.value;
        if row.owner != user || has_ended(&row, now) {
            return Ok(Checked::Wrong);
        }
        let owner = self.meta.user(user).await?;
        let groups = owner.map(|owner| owner.value.groups).unwrap_or_default();
        let mut user = User::new(user, groups, Method::ApiKey);
        user.limit = limit(&row).map(Arc::new);
        Ok(Checked::Known(Known {
            user: Arc::new(user),
            expires: (row.expires != 0).then(|| time(row.expires)),
            usage: Some(self.watch(id, row.last_used)),
        }))
    }

    /// Writes down which keys were used since the last call. What cannot be written now is written by
    /// a later call.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn flush(&self) -> Result<(), Error> {
        let ahead: Vec<_> = {
            let usages = self.usages.lock();
            let ahead = usages.values().filter(|usage| usage.is_ahead());
            ahead.map(Arc::clone).collect()
        };
        for step in ahead.chunks(STEP) {
            let written = join_all(step.iter().map(|usage| self.write(usage))).await;
            written.into_iter().collect::<Result<(), _>>()?;
        }
        drop(ahead);
        let mut usages = self.usages.lock();
        usages.retain(|_, usage| usage.is_ahead() || Arc::strong_count(usage) > 1);
        Ok(())
    }

    async fn write(&self, usage: &Usage) -> Result<(), Error> {
        let last = usage.last.load(Ordering::Relaxed);
        if let Some(seen) = self.meta.api_key(&usage.id).await? {
            let mut row = seen.value.clone();
            row.last_used = row.last_used.max(last);
            let mut edit = Edit::relaxed();
            edit.expect_api_key(&usage.id, Some(&seen))
                .put_api_key(&usage.id, &row);
            match self.meta.write(edit).await {
                Ok(()) => {}
                // Removed, or used elsewhere, at this moment: the next call looks again.
                Err(WriteError::Conflict) => return Ok(()),
                Err(WriteError::Store(error)) => return Err(error),
            }
        }
        usage.written.fetch_max(last, Ordering::Relaxed);
        Ok(())
    }

    fn watch(&self, id: ApiKeyId, last: u64) -> Arc<Usage> {
        let mut usages = self.usages.lock();
        if let Some(usage) = usages.get(&id) {
            return Arc::clone(usage);
        }
        let usage = Arc::new(Usage {
            id,
            last: AtomicU64::new(last),
            written: AtomicU64::new(last),
        });
        // Beyond that, uses of further keys are not noted until the next flush has made room.
        if usages.len() < WATCHED {
            usages.insert(id, Arc::clone(&usage));
        }
        usage
    }
}

/// Tells whether a key has ended.
pub fn has_ended(row: &ApiKeyRow, now: SystemTime) -> bool {
    row.expires != 0 && row.expires <= nanos(now)
}

/// Yields under what a password is stored, if it has the form of a key.
fn id_of(password: &[u8]) -> Option<ApiKeyId> {
    let secret = password.strip_prefix(PREFIX.as_bytes())?;
    if secret.len() != SECRET {
        return None;
    }
    let hash = digest::digest(&digest::SHA256, secret);
    hash.as_ref().try_into().ok()
}

fn generate() -> Result<(String, ApiKeyId), NoRandom> {
    let mut random = [0; SECRET / 2];
    let filled = SystemRandom::new().fill(&mut random);
    filled.map_err(|_unspecified| NoRandom)?;
    let key = format!("{PREFIX}{}", hex::encode(random));
    let id = id_of(key.as_bytes()).ok_or(NoRandom)?;
    Ok((key, id))
}

fn new_row(new: NewKey<'_>, now: SystemTime) -> Result<ApiKeyRow, ApiKeyError> {
    let (mut expires, mut scopes) = (new.expires, new.scopes);
    if expires.is_some_and(|expires| expires <= now) {
        return Err(ApiKeyError::Expired);
    }
    if scopes.len() > SCOPES {
        return Err(ApiKeyError::TooManyScopes);
    }
    for (index, scope) in scopes.iter().enumerate() {
        let number = index + 1;
        scope::parse(scope).map_err(|reason| ApiKeyError::Scope { number, reason })?;
    }
    if let Some(parent) = new.parent {
        if parent.expires != 0 {
            let end = time(parent.expires);
            expires = Some(expires.map_or(end, |expires| expires.min(end)));
        }
        if limit(parent).is_some() {
            if scopes.is_empty() {
                scopes.clone_from(&parent.scopes);
            }
            if !scopes.iter().all(|scope| parent.scopes.contains(scope)) {
                return Err(ApiKeyError::Exceeds);
            }
        }
    }
    Ok(ApiKeyRow {
        owner: new.owner.name.clone(),
        uuid: String::new(),
        label: new.label,
        scopes,
        scoping: Scoping::Enforced,
        created: nanos(now),
        expires: expires.map_or(0, nanos),
        last_used: 0,
        creator_agent: new.agent.chars().take(AGENT).collect(),
        generated_by: "manual".to_owned(),
    })
}

/// Yields what the scopes of a key allow, if they count. One that cannot be read allows nothing.
fn limit(row: &ApiKeyRow) -> Option<Limit> {
    if row.scoping == Scoping::Told || row.scopes.is_empty() {
        return None;
    }
    let grants = row.scopes.iter().filter_map(|text| scope::parse(text).ok());
    Some(Limit {
        mode: LimitMode::Narrow,
        entries: grants.collect(),
    })
}

#[cfg(test)]
mod tests;
