//! The workspace: its root, its packages, the files that git knows.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// The package that is the registry.
pub(crate) const BINARY: &str = "holdfast";

/// Yields the root of the workspace.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Reads `cargo metadata` for the platform that is shipped, dependencies included.
pub(crate) fn metadata() -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml"));
    command.other_options([
        "--filter-platform".into(),
        "x86_64-unknown-linux-gnu".into(),
    ]);
    command.exec().context("cargo metadata")
}

/// Finds one of our packages by name.
pub(crate) fn package<'a>(metadata: &'a Metadata, name: &str) -> Result<&'a Package> {
    let found = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name == name);
    found.with_context(|| format!("no package {name} in the workspace"))
}

/// Yields the folder of a package, relative to the root: `crates/oci`.
pub(crate) fn folder(package: &Package) -> PathBuf {
    let manifest = package.manifest_path.as_std_path();
    let folder = manifest.parent().unwrap_or(manifest);
    folder.strip_prefix(root()).unwrap_or(folder).to_path_buf()
}

/// Lists the files of the work tree, relative to the root: those git tracks and those it would.
pub(crate) fn files() -> Result<Vec<PathBuf>> {
    let mut command = Command::new("git");
    command.args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]);
    let output = command
        .current_dir(root())
        .output()
        .context("git ls-files")?;
    if !output.status.success() {
        bail!(
            "git ls-files: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let listed = String::from_utf8_lossy(&output.stdout);
    let names = listed
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from);
    Ok(names.filter(|name| root().join(name).is_file()).collect())
}

/// Looks a program up on the PATH.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}
