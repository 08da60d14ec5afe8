//! Checks of authorization, and of the cluster.

use oci::glob::RepoGlob;

use super::ensure;
use crate::access::{AccessControl, Condition};
use crate::auth::Bearer;
use crate::config::Config;
use crate::error::Error;

/// Rights of users need a way to log in.
pub(super) fn needs_login(config: &Config) -> Result<(), Error> {
    let Some(access) = &config.http.access_control else {
        return Ok(());
    };
    let auth = &config.http.auth;
    let login = auth.htpasswd.path.is_some()
        || auth.ldap.is_some()
        || auth.openid.is_some()
        || auth.apikey
        || auth.bearer.as_ref().is_some_and(Bearer::is_enabled)
        || config.http.is_mtls();
    ensure(
        login || access.is_anonymous_only(),
        "http.accessControl",
        "access control config requires one of htpasswd, ldap, openid or mTLS authentication or \
         using only 'anonymousPolicy' policies",
    )
}

/// Patterns and conditions.
pub(super) fn globs(config: &Config) -> Result<(), Error> {
    let Some(access) = &config.http.access_control else {
        return Ok(());
    };
    for (pattern, _) in access.repositories.iter() {
        let key = format!("http.accessControl.repositories[{pattern}]");
        let compiled = RepoGlob::new(pattern);
        ensure(
            compiled.is_ok(),
            &key,
            "failed to compile authorization pattern",
        )?;
    }
    conditions(access)
}

/// The expressions themselves are compiled by who evaluates them.
fn conditions(access: &AccessControl) -> Result<(), Error> {
    let admin = access.admin_policy.conditions.as_slice();
    check_conditions(admin, "http.accessControl.adminPolicy", "adminPolicy")?;
    for (pattern, repository) in access.repositories.iter() {
        for (at, policy) in repository.policies.iter().enumerate() {
            let key = format!("http.accessControl.repositories[{pattern}].policies[{at}]");
            let place = format!("repositories[{pattern:?}].policies[{at}]");
            check_conditions(&policy.conditions, &key, &place)?;
        }
    }
    Ok(())
}

fn check_conditions(conditions: &[Condition], key: &str, place: &str) -> Result<(), Error> {
    conditions
        .iter()
        .enumerate()
        .try_for_each(|(at, condition)| {
            let message = format!("{place}: condition[{at}]: the expression is empty");
            ensure(!condition.expression.trim().is_empty(), key, &message)
        })
}

/// Several servers.
pub(super) fn cluster(config: &Config) -> Result<(), Error> {
    let Some(cluster) = &config.cluster else {
        return Ok(());
    };
    let message = "cannot have 0 members in a scale out cluster";
    ensure(!cluster.members.is_empty(), "cluster.members", message)?;
    let message = "hashKey for scale out cluster must have 16 characters";
    ensure(cluster.hash_key.len() == 16, "cluster.hashKey", message)
}
