//! Keys of table `Sessions`, whose rows are of four kinds, told apart by the first byte.
//!
//! | key | row |
//! |---|---|
//! | `i <id>` | [`SessionRow`](crate::SessionRow) |
//! | `u <digest of the user's name> <expires> <id>` | empty: the sessions of a user, the oldest first |
//! | `e <expires> <id>` | empty: all sessions, the one that ends next first |
//! | `k` | [`SessionKeyRow`](crate::SessionKeyRow) |
//!
//! `<id>` is 32 bytes, `<expires>` eight in big-endian order. The id is the SHA-256 of what the
//! browser holds, so that nobody can log in with what is read here.

use oci::Digest;

/// Identifies a session: the SHA-256 of the random bytes that the browser holds.
pub type SessionId = [u8; 32];

/// The key of what cookies are signed with.
pub const KEY: &[u8] = b"k";

/// The prefix of all sessions in the order in which they end.
pub(crate) const BY_END: &[u8] = b"e";

/// Yields the key of a session.
pub fn session(id: &SessionId) -> Vec<u8> {
    [b"i", id.as_slice()].concat()
}

/// Yields the prefix of the sessions of a user.
pub fn user(user: &str) -> Vec<u8> {
    let mut key = b"u".to_vec();
    Digest::sha256(user.as_bytes()).write_key(&mut key);
    key
}

/// Yields the key that says that a session is a user's.
pub fn by_user(name: &str, expires: u64, id: &SessionId) -> Vec<u8> {
    let mut key = user(name);
    key.extend_from_slice(&expires.to_be_bytes());
    key.extend_from_slice(id);
    key
}

/// Yields the key that says when a session ends.
pub fn by_end(expires: u64, id: &SessionId) -> Vec<u8> {
    [BY_END, &expires.to_be_bytes(), id].concat()
}

/// Reads the end and the id from the end of a key of [`by_user`] or [`by_end`].
pub(crate) fn read(key: &[u8]) -> Option<(u64, SessionId)> {
    let (rest, id) = key.split_last_chunk::<32>()?;
    let (_, expires) = rest.split_last_chunk::<8>()?;
    Some((u64::from_be_bytes(*expires), *id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_order_and_read_back() {
        let (low, high) = ([1; 32], [2; 32]);
        assert!(by_end(1, &high) < by_end(256, &low));
        assert!(by_user("a", 1, &high) < by_user("a", 256, &low));
        assert!(by_user("ann", 1, &low).starts_with(&user("ann")));
        assert!(!by_user("anna", 1, &low).starts_with(&user("ann")));
        for key in [by_end(258, &low), by_user("a", 258, &low)] {
            assert_eq!(read(&key), Some((258, low)));
        }
        assert_eq!(read(KEY), None);
        assert_eq!(session(&low)[1..], low);
    }
}
