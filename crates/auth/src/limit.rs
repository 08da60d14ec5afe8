//! What credentials themselves allow: the access list of a token, the scopes of a key.

use std::time::SystemTime;

use meta::Action;
use oci::RepoName;
use oci::glob::RepoGlob;

/// Says how a limit stands to the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitMode {
    /// Both must allow: the scopes of a key.
    Narrow,
    /// The limit alone decides: the access list of a token, which its service has judged.
    Replace,
}

/// Which repositories a grant is for.
#[derive(Clone, Debug)]
pub enum Reach {
    /// The one of this name.
    One(String),
    /// Those that match.
    Matching(RepoGlob),
}

/// Allows actions in repositories.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The repositories.
    pub reach: Reach,
    /// What may be done there.
    pub actions: Vec<Action>,
    /// When the grant ends, if before the credentials do.
    pub expires: Option<SystemTime>,
}

/// What credentials allow.
#[derive(Clone, Debug)]
pub struct Limit {
    /// How it stands to the policy.
    pub mode: LimitMode,
    /// What is allowed; nothing when empty.
    pub grants: Vec<Grant>,
}

impl Limit {
    /// Tells whether an action is allowed at a moment.
    pub fn allows(&self, repo: &RepoName, action: Action, now: SystemTime) -> bool {
        let allows = |grant: &Grant| {
            grant.actions.contains(&action)
                && grant.expires.is_none_or(|expires| now < expires)
                && match &grant.reach {
                    Reach::One(name) => name == repo.as_str(),
                    Reach::Matching(glob) => glob.matches(repo.as_str()),
                }
        };
        self.grants.iter().any(allows)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_grant_reaches_as_far_as_it_says() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let one = Reach::One("a/b".to_owned());
        let many = Reach::Matching(RepoGlob::new("a/**").unwrap());
        let table = [
            (one.clone(), None, "a/b", Action::Read, true),
            (one.clone(), None, "a/b", Action::Delete, false),
            (one.clone(), None, "a/c", Action::Read, false),
            (one.clone(), at(101), "a/b", Action::Read, true),
            (one, at(100), "a/b", Action::Read, false),
            (many.clone(), None, "a/b/c", Action::Read, true),
            (many, None, "b", Action::Read, false),
        ];
        for (reach, expires, repo, action, want) in table {
            let limit = Limit {
                mode: LimitMode::Narrow,
                grants: vec![Grant {
                    reach,
                    actions: vec![Action::Read],
                    expires,
                }],
            };
            let got = limit.allows(&repo.parse().unwrap(), action, now);
            assert_eq!(got, want, "{limit:?} {repo} {action:?}");
        }
    }
}
