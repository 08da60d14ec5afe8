//! `dist`: what is shipped.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;

use crate::cargo::{Build, build, target};
use crate::image;

/// Builds both binaries into `target/dist` and writes their checksums beside them.
pub(crate) fn run() -> Result<()> {
    let mut sums = String::new();
    for file in binaries()? {
        let bytes = std::fs::read(&file)?;
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let digest = image::sha256(&bytes);
        writeln!(sums, "{digest}  {name}")?;
        println!("{name:<20} {:>10} bytes  {digest}", bytes.len());
    }
    let list = target().join("dist").join("SHA256SUMS");
    std::fs::write(&list, sums)?;
    println!("wrote {}", list.display());
    Ok(())
}

/// Builds both binaries: `target/dist/holdfast` and `target/dist/holdfast-minimal`.
///
/// Cargo works in a folder of its own, because its profile's folder would be `target/dist` too.
pub(crate) fn binaries() -> Result<Vec<PathBuf>> {
    let work = target().join("dist-work");
    let into = target().join("dist");
    Build::BOTH
        .iter()
        .map(|each| build(*each, "dist", &work, &into))
        .collect()
}
