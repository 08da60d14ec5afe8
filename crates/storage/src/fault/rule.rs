//! Which calls fail, and how.

use crate::error::ErrorKind;
use crate::fault::gate::Gate;
use crate::key::Key;
use crate::operation::Operation;

/// Which keys a rule is about; a call with several keys matches by any of them.
#[derive(Clone, Debug)]
pub enum Keys {
    /// All.
    Any,
    /// This one.
    Is(Key),
    /// Those in this folder, at any depth.
    Under(Key),
    /// Those that end so.
    EndWith(String),
}

impl Keys {
    fn match_key(&self, key: &Key) -> bool {
        match self {
            Self::Any => true,
            Self::Is(it) => it == key,
            Self::Under(folder) => folder != key && key.below(folder).is_some(),
            Self::EndWith(end) => key.as_str().ends_with(end),
        }
    }
}

/// What happens to a call.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Nothing is done, and the call fails.
    Fail(ErrorKind),
    /// The call is done, but the caller is told that it failed.
    LoseAnswer(ErrorKind),
    /// An append hands on only so many bytes and fails, as a process that dies half-way would leave
    /// it. Other calls fail with nothing done.
    Short {
        /// How many bytes are appended.
        bytes: u64,
        /// How the call fails then.
        kind: ErrorKind,
    },
    /// The call waits until the gate is open, and is done then.
    Wait(Gate),
}

/// What a [`Rule`] comes to for one call.
pub(super) enum Verdict {
    Proceed,
    Refuse(ErrorKind),
    Shorten(u64, ErrorKind),
    LoseAnswer(ErrorKind),
}

/// One scripted fault.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Which operation; `None` for any.
    pub operation: Option<Operation>,
    /// About which keys.
    pub keys: Keys,
    /// How many matching calls are let pass first.
    pub skip: u64,
    /// How many calls are affected then.
    pub times: u64,
    /// What happens to them.
    pub effect: Effect,
}

impl Rule {
    /// Builds a rule for one operation, on all keys, from the first call on, for ever.
    pub const fn on(operation: Operation, effect: Effect) -> Self {
        Self {
            operation: Some(operation),
            keys: Keys::Any,
            skip: 0,
            times: u64::MAX,
            effect,
        }
    }

    /// Builds the same for all operations.
    pub const fn on_all(effect: Effect) -> Self {
        Self {
            operation: None,
            keys: Keys::Any,
            skip: 0,
            times: u64::MAX,
            effect,
        }
    }

    /// Narrows the rule to some keys.
    #[must_use]
    pub fn keys(self, keys: Keys) -> Self {
        Self { keys, ..self }
    }

    /// Lets so many matching calls pass first.
    #[must_use]
    pub fn after(self, skip: u64) -> Self {
        Self { skip, ..self }
    }

    /// Affects so many calls only.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times, ..self }
    }

    fn matches(&self, operation: Operation, keys: &[&Key]) -> bool {
        self.operation.is_none_or(|it| it == operation)
            && keys.iter().any(|key| self.keys.match_key(key))
    }
}

/// Finds the rule that decides about a call, and counts the call against the rules that match.
pub(super) fn first_match(
    rules: &mut [Rule],
    operation: Operation,
    keys: &[&Key],
) -> Option<Effect> {
    for rule in rules {
        if rule.times == 0 || !rule.matches(operation, keys) {
            continue;
        }
        if rule.skip > 0 {
            rule.skip = rule.skip.saturating_sub(1);
            continue;
        }
        if rule.times < u64::MAX {
            rule.times = rule.times.saturating_sub(1);
        }
        return Some(rule.effect.clone());
    }
    None
}
