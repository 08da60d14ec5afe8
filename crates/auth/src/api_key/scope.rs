//! What a scope of an API key says.
//!
//! `repository:<pattern>:<actions>`: the pattern is one of access control, the actions are some of
//! `pull`, `push` (both `create` and `update`), `delete`, `read`, `create`, `update`, `*`, with commas.
//! A pattern alone allows everything in the repositories that match. A key without scopes may do what
//! its owner may; with some, only what one of them allows and its owner may as well.
//!
//! Compat: zot's guides show names of repositories as scopes, and zot enforces none.

use meta::Action;
use oci::glob::RepoGlob;

use crate::limit::{Actions, LimitEntry, Scope};

/// The longest scope in bytes.
const LENGTH: usize = 512;

/// Says what is wrong with a scope.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScopeError {
    /// It is not of the form that scopes have.
    #[error("is neither \"repository:<pattern>:<actions>\" nor a pattern of repositories")]
    Form,
    /// It is longer than any use of it.
    #[error("is longer than {LENGTH} bytes")]
    Length,
    /// Its pattern cannot be read.
    #[error("has a malformed pattern")]
    Pattern,
    /// It names an action that does not exist.
    #[error("has an action that is none of pull, push, delete, read, create, update, *")]
    Action,
}

/// Reads a scope.
pub(super) fn parse(text: &str) -> Result<LimitEntry, ScopeError> {
    if text.len() > LENGTH {
        return Err(ScopeError::Length);
    }
    let (pattern, actions) = match text.split_once(':') {
        None => (text, Actions::ALL),
        Some(("repository", rest)) => {
            let (pattern, actions) = rest.rsplit_once(':').ok_or(ScopeError::Form)?;
            (pattern, read_actions(actions)?)
        }
        Some(_) => return Err(ScopeError::Form),
    };
    let odd = |c: char| c == ':' || c.is_whitespace() || c.is_control();
    if pattern.is_empty() || pattern.contains(odd) {
        return Err(ScopeError::Form);
    }
    let glob = RepoGlob::new(pattern).map_err(|_malformed| ScopeError::Pattern)?;
    Ok(LimitEntry {
        scope: Scope::Matching(glob),
        actions,
        expires: None,
    })
}

fn read_actions(text: &str) -> Result<Actions, ScopeError> {
    text.split(',').try_fold(Actions::NONE, |all, word| {
        let more: &[Action] = match word {
            "pull" | "read" => &[Action::Read],
            "push" => &[Action::Create, Action::Update],
            "create" => &[Action::Create],
            "update" => &[Action::Update],
            "delete" => &[Action::Delete],
            "*" => &Action::ALL,
            _ => return Err(ScopeError::Action),
        };
        Ok(more.iter().copied().fold(all, Actions::with))
    })
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::limit::{Limit, LimitMode};

    #[test]
    fn scopes_allow_what_they_say() {
        use Action::{Create, Delete, Read, Update};
        let table: [(&str, &str, &[Action]); 10] = [
            ("repository:a/b:pull", "a/b", &[Read]),
            ("repository:a/b:pull", "a/c", &[]),
            ("repository:a/*:pull,push", "a/b", &[Read, Create, Update]),
            ("repository:a/*:pull,push", "a/b/c", &[]),
            ("repository:**:create,read,read", "x", &[Read, Create]),
            ("repository:{a,b}/**:delete", "b/c/d", &[Delete]),
            ("repository:a:*", "a", &[Read, Create, Update, Delete]),
            ("repository:a:update", "a", &[Update]),
            ("a/b", "a/b", &[Read, Create, Update, Delete]),
            ("repo*", "repo2", &[Read, Create, Update, Delete]),
        ];
        for (text, repo, want) in table {
            let limit = Limit {
                mode: LimitMode::Narrow,
                entries: vec![parse(text).unwrap()],
            };
            for action in Action::ALL {
                let got = limit.allows(repo, action, SystemTime::UNIX_EPOCH);
                assert_eq!(got, want.contains(&action), "{text} {repo} {action:?}");
            }
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        let long = "x".repeat(LENGTH + 1);
        let table = [
            ("", ScopeError::Form),
            ("repository:a", ScopeError::Form),
            ("repository::pull", ScopeError::Form),
            ("repository:a:b:pull", ScopeError::Form),
            ("repository:a b:pull", ScopeError::Form),
            ("registry:catalog:*", ScopeError::Form),
            ("Repository:a:pull", ScopeError::Form),
            ("a\n", ScopeError::Form),
            ("repository:a:", ScopeError::Action),
            ("repository:a:pull,", ScopeError::Action),
            ("repository:a:PULL", ScopeError::Action),
            ("repository:[a:pull", ScopeError::Pattern),
            ("{a", ScopeError::Pattern),
            (long.as_str(), ScopeError::Length),
        ];
        for (text, want) in table {
            assert_eq!(parse(text).map(|_| ()), Err(want), "{text:?}");
        }
    }
}
