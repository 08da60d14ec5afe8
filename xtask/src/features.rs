//! `features`: the binary with none, all, each, and all but one of its features.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::cargo::{cargo, run as call};
use crate::house;
use crate::step::{Done, Steps};

/// Arguments of `features`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only check that each set compiles
    #[arg(long)]
    quick: bool,
}

/// How far each set is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// `cargo check`.
    Check,
    /// `cargo build` and `cargo test`.
    Test,
}

/// Runs every set as a step of its own.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut steps = Steps::default();
    steps_of(
        &mut steps,
        if args.quick {
            Depth::Check
        } else {
            Depth::Test
        },
    )?;
    steps.finish()
}

/// Adds the steps to those of somebody else.
pub(crate) fn steps(steps: &mut Steps, depth: Depth) {
    if let Err(error) = steps_of(steps, depth) {
        steps.step("features", || Err(error));
    }
}

fn steps_of(steps: &mut Steps, depth: Depth) -> Result<()> {
    let metadata = house::metadata()?;
    let declared = &house::package(&metadata, house::BINARY)?.features;
    for set in sets(&leaves(declared)) {
        let list = set.iter().copied().collect::<Vec<_>>().join(",");
        let name = if list.is_empty() { "none" } else { &list };
        steps.step(&format!("features {name}"), || one(&list, depth));
    }
    Ok(())
}

fn one(list: &str, depth: Depth) -> Result<Done> {
    let verbs: &[&str] = match depth {
        Depth::Check => &["check"],
        Depth::Test => &["build", "test"],
    };
    for verb in verbs {
        let arguments = [
            verb,
            "--package",
            house::BINARY,
            "--no-default-features",
            "--features",
            list,
        ];
        call(&mut cargo(&arguments))?;
    }
    Ok(Done::Ran)
}

/// Yields the features that stand for something themselves: those that only name others are left out.
fn leaves(declared: &BTreeMap<String, Vec<String>>) -> Vec<&str> {
    let only_names = |parts: &Vec<String>| parts.iter().all(|part| declared.contains_key(part));
    let leaves = declared.iter().filter(|(name, parts)| {
        name.as_str() != "default" && (parts.is_empty() || !only_names(parts))
    });
    leaves.map(|(name, _)| name.as_str()).collect()
}

/// Yields none, all, each alone and all but one, each set once, small ones first.
fn sets<'a>(leaves: &[&'a str]) -> Vec<BTreeSet<&'a str>> {
    let all: BTreeSet<&str> = leaves.iter().copied().collect();
    let mut sets = vec![BTreeSet::new(), all.clone()];
    for leaf in leaves {
        sets.push(BTreeSet::from([*leaf]));
        let mut others = all.clone();
        others.remove(leaf);
        sets.push(others);
    }
    sets.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    sets.dedup();
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(rows: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let own = |parts: &[&str]| parts.iter().map(ToString::to_string).collect();
        rows.iter()
            .map(|(name, parts)| ((*name).to_owned(), own(parts)))
            .collect()
    }

    #[test]
    fn collections_are_not_leaves() {
        let declared = declared(&[
            ("default", &["full"]),
            ("full", &["lint", "search"]),
            ("lint", &["dep:ext-lint"]),
            ("search", &["dep:ext-search"]),
            ("plain", &[]),
        ]);
        assert_eq!(leaves(&declared), ["lint", "plain", "search"]);
    }

    #[test]
    fn each_set_comes_once() {
        let shown = |leaves: &[&str]| -> Vec<String> {
            sets(leaves)
                .iter()
                .map(|set| set.iter().copied().collect::<Vec<_>>().join("+"))
                .collect()
        };
        assert_eq!(shown(&[]), [""]);
        assert_eq!(shown(&["a"]), ["", "a"]);
        assert_eq!(shown(&["a", "b"]), ["", "a", "b", "a+b"]);
        assert_eq!(
            shown(&["a", "b", "c"]),
            ["", "a", "b", "c", "a+b", "a+c", "b+c", "a+b+c"]
        );
    }
}
