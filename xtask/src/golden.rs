//! `golden`: the files that tests compare their output with.

use anyhow::Result;

use crate::suite;

/// Arguments of `golden`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Rewrite the files from what the tests produce; review the difference as an interface change
    #[arg(long)]
    update: bool,
}

/// Runs the tests, which compare with the golden files or rewrite them.
pub(crate) fn run(args: &Args) -> Result<()> {
    suite::run(if args.update {
        &[("HOLDFAST_GOLDEN", "update")]
    } else {
        &[]
    })
}
