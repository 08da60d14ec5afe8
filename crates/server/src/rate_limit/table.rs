//! A table of buckets that never grows and has no timer.
//!
//! A key is the hash of what it is made of, under a key of this process: nobody can choose keys that
//! meet. Each key has a few places, all in one set with a lock of its own.

use std::hash::{BuildHasher, RandomState};

use parking_lot::Mutex;

use super::Key;
use super::bucket::{Bucket, Outcome};

/// How many sets there are, a power of two.
const SETS: usize = 8192;
/// How many buckets a set holds; 65,536 in all, in about a MiB.
const WAYS: usize = 8;

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    key: u64,
    /// When the bucket is full again, in nanoseconds; a place that is full holds nothing.
    full: u64,
}

#[derive(Debug)]
pub(super) struct Table {
    sets: Box<[Mutex<[Place; WAYS]>]>,
    hasher: RandomState,
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            sets: (0..SETS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    pub(super) fn key(&self, key: &Key<'_>) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Takes a token out of the bucket of a key.
    pub(super) fn take(&self, key: u64, bucket: Bucket, now: u64) -> Outcome {
        let mask = SETS - 1;
        let at = usize::try_from(key >> 32).unwrap_or(0) & mask;
        let Some(set) = self.sets.get(at) else {
            return Outcome::Taken { left: 0 };
        };
        let mut set = set.lock();
        let place = match set.iter().position(|place| place.key == key) {
            Some(place) => set.get_mut(place),
            // The one that is full, or will be first, loses least.
            None => set.iter_mut().min_by_key(|place| place.full),
        };
        let Some(place) = place else {
            return Outcome::Taken { left: 0 };
        };
        let full = if place.key == key { place.full } else { 0 };
        let (full, outcome) = bucket.take(full, now);
        *place = Place { key, full };
        outcome
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.sets.iter().map(|set| set.lock().len()).sum()
    }
}
