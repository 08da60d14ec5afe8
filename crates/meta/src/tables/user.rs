//! Reads of users and of their keys.

use super::{Found, Meta};
use crate::error::Error;
use crate::keys::user::{self as keys, ApiKeyId};
use crate::rows::{ApiKeyRow, UserRow};
use crate::store::{Scan, Table};

impl Meta {
    /// Reads a user.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn user(&self, name: &str) -> Result<Option<Found<UserRow>>, Error> {
        self.get(&keys::user(name)).await
    }

    /// Reads an API key, whether or not it has ended.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn api_key(&self, id: &ApiKeyId) -> Result<Option<Found<ApiKeyRow>>, Error> {
        self.get(&keys::api_key(id)).await
    }

    /// Lists the API keys of a user, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// As [`Self::repo`].
    pub async fn api_keys_of(
        &self,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<(ApiKeyId, Found<ApiKeyRow>)>, Error> {
        let scan = Scan {
            prefix: keys::owner(owner),
            after: None,
            limit,
        };
        let mut found = Vec::new();
        for row in self.0.scan(Table::ApiKeys, scan).await? {
            let malformed = || Error::Row {
                table: Table::ApiKeys.name(),
            };
            let id = keys::read(&row.key).ok_or_else(malformed)?;
            // One that is gone was removed between the two reads.
            if let Some(key) = self.api_key(&id).await? {
                found.push((id, key));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::edit::Edit;
    use crate::error::WriteError;
    use crate::memory::MemoryStore;
    use crate::rows::Scoping;

    fn key(owner: &str, created: u64) -> ApiKeyRow {
        ApiKeyRow {
            owner: owner.to_owned(),
            uuid: format!("{owner}-{created}"),
            label: String::new(),
            scopes: Vec::new(),
            scoping: Scoping::Enforced,
            created,
            expires: 0,
            last_used: 0,
            creator_agent: String::new(),
            generated_by: "manual".to_owned(),
        }
    }

    #[tokio::test]
    async fn lists_of_keys_stay_in_step() {
        let meta = Meta::new(Arc::new(MemoryStore::new()));
        let rows = [
            ([1; 32], key("ann", 20)),
            ([2; 32], key("ann", 10)),
            ([3; 32], key("anna", 5)),
        ];
        let mut edit = Edit::durable();
        for (id, row) in &rows {
            edit.put_api_key(id, row);
        }
        meta.write(edit).await.unwrap();
        let listed = async |owner, limit| -> Vec<u8> {
            let keys = meta.api_keys_of(owner, limit).await.unwrap();
            keys.iter().map(|(id, _)| id[0]).collect()
        };
        assert_eq!(listed("ann", 9).await, [2, 1]);
        assert_eq!(listed("ann", 1).await, [2]);
        assert_eq!(listed("anna", 9).await, [3]);

        let used = ApiKeyRow {
            last_used: 7,
            ..rows[1].1.clone()
        };
        let mut edit = Edit::relaxed();
        edit.put_api_key(&[2; 32], &used)
            .delete_api_key(&[1; 32], &rows[0].1);
        meta.write(edit).await.unwrap();
        assert_eq!(listed("ann", 9).await, [2]);
        assert_eq!(meta.api_key(&[1; 32]).await.unwrap(), None);
        let read = meta.api_key(&[2; 32]).await.unwrap().unwrap();
        assert_eq!(read.value, used);
    }

    #[tokio::test]
    async fn users_are_set_as_they_were_read() {
        let meta = Meta::new(Arc::new(MemoryStore::new()));
        let row = UserRow::default();
        let set = |seen: Option<&Found<UserRow>>| {
            let mut edit = Edit::relaxed();
            edit.expect_user("ann", seen).put_user("ann", &row);
            edit
        };
        meta.write(set(None)).await.unwrap();
        let again = meta.write(set(None)).await;
        assert!(matches!(again, Err(WriteError::Conflict)));
        let seen = meta.user("ann").await.unwrap();
        meta.write(set(seen.as_ref())).await.unwrap();
        let mut edit = Edit::durable();
        edit.delete_user("ann");
        meta.write(edit).await.unwrap();
        assert_eq!(meta.user("ann").await.unwrap(), None);
    }
}
