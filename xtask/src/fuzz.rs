//! `fuzz`: the fuzz targets of the crates, for a while each.
//!
//! A target starts from `fuzz/seeds/<target>`, where that exists, and keeps what it finds in
//! `fuzz/corpus/<target>`, which git ignores.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo::{has_subcommand, run as call};
use crate::house;

/// Arguments of `fuzz`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The target; all of them when it is not given
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Runs the targets under cargo-fuzz, which needs a nightly toolchain.
pub(crate) fn run(args: &Args) -> Result<()> {
    if !has_subcommand("fuzz") {
        bail!("cargo-fuzz is not installed (`cargo install cargo-fuzz`)");
    }
    let targets = targets(house::root())?;
    let wanted = |name: &str| args.target.as_deref().is_none_or(|given| given == name);
    let chosen: Vec<_> = targets.iter().filter(|(_, name)| wanted(name)).collect();
    if chosen.is_empty() {
        let known: Vec<_> = targets.iter().map(|(_, name)| name.as_str()).collect();
        bail!("no such fuzz target; there are: {}", known.join(", "));
    }
    for (folder, name) in chosen {
        let corpus = folder.join("corpus").join(name);
        std::fs::create_dir_all(&corpus)?;
        let mut command = Command::new("rustup");
        command.args(["run", "nightly", "cargo", "fuzz", "run", "--fuzz-dir"]);
        command.arg(folder).arg(name).arg(corpus);
        let seeds = folder.join("seeds").join(name);
        command.args(seeds.is_dir().then_some(seeds));
        command
            .arg("--")
            .arg(format!("-max_total_time={}", args.seconds));
        command
            .current_dir(house::root())
            .env_remove("RUSTUP_TOOLCHAIN")
            .env_remove("CARGO");
        call(&mut command)?;
    }
    Ok(())
}

/// Yields (fuzz folder, target) for every binary that a crate's fuzz manifest declares.
fn targets(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root.join("crates"))? {
        let folder = entry?.path().join("fuzz");
        let Ok(text) = std::fs::read_to_string(folder.join("Cargo.toml")) else {
            continue;
        };
        let manifest: toml::Table =
            toml::from_str(&text).with_context(|| folder.display().to_string())?;
        let bins = manifest
            .get("bin")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten();
        let names = bins.filter_map(|bin| bin.get("name").and_then(toml::Value::as_str));
        found.extend(names.map(|name| (folder.clone(), name.to_owned())));
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_from_the_manifests() {
        let root = tempfile::tempdir().unwrap();
        let fuzz = root.path().join("crates/oci/fuzz");
        std::fs::create_dir_all(&fuzz).unwrap();
        std::fs::create_dir_all(root.path().join("crates/none")).unwrap();
        let manifest =
            "[package]\nname = \"x\"\n[[bin]]\nname = \"route\"\n[[bin]]\nname = \"digest\"\n";
        std::fs::write(fuzz.join("Cargo.toml"), manifest).unwrap();
        let found = targets(root.path()).unwrap();
        let names: Vec<_> = found.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["digest", "route"]);
    }
}
