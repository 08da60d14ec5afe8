//! Results, goals, the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::peer::{OURS, Peer};
use crate::stats;

/// What a number of ours should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Goal {
    /// At least so many times that of a peer.
    AtLeast(f64, &'static str),
    /// At most so many times that of a peer.
    AtMost(f64, &'static str),
    /// At most this, in one of our columns.
    Below(f64, &'static str),
    /// At least this, in one of our columns.
    Above(f64, &'static str),
}

impl Goal {
    /// Yields the goal, what there is, and whether that will do.
    fn judge(self, values: &BTreeMap<&str, f64>) -> String {
        let ratio = |peer| Some(values.get(OURS)? / values.get(peer)?);
        let (wanted, found, met) = match self {
            Self::AtLeast(least, peer) => {
                let found = ratio(peer);
                (
                    format!("≥ {least}x {peer}"),
                    found,
                    found.is_some_and(|found| found >= least),
                )
            }
            Self::AtMost(most, peer) => {
                let found = ratio(peer);
                (
                    format!("≤ {most}x {peer}"),
                    found,
                    found.is_some_and(|found| found <= most),
                )
            }
            Self::Below(most, column) => {
                let found = values.get(column).copied();
                (
                    format!("≤ {most}"),
                    found,
                    found.is_some_and(|found| found <= most),
                )
            }
            Self::Above(least, column) => {
                let found = values.get(column).copied();
                (
                    format!("≥ {least}"),
                    found,
                    found.is_some_and(|found| found >= least),
                )
            }
        };
        match (found, self) {
            (None, _) => format!("{wanted}: –"),
            (Some(_), Self::Below(..) | Self::Above(..)) => format!("{wanted}: {}", verdict(met)),
            (Some(found), _) => format!("{wanted}: {found:.2} {}", verdict(met)),
        }
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "ok" } else { "**miss**" }
}

#[derive(Debug)]
struct Row {
    name: String,
    unit: &'static str,
    goals: &'static [Goal],
    values: BTreeMap<&'static str, Vec<f64>>,
}

/// All rows, in the order in which they were first filled.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    rows: Vec<Row>,
    notes: Vec<String>,
}

/// What a row is called, its unit, and its goals.
pub(super) type Head = (&'static str, &'static str, &'static [Goal]);

impl Sheet {
    /// Adds a measurement of one peer.
    pub(super) fn record(&mut self, head: Head, peer: &'static str, value: f64) {
        self.record_as(head.0.to_owned(), head, peer, value);
    }

    /// Adds a measurement to a row with a longer name.
    pub(super) fn record_as(&mut self, name: String, head: Head, peer: &'static str, value: f64) {
        let known = self.rows.iter().position(|row| row.name == name);
        let at = known.unwrap_or(self.rows.len());
        if known.is_none() {
            let (_, unit, goals) = head;
            self.rows.push(Row {
                name,
                unit,
                goals,
                values: BTreeMap::new(),
            });
        }
        if let Some(row) = self.rows.get_mut(at) {
            row.values.entry(peer).or_default().push(value);
        }
    }

    /// Adds a line below the table.
    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            println!("note: {note}");
            self.notes.push(note);
        }
    }

    /// Yields the table in Markdown, with medians.
    pub(super) fn table(&self, peers: &[Peer]) -> String {
        let mut text = String::from("| row | unit |");
        for peer in peers {
            let _ = write!(text, " {} |", peer.name);
        }
        text.push_str(" goals |\n|---|---|");
        text.push_str(&"---|".repeat(peers.len() + 1));
        for row in &self.rows {
            let pairs = row
                .values
                .iter()
                .filter_map(|(peer, all)| Some((*peer, stats::median(all)?)));
            let medians: BTreeMap<&str, f64> = pairs.collect();
            let _ = write!(text, "\n| {} | {} |", row.name, row.unit);
            for peer in peers {
                let cell = medians
                    .get(peer.name)
                    .map_or_else(String::new, |value| shown(*value));
                let _ = write!(text, " {cell} |");
            }
            let goals: Vec<String> = row.goals.iter().map(|goal| goal.judge(&medians)).collect();
            let _ = write!(text, " {} |", goals.join("; "));
        }
        for note in &self.notes {
            let _ = write!(text, "\n\n- {note}");
        }
        text
    }
}

fn shown(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::peer::Kind;
    use super::*;

    #[test]
    fn goals_are_judged() {
        let values = BTreeMap::from([(OURS, 90.0), ("nginx", 100.0)]);
        let cases = [
            (Goal::AtLeast(0.8, "nginx"), "≥ 0.8x nginx: 0.90 ok"),
            (Goal::AtLeast(0.95, "nginx"), "≥ 0.95x nginx: 0.90 **miss**"),
            (Goal::AtMost(0.5, "nginx"), "≤ 0.5x nginx: 0.90 **miss**"),
            (Goal::AtMost(1.1, "nginx"), "≤ 1.1x nginx: 0.90 ok"),
            (Goal::AtLeast(2.0, "zot-full"), "≥ 2x zot-full: –"),
            (Goal::Below(90.0, OURS), "≤ 90: ok"),
            (Goal::Below(89.0, OURS), "≤ 89: **miss**"),
            (Goal::Above(90.0, OURS), "≥ 90: ok"),
            (Goal::Above(91.0, OURS), "≥ 91: **miss**"),
        ];
        for (goal, want) in cases {
            assert_eq!(goal.judge(&values), want);
        }
    }

    #[test]
    fn the_table_holds_medians_in_the_order_of_the_peers() {
        const HEAD: Head = ("pull", "GB/s", &[Goal::AtLeast(0.95, "nginx")]);
        let mut sheet = Sheet::default();
        for (peer, value) in [("nginx", 2.0), (OURS, 1.0), (OURS, 3.0), (OURS, 2.0)] {
            sheet.record(HEAD, peer, value);
        }
        sheet.note("zot-full is not on the PATH".into());
        let peer = |name, kind| Peer {
            name,
            kind,
            binary: PathBuf::new(),
        };
        let table = sheet.table(&[peer(OURS, Kind::Ours), peer("nginx", Kind::Nginx)]);
        assert!(
            table.contains("| pull | GB/s | 2.00 | 2.00 | ≥ 0.95x nginx: 1.00 ok |"),
            "{table}"
        );
        assert!(table.ends_with("- zot-full is not on the PATH"));
    }
}
