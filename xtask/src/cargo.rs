//! Calls cargo as a developer would by hand.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::house;

/// Variables that `cargo run` sets for us. Passed on, they make build scripts run again.
const OURS: [&str; 4] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_",
    "CARGO_CRATE_",
];

/// Yields a cargo command at the root of the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(house::root()).args(arguments);
    for (name, _) in std::env::vars_os() {
        if OURS
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end; a bad exit status is an error that names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    println!("$ {shown}");
    let status = command.status().with_context(|| shown.clone())?;
    if !status.success() {
        bail!("{shown}: {status}");
    }
    Ok(())
}

/// Runs a command and yields what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command.output().with_context(|| shown.clone())?;
    if !output.status.success() {
        bail!(
            "{shown}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Tells whether cargo has this subcommand, as cargo finds it.
pub(crate) fn has_subcommand(name: &str) -> bool {
    let listed = output(&mut cargo(&["--list"])).unwrap_or_default();
    listed
        .lines()
        .any(|line| line.split_whitespace().next() == Some(name))
}

/// Yields the folder for what is built: `target`, unless the environment says otherwise.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => house::root().join(folder),
        None => house::root().join("target"),
    }
}

/// Which of the two builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// With every extension.
    Full,
    /// The distribution registry alone.
    Minimal,
}

impl Build {
    /// Both of them, the full one first.
    pub(crate) const BOTH: [Self; 2] = [Self::Full, Self::Minimal];

    /// Yields the arguments that ask cargo for this build.
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Full => &[],
            Self::Minimal => &["--no-default-features"],
        }
    }

    /// Yields the file name under which this build is kept.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Full => "holdfast",
            Self::Minimal => "holdfast-minimal",
        }
    }
}

/// Builds the registry and copies it to `into` under the name of the build.
///
/// `folder` is where cargo puts a profile's output: `debug` for `dev`.
pub(crate) fn build(build: Build, profile: &str, work: &Path, into: &Path) -> Result<PathBuf> {
    let mut command = cargo(&["build", "--package", house::BINARY, "--profile", profile]);
    command
        .args(build.arguments())
        .arg("--target-dir")
        .arg(work);
    run(&mut command)?;
    let folder = if profile == "dev" { "debug" } else { profile };
    let fresh = work.join(folder).join(house::BINARY);
    std::fs::create_dir_all(into)?;
    let kept = into.join(build.file());
    // a running copy of the old file must not stand in the way
    let beside = into.join(format!(".{}.new", build.file()));
    std::fs::copy(&fresh, &beside).with_context(|| format!("copying {}", fresh.display()))?;
    std::fs::rename(&beside, &kept)?;
    Ok(kept)
}

fn show(command: &Command) -> String {
    let mut words = vec![
        Path::new(command.get_program())
            .file_name()
            .unwrap_or_default(),
    ];
    words.extend(command.get_args());
    words
        .iter()
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
