//! Which names carry secrets.

use percent_encoding::percent_decode_str;

/// What stands in a log in place of a secret.
pub(crate) const MASK: &str = "******";

/// A name that contains one of these, in any case, carries a secret.
const PARTS: [&str; 11] = [
    "auth",
    "api-key",
    "api_key",
    "apikey",
    "cookie",
    "credential",
    "passw",
    "secret",
    "session",
    "signature",
    "token",
];

/// A key of a query that is one of these carries a secret: codes of logins, signed addresses.
const KEYS: [&str; 6] = ["code", "state", "sig", "key", "assertion", "jwt"];

/// Tells whether a header or a field of this name is never written out.
pub(crate) fn is_secret(name: &str) -> bool {
    let mut rest = name.as_bytes();
    // One pass: each line of the access log asks this for each header.
    while let Some((first, after)) = rest.split_first() {
        if matches!(first | 0x20, b'a' | b'c' | b'p' | b's' | b't') && begins(rest) {
            return true;
        }
        rest = after;
    }
    false
}

fn begins(text: &[u8]) -> bool {
    PARTS.iter().any(|part| {
        text.get(..part.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(part.as_bytes()))
    })
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

#[cfg(test)]
mod tests;
