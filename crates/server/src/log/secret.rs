//! Which names carry secrets.

use percent_encoding::percent_decode_str;

use super::line::Line;

/// What stands in a log in place of a secret.
pub(crate) const MASK: &str = "******";

/// A name that contains one of these, in any case, carries a secret.
const PARTS: [&str; 14] = [
    "auth",
    "api-key",
    "api_key",
    "apikey",
    "assertion",
    "cookie",
    "credential",
    "passphrase",
    "passw",
    "private",
    "secret",
    "session",
    "signature",
    "token",
];

/// A key of a query that is one of these carries a secret: codes of logins, signed addresses.
const KEYS: [&str; 9] = [
    "code",
    "code_verifier",
    "jwt",
    "key",
    "nonce",
    "pass",
    "pwd",
    "sig",
    "state",
];

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

/// Writes an address into a string whose quotes the caller writes; what a secret key stands before is
/// masked, in the query and in the fragment.
pub(crate) fn write_masked(line: &mut Line, address: &str) {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    line.escaped(path);
    let mut mark = b'?';
    for pair in query
        .split(['&', ';', '#', '?'])
        .filter(|pair| !pair.is_empty())
    {
        line.bytes().push(mark);
        mark = b'&';
        match pair.split_once('=') {
            Some((key, value)) => {
                line.escaped(key);
                line.bytes().push(b'=');
                line.escaped(if is_secret_key(key) { MASK } else { value });
            }
            None => line.escaped(pair),
        }
    }
}

#[cfg(test)]
mod tests;
