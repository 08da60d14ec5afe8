//! What an identity may do.
//!
//! A [`Policy`] is compiled once from [`PolicyOptions`] and then asked by [`Policy::decide`], one pure
//! function that also names the rule that decided. The engine is given [`Policy::rights`], which
//! ask the same function.
//!
//! How it decides in a repository:
//! 1. Among the patterns that match the whole name, the longest as it is written counts, and only it:
//!    a narrower entry replaces a broader one. Of two that are equally long the one given first
//!    counts.
//! 2. The entry gives a right by its policies to users, then by its policies to groups, then to
//!    every known caller, then to anonymous ones: the last of these never to a known caller.
//! 3. Where it does not, the policy of administrators may.
//! 4. What the caller's credentials are for ([`Limit`](crate::limit::Limit)) must allow it as well,
//!    or decides alone.
//!
//! Compat: all as zot does it, where of equally long patterns a random one counts, anew in each
//! request. Lengths are those in bytes.

mod asker;
mod decision;
mod facts;
mod options;
mod rules;
mod subject;

use std::sync::Arc;

use meta::{Action, Rights};
use oci::RepoName;
use oci::glob::BadPattern;

use crate::condition;
use crate::identity::Identity;
use crate::limit::LimitMode;
use asker::Asker;
pub use decision::{Decision, Denial, Ground};
pub use facts::{Facts, TlsVersion};
pub use options::{ConditionText, Entry, Grant, MetricsReaders, PolicyOptions};
use rules::Rules;
use subject::Subject;

/// Decides what callers may do. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub enum Policy {
    /// No access control is configured: everybody may do everything and counts as an administrator.
    #[default]
    Open,
    /// Access control is configured.
    Rules(Arc<RuleSet>),
}

/// Holds a compiled policy.
#[derive(Debug)]
pub struct RuleSet(Rules);

/// Why a policy was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PolicyError {
    /// A pattern over repository names is malformed.
    #[error("failed to compile authorization pattern")]
    Pattern(#[from] BadPattern),
    /// A condition cannot be compiled.
    #[error("{place}: condition[{at}]")]
    Condition {
        /// The policy that it belongs to, such as `repositories["a/**"].policies[0]`.
        place: String,
        /// Its place in the list, from 0.
        at: usize,
        /// What is wrong with it.
        source: condition::CompileError,
    },
}

/// Names what somebody wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The repository.
    pub repo: &'a RepoName,
    /// The action.
    pub action: Action,
    /// The tag or digest; empty where the request names neither.
    pub reference: &'a str,
}

impl Policy {
    /// Compiles a policy.
    ///
    /// # Errors
    /// [`PolicyError`] at the first pattern or condition that is wrong.
    pub fn compile(options: &PolicyOptions) -> Result<Self, PolicyError> {
        let rules = Rules::compile(options)?;
        Ok(Self::Rules(Arc::new(RuleSet(rules))))
    }

    fn rules(&self) -> Option<&Rules> {
        match self {
            Self::Open => None,
            Self::Rules(set) => Some(&set.0),
        }
    }

    /// Decides whether a caller may do something, and names the rule that says so.
    ///
    /// Spec: core contract, 7.2.
    pub fn decide(&self, who: &Identity, facts: &Facts, asked: Asked<'_>) -> Decision<'_> {
        self.judge(&Subject::of(who), facts, asked)
    }

    fn judge(&self, who: &Subject<'_>, facts: &Facts, asked: Asked<'_>) -> Decision<'_> {
        if let Some(limit) = who.limit {
            if !limit.allows(asked.repo.as_str(), asked.action, facts.time) {
                return Decision::Denied(Denial::by(Ground::Credentials));
            }
            if limit.mode == LimitMode::Replace {
                return Decision::Allowed(Ground::Credentials);
            }
        }
        match self.rules() {
            Some(rules) => rules.decide(who, facts, asked),
            None => Decision::Allowed(Ground::Open),
        }
    }

    /// Tells whether lists show the name of a repository to a caller: conditions are not looked at,
    /// and administrators see everything. Never a licence to read.
    ///
    /// Spec: core contract, 7.3.
    fn shows(&self, who: &Subject<'_>, facts: &Facts, repo: &RepoName) -> bool {
        if let Some(limit) = who.limit {
            let shown = limit.allows(repo.as_str(), Action::Read, facts.time);
            if !shown || limit.mode == LimitMode::Replace {
                return shown;
            }
        }
        self.rules()
            .is_none_or(|rules| rules.shows(who, repo.as_str()))
    }

    /// Tells whether deleting a manifest with several tags is to be refused.
    ///
    /// Compat: off for administrators and without access control; conditions are not looked at.
    fn detects_collision(&self, who: &Subject<'_>, repo: &RepoName) -> bool {
        let replaced = who
            .limit
            .is_some_and(|limit| limit.mode == LimitMode::Replace);
        !replaced
            && self
                .rules()
                .is_some_and(|rules| rules.detects_collision(who, repo.as_str()))
    }

    /// Yields what a caller may do in repositories, for one request. The facts are asked for only
    /// where something may depend on them.
    pub fn rights(&self, who: &Identity, facts: impl FnOnce() -> Facts) -> Rights {
        if self.rules().is_none() && Subject::of(who).limit.is_none() {
            return Rights::everything();
        }
        Rights::by(Arc::new(Asker {
            policy: self.clone(),
            who: who.clone(),
            facts: facts(),
        }))
    }

    /// Tells whether a caller is an administrator: named by the policy of administrators, whose
    /// conditions hold, with credentials that are good for everything. Without access control
    /// everybody is.
    ///
    /// Compat: zot looks at no condition here, and takes everybody with a token that another
    /// service has signed for an administrator.
    pub fn is_admin(&self, who: &Identity, facts: impl FnOnce() -> Facts) -> bool {
        let who = Subject::of(who);
        who.limit.is_none() && self.rules().is_none_or(|rules| rules.is_admin(&who, facts))
    }

    /// Adds the static groups that list a user to those that the user has from elsewhere.
    ///
    /// Compat: a name with capitals is added as it is written and in lower case, as zot has it:
    /// conditions may have been written against either.
    pub fn join_groups(&self, user: &str, groups: &mut Vec<String>) {
        let listed = self.rules().map(|rules| rules.groups_of(user));
        for group in listed.unwrap_or_default() {
            if !groups.contains(group) {
                groups.push(group.clone());
            }
        }
    }

    /// Tells whether a caller may read the metrics. Being an administrator does not help, and
    /// credentials that are for repositories only are not for the metrics.
    ///
    /// Spec: core contract, 7.6.
    pub fn may_read_metrics(&self, who: &Identity) -> bool {
        let who = Subject::of(who);
        who.limit.is_none() && self.rules().is_none_or(|rules| rules.metrics.admits(&who))
    }

    /// Tells whether anonymous callers may read the metrics because a policy says so.
    pub fn has_anonymous_metrics(&self) -> bool {
        self.rules().is_some_and(|rules| rules.metrics.anonymous)
    }

    /// Tells whether anonymous callers are given any right in any repository by a policy.
    pub fn has_anonymous_rights(&self) -> bool {
        self.rules().is_some_and(|rules| rules.has_anonymous)
    }

    /// Tells whether known callers are given any right in any repository by a policy.
    pub fn has_known_rights(&self) -> bool {
        self.rules().is_some_and(|rules| rules.has_known)
    }
}

#[cfg(test)]
mod tests;
