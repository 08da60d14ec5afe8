//! The lines of `differences.txt`: row, what differs, and why, with a tab between.

use std::collections::{BTreeMap, BTreeSet};

/// What differs in a row: nothing, if that is empty.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) row: String,
    pub(crate) what: String,
}

/// The differences that are meant.
#[derive(Debug)]
pub(crate) struct List<'a> {
    lines: BTreeMap<&'a str, &'a str>,
    reasons: BTreeSet<&'a str>,
    faults: Vec<String>,
}

impl List<'static> {
    /// Yields what the project's file holds.
    pub(crate) fn read() -> Self {
        Self::of(include_str!("differences.txt"))
    }
}

impl<'a> List<'a> {
    fn of(text: &'a str) -> Self {
        let mut list = Self {
            lines: BTreeMap::new(),
            reasons: BTreeSet::new(),
            faults: Vec::new(),
        };
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let parts: Vec<_> = line.split('\t').collect();
            let fault = match parts.as_slice() {
                [row, what, why] if !what.is_empty() && !why.is_empty() => {
                    list.reasons.insert(why);
                    let twice = list.lines.insert(row, what).is_some();
                    twice.then_some("listed twice")
                }
                _ => Some("not `row<tab>what differs<tab>why`"),
            };
            let fault = fault.map(|fault| format!("{fault}: {line}"));
            list.faults.extend(fault);
        }
        list
    }

    /// Yields the rows that are listed.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &'a str> {
        self.lines.keys().copied()
    }

    /// Yields the reasons: the subject of a line of the documentation, and what there is to add.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = &'a str> {
        self.reasons.iter().copied()
    }

    /// Yields what is found and not listed, and what is listed and no longer found.
    pub(crate) fn faults(&self, found: &[Found]) -> Vec<String> {
        let mut faults = self.faults.clone();
        for Found { row, what } in found {
            let listed = self.lines.get(row.as_str()).copied().unwrap_or_default();
            let fault = match (what.as_str(), listed) {
                (what, listed) if what == listed => continue,
                ("", listed) => format!("gone: {row}\t{listed}"),
                (what, "") => format!("new: {row}\t{what}"),
                (what, listed) => format!("other: {row}\t{what}\tinstead of {listed}"),
            };
            faults.push(fault);
        }
        faults
    }
}

#[test]
fn only_what_is_listed_may_differ() {
    let list = List::of("# about\na\tstatus 1\twhy\nb\tstatus 2\twhy\nc\tstatus 3\twhy\n");
    let found = [
        ("a", "status 1"),
        ("b", ""),
        ("c", "status 4"),
        ("d", "status 5"),
        ("e", ""),
    ];
    let found = found.map(|(row, what)| Found {
        row: row.to_owned(),
        what: what.to_owned(),
    });
    let expected = [
        "gone: b\tstatus 2",
        "other: c\tstatus 4\tinstead of status 3",
        "new: d\tstatus 5",
    ];
    assert_eq!(list.faults(&found), expected);
    assert_eq!(list.rows().collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn lines_say_why_and_come_once() {
    for text in ["a\tb", "a\tb\t", "a\t\tc", "a", "", "a\tb\tc\na\tb\tc"] {
        let text = format!("{text}\n");
        assert_eq!(List::of(&text).faults.len(), 1, "{text:?}");
    }
}
