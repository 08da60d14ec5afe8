//! `sizes`: how big both builds are, and how much of others is in them.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::cargo::{Build, cargo, output};
use crate::{dist, house, stats};

/// Builds both binaries as they are shipped and prints a table.
pub(crate) fn run() -> Result<()> {
    let files = dist::binaries()?;
    println!("\n| build | bytes | MiB | dependencies |\n|---|---|---|---|");
    for (build, file) in Build::BOTH.iter().zip(files) {
        let bytes = std::fs::metadata(&file)?.len();
        let count = dependencies(*build)?;
        println!(
            "| {} | {bytes} | {:.2} | {count} |",
            build.file(),
            stats::mebibytes(bytes)
        );
    }
    Ok(())
}

/// Counts the packages of others that are linked into a build.
fn dependencies(build: Build) -> Result<usize> {
    let mut command = cargo(&["tree", "--package", house::BINARY, "--edges", "normal"]);
    command
        .args(["--prefix", "none", "--format", "{p}"])
        .args(build.arguments());
    Ok(foreign(&output(&mut command)?).len())
}

/// Yields the packages in a flat `cargo tree` that do not lie in the workspace.
fn foreign(tree: &str) -> BTreeSet<&str> {
    let names = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)").trim());
    names
        .filter(|line| !line.is_empty() && !line.contains(" (/"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_packages_and_repeats_do_not_count() {
        let tree = "holdfast v0.1.0 (/x/bins/holdfast)\nbytes v1.1.0\nhttp v1.0.0\nbytes v1.1.0 (*)\n\
                    derive v1.0.0 (proc-macro)\n";
        assert_eq!(foreign(tree).len(), 3);
    }
}
