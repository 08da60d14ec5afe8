//! `ci`: everything that a change must pass.

use anyhow::Result;

use crate::cargo::{cargo, run as call};
use crate::step::{Done, Steps};
use crate::{deny, features, suite, tidy};

/// Runs all steps and prints what each took.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    steps.step("fmt", || ran(&["fmt", "--all", "--", "--check"]));
    steps.step("clippy", || {
        ran(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])
    });
    steps.step("tidy", || tidy::run().map(|()| Done::Ran));
    steps.step("test", || suite::run(&[]).map(|()| Done::Ran));
    features::steps(&mut steps, features::Depth::Test);
    steps.step("doc", doc);
    steps.step("deny", deny::step);
    steps.finish()
}

fn ran(arguments: &[&str]) -> Result<Done> {
    call(&mut cargo(arguments)).map(|()| Done::Ran)
}

fn doc() -> Result<Done> {
    let mut command = cargo(&["doc", "--workspace", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    call(&mut command).map(|()| Done::Ran)
}
