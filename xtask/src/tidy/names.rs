//! File and module names that name nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::source::Source;

/// Names that fit everything, so that everything ends up under them.
const EMPTY: [&str; 11] = [
    "mod", "util", "utils", "helper", "helpers", "common", "misc", "imp", "manager", "managers",
    "shared",
];

/// Yields the files, folders and modules with such a name.
pub(super) fn faults(files: &[PathBuf], sources: &[Source]) -> Vec<String> {
    let mut faults = BTreeSet::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|ending| ending == "rs"))
    {
        let stem = file.with_extension("");
        let parts = stem.iter().filter_map(|part| part.to_str());
        for part in parts.filter(|part| EMPTY.contains(part)) {
            faults.insert(format!("{}: {part} names nothing", file.display()));
        }
    }
    for source in sources {
        for module in source
            .modules
            .iter()
            .filter(|name| EMPTY.contains(&name.as_str()))
        {
            faults.insert(format!(
                "{}: module {module} names nothing",
                source.path.display()
            ));
        }
    }
    faults.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn names_that_name_nothing() {
        let cases = [
            ("crates/a/src/blob/mod.rs", true),
            ("crates/a/src/utils.rs", true),
            ("crates/a/src/common/blob.rs", true),
            ("crates/a/src/blob.rs", false),
            ("docs/common.md", false),
        ];
        for (file, bad) in cases {
            let faults = faults(&[PathBuf::from(file)], &[]);
            assert_eq!(!faults.is_empty(), bad, "{file}");
        }
    }

    #[test]
    fn modules_inside_files_count_too() {
        let source = Source::read(Path::new("src/a.rs"), "mod helpers { }").unwrap();
        assert_eq!(faults(&[], &[source]).len(), 1);
    }
}
