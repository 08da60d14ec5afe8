//! The password file.

use std::collections::HashMap;
use std::sync::Arc;

use ring::hmac;
use tracing::warn;

use super::Fips;
use super::hash::Hash;

/// How many lines are named in warnings; the rest is counted.
const WARNINGS: usize = 20;

/// What a user of the file has.
enum Entry {
    Hash(Arc<Hash>),
    /// Nothing that passwords can be checked against.
    Never,
    /// A hash that FIPS 140 does not know.
    Unapproved(&'static str),
}

/// What is to be done for a user.
pub(super) enum Task {
    /// Check against this hash; whether the result counts.
    Check(Arc<Hash>, bool),
    /// Nothing: nobody in the file can log in.
    Nothing,
}

/// The users of a password file.
#[derive(Default)]
pub(super) struct File {
    users: HashMap<String, Entry>,
    /// The hashes of all users who can log in.
    hashes: Vec<Arc<Hash>>,
}

impl File {
    /// Reads a file; lines that are of no use are named in warnings, without what they say.
    pub(super) fn parse(bytes: &[u8], fips: Fips) -> Self {
        let mut users = HashMap::new();
        let mut ignored = 0;
        for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.trim_ascii().is_empty() || line.starts_with(b"#") {
                continue;
            }
            let read = read(line, fips);
            let why = match &read {
                Ok((_, Ok(_))) => None,
                Ok((_, Err(why))) | Err(why) => Some(*why),
            };
            if let Some(why) = why {
                ignored += 1;
                if ignored <= WARNINGS {
                    let line = number + 1;
                    warn!(line, reason = why, "line of the password file is of no use");
                }
            }
            if let Ok((user, entry)) = read {
                // The last line of a user counts, even one that never matches.
                users.insert(user.to_owned(), entry.unwrap_or(Entry::Never));
            }
        }
        if ignored > WARNINGS {
            warn!(lines = ignored, "lines of the password file are of no use");
        }
        let hashes = users.values().filter_map(|entry| match entry {
            Entry::Hash(hash) => Some(Arc::clone(hash)),
            Entry::Never | Entry::Unapproved(_) => None,
        });
        let hashes = hashes.collect();
        Self { users, hashes }
    }

    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    /// Yields what is to be done for a user. For one who is not there, or who can never log in, that
    /// is as much work as for one who is: always that of the same other user, so that neither one
    /// measurement nor many tell who is in the file.
    pub(super) fn task(&self, user: &str, key: &hmac::Key) -> Task {
        match self.users.get(user) {
            Some(Entry::Hash(hash)) => return Task::Check(Arc::clone(hash), true),
            Some(Entry::Unapproved(kind)) => {
                // Compat: the line that zot writes.
                warn!(
                    username = user,
                    "htpasswd {kind} failed since fips140 is enabled"
                );
            }
            Some(Entry::Never) | None => {}
        }
        let tag = hmac::sign(key, user.as_bytes());
        let number = tag
            .as_ref()
            .first_chunk()
            .map_or(0, |c| u64::from_le_bytes(*c));
        let count = u64::try_from(self.hashes.len()).unwrap_or(u64::MAX);
        let index = number
            .checked_rem(count)
            .and_then(|index| usize::try_from(index).ok());
        let hash = index.and_then(|index| self.hashes.get(index));
        hash.map_or(Task::Nothing, |hash| Task::Check(Arc::clone(hash), false))
    }
}

type Line<'a> = (&'a str, Result<Entry, &'static str>);

fn read(line: &[u8], fips: Fips) -> Result<Line<'_>, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_error| "is not UTF-8")?;
    let (user, hash) = line.split_once(':').ok_or("has no colon")?;
    if user.is_empty() {
        return Err("names no user");
    }
    let entry = match Hash::parse(hash) {
        Ok(hash) if fips == Fips::Only && !hash.is_approved() => match hash {
            Hash::Argon2(_) => Ok(Entry::Unapproved("argon2")),
            Hash::Bcrypt(_) | Hash::Sha(_) => Ok(Entry::Unapproved("bcrypt")),
        },
        Ok(hash) => Ok(Entry::Hash(Arc::new(hash))),
        Err(why) => Err(why),
    };
    Ok((user, entry))
}
