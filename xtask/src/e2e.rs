//! `e2e`: real clients against the binary.

use std::path::PathBuf;

use anyhow::Result;

use crate::cargo::{Build, build, cargo, run as call, target};

/// Arguments of `e2e`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the tests whose name holds this, for example `skopeo`
    client: Option<String>,
    /// The binary to test; built with the dev profile when it is not given
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// Runs the tests; a client that is not installed is skipped, or with `CI=true` an error.
pub(crate) fn run(args: &Args) -> Result<()> {
    let binary = match &args.binary {
        Some(given) => given.canonicalize()?,
        None => build(Build::Full, "dev", &target(), &target().join("xtask"))?,
    };
    let mut command = cargo(&["test", "--package", "holdfast-tests", "--test", "e2e", "--"]);
    command.env("HOLDFAST_BIN", binary);
    command.args(&args.client);
    call(&mut command)
}
