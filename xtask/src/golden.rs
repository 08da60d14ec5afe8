//! `golden`: the files that tests compare their output with.

use anyhow::Result;

use crate::cargo::{cargo, run as call};

/// Arguments of `golden`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Rewrite the files from what the tests produce; review the difference as an interface change
    #[arg(long)]
    update: bool,
}

/// Runs the tests, which compare with the golden files or rewrite them.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut command = cargo(&["test", "--workspace"]);
    if args.update {
        command.env("HOLDFAST_GOLDEN", "update");
    }
    call(&mut command)
}
