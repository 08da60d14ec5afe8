//! Rows of users and of the keys that they made for themselves.

use serde::{Deserialize, Serialize};

use super::Value;
use crate::store::Table;

/// A user who has logged in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// The groups that came with the last login; those that a policy lists are not among them.
    pub groups: Vec<String>,
    /// When the user was first seen.
    pub created: u64,
    /// When the groups last changed.
    pub changed: u64,
}

impl Value for UserRow {
    const TABLE: Table = Table::Users;
}

/// Says what the scopes of a key are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scoping {
    /// They are remarks: the key was made by zot, which enforces none.
    Told,
    /// They narrow what the key may do; without any it may do what its owner may.
    Enforced,
}

/// A key that a user made. The key itself is kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyRow {
    /// The user's name.
    pub owner: String,
    /// What the owner names the key by, a UUID.
    pub uuid: String,
    /// What the owner wrote down.
    pub label: String,
    /// What it may do, each as its owner wrote it.
    pub scopes: Vec<String>,
    /// What the scopes are worth.
    pub scoping: Scoping,
    /// When it was made.
    pub created: u64,
    /// When it ends; zero for never.
    pub expires: u64,
    /// When it was last used; zero for never.
    pub last_used: u64,
    /// The `User-Agent` of the request that made it.
    pub creator_agent: String,
    /// Who made it: `manual` for the owner.
    pub generated_by: String,
}

impl Value for ApiKeyRow {
    const TABLE: Table = Table::ApiKeys;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{decode, encode};

    /// The stored form is an interface: rows of every release stay readable.
    #[test]
    fn stored_form_is_fixed() {
        let user = UserRow {
            groups: vec!["a".to_owned(), "b".to_owned()],
            created: 1,
            changed: 300,
        };
        let stored = encode(&user).unwrap();
        assert_eq!(stored, b"\x01\x02\x01a\x01b\x01\xac\x02");
        assert_eq!(decode::<UserRow>(&stored).unwrap(), user);

        let key = ApiKeyRow {
            owner: "ann".to_owned(),
            uuid: "u".to_owned(),
            label: "l".to_owned(),
            scopes: vec!["s".to_owned()],
            scoping: Scoping::Enforced,
            created: 1,
            expires: 2,
            last_used: 0,
            creator_agent: "c".to_owned(),
            generated_by: "m".to_owned(),
        };
        let stored = encode(&key).unwrap();
        assert_eq!(
            stored,
            b"\x01\x03ann\x01u\x01l\x01\x01s\x01\x01\x02\x00\x01c\x01m"
        );
        assert_eq!(decode::<ApiKeyRow>(&stored).unwrap(), key);
    }
}
