//! The same requests to us and to zot: what they answer differently is a line of `differences.txt`.
//!
//! A difference that is not listed fails, and so does a line that is no longer true: the file only
//! shrinks, unless somebody decides otherwise and says why. Why a whole kind of answers differs is
//! told in `docs/compatibility.md`.
//!
//! | file | holds |
//! |---|---|
//! | `row` | a request, and the name under which its differences are listed |
//! | `pair` | both servers, each on a root of its own |
//! | `scene` | the same content in both, and the rows sent to both |
//! | `answer` | what is compared, and what must differ between any two servers |
//! | `list` | the lines of `differences.txt` |
//! | `rows` | the requests, one file per noun |
//!
//! zot is the program that the variable `ZOT` names, or `zot` on the search path. Without it the
//! test says that it is skipped, in CI too: no package registry has it. `cargo xtask parity` insists.

#[cfg(test)]
mod answer;
#[cfg(test)]
mod list;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod row;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod scene;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::list::List;
    use crate::row::named;
    use crate::rows::GROUPS;
    use crate::{pair, scene};

    #[test]
    fn answers_are_those_of_zot_unless_listed() {
        let Some(zot) = pair::zot() else {
            println!("skipped: zot is not installed");
            return;
        };
        let mut found = Vec::new();
        for (group, rows) in GROUPS {
            found.extend(scene::differences(&zot, group, rows()));
        }
        let faults = List::read().faults(&found);
        assert!(
            faults.is_empty(),
            "{} faults\n{}\n",
            faults.len(),
            faults.join("\n")
        );
    }

    #[test]
    fn every_reason_is_documented() {
        let documented = include_str!("../../docs/compatibility.md");
        let list = List::read();
        let subject = |reason: &'static str| reason.split(": ").next().unwrap_or_default();
        let unknown: Vec<_> = list
            .reasons()
            .filter(|reason| !documented.contains(subject(reason)))
            .collect();
        assert!(unknown.is_empty(), "{unknown:#?}");
    }

    #[test]
    fn every_line_names_a_row() {
        let mut known = BTreeSet::new();
        for (group, rows) in GROUPS {
            known.extend(named(group, rows()).into_iter().map(|(name, _)| name));
        }
        println!("{} rows", known.len());
        let list = List::read();
        let unknown: Vec<_> = list.rows().filter(|name| !known.contains(*name)).collect();
        assert!(unknown.is_empty(), "{unknown:#?}");
    }
}
