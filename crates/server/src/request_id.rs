//! Identifiers of requests, so that a client's log and ours can be laid side by side.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderValue};

use crate::header::X_REQUEST_ID;

/// The longest identifier that is taken from a client, in bytes.
const MAX_LENGTH: usize = 64;

/// Identifies a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// Yields the value for the answer.
    pub fn into_value(self) -> HeaderValue {
        self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// Makes identifiers that do not repeat within a process, and hardly between two.
#[derive(Debug)]
pub struct RequestIds {
    /// The same for the whole process.
    process: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// Starts with a new random part.
    pub fn new() -> Self {
        let (process, _) = uuid::Uuid::new_v4().as_u64_pair();
        Self {
            process,
            next: AtomicU64::new(0),
        }
    }

    /// Takes the client's identifier if it is a sane one, else makes one.
    pub fn of(&self, headers: &HeaderMap) -> RequestId {
        match headers.get(X_REQUEST_ID) {
            Some(value) if is_sane(value.as_bytes()) => RequestId(value.clone()),
            _ => self.make(),
        }
    }

    fn make(&self) -> RequestId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut text = [b'-'; 33];
        let mut place = text.iter_mut();
        write_hex(self.process, &mut place);
        place.next();
        write_hex(number, &mut place);
        let value = HeaderValue::from_bytes(&text);
        RequestId(value.unwrap_or(HeaderValue::from_static("unknown")))
    }
}

impl Default for RequestIds {
    fn default() -> Self {
        Self::new()
    }
}

fn write_hex<'a>(number: u64, place: &mut impl Iterator<Item = &'a mut u8>) {
    for byte in number.to_be_bytes() {
        for digit in [byte >> 4, byte & 15] {
            if let Some(target) = place.next() {
                *target = if digit < 10 {
                    b'0' + digit
                } else {
                    b'a' + digit - 10
                };
            }
        }
    }
}

fn is_sane(text: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    !text.is_empty() && text.len() <= MAX_LENGTH && text.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_different_identifiers() {
        let ids = RequestIds::new();
        let none = HeaderMap::new();
        let (a, b) = (ids.of(&none).to_string(), ids.of(&none).to_string());
        assert_ne!(a, b);
        assert_eq!(a.len(), 33);
        assert!(a.ends_with("-0000000000000000"), "{a}");
        assert!(b.ends_with("-0000000000000001"), "{b}");
    }

    #[test]
    fn takes_sane_identifiers_only() {
        let ids = RequestIds::new();
        let long = "a".repeat(65);
        let table = [
            ("abc-123_x.y:z", true),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            (long.as_str(), false),
        ];
        for (text, taken) in table {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, HeaderValue::from_str(text).unwrap());
            assert_eq!(ids.of(&headers).to_string() == text, taken, "{text}");
        }
    }
}
