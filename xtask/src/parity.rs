//! `parity`: the same requests to the binary and to zot.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::cargo::{Build, build, cargo, run as call, target};

/// Arguments of `parity`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// zot; without it the variable `ZOT`, or `zot` on the search path
    #[arg(long)]
    zot: Option<PathBuf>,
    /// The binary to test; built with the dev profile when it is not given
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// Runs the tests, which need zot.
pub(crate) fn run(args: &Args) -> Result<()> {
    let Some(zot) = args.zot.clone().or_else(found) else {
        bail!("zot is neither in the variable ZOT nor on the PATH");
    };
    let binary = match &args.binary {
        Some(given) => given.canonicalize()?,
        None => build(Build::Full, "dev", &target(), &target().join("xtask"))?,
    };
    let mut command = cargo(&["test", "--package", "holdfast-tests", "--test", "parity"]);
    command.env("HOLDFAST_BIN", binary);
    command.env("ZOT", zot.canonicalize()?);
    call(&mut command)
}

fn found() -> Option<PathBuf> {
    let given = std::env::var_os("ZOT").filter(|given| !given.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = || {
        std::env::split_paths(&path)
            .map(|folder| folder.join("zot"))
            .find(|file| file.is_file())
    };
    given.map(PathBuf::from).or_else(installed)
}
