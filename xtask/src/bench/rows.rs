//! What is measured, in groups that can be asked for by name.

mod auth;
mod growth;
mod idle;
mod memory;
mod requests;
mod start;
mod tls;
mod transfers;
mod workloads;

use anyhow::Result;

use super::Bench;

/// Some rows that share a set-up.
pub(super) struct Group {
    /// What `--row` asks for.
    pub(super) name: &'static str,
    /// Fills the sheet.
    pub(super) measure: fn(&mut Bench) -> Result<()>,
}

const GROUPS: [Group; 13] = [
    Group {
        name: "requests",
        measure: requests::small,
    },
    Group {
        name: "tags",
        measure: requests::tags,
    },
    Group {
        name: "auth",
        measure: auth::measure,
    },
    Group {
        name: "tls",
        measure: tls::measure,
    },
    Group {
        name: "pull",
        measure: transfers::pull,
    },
    Group {
        name: "push",
        measure: transfers::push,
    },
    Group {
        name: "workloads",
        measure: workloads::measure,
    },
    Group {
        name: "growth",
        measure: growth::measure,
    },
    Group {
        name: "start",
        measure: start::empty,
    },
    Group {
        name: "restart",
        measure: start::full,
    },
    Group {
        name: "idle",
        measure: idle::idle,
    },
    Group {
        name: "sizes",
        measure: idle::sizes,
    },
    Group {
        name: "memory",
        measure: memory::measure,
    },
];

/// Yields the groups whose name holds one of the words; all without words.
pub(super) fn chosen(words: &[String]) -> Vec<&'static Group> {
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    GROUPS.iter().filter(|group| wanted(group.name)).collect()
}

/// Yields the names of all groups.
pub(super) fn names() -> Vec<&'static str> {
    GROUPS.iter().map(|group| group.name).collect()
}
