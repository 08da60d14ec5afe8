//! What is replaced once the configuration has its types.

use std::time::Duration;

use super::mirrors;
use crate::access::{AccessControl, Policy, RepositoryPolicy};
use crate::config::{Config, DIST_SPEC_VERSION};
use crate::driver::Driver;
use crate::duration::{self, hours};
use crate::error::{Error, Warning};
use crate::extensions::Extensions;
use crate::named::Named;
use crate::storage::{Retention, Storage};

/// What `http.compat` may hold to any effect.
const COMPATIBLE: [&str; 2] = ["docker2s2", "sparse"];

/// What a policy may allow.
const ACTIONS: [&str; 5] = [
    "read",
    "create",
    "update",
    "delete",
    "detectManifestCollision",
];

/// Replaces values by what they mean, and notes what the user should know.
///
/// # Errors
/// When two repository patterns become the same.
pub(crate) fn complete(config: &mut Config, warnings: &mut Vec<Warning>) -> Result<(), Error> {
    storage(&mut config.storage, warnings);
    auth(config, warnings);
    for rule in config
        .http
        .compat
        .iter()
        .filter(|rule| !COMPATIBLE.contains(&rule.as_str()))
    {
        let message = "a compatibility that is not known has no effect";
        warnings.push(
            Warning::new(message)
                .with("key", "http.compat")
                .with("value", rule),
        );
    }
    if let Some(access) = &mut config.http.access_control {
        repositories(access, warnings)?;
        actions(access, warnings);
    }
    if let Some(extensions) = &mut config.extensions {
        intervals(extensions, warnings);
        redundant(extensions, warnings);
        mirrors::note(extensions, &config.storage.retention, warnings);
    }
    if config.dist_spec_version != DIST_SPEC_VERSION {
        let given = std::mem::replace(&mut config.dist_spec_version, DIST_SPEC_VERSION.to_owned());
        let message = "config dist-spec version differs from version actually used";
        let warning = Warning::new(message)
            .with("config", given)
            .with("actual", DIST_SPEC_VERSION);
        warnings.push(warning);
    }
    Ok(())
}

fn storage(storage: &mut Storage, warnings: &mut Vec<Warning>) {
    if let Some(driver) = &mut storage.storage_driver {
        let endpoint = driver.text("regionendpoint").unwrap_or_default();
        if driver.name() == "s3" && !endpoint.is_empty() && driver.get("forcepathstyle").is_none() {
            driver.set("forcepathstyle", true);
            let message = "deprecated: forcepathstyle is taken as true because regionendpoint is \
                           given, say so explicitly";
            warnings.push(Warning::new(message).with("key", "storage.storageDriver"));
        }
        default_root(driver);
    }
    unused_cache(
        storage.cache_driver.as_ref(),
        storage.remote_cache,
        "storage",
        warnings,
    );
    slashes(&storage.retention, "storage", warnings);
    for (route, sub) in storage.sub_paths.iter_mut() {
        let path = format!("storage.subPaths[{route}]");
        sub.storage_driver.iter_mut().for_each(default_root);
        unused_cache(sub.cache_driver.as_ref(), sub.remote_cache, &path, warnings);
        slashes(&sub.retention, &path, warnings);
    }
}

/// Compat: these two drivers do not take the root of a bucket.
fn default_root(driver: &mut Driver) {
    let root = driver.text("rootdirectory").unwrap_or_default();
    if matches!(driver.name().as_str(), "gcs" | "azure") && matches!(root.as_str(), "" | "/") {
        driver.set("rootdirectory", "/zot");
    }
}

fn unused_cache(driver: Option<&Driver>, used: bool, path: &str, warnings: &mut Vec<Warning>) {
    if driver.is_some() && !used {
        let message = "cacheDriver has no effect while remoteCache is off, the local store is used";
        warnings.push(Warning::new(message).with("key", format!("{path}.cacheDriver")));
    }
}

/// A retention pattern with a leading slash matches nothing. It stays so: a rule that has never
/// matched must not begin to delete.
fn slashes(retention: &Retention, path: &str, warnings: &mut Vec<Warning>) {
    let patterns = retention
        .policies
        .iter()
        .flat_map(|policy| &policy.repositories);
    for pattern in patterns.filter(|pattern| pattern.starts_with('/')) {
        let message = "a retention pattern with a leading slash matches no repository";
        let key = format!("{path}.retention.policies");
        warnings.push(
            Warning::new(message)
                .with("key", key)
                .with("pattern", pattern),
        );
    }
}

fn auth(config: &mut Config, warnings: &mut Vec<Warning>) {
    let auth = &mut config.http.auth;
    let Some(openid) = &auth.openid else { return };
    auth.apikey = true;
    for (name, provider) in openid.providers.iter() {
        if provider.credentials_file.is_none() && !provider.client_id.is_empty() {
            let message = "deprecated: clientid and clientsecret belong into a credentialsFile";
            let key = format!("http.auth.openid.providers[{name}]");
            warnings.push(Warning::new(message).with("key", key));
        }
    }
}

/// Takes leading slashes off repository patterns: repository names have none, so that such a
/// pattern would match nothing, silently.
fn repositories(access: &mut AccessControl, warnings: &mut Vec<Warning>) -> Result<(), Error> {
    let mut repositories: Named<RepositoryPolicy> = Named::default();
    let written = std::mem::take(&mut access.repositories);
    for (pattern, policy) in written.iter() {
        let bare = pattern.trim_start_matches('/');
        let both = written.get(bare).is_some() && bare != pattern;
        if both || repositories.get(bare).is_some() {
            let key = format!("http.accessControl.repositories[{pattern}]");
            let message = format!("pattern is given both as {pattern:?} and as {bare:?}");
            return Err(Error::invalid(key, message));
        }
        if bare != pattern {
            let message = "repository names have no leading slash, the pattern is used without it";
            warnings.push(
                Warning::new(message)
                    .with("pattern", pattern)
                    .with("used", bare),
            );
        }
        repositories.insert(bare, policy.clone());
    }
    access.repositories = repositories;
    Ok(())
}

/// Notes the actions that nothing checks for: a typing error in one takes a right away without a
/// word.
fn actions(access: &AccessControl, warnings: &mut Vec<Warning>) {
    let of = |policy: &Policy| policy.actions.clone();
    let mut given = of(&access.admin_policy);
    given.extend(access.metrics.anonymous_policy.iter().cloned());
    for (_, repository) in access.repositories.iter() {
        given.extend(repository.policies.iter().flat_map(of));
        given.extend(repository.default_policy.iter().cloned());
        given.extend(repository.anonymous_policy.iter().cloned());
    }
    given.retain(|action| !ACTIONS.contains(&action.as_str()));
    given.sort_unstable();
    given.dedup();
    for action in given {
        let message = "an action that is not known allows nothing";
        warnings.push(
            Warning::new(message)
                .with("key", "http.accessControl")
                .with("action", action),
        );
    }
}

fn intervals(extensions: &mut Extensions, warnings: &mut Vec<Warning>) {
    let mut raise = |interval: &mut Duration, key: &str| {
        if *interval < hours(2) {
            let message = "an interval below two hours is taken as two hours";
            let given = duration::format(*interval);
            warnings.push(Warning::new(message).with("key", key).with("value", given));
            *interval = hours(2);
        }
    };
    if let Some(scrub) = &mut extensions.scrub {
        if scrub.interval.is_zero() {
            scrub.interval = hours(24);
        }
        raise(&mut scrub.interval, "extensions.scrub.interval");
    }
    let cve = extensions
        .search
        .as_mut()
        .and_then(|search| search.cve.as_mut());
    if let Some(cve) = cve {
        raise(
            &mut cve.update_interval,
            "extensions.search.cve.updateInterval",
        );
        let format = &mut cve.trivy.sbom.format;
        *format = format.to_ascii_lowercase();
        if !matches!(format.as_str(), "spdx-json" | "cyclonedx") {
            let message = "a list format that is not known is taken as spdx-json";
            warnings.push(Warning::new(message).with("value", std::mem::take(format)));
            "spdx-json".clone_into(format);
        }
    }
}

fn redundant(extensions: &Extensions, warnings: &mut Vec<Warning>) {
    let given = [
        (
            extensions.mgmt.is_some(),
            "extensions.mgmt",
            "extensions.search",
        ),
        (
            extensions.apikey.is_some(),
            "extensions.apikey",
            "http.auth.apikey",
        ),
    ];
    for (_, key, instead) in given.into_iter().filter(|(given, ..)| *given) {
        let message = "redundant setting is ignored";
        warnings.push(
            Warning::new(message)
                .with("key", key)
                .with("instead", instead),
        );
    }
}
