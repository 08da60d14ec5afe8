//! Users who have logged in, as far as the store remembers them: the groups that came with the last
//! login, for later requests that carry none, such as those with an API key.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use meta::rows::nanos;
use meta::{Edit, Error, Meta, UserRow, WriteError};
use quick_cache::sync::Cache;

use crate::verified::Verified;

/// How many users are known to be in the store without a look at it.
const KNOWN: usize = 10_000;

/// How many keys one user may have.
pub(crate) const KEYS_OF_ONE: usize = 1_000;

/// Remembers users.
#[derive(Debug)]
pub struct Users {
    meta: Meta,
    verified: Arc<Verified>,
    hasher: RandomState,
    /// A hash of the groups that are in the store, by name.
    known: Cache<String, u64>,
}

impl Users {
    /// Stands above a store; what was found right of a user is forgotten when his groups change.
    pub fn new(meta: Meta, verified: Arc<Verified>) -> Self {
        Self {
            meta,
            verified,
            hasher: RandomState::new(),
            known: Cache::new(KNOWN),
        }
    }

    /// Notes a login. Writes only what the store does not say yet, and does not wait for the disk.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn note(&self, name: &str, groups: &[String], now: SystemTime) -> Result<(), Error> {
        let hash = self.hasher.hash_one(groups);
        if self.known.get(name) == Some(hash) {
            return Ok(());
        }
        let seen = self.meta.user(name).await?;
        let old = seen.as_ref().map(|seen| &seen.value);
        if old.is_none_or(|old| old.groups != groups) {
            let row = UserRow {
                groups: groups.to_vec(),
                created: old.map_or_else(|| nanos(now), |old| old.created),
                changed: nanos(now),
            };
            let mut edit = Edit::relaxed();
            edit.expect_user(name, seen.as_ref()).put_user(name, &row);
            match self.meta.write(edit).await {
                Ok(()) => {}
                // Somebody else has noted another login at the same moment: the next one settles it.
                Err(WriteError::Conflict) => return Ok(()),
                Err(WriteError::Store(error)) => return Err(error),
            }
            if old.is_some() {
                self.verified.forget_user(name);
            }
        }
        self.known.insert(name.to_owned(), hash);
        Ok(())
    }

    /// Yields the groups of a user's last login; `None` for one who never logged in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn groups(&self, name: &str) -> Result<Option<Vec<String>>, Error> {
        let user = self.meta.user(name).await?;
        Ok(user.map(|user| user.value.groups))
    }

    /// Removes a user with all his keys; whatever was found right of him is forgotten.
    ///
    /// # Errors
    /// Those of the store; [`WriteError::Conflict`] never.
    ///
    /// # Cancel safety
    /// A dropped call may have happened or not, never in part.
    pub async fn remove(&self, name: &str) -> Result<(), WriteError> {
        let keys = self.meta.api_keys_of(name, usize::MAX).await?;
        let mut edit = Edit::durable();
        edit.delete_user(name);
        for (id, key) in &keys {
            edit.delete_api_key(id, &key.value);
        }
        let written = self.meta.write(edit).await;
        self.known.remove(name);
        self.verified.forget_user(name);
        written
    }
}

#[cfg(test)]
mod tests;
