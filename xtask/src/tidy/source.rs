//! Reads our source files and measures them.

mod visit;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::Metadata;

use crate::house;

/// Packages that exist for tests: all of their code counts as test code.
const TEST_PACKAGES: [&str; 2] = ["testkit", "holdfast-tests"];

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// The file, relative to the root.
    pub(super) path: PathBuf,
    /// The package is a library of the product: under `crates/`, and not for tests.
    pub(super) library: bool,
    /// The package is part of the product or of its tests: not a task.
    pub(super) product: bool,
    /// All lines.
    pub(super) lines: usize,
    /// Lines outside tests that are neither blank nor only a comment.
    pub(super) production: usize,
    /// The same inside tests.
    pub(super) tests: usize,
    /// The functions, those of tests included.
    pub(super) functions: Vec<Function>,
    /// The traits: name and number of methods.
    pub(super) traits: Vec<(String, usize)>,
    /// Lines with a feature gate.
    pub(super) gates: Vec<usize>,
    /// Lines outside tests that may panic: `unwrap`, `expect`, `panic!` and the like.
    pub(super) panics: Vec<usize>,
    /// The number of public items outside tests, counted in libraries.
    pub(super) public: usize,
    /// Those without documentation: name and line.
    pub(super) undocumented: Vec<(String, usize)>,
    /// Names of modules that are declared here.
    pub(super) modules: Vec<String>,
    /// Those of them that are only built for tests and live in a file of their own.
    test_modules: Vec<String>,
    /// Production and test lines, by line: `true` is a test.
    marks: Vec<bool>,
}

/// One function.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    /// Its name.
    pub(super) name: String,
    /// The line where it starts.
    pub(super) line: usize,
    /// Lines from the signature to the closing brace.
    pub(super) length: usize,
    /// It belongs to tests.
    pub(super) test: bool,
}

/// Reads every Rust file of our packages.
pub(super) fn read_all(metadata: &Metadata, files: &[PathBuf]) -> Result<Vec<Source>> {
    let packages = metadata.workspace_packages();
    let mut sources = Vec::new();
    for package in packages {
        let folder = house::folder(package);
        let testing = TEST_PACKAGES.contains(&package.name.as_str());
        let own = files.iter().filter(|file| {
            file.starts_with(&folder) && file.extension().is_some_and(|ending| ending == "rs")
        });
        for file in own {
            let text = std::fs::read_to_string(house::root().join(file))?;
            let mut source =
                Source::read(file, &text).with_context(|| file.display().to_string())?;
            source.product = !folder.starts_with("xtask");
            source.library = folder.starts_with("crates") && !testing;
            if testing || in_tests_folder(file, &folder) {
                source.all_tests();
            }
            sources.push(source);
        }
    }
    spread_test_modules(&mut sources);
    Ok(sources)
}

impl Source {
    /// Measures one file.
    pub(super) fn read(path: &Path, text: &str) -> Result<Self> {
        let parsed = syn::parse_file(text)?;
        let count = text.lines().count();
        let start = Self {
            path: path.to_path_buf(),
            lines: count,
            marks: vec![false; count],
            ..Self::default()
        };
        let mut source = visit::measure(start, &parsed);
        for (line, test) in text.lines().zip(source.marks.clone()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with("//") {
                continue;
            }
            if test {
                source.tests += 1;
            } else {
                source.production += 1;
            }
        }
        Ok(source)
    }

    fn mark_test(&mut self, first: usize, last: usize) {
        let lines = self.marks.iter_mut().skip(first.saturating_sub(1));
        lines
            .take(last + 1 - first.min(last))
            .for_each(|mark| *mark = true);
    }

    fn all_tests(&mut self) {
        self.tests += std::mem::take(&mut self.production);
        self.functions
            .iter_mut()
            .for_each(|function| function.test = true);
        self.panics.clear();
        self.undocumented.clear();
        self.public = 0;
    }
}

/// Tells whether a file lies in a folder of tests, benchmarks or fuzz targets of its package.
fn in_tests_folder(file: &Path, package: &Path) -> bool {
    let inside = file.strip_prefix(package).unwrap_or(file);
    ["tests", "benches", "fuzz"]
        .iter()
        .any(|folder| inside.starts_with(folder))
}

/// Marks the files that a `#[cfg(test)] mod name;` names, and the files below them.
fn spread_test_modules(sources: &mut [Source]) {
    let mut roots = BTreeSet::new();
    for source in &*sources {
        let below = module_folder(&source.path);
        roots.extend(source.test_modules.iter().map(|name| below.join(name)));
    }
    for source in sources {
        let stem = source.path.with_extension("");
        if roots.iter().any(|root| stem.starts_with(root)) {
            source.all_tests();
        }
    }
}

/// Yields the folder where a file's modules lie.
fn module_folder(path: &Path) -> PathBuf {
    let crate_root = path
        .file_name()
        .is_some_and(|name| name == "lib.rs" || name == "main.rs");
    let parent = path.parent().unwrap_or(path);
    if crate_root {
        parent.to_path_buf()
    } else {
        path.with_extension("")
    }
}

#[cfg(test)]
mod tests;
