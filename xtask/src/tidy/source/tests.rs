use super::*;

const TEXT: &str = r#"//! Docs.

/// Documented.
pub fn first(x: Option<u8>) -> u8 {
    // a comment
    mine.expect(1, 2);
    x.unwrap()
}

pub struct Bare {
    /// Fine.
    pub good: u8,
    pub bad: u8,
    hidden: u8,
}

/// A trait.
pub trait Shape {
    /// One.
    fn one(&self);
    fn two(&self) {
        panic!("no");
    }
}

#[cfg(feature = "x")]
fn gated() -> bool {
    cfg!(feature = "y") && cfg!(unix)
}

#[cfg(unix)]
fn platform() {}

#[cfg(test)]
mod tests {
    #[test]
    fn works() {
        super::first(Some(1)).checked_add(1).unwrap();
    }
}

#[cfg(test)]
mod apart;
"#;

fn source() -> Source {
    Source::read(Path::new("crates/x/src/lib.rs"), TEXT).unwrap()
}

#[test]
fn functions_are_measured_and_tests_told_apart() {
    let source = source();
    let seen: Vec<_> = source
        .functions
        .iter()
        .map(|f| (f.name.as_str(), f.line, f.length, f.test))
        .collect();
    assert_eq!(
        seen,
        [
            ("first", 4, 5, false),
            ("two", 21, 3, false),
            ("gated", 27, 3, false),
            ("platform", 32, 1, false),
            ("works", 37, 3, true),
        ]
    );
    assert_eq!(source.traits, [("Shape".to_owned(), 2)]);
}

#[test]
fn lines_are_split_between_production_and_tests() {
    let source = source();
    assert_eq!(source.lines, TEXT.lines().count());
    assert_eq!((source.production, source.tests), (21, 9));
}

#[test]
fn gates_and_panics_are_found_outside_tests() {
    let source = source();
    assert_eq!(source.gates, [26, 28]);
    assert_eq!(source.panics, [7, 22]);
}

#[test]
fn public_items_want_docs() {
    let source = source();
    let bare: Vec<_> = source
        .undocumented
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(bare, ["Bare", "bad", "two"]);
    assert_eq!(source.public, 7);
}

#[test]
fn files_of_test_modules_are_tests() {
    let below = |path: &str| {
        Source::read(Path::new(path), "fn helper() { None::<u8>.unwrap(); }\n").unwrap()
    };
    let mut sources = vec![
        source(),
        below("crates/x/src/apart.rs"),
        below("crates/x/src/apart/more.rs"),
        below("crates/x/src/apartment.rs"),
    ];
    spread_test_modules(&mut sources);
    let panics: Vec<_> = sources.iter().map(|source| source.panics.len()).collect();
    assert_eq!(panics, [2, 0, 0, 1]);
}

#[test]
fn folders_of_tests() {
    let package = Path::new("crates/x");
    assert!(in_tests_folder(Path::new("crates/x/tests/a.rs"), package));
    assert!(in_tests_folder(
        Path::new("crates/x/fuzz/fuzz_targets/a.rs"),
        package
    ));
    assert!(!in_tests_folder(
        Path::new("crates/x/src/tests/a.rs"),
        package
    ));
}
