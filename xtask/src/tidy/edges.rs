//! The crate graph: which of our packages may import which.
//!
//! `TABLE` is the one place where the edges are written down. A new edge changes it in the same
//! commit, so that a reviewer sees it.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata};

use crate::house;

/// One row: a package (or `name-*`), and what it may import.
///
/// `+name` allows what `name` itself may import, and `name` too. `*` at the end matches any rest.
const TABLE: &[(&str, &[&str])] = &[
    ("oci", &[]),
    ("config", &["oci"]),
    ("storage", &["oci"]),
    ("storage-cloud", &["storage", "oci"]),
    ("meta", &["oci"]),
    ("meta-remote", &["meta", "oci", "auth"]),
    ("auth", &["oci", "meta", "client"]),
    ("registry", &["oci", "storage", "meta"]),
    ("client", &["oci"]),
    ("scan", &["oci"]),
    ("ext", &["oci", "config", "registry", "meta", "auth"]),
    ("ext-search", &["+ext", "scan"]),
    ("ext-sync", &["+ext", "client"]),
    ("ext-*", &["+ext"]),
    ("server", &["+ext", "storage", "client"]),
    ("testkit", &["+server", "client", "oci"]),
    (
        "holdfast",
        &["server", "config", "ext-*", "storage-cloud", "meta-remote"],
    ),
    ("hf", &["client", "oci"]),
    ("hfbench", &["client", "oci"]),
    ("hfexporter", &["client", "oci"]),
    ("holdfast-tests", &["+testkit"]),
    ("xtask", &[]),
];

/// Packages that only tests may import.
const TESTS_ONLY: &[&str] = &["testkit", "holdfast-tests"];

/// The table, with `+name` written out.
pub(super) type Rules = BTreeMap<&'static str, Vec<&'static str>>;

/// Yields the table as rules.
pub(super) fn rules() -> Rules {
    TABLE
        .iter()
        .map(|(name, imports)| (*name, imports.iter().flat_map(expand).collect()))
        .collect()
}

fn expand(import: &&'static str) -> Vec<&'static str> {
    let Some(name) = import.strip_prefix('+') else {
        return vec![import];
    };
    let row = TABLE.iter().find(|(other, _)| *other == name);
    let inner = row.into_iter().flat_map(|(_, imports)| imports.iter());
    std::iter::once(name)
        .chain(inner.flat_map(expand))
        .collect()
}

/// One import of one of our packages by another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edge {
    /// In `[dependencies]` or `[build-dependencies]`.
    Normal,
    /// In `[dev-dependencies]`.
    Dev,
}

/// Our packages and their imports of each other.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// The packages, each with what it imports.
    pub(super) packages: BTreeMap<String, BTreeSet<(String, Edge)>>,
    /// The packages under `bins/`.
    binaries: BTreeSet<String>,
    /// Libraries that declare features.
    featured: BTreeSet<String>,
}

impl Graph {
    /// Reads the graph from cargo.
    pub(super) fn read(metadata: &Metadata) -> Self {
        let ours = metadata.workspace_packages();
        let names: BTreeSet<String> = ours
            .iter()
            .map(|package| package.name.to_string())
            .collect();
        let mut graph = Self::default();
        for package in ours {
            let name = package.name.to_string();
            let folder = house::folder(package);
            if folder.starts_with("bins") {
                graph.binaries.insert(name.clone());
            } else if !package.features.is_empty() {
                graph.featured.insert(name.clone());
            }
            let imports = package
                .dependencies
                .iter()
                .filter(|other| names.contains(&other.name));
            let edges = imports.map(|other| (other.name.clone(), kind(other.kind)));
            graph.packages.insert(name, edges.collect());
        }
        graph
    }

    /// Yields what breaks the rules.
    pub(super) fn faults(&self, rules: &Rules) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, imports) in &self.packages {
            let Some(allowed) = rule(rules, name) else {
                faults.push(format!("package {name} has no row in the table of edges"));
                continue;
            };
            for (import, edge) in imports {
                faults.extend(self.judge(name, import, *edge, allowed));
            }
        }
        let featured = self.featured.iter();
        faults.extend(
            featured.map(|name| format!("library {name} declares features: the binary does")),
        );
        faults
    }

    fn judge(&self, name: &str, import: &str, edge: Edge, allowed: &[&str]) -> Option<String> {
        if self.binaries.contains(import) {
            return Some(format!("{name} imports the binary {import}"));
        }
        if TESTS_ONLY.contains(&import) {
            let fine = edge == Edge::Dev || TESTS_ONLY.contains(&name);
            return (!fine).then(|| format!("{name} imports {import}, which only tests may"));
        }
        if name.starts_with("ext-") && (import.starts_with("ext-") || import == "server") {
            return Some(format!(
                "{name} imports {import}: extensions know neither each other nor the server"
            ));
        }
        let fine = allowed.iter().any(|pattern| matches(pattern, import));
        (!fine).then(|| format!("{name} imports {import}, an edge that is not in the table"))
    }

    /// Counts the imports that are not for tests only.
    pub(super) fn edges(&self) -> usize {
        self.packages
            .values()
            .flatten()
            .filter(|(_, edge)| *edge == Edge::Normal)
            .count()
    }

    /// Counts the packages on the longest chain of imports.
    pub(super) fn depth(&self) -> usize {
        let mut known = BTreeMap::new();
        self.packages
            .keys()
            .map(|name| self.depth_of(name, &mut known))
            .max()
            .unwrap_or(0)
    }

    fn depth_of<'a>(&'a self, name: &'a str, known: &mut BTreeMap<&'a str, usize>) -> usize {
        if let Some(depth) = known.get(name) {
            return *depth;
        }
        let imports = self.packages.get(name).into_iter().flatten();
        let below = imports.filter(|(_, edge)| *edge == Edge::Normal);
        let depth = 1 + below
            .map(|(import, _)| self.depth_of(import, known))
            .max()
            .unwrap_or(0);
        known.insert(name, depth);
        depth
    }
}

fn kind(kind: DependencyKind) -> Edge {
    if kind == DependencyKind::Development {
        Edge::Dev
    } else {
        Edge::Normal
    }
}

/// Finds the row of a package: its own, or the one with a star.
fn rule<'a>(rules: &'a Rules, name: &str) -> Option<&'a [&'static str]> {
    let own = rules.get(name);
    let starred = || {
        rules
            .iter()
            .find(|(pattern, _)| matches(pattern, name))
            .map(|(_, row)| row)
    };
    own.or_else(starred).map(Vec::as_slice)
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(rows: &[(&str, &[(&str, Edge)])]) -> Graph {
        let own = |imports: &[(&str, Edge)]| {
            imports
                .iter()
                .map(|(name, edge)| ((*name).to_owned(), *edge))
                .collect()
        };
        Graph {
            packages: rows
                .iter()
                .map(|(name, row)| ((*name).to_owned(), own(row)))
                .collect(),
            binaries: BTreeSet::from(["holdfast".to_owned()]),
            featured: BTreeSet::new(),
        }
    }

    #[test]
    fn edges_of_the_table_pass() {
        let graph = graph(&[
            ("oci", &[("testkit", Edge::Dev)]),
            (
                "server",
                &[
                    ("ext", Edge::Normal),
                    ("auth", Edge::Normal),
                    ("storage", Edge::Normal),
                ],
            ),
            (
                "ext-lint",
                &[("ext", Edge::Normal), ("registry", Edge::Normal)],
            ),
            (
                "testkit",
                &[("server", Edge::Normal), ("meta", Edge::Normal)],
            ),
            (
                "holdfast",
                &[("ext-lint", Edge::Normal), ("server", Edge::Normal)],
            ),
            (
                "holdfast-tests",
                &[("testkit", Edge::Dev), ("storage", Edge::Dev)],
            ),
        ]);
        assert_eq!(graph.faults(&rules()), Vec::<String>::new());
    }

    #[test]
    fn other_edges_are_faults() {
        let cases: &[(&str, &str, Edge, &str)] = &[
            ("oci", "config", Edge::Normal, "not in the table"),
            ("registry", "config", Edge::Dev, "not in the table"),
            ("registry", "testkit", Edge::Normal, "only tests may"),
            ("ext-lint", "ext-search", Edge::Normal, "know neither"),
            ("ext-lint", "server", Edge::Dev, "know neither"),
            ("ext-lint", "storage", Edge::Normal, "not in the table"),
            ("testkit", "holdfast", Edge::Dev, "imports the binary"),
            ("holdfast", "registry", Edge::Normal, "not in the table"),
            ("hfbench", "server", Edge::Normal, "not in the table"),
            ("xtask", "oci", Edge::Normal, "not in the table"),
            ("stray", "oci", Edge::Normal, "no row"),
        ];
        for (name, import, edge, want) in cases {
            let faults = graph(&[(name, &[(import, *edge)])]).faults(&rules());
            assert_eq!(faults.len(), 1, "{name} -> {import}: {faults:?}");
            assert!(faults[0].contains(want), "{name} -> {import}: {faults:?}");
        }
    }

    #[test]
    fn a_library_with_features_is_a_fault() {
        let mut graph = graph(&[("oci", &[])]);
        graph.featured.insert("oci".into());
        assert_eq!(graph.faults(&rules()).len(), 1);
    }

    #[test]
    fn depth_counts_packages_and_ignores_tests() {
        let graph = graph(&[
            ("a", &[("b", Edge::Normal), ("c", Edge::Normal)]),
            ("b", &[("c", Edge::Normal)]),
            ("c", &[("a", Edge::Dev)]),
        ]);
        assert_eq!(graph.depth(), 3);
        assert_eq!(graph.edges(), 3);
    }
}
