//! Links between documents, and paths of code that they mention.

use std::path::{Path, PathBuf};

use anyhow::Result;

/// Folders whose paths, written in back-ticks, must exist.
const FOLDERS: [&str; 8] = [
    "crates/", "bins/", "tests/", "xtask/", "docs/", "deploy/", ".ci/", ".cargo/",
];

/// Yields the links and paths that lead nowhere, in README, CONTRIBUTING and `docs/`.
pub(super) fn faults(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| is_document(file)) {
        let text = std::fs::read_to_string(root.join(file))?;
        for (number, line) in text.lines().enumerate() {
            let place = format!("{}:{}", file.display(), number + 1);
            let broken = links(line)
                .into_iter()
                .filter(|link| !reaches(root, file, link));
            faults.extend(broken.map(|link| format!("{place}: link {link} leads nowhere")));
            let gone = paths(line).into_iter().filter(|path| !exists(root, path));
            faults.extend(gone.map(|path| format!("{place}: {path} does not exist")));
        }
    }
    Ok(faults)
}

fn is_document(file: &Path) -> bool {
    let markdown = file.extension().is_some_and(|ending| ending == "md");
    markdown && (file.starts_with("docs") || file.components().count() == 1)
}

/// Yields the targets of `[text](target)` in a line.
fn links(line: &str) -> Vec<&str> {
    let ends = line.split("](").skip(1);
    ends.filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.trim())
        .collect()
}

/// Tells whether a link's target exists: a file, or a heading of a document.
fn reaches(root: &Path, from: &Path, link: &str) -> bool {
    if link.contains("://") || link.starts_with("mailto:") {
        return true;
    }
    let (path, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = match path.strip_prefix('/') {
        Some(absolute) => root.join(absolute),
        None if path.is_empty() => root.join(from),
        None => root.join(from.parent().unwrap_or(Path::new(""))).join(path),
    };
    if heading.is_empty() {
        return target.exists();
    }
    let text = std::fs::read_to_string(target).unwrap_or_default();
    text.lines()
        .filter(|line| line.starts_with('#'))
        .any(|line| slug(line) == heading)
}

/// Yields the anchor of a heading, as the usual renderers make it.
fn slug(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Yields the paths of code in back-ticks; patterns and placeholders are not paths.
fn paths(line: &str) -> Vec<&str> {
    let ticked = line.split('`').skip(1).step_by(2);
    let plain = ticked.filter(|text| !text.contains(['*', '<', '{', ' ', '…', '$']));
    plain
        .filter(|text| FOLDERS.iter().any(|folder| text.starts_with(folder)))
        .collect()
}

/// Tells whether a path exists; `path:line` and `path::name` mean something inside the file.
fn exists(root: &Path, written: &str) -> bool {
    let (path, inside) = written.split_once(':').unwrap_or((written, ""));
    let target = root.join(path);
    let name = inside
        .trim_start_matches(':')
        .rsplit("::")
        .next()
        .unwrap_or("");
    if name.is_empty() || name.chars().all(|c| c.is_ascii_digit()) {
        return target.exists();
    }
    let name = name.trim_end_matches("()");
    std::fs::read_to_string(target).is_ok_and(|text| text.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for folder in ["docs", "crates/a/src"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let write = |name: &str, text: &str| std::fs::write(root.path().join(name), text).unwrap();
        write("crates/a/src/lib.rs", "pub fn put() {}");
        write("docs/other.md", "# One two, three\n");
        root
    }

    #[test]
    fn broken_links_and_paths_are_faults() {
        let root = root();
        let cases = [
            ("[a](other.md)", 0),
            ("[a](missing.md)", 1),
            ("[a](other.md#one-two-three) [b](other.md#four)", 1),
            ("[a](https://example.org/x) [b](#own)", 1),
            ("# Own\n[b](#own)", 0),
            ("[a](/crates/a/src/lib.rs)", 0),
            ("`crates/a` and `crates/a/src/lib.rs:1`", 0),
            ("`crates/b`", 1),
            ("`crates/a/src/lib.rs::put` `crates/a/src/lib.rs::get()`", 1),
            ("`crates/ext-*` `crates/<name>` `crate/b`", 0),
        ];
        for (text, want) in cases {
            std::fs::write(root.path().join("docs/page.md"), text).unwrap();
            let faults = faults(root.path(), &[PathBuf::from("docs/page.md")]).unwrap();
            assert_eq!(faults.len(), want, "{text}: {faults:?}");
        }
    }

    #[test]
    fn only_documents_are_read() {
        for (file, want) in [
            ("README.md", true),
            ("docs/a/b.md", true),
            ("crates/a/README.md", false),
            ("docs/a.txt", false),
        ] {
            assert_eq!(is_document(Path::new(file)), want, "{file}");
        }
    }
}
