//! Keys of tables `Users` and `ApiKeys`. The rows of the latter are of two kinds, told apart by the
//! first byte.
//!
//! | table | key | row |
//! |---|---|---|
//! | `Users` | `<name>` | [`UserRow`](crate::UserRow) |
//! | `ApiKeys` | `k <id>` | [`ApiKeyRow`](crate::ApiKeyRow) |
//! | `ApiKeys` | `u <digest of the owner's name> <created> <id>` | empty: the keys of a user, the oldest first |
//!
//! `<id>` is 32 bytes, `<created>` eight in big-endian order. The id is the SHA-256 of the secret
//! characters of the key, as zot names its own, so that nobody can log in with what is read here.

use oci::Digest;

/// Identifies a key: the SHA-256 of its secret characters.
pub type ApiKeyId = [u8; 32];

/// Yields the key of a user.
pub fn user(name: &str) -> Vec<u8> {
    name.as_bytes().to_vec()
}

/// Yields the key of an API key.
pub fn api_key(id: &ApiKeyId) -> Vec<u8> {
    [b"k", id.as_slice()].concat()
}

/// Yields the prefix of the API keys of a user.
pub fn owner(name: &str) -> Vec<u8> {
    let mut key = b"u".to_vec();
    Digest::sha256(name.as_bytes()).write_key(&mut key);
    key
}

/// Yields the key that says that an API key is a user's.
pub fn by_owner(name: &str, created: u64, id: &ApiKeyId) -> Vec<u8> {
    let mut key = owner(name);
    key.extend_from_slice(&created.to_be_bytes());
    key.extend_from_slice(id);
    key
}

/// Reads the id from the end of a key of [`by_owner`].
pub(crate) fn read(key: &[u8]) -> Option<ApiKeyId> {
    key.split_last_chunk::<32>().map(|(_, id)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_order_and_read_back() {
        let (low, high) = ([1; 32], [2; 32]);
        assert!(by_owner("a", 1, &high) < by_owner("a", 256, &low));
        assert!(by_owner("ann", 1, &low).starts_with(&owner("ann")));
        assert!(!by_owner("anna", 1, &low).starts_with(&owner("ann")));
        assert_eq!(read(&by_owner("a", 258, &high)), Some(high));
        assert_eq!(read(b"u"), None);
        assert_eq!(api_key(&low)[1..], low);
        assert_ne!(api_key(&low)[0], owner("a")[0]);
        assert_eq!(user("ann"), b"ann");
    }
}
