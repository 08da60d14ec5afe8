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

/// Decides for one caller.
pub trait Rule: Send + Sync {
    /// Tells whether the caller may do `action` in `repo`.
    fn allows(&self, repo: &RepoName, action: Action) -> bool;
}

/// What one caller may do. Listings demand one, so that forgetting to filter does not compile.
#[derive(Clone)]
pub struct Rights(Option<Arc<dyn Rule>>);

impl Rights {
    /// Allows everything: no access control is configured, or the server itself is acting.
    pub const fn everything() -> Self {
        Self(None)
    }

    /// Allows what `rule` allows.
    pub fn by(rule: Arc<dyn Rule>) -> Self {
        Self(Some(rule))
    }

    /// Tells whether the caller may do `action` in `repo`.
    pub fn allows(&self, repo: &RepoName, action: Action) -> bool {
        self.0.as_ref().is_none_or(|rule| rule.allows(repo, action))
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
