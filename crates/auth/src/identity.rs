//! Who is calling.

use std::sync::Arc;

/// Says who is calling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Identity {
    /// Somebody without credentials.
    #[default]
    Anonymous,
    /// Somebody whose credentials were verified.
    User(Arc<User>),
}

impl Identity {
    /// Yields the name of a verified caller.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::User(user) => Some(&user.name),
        }
    }

    /// Yields the groups that policies may grant rights to.
    pub fn groups(&self) -> &[String] {
        match self {
            Self::Anonymous => &[],
            Self::User(user) => &user.groups,
        }
    }
}

/// Describes a verified caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User {
    /// The name, as policies and logs write it.
    pub name: String,
    /// The groups, from every source.
    pub groups: Vec<String>,
}
