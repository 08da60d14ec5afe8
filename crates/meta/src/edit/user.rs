//! Changes of users and of their keys.

use super::Edit;
use crate::keys::user::{self as keys, ApiKeyId};
use crate::rows::{ApiKeyRow, UserRow};
use crate::store::{Change, Row, Table};
use crate::tables::Found;

impl Edit {
    /// Sets a user.
    pub fn put_user(&mut self, name: &str, row: &UserRow) -> &mut Self {
        self.put(keys::user(name), row)
    }

    /// Demands that a user is as it was read.
    pub fn expect_user(&mut self, name: &str, seen: Option<&Found<UserRow>>) -> &mut Self {
        self.expect(keys::user(name), seen)
    }

    /// Removes a user's own row; [`Self::delete_api_key`] removes each of the keys.
    pub fn delete_user(&mut self, name: &str) -> &mut Self {
        self.delete(Table::Users, keys::user(name))
    }

    /// Sets an API key, and keeps the list of its owner's keys in step.
    ///
    /// Owner and time of making never change.
    pub fn put_api_key(&mut self, id: &ApiKeyId, row: &ApiKeyRow) -> &mut Self {
        let entry = Row {
            key: keys::by_owner(&row.owner, row.created, id),
            value: Vec::new(),
        };
        self.batch.changes.push(Change::Put(Table::ApiKeys, entry));
        self.put(keys::api_key(id), row)
    }

    /// Demands that an API key is as it was read.
    pub fn expect_api_key(&mut self, id: &ApiKeyId, seen: Option<&Found<ApiKeyRow>>) -> &mut Self {
        self.expect(keys::api_key(id), seen)
    }

    /// Removes an API key that was read as `row`.
    pub fn delete_api_key(&mut self, id: &ApiKeyId, row: &ApiKeyRow) -> &mut Self {
        let by_owner = keys::by_owner(&row.owner, row.created, id);
        self.delete(Table::ApiKeys, by_owner)
            .delete(Table::ApiKeys, keys::api_key(id))
    }
}
