//! Rows of browsers that are logged in.

use serde::{Deserialize, Serialize};

use super::Value;
use crate::store::Table;

/// A browser that is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// The user's name.
    pub user: String,
    /// The service that the user logged in at; `None` for a password of our own.
    pub provider: Option<String>,
    /// When the login was.
    pub created: u64,
    /// When it ends.
    pub expires: u64,
}

impl Value for SessionRow {
    const TABLE: Table = Table::Sessions;
}

/// What cookies are signed with, where no key is configured. It is not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionKeyRow {
    /// Random bytes.
    pub key: [u8; 32],
}

impl Value for SessionKeyRow {
    const TABLE: Table = Table::Sessions;
}

impl std::fmt::Debug for SessionKeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKeyRow")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{decode, encode};

    /// The stored form is an interface: rows of every release stay readable.
    #[test]
    fn stored_form_is_fixed() {
        let row = SessionRow {
            user: "ann".to_owned(),
            provider: Some("oidc".to_owned()),
            created: 1,
            expires: 300,
        };
        let stored = encode(&row).unwrap();
        assert_eq!(stored, b"\x01\x03ann\x01\x04oidc\x01\xac\x02");
        assert_eq!(decode::<SessionRow>(&stored).unwrap(), row);

        let key = SessionKeyRow { key: [7; 32] };
        let stored = encode(&key).unwrap();
        assert_eq!(stored, [&[1][..], &[7; 32][..]].concat());
        assert_eq!(decode::<SessionKeyRow>(&stored).unwrap(), key);
        assert_eq!(format!("{key:?}"), "SessionKeyRow");
    }
}
