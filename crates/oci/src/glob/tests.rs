use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::RepoGlob;

/// The answers of doublestar, one line each: pattern, name, `1`, `0` or `E` for a bad pattern.
fn vectors() -> Option<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = here
        .ancestors()
        .map(|dir| dir.join("../shared/data/glob-vectors.tsv"));
    let found: Option<PathBuf> = data.into_iter().find(|file| file.exists());
    if found.is_none() {
        #[expect(
            clippy::disallowed_methods,
            reason = "decides about the test, not the product"
        )]
        let in_ci = std::env::var_os("CI").is_some();
        assert!(!in_ci, "glob-vectors.tsv is missing");
        println!("skipped: glob-vectors.tsv is not here");
    }
    #[expect(clippy::disallowed_methods, reason = "test data")]
    found.map(|file| std::fs::read_to_string(file).unwrap())
}

/// What doublestar answers for a pattern with stray closing braces, which its own validation
/// refuses: a brace matches itself, and the fault is only noticed where the name stops fitting
/// before it.
fn answer_for_stray_brace(pattern: &str, name: &str) -> Option<char> {
    let (mut escaped, mut last, mut depth) = (String::new(), 0, 0);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                escaped.extend([c, chars.next()?]);
                continue;
            }
            '{' => depth += 1,
            '}' if depth == 0 => escaped.push('\\'),
            '}' => depth -= 1,
            _ => {}
        }
        escaped.push(c);
        if escaped.ends_with("\\}") {
            last = escaped.len();
        }
    }
    if RepoGlob::new(&escaped).ok()?.matches(name) {
        return Some('1');
    }
    let up_to_brace = RepoGlob::new(escaped.get(..last)?).ok()?;
    let passed = name
        .char_indices()
        .any(|(at, c)| up_to_brace.matches(name.split_at(at + c.len_utf8()).0));
    Some(if passed { '0' } else { 'E' })
}

#[test]
fn answers_as_doublestar_does() {
    let Some(vectors) = vectors() else { return };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for line in vectors.lines() {
        let mut fields = line.split('\t');
        let (pattern, name) = (fields.next().unwrap(), fields.next().unwrap());
        let expected = fields.next().unwrap().chars().next().unwrap();
        let got = match RepoGlob::new(pattern) {
            Ok(glob) if glob.matches(name) => '1',
            Ok(_) => '0',
            Err(_) if expected == 'E' => 'E',
            Err(_) => answer_for_stray_brace(pattern, name).unwrap_or('E'),
        };
        seen += 1;
        if got != expected {
            wrong.push(format!(
                "{pattern:?} on {name:?}: {got} instead of {expected}"
            ));
        }
    }
    assert_eq!(seen, 6000);
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn rights_depend_on_these() {
    for (pattern, name, expected) in [
        ("repo/**", "repo", true),
        ("repo/**", "repo/a/b", true),
        ("repo/**", "repository", false),
        ("**", "anything/at/all", true),
        ("*", "one", true),
        ("*", "one/two", false),
        ("a/*/c", "a/b/c", true),
        ("a/*/c", "a/b/b/c", false),
        ("**/c", "c", true),
        ("{a,b/**}/c", "b/x/y/c", true),
        ("", "", true),
        ("", "a", false),
        ("é?", "éé", true),
    ] {
        assert_eq!(
            RepoGlob::new(pattern).unwrap().matches(name),
            expected,
            "{pattern} on {name}"
        );
    }
}

#[test]
fn refuses_bad_patterns() {
    for pattern in ["[", "[]", "[!]", "[a", "{a", "a}", "\\", "a/{b,[c}"] {
        let error = RepoGlob::new(pattern).unwrap_err();
        assert!(error.to_string().contains("is malformed"), "{pattern}");
    }
    for pattern in ["{a,b}".repeat(40), "{,}".repeat(1000), "a".repeat(70_000)] {
        let error = RepoGlob::new(&pattern).unwrap_err();
        assert!(error.to_string().contains("too many alternatives"));
    }
}

/// Patterns that make a naive matcher take exponential time: these end, and at once.
#[test]
fn hostile_patterns_stay_cheap() {
    let name = "a".repeat(255);
    for pattern in [
        "*a".repeat(500),
        "**/*a".repeat(500),
        "{a,b}".repeat(8) + &"*a".repeat(50),
    ] {
        let glob = RepoGlob::new(&format!("{pattern}b")).unwrap();
        assert!(!glob.matches(&format!("{name}/c")));
    }
}

proptest! {
    #[test]
    fn a_name_matches_itself_escaped(name in "[a-z0-9/*?{}\\[\\]\\\\,-]{0,40}") {
        let escaped: String = name.chars().flat_map(|c| ['\\', c]).collect();
        prop_assert!(RepoGlob::new(&escaped).unwrap().matches(&name));
    }

    #[test]
    fn any_text_is_answered(pattern in "[a-c/*?{},!\\[\\]\\\\-]{0,30}", name in "[a-c/]{0,20}") {
        if let Ok(glob) = RepoGlob::new(&pattern) {
            glob.matches(&name);
        }
    }
}
