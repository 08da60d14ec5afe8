//! `conformance`: the official suite of the distribution specification, against both builds.

mod report;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::cargo::{Build, build, target};
use crate::{house, process};
use report::Report;

/// What is switched on beyond what a version of the suite tests by itself.
const DATA: [(&str, &str); 1] = [("OCI_DATA_SPARSE", "true")];

/// Optional parts of the interface, tested with the version under development.
const OPTIONAL: [(&str, &str); 4] = [
    ("OCI_API_BLOBS_UPLOAD_CANCEL", "true"),
    ("OCI_API_BLOBS_DIGEST_HEADER", "true"),
    ("OCI_API_MANIFESTS_DIGEST_HEADER", "true"),
    ("OCI_API_MANIFESTS_TAG_PARAM", "true"),
];

/// Arguments of `conformance`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The suite; from `OCI_CONFORMANCE`, or `conformance` on the PATH, when it is not given
    #[arg(long)]
    suite: Option<PathBuf>,
    /// A binary to test, may be repeated; both builds of the dev profile when none is given
    #[arg(long)]
    binary: Vec<PathBuf>,
    /// A version of the specification, may be repeated
    #[arg(long = "spec", default_values = ["1.1", "dev"])]
    versions: Vec<String>,
}

/// Runs the suite once per binary and version; a failed or skipped test is an error.
pub(crate) fn run(args: &Args) -> Result<()> {
    let named = || std::env::var_os("OCI_CONFORMANCE").map(PathBuf::from);
    let suite = args
        .suite
        .clone()
        .or_else(named)
        .or_else(|| house::program("conformance"));
    let suite = suite.context("no suite: set OCI_CONFORMANCE, or put `conformance` on the PATH")?;
    let mut rows = String::new();
    let mut bad = 0;
    for binary in binaries(args)? {
        for version in &args.versions {
            let name = format!("{}-{version}", shown(&binary));
            let report = one(&suite, &binary, version, &name)?;
            report
                .faults()
                .iter()
                .for_each(|fault| println!("{name}: {fault}"));
            bad += report.bad();
            rows.push_str(&report.row(&name));
        }
    }
    println!("\n{}{rows}", Report::HEAD);
    if bad > 0 {
        bail!("{bad} tests failed or were skipped");
    }
    Ok(())
}

fn binaries(args: &Args) -> Result<Vec<PathBuf>> {
    if !args.binary.is_empty() {
        let given = args.binary.iter();
        return given
            .map(|path| {
                path.canonicalize()
                    .with_context(|| path.display().to_string())
            })
            .collect();
    }
    let (work, into) = (target(), target().join("xtask"));
    Build::BOTH
        .iter()
        .map(|each| build(*each, "dev", &work, &into))
        .collect()
}

fn shown(binary: &Path) -> String {
    binary
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Runs the suite against a fresh server; the reports stay in `target/conformance/<name>`.
fn one(suite: &Path, binary: &Path, version: &str, name: &str) -> Result<Report> {
    let results = target().join("conformance").join(name);
    // what an earlier run left must not be read as this one's
    let _ = std::fs::remove_dir_all(&results);
    std::fs::create_dir_all(&results)?;
    let folder = tempfile::tempdir()?;
    // the suite pushes indexes whose images are not there
    let sparse = json!({ "http": { "compat": ["sparse"] } });
    let (server, _) = process::serve(binary, &folder.path().join("root"), &sparse)?;
    let mut command = Command::new(suite);
    command
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
        .env("OCI_REGISTRY", server.address.to_string())
        .env("OCI_TLS", "disabled");
    command
        .env("OCI_RESULTS_DIR", &results)
        .env("OCI_LOG", "error")
        .env("OCI_VERSION", version);
    command.envs(DATA);
    if version != "1.1" {
        command.envs(OPTIONAL);
    }
    // its status only repeats what the report says
    command
        .status()
        .with_context(|| suite.display().to_string())?;
    let file = results.join("junit.xml");
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    Report::read(&text).with_context(|| file.display().to_string())
}
