//! Who is calling.

use std::fmt;
use std::sync::Arc;

use crate::limit::Limit;

/// Says who is calling.
#[derive(Clone, Debug, Default)]
pub enum Identity {
    /// Somebody without credentials.
    #[default]
    Anonymous,
    /// Somebody whose credentials were verified.
    User(Arc<User>),
}

impl Identity {
    /// Yields the name of a verified caller, as logs and policies write it.
    ///
    /// A token with an access list alone names nobody: its bearer counts as anonymous in logs.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::User(user) => Some(user.name.as_str()).filter(|name| !name.is_empty()),
        }
    }

    /// Yields the verified caller.
    pub fn user(&self) -> Option<&User> {
        match self {
            Self::Anonymous => None,
            Self::User(user) => Some(user),
        }
    }

    /// Yields the groups that policies may grant rights to.
    pub fn groups(&self) -> &[String] {
        self.user().map_or(&[], |user| &user.groups)
    }
}

/// Names how a caller was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// A password from the password file.
    Htpasswd,
    /// A password that the directory accepted.
    Ldap,
    /// A key that a user made for himself.
    ApiKey,
    /// A browser that is logged in.
    Session,
    /// A certificate of the client.
    Certificate,
    /// A token with an access list, signed by a token service.
    Token,
    /// An identity token of a workload.
    Workload,
}

/// Describes a verified caller.
#[derive(Clone)]
pub struct User {
    /// The name, as policies and logs write it; empty for the bearer of an access list.
    pub name: String,
    /// The groups that came with the credentials; a policy adds its own.
    pub groups: Vec<String>,
    /// How the caller was verified.
    pub method: Method,
    /// What the credentials themselves allow, if they say so.
    pub limit: Option<Arc<Limit>>,
    /// The claims of an identity token, for conditions.
    pub claims: Option<Arc<serde_json::Value>>,
}

impl User {
    /// Describes a caller of whom no more is known than name and groups.
    pub fn new(name: impl Into<String>, groups: Vec<String>, method: Method) -> Self {
        Self {
            name: name.into(),
            groups,
            method,
            limit: None,
            claims: None,
        }
    }
}

/// Claims may be private, so they are not printed.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .field("groups", &self.groups)
            .field("method", &self.method)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
