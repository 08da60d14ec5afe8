//! What a policy is made of, as somebody wrote it.

/// Holds an access policy before it is compiled.
#[derive(Clone, Debug, Default)]
pub struct PolicyOptions {
    /// Rights by pattern over whole repository names, each pattern once.
    pub repositories: Vec<(String, Entry)>,
    /// Rights in every repository.
    pub admin: Grant,
    /// Static groups: the name, and the users in it.
    pub groups: Vec<(String, Vec<String>)>,
    /// Who may read the metrics.
    pub metrics: MetricsReaders,
}

/// Holds the rights in the repositories that one pattern matches.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Rights of named users and groups.
    pub policies: Vec<Grant>,
    /// Actions of every caller who is known.
    pub default: Vec<String>,
    /// Actions of callers who are not.
    pub anonymous: Vec<String>,
}

/// Gives actions to users and groups. Actions that do not exist are never asked for.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// User names, matched as they are.
    pub users: Vec<String>,
    /// Group names, matched as they are, but those of static groups in any case.
    pub groups: Vec<String>,
    /// Names of actions.
    pub actions: Vec<String>,
    /// Conditions that must all be true.
    pub conditions: Vec<ConditionText>,
}

/// Holds a condition as it was written.
#[derive(Clone, Debug, Default)]
pub struct ConditionText {
    /// An expression that yields true or false.
    pub expression: String,
    /// What a caller is told when it is false; nothing when empty.
    pub message: String,
}

/// Says who may read the metrics.
#[derive(Clone, Debug, Default)]
pub struct MetricsReaders {
    /// User names.
    pub users: Vec<String>,
    /// Actions of anonymous callers; only `read` has a meaning.
    pub anonymous: Vec<String>,
}
