//! The list of reported cases, held against the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

/// The areas that have tests.
const FOLDERS: [&str; 4] = ["crates", "tests", "bins", "xtask"];

/// Rows of the list: what is said by number, such as `B62`.
fn rows() -> BTreeMap<String, String> {
    let list = include_str!("../cases.md");
    let rows = list.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let (number, _, tested) = (cells.next()?, cells.next()?, cells.next()?);
        let is_number = number.chars().nth(1)?.is_ascii_digit();
        is_number.then(|| (number.to_owned(), tested.to_owned()))
    });
    rows.collect()
}

/// Collects the names of tests that carry the number of a case.
fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let mut text = String::new();
            let mut file = std::fs::File::open(&path).unwrap();
            file.read_to_string(&mut text).unwrap();
            let names = text.lines().filter_map(|line| {
                let (_, name) = line.split_once("fn case_")?;
                Some(format!("case_{}", name.split_once('(')?.0))
            });
            found.extend(names);
        }
    }
}

/// Yields the numbers that a name carries: `case_b58_b67_x` has two.
fn numbers(name: &str) -> Vec<String> {
    let words = name.split('_').skip(1);
    let carried = words.map_while(|word| {
        let (letter, digits) = word.split_at_checked(1)?;
        let number: u32 = digits.parse().ok()?;
        let letter = letter.to_uppercase();
        Some(match letter.as_str() {
            "N" => format!("N{number}"),
            _ => format!("{letter}{number:02}"),
        })
    });
    carried.collect()
}

#[test]
fn every_case_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut known = BTreeSet::new();
    for folder in FOLDERS {
        collect(&root.join(folder), &mut known);
    }
    assert!(known.contains("case_b62_every_answer_says_its_length"));
    let rows = rows();
    assert!(rows.len() > 100, "{} rows", rows.len());
    let mut faults = Vec::new();
    for name in &known {
        let numbers = numbers(name);
        if numbers.is_empty() {
            faults.push(format!("{name} carries no number"));
        }
        for number in numbers {
            let row = rows.get(&number).map_or("", String::as_str);
            if !row.contains(&format!("`{name}`")) {
                faults.push(format!("{number} does not list {name}"));
            }
        }
    }
    for (number, row) in &rows {
        let mut named = row.split('`').filter(|name| name.starts_with("case_"));
        let missing = named.find(|name| !known.contains(*name));
        faults.extend(missing.map(|name| format!("{number} lists {name}, which is no test")));
        let answered = ["`", "later: ", "as "];
        if !answered.iter().any(|start| row.starts_with(start)) {
            faults.push(format!("{number} says {row}"));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
