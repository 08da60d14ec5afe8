//! A bucket of tokens as one number: the moment at which it will be full again.

/// The longest time between two tokens, in nanoseconds: what a rate of zero means.
const NEVER: u64 = 365 * 24 * 3600 * 1_000_000_000;

/// The size of a bucket, and how fast it fills. Times are nanoseconds since some beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    /// The time that brings one token; rounded down, so that clients get no less than they may.
    interval: u64,
    /// The time that fills an empty bucket.
    whole: u64,
}

/// What came of taking a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// One was taken.
    Taken {
        /// How many whole ones are left.
        left: u64,
    },
    /// There was none.
    Refused {
        /// How long until there is one, in nanoseconds.
        wait: u64,
    },
}

impl Outcome {
    pub(super) const fn left(self) -> u64 {
        match self {
            Self::Taken { left } => left,
            Self::Refused { .. } => 0,
        }
    }
}

impl Bucket {
    /// Makes one that so many tokens a second flow into, and that holds as many, but one at least.
    pub(super) const fn new(rate: u64) -> Self {
        let interval = match 1_000_000_000_u64.checked_div(rate) {
            Some(interval) => interval,
            None => NEVER,
        };
        let size = if rate == 0 { 1 } else { rate };
        Self {
            interval,
            whole: interval.saturating_mul(size),
        }
    }

    /// Takes a token out of a bucket that is full at `full`; yields when it will be full then.
    pub(super) const fn take(self, full: u64, now: u64) -> (u64, Outcome) {
        let from = if full > now { full } else { now };
        let after = from.saturating_add(self.interval);
        let missing = after - now;
        if missing > self.whole {
            let wait = missing - self.whole;
            return (full, Outcome::Refused { wait });
        }
        let left = match (self.whole - missing).checked_div(self.interval) {
            Some(left) => left,
            // So many that a nanosecond brings more than one.
            None => u64::MAX,
        };
        (after, Outcome::Taken { left })
    }
}
