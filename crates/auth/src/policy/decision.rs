//! What was decided, and by which rule.

use std::fmt;

use crate::condition;

/// Names the part of the configuration that decided, in the words of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground<'p> {
    /// No access control is configured.
    Open,
    /// What the credentials themselves allow.
    Credentials,
    /// A policy of the entry for a pattern, by its place in the list.
    Policy {
        /// The pattern.
        pattern: &'p str,
        /// The place, from 0.
        at: usize,
    },
    /// What every known caller may do where a pattern matches.
    Default(&'p str),
    /// What anonymous callers may do where a pattern matches.
    Anonymous(&'p str),
    /// The policy of administrators.
    Admin,
    /// The entry for a pattern, none of whose rules gives the right.
    Entry(&'p str),
    /// No pattern matches the repository.
    Nothing,
}

impl fmt::Display for Ground<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("no access control"),
            Self::Credentials => f.write_str("limits of the credentials"),
            Self::Policy { pattern, at } => write!(f, "repositories[{pattern:?}].policies[{at}]"),
            Self::Default(pattern) => write!(f, "repositories[{pattern:?}].defaultPolicy"),
            Self::Anonymous(pattern) => write!(f, "repositories[{pattern:?}].anonymousPolicy"),
            Self::Admin => f.write_str("adminPolicy"),
            Self::Entry(pattern) => write!(f, "repositories[{pattern:?}]"),
            Self::Nothing => f.write_str("no matching pattern"),
        }
    }
}

/// Says what was decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision<'p> {
    /// The caller may, because of a rule.
    Allowed(Ground<'p>),
    /// The caller may not.
    Denied(Denial<'p>),
}

/// Says why a caller may not.
#[derive(Clone, Debug, PartialEq)]
pub struct Denial<'p> {
    /// The rule that would have allowed but for a condition, or else what was looked at last.
    pub ground: Ground<'p>,
    /// The message of a condition that was false.
    pub reason: Option<&'p str>,
    /// Why a condition could not be judged: for the log, never for the caller.
    pub failure: Option<condition::Failure>,
}

impl<'p> Denial<'p> {
    pub(super) const fn by(ground: Ground<'p>) -> Self {
        Self {
            ground,
            reason: None,
            failure: None,
        }
    }
}

impl<'p> Decision<'p> {
    /// Tells whether the caller may.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }

    /// Yields the rule that decided.
    pub const fn ground(&self) -> Ground<'p> {
        match self {
            Self::Allowed(ground) => *ground,
            Self::Denied(denial) => denial.ground,
        }
    }
}
