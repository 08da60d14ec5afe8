//! Which names carry secrets.

use percent_encoding::percent_decode_str;

/// What stands in a log in place of a secret.
pub(crate) const MASK: &str = "******";

/// A name that contains one of these, in any case, carries a secret.
const PARTS: [&str; 11] = [
    "auth",
    "token",
    "secret",
    "cookie",
    "passw",
    "credential",
    "signature",
    "api-key",
    "api_key",
    "apikey",
    "session",
];

/// A key of a query that is one of these carries a secret: codes of logins, signed addresses.
const KEYS: [&str; 6] = ["code", "state", "sig", "key", "assertion", "jwt"];

/// Tells whether a header or a field of this name is never written out.
pub(crate) fn is_secret(name: &str) -> bool {
    PARTS.iter().any(|part| contains(name.as_bytes(), part))
}

/// Tells whether a query's value under this key, escaped as it came, is never written out.
pub(crate) fn is_secret_key(key: &str) -> bool {
    if key.contains('%') || key.contains('+') {
        let plain = percent_decode_str(key).decode_utf8_lossy();
        return is_plain_secret_key(&plain);
    }
    is_plain_secret_key(key)
}

fn is_plain_secret_key(key: &str) -> bool {
    is_secret(key) || KEYS.iter().any(|name| key.eq_ignore_ascii_case(name))
}

/// Finds a lower-case word in a text of any case, without copying it.
fn contains(text: &[u8], word: &str) -> bool {
    text.windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}
