//! What credentials themselves allow, beside what the policy gives to their owner.

use std::time::SystemTime;

use meta::Action;
use oci::glob::RepoGlob;

/// Holds a set of actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Actions(u8);

impl Actions {
    /// No action.
    pub const NONE: Self = Self(0);
    /// Every action.
    pub const ALL: Self = Self::of(&Action::ALL);

    /// Collects actions.
    pub const fn of(actions: &[Action]) -> Self {
        let (mut set, mut rest) = (0, actions);
        while let [action, after @ ..] = rest {
            set |= bit(*action);
            rest = after;
        }
        Self(set)
    }

    /// Collects the actions among names as policies write them; others mean nothing.
    ///
    /// Compat: zot accepts any name, and those that it does not know never match.
    pub fn named<S: AsRef<str>>(names: &[S]) -> Self {
        let known = Action::ALL
            .into_iter()
            .filter(|action| names.iter().any(|name| name.as_ref() == action.as_str()));
        known.fold(Self::NONE, Self::with)
    }

    /// Adds an action.
    #[must_use]
    pub const fn with(self, action: Action) -> Self {
        Self(self.0 | bit(action))
    }

    /// Tells whether an action is in the set.
    pub const fn contains(self, action: Action) -> bool {
        self.0 & bit(action) != 0
    }
}

const fn bit(action: Action) -> u8 {
    match action {
        Action::Read => 1,
        Action::Create => 2,
        Action::Update => 4,
        Action::Delete => 8,
    }
}

/// Names the repositories that an entry of a [`Limit`] is about.
#[derive(Clone, Debug)]
pub enum Scope {
    /// One repository, by its full name: nothing in it is a pattern.
    Exactly(String),
    /// Those that a pattern matches, each as good as the other: length does not matter here.
    Matching(RepoGlob),
}

impl Scope {
    fn covers(&self, repo: &str) -> bool {
        match self {
            Self::Exactly(name) => name == repo,
            Self::Matching(glob) => glob.matches(repo),
        }
    }
}

/// Allows actions in repositories, for a time.
#[derive(Clone, Debug)]
pub struct LimitEntry {
    /// Where.
    pub scope: Scope,
    /// What.
    pub actions: Actions,
    /// Until when, that moment not included; `None` for as long as the credentials are good.
    pub expires: Option<SystemTime>,
}

/// Says how a [`Limit`] goes together with the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitMode {
    /// Both must allow: scopes of an API key.
    Narrow,
    /// The policy is not asked: the access list of a token that another service has signed.
    Replace,
}

/// Restricts a caller to what their credentials are for. Without entries they allow nothing.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What is allowed; one entry that does is enough.
    pub entries: Vec<LimitEntry>,
    /// How it goes together with the policy.
    pub mode: LimitMode,
}

impl Limit {
    /// Tells whether some entry allows an action at a moment.
    pub fn allows(&self, repo: &str, action: Action, now: SystemTime) -> bool {
        self.entries.iter().any(|entry| {
            entry.actions.contains(action)
                && entry.expires.is_none_or(|expires| now < expires)
                && entry.scope.covers(repo)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn actions_are_known_by_their_names() {
        let named = Actions::named(&["read", "Create", "delete", "detectManifestCollision", ""]);
        assert_eq!(named, Actions::of(&[Action::Delete, Action::Read]));
        assert!(!named.contains(Action::Update) && named.contains(Action::Read));
        assert_eq!(Actions::named(&["read"; 0]), Actions::NONE);
        let every: Vec<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(Actions::named(&every), Actions::ALL);
    }

    #[test]
    fn one_entry_that_allows_is_enough() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        let entry = |scope, actions: &[Action], seconds: Option<u64>| LimitEntry {
            scope,
            actions: Actions::of(actions),
            expires: seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)),
        };
        let exactly = |name: &str| Scope::Exactly(name.to_owned());
        let limit = Limit {
            entries: vec![
                entry(exactly("a/*"), &[Action::Read], None),
                entry(exactly("old"), &[Action::Read], Some(100)),
                entry(exactly("new"), &[Action::Read], Some(101)),
                entry(
                    Scope::Matching(RepoGlob::new("t/**").unwrap()),
                    &[Action::Create],
                    None,
                ),
                entry(exactly("t/x"), &[Action::Read], None),
            ],
            mode: LimitMode::Narrow,
        };
        let table = [
            ("a/*", Action::Read, true),
            ("a/b", Action::Read, false),
            ("old", Action::Read, false),
            ("new", Action::Read, true),
            ("new", Action::Delete, false),
            ("t/x", Action::Read, true),
            ("t/x", Action::Create, true),
            ("t/y/z", Action::Create, true),
            ("t/y", Action::Read, false),
            ("elsewhere", Action::Read, false),
        ];
        for (repo, action, want) in table {
            assert_eq!(limit.allows(repo, action, now), want, "{action:?} {repo}");
        }
        let nothing = Limit {
            entries: Vec::new(),
            mode: LimitMode::Narrow,
        };
        assert!(!nothing.allows("a", Action::Read, now));
    }
}
