//! Text that belongs to one machine: absolute paths, hosts of package registries.

use std::path::{Path, PathBuf};

use anyhow::Result;

/// What must not stand in a file of ours; written in pieces, because this file is searched too.
const WORDS: [&str; 9] = [
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("proxy.gol", "ang.org"),
    concat!("registry.np", "mjs.org"),
    concat!("files.python", "hosted.org"),
    concat!("static.cra", "tes.io"),
    concat!("index.cra", "tes.io"),
    concat!("deb.deb", "ian.org"),
];

/// Yields the lines that hold such a word. Lock files are cargo's own.
pub(super) fn faults(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for file in files {
        if file.extension().is_some_and(|ending| ending == "lock") {
            continue;
        }
        let bytes = std::fs::read(root.join(file))?;
        let Ok(text) = std::str::from_utf8(&bytes) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = WORDS.iter().find(|word| line.contains(**word)) {
                faults.push(format!("{}:{}: holds {word}", file.display(), number + 1));
            }
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_outside_lock_files() {
        let root = tempfile::tempdir().unwrap();
        let text = format!("fine\nsee {}x\n", WORDS[0]);
        for name in ["a.md", "b.lock"] {
            std::fs::write(root.path().join(name), &text).unwrap();
        }
        std::fs::write(root.path().join("c.bin"), [0xff, 0xfe]).unwrap();
        let files = ["a.md", "b.lock", "c.bin"].map(PathBuf::from);
        let faults = faults(root.path(), &files).unwrap();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with("a.md:2:"));
    }
}
