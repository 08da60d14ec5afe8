//! `http.accessControl` as a policy.

use auth::Policy;
use auth::policy::{ConditionText, Entry, Grant, MetricsReaders, PolicyError, PolicyOptions};
use config::{AccessControl, Condition, Http};

/// Compiles the access control of a configuration; its absence lets everybody do everything.
///
/// # Errors
/// A pattern or a condition that does not compile.
pub(super) fn compile(http: &Http) -> Result<Policy, PolicyError> {
    match &http.access_control {
        Some(access) => Policy::compile(&options(access)),
        None => Ok(Policy::Open),
    }
}

fn options(access: &AccessControl) -> PolicyOptions {
    let repositories = access.globs().map(|(glob, rights)| {
        let entry = Entry {
            policies: rights.policies.iter().map(grant).collect(),
            default: rights.default_policy.clone(),
            anonymous: rights.anonymous_policy.clone(),
        };
        (glob, entry)
    });
    let groups = access.groups.iter();
    PolicyOptions {
        repositories: repositories.collect(),
        admin: grant(&access.admin_policy),
        groups: groups
            .map(|(name, group)| (name.to_owned(), group.users.clone()))
            .collect(),
        metrics: MetricsReaders {
            users: access.metrics.users.clone(),
            anonymous: access.metrics.anonymous_policy.clone(),
        },
    }
}

fn grant(policy: &config::Policy) -> Grant {
    Grant {
        users: policy.users.clone(),
        groups: policy.groups.clone(),
        actions: policy.actions.clone(),
        conditions: policy.conditions.iter().map(condition).collect(),
    }
}

fn condition(condition: &Condition) -> ConditionText {
    ConditionText {
        expression: condition.expression.clone(),
        message: condition.message.clone(),
    }
}
