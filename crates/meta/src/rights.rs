//! What a caller may do, as every listing demands it.

use std::fmt;
use std::sync::Arc;

use oci::RepoName;

/// Names what is done to a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Read content, list tags and referrers.
    Read,
    /// Add content under a new name.
    Create,
    /// Move a tag that exists.
    Update,
    /// Remove content or tags.
    Delete,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 4] = [Self::Read, Self::Create, Self::Update, Self::Delete];

    /// The name that policies use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// Says that the caller may not do something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// What the caller is told, in the words of whoever wrote the policy.
    pub reason: Option<String>,
}

/// Decides for one caller.
pub trait Rule: Send + Sync {
    /// Tells whether the caller may really do `action` in `repo`: what hands out content asks this.
    fn allows(&self, repo: &RepoName, action: Action) -> bool;

    /// Judges an action on a tag or digest; `reference` is empty where the request names neither.
    ///
    /// # Errors
    /// [`Refusal`] when the caller may not.
    fn judge(&self, repo: &RepoName, action: Action, reference: &str) -> Result<(), Refusal> {
        let _ = reference;
        if self.allows(repo, action) {
            Ok(())
        } else {
            Err(Refusal::default())
        }
    }

    /// Tells whether lists show the name of `repo` to the caller. Never a licence to read from it.
    ///
    /// Compat: zot's lists look at no condition, so that they may name a repository that the caller
    /// is then refused.
    fn shows(&self, repo: &RepoName) -> bool {
        self.allows(repo, Action::Read)
    }

    /// Tells whether deleting a manifest with several tags is to be refused to the caller.
    ///
    /// Compat: zot's `detectManifestCollision`.
    fn detects_collision(&self, repo: &RepoName) -> bool {
        let _ = repo;
        false
    }
}

/// What one caller may do. Listings demand one, so that forgetting to filter does not compile.
#[derive(Clone)]
pub struct Rights(Option<Arc<dyn Rule>>);

impl Rights {
    /// Allows everything: no access control is configured, or the server itself is acting.
    pub const fn everything() -> Self {
        Self(None)
    }

    /// Tells whether everything is allowed, whatever is asked.
    pub const fn is_everything(&self) -> bool {
        self.0.is_none()
    }

    /// Allows what `rule` allows.
    pub fn by(rule: Arc<dyn Rule>) -> Self {
        Self(Some(rule))
    }

    /// Tells whether the caller may really do `action` in `repo`.
    pub fn allows(&self, repo: &RepoName, action: Action) -> bool {
        self.0.as_ref().is_none_or(|rule| rule.allows(repo, action))
    }

    /// Judges an action on a tag or digest, as [`Rule::judge`].
    ///
    /// # Errors
    /// [`Refusal`] when the caller may not.
    pub fn judge(&self, repo: &RepoName, action: Action, reference: &str) -> Result<(), Refusal> {
        match &self.0 {
            Some(rule) => rule.judge(repo, action, reference),
            None => Ok(()),
        }
    }

    /// Tells whether lists show the name of `repo`, as [`Rule::shows`].
    pub fn shows(&self, repo: &RepoName) -> bool {
        self.0.as_ref().is_none_or(|rule| rule.shows(repo))
    }

    /// Tells whether deleting a manifest with several tags is to be refused, as
    /// [`Rule::detects_collision`]. Without access control it is not.
    pub fn detects_collision(&self, repo: &RepoName) -> bool {
        self.0
            .as_ref()
            .is_some_and(|rule| rule.detects_collision(repo))
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_none() {
            "Rights(everything)"
        } else {
            "Rights(by rule)"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Reads;

    impl Rule for Reads {
        fn allows(&self, _: &RepoName, action: Action) -> bool {
            action == Action::Read
        }
    }

    #[test]
    fn a_rule_that_only_allows_answers_the_rest() {
        let repo: RepoName = "a".parse().unwrap();
        let some = Rights::by(Arc::new(Reads));
        let all = Rights::everything();
        for action in Action::ALL {
            let reads = action == Action::Read;
            assert_eq!(some.allows(&repo, action), reads);
            assert_eq!(some.judge(&repo, action, "t").is_ok(), reads);
            assert!(all.allows(&repo, action) && all.judge(&repo, action, "t").is_ok());
        }
        assert!(some.shows(&repo) && all.shows(&repo));
        assert!(!some.detects_collision(&repo) && !all.detects_collision(&repo));
    }
}
