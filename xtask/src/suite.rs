//! The tests that need nothing but a toolchain.

use anyhow::Result;
use cargo_metadata::{Metadata, TargetKind};

use crate::cargo::{cargo, run as call};
use crate::house;

/// Tests that want more than that: they have verbs of their own.
const OTHERS: [&str; 2] = ["e2e", "parity"];

/// Runs every test of the workspace, those with verbs of their own left out, then the examples in
/// documents; `variables` are set for all of them.
pub(crate) fn run(variables: &[(&str, &str)]) -> Result<()> {
    let metadata = house::metadata()?;
    let mut command = cargo(&["test", "--workspace", "--lib", "--bins"]);
    for name in targets(&metadata) {
        command.arg("--test").arg(name);
    }
    call(command.envs(variables.iter().copied()))?;
    let mut command = cargo(&["test", "--workspace", "--doc"]);
    call(command.envs(variables.iter().copied()))
}

/// Yields the names of the integration tests.
fn targets(metadata: &Metadata) -> Vec<&str> {
    let packages = metadata.workspace_packages();
    let targets = packages.into_iter().flat_map(|package| &package.targets);
    let tests = targets.filter(|target| target.kind.contains(&TargetKind::Test));
    let mut names: Vec<&str> = tests.map(|target| target.name.as_str()).collect();
    names.retain(|name| !OTHERS.contains(name));
    names
}
