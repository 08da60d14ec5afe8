//! What others may give us: licences, sources, banned crates, one version of each.
//!
//! The data is `deny.toml`, which cargo-deny reads as well. Judging it here costs nothing, so that
//! a change is judged on machines without cargo-deny.

mod licence;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, PackageId};
use serde::Deserialize;

use crate::house;

/// The part of `deny.toml` that is judged here.
#[derive(Debug, Deserialize)]
struct Policy {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Named>,
    skip: Vec<Named>,
}

#[derive(Debug, Deserialize)]
struct Sources {
    #[serde(rename = "allow-registry")]
    allow_registry: Vec<String>,
}

/// A crate, or one version of it (`name@version`), with the reason why it is listed.
#[derive(Debug, Deserialize)]
struct Named {
    #[serde(rename = "crate")]
    spec: String,
    #[serde(default)]
    reason: String,
}

/// A package of somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Foreign {
    name: String,
    version: String,
    licence: String,
    source: String,
}

/// Yields what the dependencies break.
pub(super) fn faults(metadata: &Metadata) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(house::root().join("deny.toml")).context("deny.toml")?;
    let policy: Policy = toml::from_str(&text).context("deny.toml")?;
    Ok(judge(&policy, &foreign(metadata)))
}

/// Yields the packages that are linked into something of ours, build scripts and tests included.
fn foreign(metadata: &Metadata) -> Vec<Foreign> {
    let used = used(metadata);
    let packages = metadata
        .packages
        .iter()
        .filter(|package| used.contains(&package.id));
    let foreign = packages.filter(|package| !metadata.workspace_members.contains(&package.id));
    let rows = foreign.map(|package| Foreign {
        name: package.name.to_string(),
        version: package.version.to_string(),
        licence: package.license.clone().unwrap_or_default(),
        source: package
            .source
            .as_ref()
            .map_or(String::new(), ToString::to_string),
    });
    rows.collect()
}

/// Yields every package that is reached from ours; development dependencies count for ours alone.
fn used(metadata: &Metadata) -> BTreeSet<&PackageId> {
    let nodes: BTreeMap<_, _> = metadata
        .resolve
        .iter()
        .flat_map(|resolve| &resolve.nodes)
        .map(|node| (&node.id, node))
        .collect();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&PackageId> = metadata.workspace_members.iter().collect();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let ours = metadata.workspace_members.contains(id);
        for other in nodes.get(id).into_iter().flat_map(|node| &node.deps) {
            let mut kinds = other.dep_kinds.iter();
            if ours || kinds.any(|kind| kind.kind != DependencyKind::Development) {
                open.push(&other.pkg);
            }
        }
    }
    seen
}

fn judge(policy: &Policy, packages: &[Foreign]) -> Vec<String> {
    let mut faults = Vec::new();
    for package in packages {
        let Foreign {
            name,
            version,
            licence,
            source,
        } = package;
        if !licence::allowed(licence, &policy.licenses.allow) {
            faults.push(format!(
                "{name} {version}: licence {licence:?} is not in deny.toml"
            ));
        }
        let registry = source.strip_prefix("registry+").unwrap_or(source);
        if !policy
            .sources
            .allow_registry
            .iter()
            .any(|allowed| allowed == registry)
        {
            faults.push(format!("{name} {version}: comes from {source:?}"));
        }
        if policy.bans.deny.iter().any(|banned| banned.names(package)) {
            faults.push(format!("{name} {version}: banned in deny.toml"));
        }
    }
    faults.extend(duplicates(&policy.bans.skip, packages));
    faults.extend(exceptions(&policy.bans, packages));
    faults
}

/// Yields the crates with two versions or more, those with a reason left out.
fn duplicates(skip: &[Named], packages: &[Foreign]) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages
        .iter()
        .filter(|package| !skip.iter().any(|row| row.names(package)))
    {
        versions
            .entry(&package.name)
            .or_default()
            .insert(&package.version);
    }
    let twice = versions
        .into_iter()
        .filter(|(_, versions)| versions.len() > 1);
    let said = twice.map(|(name, versions)| {
        let list = versions.into_iter().collect::<Vec<_>>().join(", ");
        format!("{name}: versions {list}; unify them or give a reason in deny.toml")
    });
    said.collect()
}

/// Yields exceptions without a reason, and those that nothing needs any more.
fn exceptions(bans: &Bans, packages: &[Foreign]) -> Vec<String> {
    let bare = bans
        .skip
        .iter()
        .chain(&bans.deny)
        .filter(|row| row.reason.trim().is_empty());
    let mut faults: Vec<String> = bare
        .map(|row| format!("deny.toml: {} is listed without a reason", row.spec))
        .collect();
    let stale = bans
        .skip
        .iter()
        .filter(|row| !packages.iter().any(|package| row.names(package)));
    faults.extend(stale.map(|row| format!("deny.toml: {} is not used any more", row.spec)));
    faults
}

impl Named {
    fn names(&self, package: &Foreign) -> bool {
        match self.spec.split_once('@') {
            Some((name, version)) => name == package.name && starts(&package.version, version),
            None => self.spec == package.name,
        }
    }
}

/// Tells whether `1.2.3` is a version `1`, `1.2` or `1.2.3`, with or without a leading sign.
fn starts(version: &str, wanted: &str) -> bool {
    let wanted = wanted.trim_start_matches(['=', '^', '~']);
    let rest = version.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests;
