//! `deny`: cargo-deny over `deny.toml`, where it is installed.
//!
//! It is not asked for: building it takes longer than all of CI. `tidy` judges licences, sources,
//! banned crates and duplicates from the same file by itself; cargo-deny adds the advisories.

use anyhow::{Result, bail};

use crate::cargo::{cargo, has_subcommand, run as call};
use crate::step::Done;

/// Runs cargo-deny; that it is missing is an error.
pub(crate) fn run() -> Result<()> {
    match step()? {
        Done::Ran => Ok(()),
        Done::Skipped(why) => bail!("{why}"),
    }
}

/// Runs cargo-deny; that it is missing is a skipped step.
pub(crate) fn step() -> Result<Done> {
    if !has_subcommand("deny") {
        return Ok(Done::Skipped(
            "cargo-deny is not installed; tidy has judged deny.toml".into(),
        ));
    }
    call(&mut cargo(&["deny", "--workspace", "check"]))?;
    Ok(Done::Ran)
}
