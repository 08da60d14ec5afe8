//! Tokens that were verified a moment ago.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use ring::hmac;
use ring::rand::SystemRandom;

use crate::identity::Identity;

/// How long a token is remembered at most: so long does a key or an issuer that was taken away
/// still count.
const LIFE: Duration = Duration::from_mins(5);
/// The room for all entries, in bytes of their tokens; claims are about as long.
const ROOM: u64 = 4 * 1024 * 1024;
/// What an entry takes besides.
const OVERHEAD: u64 = 256;

type Mac = [u8; 32];

/// Remembers whom a token stands for, under a keyed MAC of the token.
pub(crate) struct Memory {
    key: Option<hmac::Key>,
    entries: Cache<Mac, Entry, ByLength>,
}

#[derive(Clone)]
struct Entry {
    identity: Identity,
    until: SystemTime,
    length: u64,
}

#[derive(Clone)]
struct ByLength;

impl Weighter<Mac, Entry> for ByLength {
    fn weight(&self, _: &Mac, entry: &Entry) -> u64 {
        entry.length + OVERHEAD
    }
}

impl Memory {
    /// Starts empty. Without random numbers nothing is remembered.
    pub(crate) fn new() -> Arc<Self> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        Arc::new(Self {
            key: key.ok(),
            entries: Cache::with_weighter(4096, ROOM, ByLength),
        })
    }

    pub(crate) fn get(&self, token: &[u8], now: SystemTime) -> Option<Identity> {
        let mac = self.mac(token)?;
        let entry = self.entries.get(&mac)?;
        if now < entry.until {
            return Some(entry.identity);
        }
        self.entries.remove(&mac);
        None
    }

    /// Remembers a token for a while, and no longer than it holds.
    pub(crate) fn put(&self, token: &[u8], identity: Identity, lease: Lease) {
        let limit = lease.now + LIFE;
        let until = lease.end.map_or(limit, |end| end.min(limit));
        let (Some(mac), true) = (self.mac(token), until > lease.now) else {
            return;
        };
        let length = u64::try_from(token.len()).unwrap_or(ROOM);
        let entry = Entry {
            identity,
            until,
            length,
        };
        self.entries.insert(mac, entry);
    }

    /// Forgets everything: keys have changed.
    pub(crate) fn clear(&self) {
        self.entries.clear();
    }

    fn mac(&self, token: &[u8]) -> Option<Mac> {
        let tag = hmac::sign(self.key.as_ref()?, token);
        tag.as_ref().try_into().ok()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

/// Says how long a verified token holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// When it was verified.
    pub(crate) now: SystemTime,
    /// When it ends, if it does.
    pub(crate) end: Option<SystemTime>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Method, User};

    #[test]
    fn remembers_as_long_as_a_token_holds_and_no_longer_than_minutes() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(1);
        let after = |seconds| now + Duration::from_secs(seconds);
        let table = [
            (None, 299, true),
            (None, 300, false),
            (Some(after(10)), 9, true),
            (Some(after(10)), 10, false),
            (Some(after(9999)), 299, true),
            (Some(after(9999)), 300, false),
            (Some(now), 0, false),
        ];
        for (end, seconds, want) in table {
            let memory = Memory::new();
            let user = User::new("me", Vec::new(), Method::Token);
            memory.put(b"token", Identity::User(user.into()), Lease { now, end });
            let got = memory.get(b"token", after(seconds));
            assert_eq!(got.is_some(), want, "{end:?} {seconds}");
            assert!(memory.get(b"other", now).is_none());
            memory.clear();
            assert!(memory.get(b"token", now).is_none());
        }
    }

    #[test]
    fn is_bounded() {
        let memory = Memory::new();
        let now = SystemTime::UNIX_EPOCH;
        for number in 0..5000_u32 {
            let mut token = vec![0; 8 * 1024];
            token.extend(number.to_be_bytes());
            memory.put(&token, Identity::Anonymous, Lease { now, end: None });
        }
        assert!(memory.entries.weight() <= ROOM && memory.entries.len() > 100);
    }
}
