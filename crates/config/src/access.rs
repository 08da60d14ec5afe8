//! `http.accessControl`: who may do what.

use crate::named::Named;
use crate::shape::section;

section! {
    /// Authorization. Its presence alone switches authorization on.
    pub struct AccessControl {
        /// Rights by repository: each name is a glob over whole repository names.
        "repositories" => repositories: Named<RepositoryPolicy>,
        /// Rights that hold in every repository.
        "adminPolicy" => admin_policy: Policy,
        /// Groups of users, by name.
        "groups" => groups: Named<Group>,
        /// Who may read the metrics.
        "metrics" => metrics: MetricsAccess,
    }
}

section! {
    /// Rights in the repositories that one glob matches.
    pub struct RepositoryPolicy {
        /// Rights of named users and groups.
        "policies" => policies: Vec<Policy>,
        /// Actions of any user who has logged in.
        "defaultPolicy" => default_policy: Vec<String>,
        /// Actions of those who have not.
        "anonymousPolicy" => anonymous_policy: Vec<String>,
    }
}

section! {
    /// Rights of users and groups.
    pub struct Policy {
        /// User names.
        "users" => users: Vec<String>,
        /// Group names, matched in any case.
        "groups" => groups: Vec<String>,
        /// Any of `read`, `create`, `update`, `delete` and `detectManifestCollision`.
        "actions" => actions: Vec<String>,
        /// Conditions that must all be true.
        "conditions" => conditions: Vec<Condition>,
    }
}

section! {
    /// A condition on a request.
    pub struct Condition {
        /// A CEL expression that yields true or false.
        "expression" => expression: String,
        /// What a caller is told when it is false.
        "message" => message: String,
    }
}

section! {
    /// The members of a group.
    pub struct Group {
        /// User names.
        "users" => users: Vec<String>,
    }
}

section! {
    /// Who may read the metrics.
    pub struct MetricsAccess {
        /// User names.
        "users" => users: Vec<String>,
        /// With `read`, everybody may.
        "anonymousPolicy" => anonymous_policy: Vec<String>,
    }
}

impl Policy {
    /// True when nothing is granted to anybody.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl AccessControl {
    /// The names of the groups that list a user, as they were declared.
    pub fn groups_of<'a>(&'a self, user: &'a str) -> impl Iterator<Item = &'a str> {
        let listed = move |group: &Group| group.users.iter().any(|member| member == user);
        self.groups
            .iter()
            .filter(move |(_, group)| listed(group))
            .map(|(name, _)| name)
    }

    /// The repository globs, ready to be compiled, with what they grant. Names are kept as written;
    /// the globs are in lower case, as repository names always are.
    pub fn globs(&self) -> impl Iterator<Item = (String, &RepositoryPolicy)> {
        self.repositories
            .iter()
            .map(|(name, policy)| (name.to_lowercase(), policy))
    }

    /// True when rights are given to anonymous callers only, those to the metrics included.
    pub(crate) fn is_anonymous_only(&self) -> bool {
        let of_users = |policy: &RepositoryPolicy| {
            !policy.policies.is_empty() || !policy.default_policy.is_empty()
        };
        self.admin_policy.is_empty()
            && self.metrics.users.is_empty()
            && !self.repositories.iter().any(|(_, policy)| of_users(policy))
    }
}
