//! What an identity may do.

use meta::Rights;

use crate::identity::Identity;

/// Decides what callers may do.
#[derive(Clone, Debug, Default)]
pub enum Policy {
    /// No access control is configured: everybody may do everything and counts as an administrator.
    #[default]
    Open,
}

impl Policy {
    /// Yields what a caller may do in repositories.
    pub fn rights(&self, _identity: &Identity) -> Rights {
        match self {
            Self::Open => Rights::everything(),
        }
    }

    /// Tells whether a caller is an administrator.
    pub const fn is_admin(&self, _identity: &Identity) -> bool {
        match self {
            Self::Open => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use meta::Action;

    use super::*;

    #[test]
    fn an_open_policy_allows_everything() {
        let rights = Policy::Open.rights(&Identity::Anonymous);
        for action in [Action::Read, Action::Create, Action::Update, Action::Delete] {
            assert!(rights.allows(&"a/b".parse().unwrap(), action));
        }
        assert!(Policy::Open.is_admin(&Identity::Anonymous));
    }
}
