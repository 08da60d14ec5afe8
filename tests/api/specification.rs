//! What the distribution specification asks of a registry, as rows that name their section.
//!
//! The rules are those of version 1.1.1, with the tags in pushes by digest and the algorithm of a
//! session of the version that is being written. Rules for clients are left out.

mod discovery;
mod management;
mod pull;
mod push;
mod upload;

use std::collections::BTreeSet;

use crate::table::{Row, Scene};

/// The sections that ask something of registries.
const SECTIONS: [&str; 22] = [
    "Pulling manifests",
    "Pulling blobs",
    "Checking if content exists in the registry",
    "Push",
    "Pushing blobs",
    "POST then PUT",
    "Single POST",
    "Pushing a blob in chunks",
    "Cancel a blob upload",
    "Mounting a blob from another repository",
    "Pushing Manifests",
    "Pushing Manifests with Subject",
    "Listing Tags",
    "Listing Referrers",
    "Deleting tags",
    "Deleting Manifests",
    "Deleting Blobs",
    "Registry Proxying",
    "Referrers Tag Schema",
    "Enabling the Referrers API",
    "Determining Support",
    "Error Codes",
];

/// A part of the specification: what must be in place, and the rows.
type Part = (&'static str, fn() -> Scene, fn() -> Vec<Row>);

const PARTS: [Part; 8] = [
    ("pull", pull::scene, pull::rows),
    ("upload", upload::scene, upload::rows),
    ("chunks", upload::scene, upload::chunks),
    ("mount", upload::scene, upload::mounts),
    ("push", push::scene, push::rows),
    ("discovery", discovery::scene, discovery::rows),
    (
        "referrers",
        discovery::referrers_scene,
        discovery::referrers,
    ),
    ("management", management::scene, management::rows),
];

#[test]
fn every_rule_holds() {
    for (name, scene, rows) in PARTS {
        println!("{name}");
        scene().run(rows());
    }
}

#[test]
fn every_rule_is_of_a_section_and_every_section_has_rules() {
    let rows = PARTS.into_iter().flat_map(|(_, _, rows)| rows());
    let found: BTreeSet<_> = rows.map(|row| row.section()).collect();
    assert_eq!(found, BTreeSet::from(SECTIONS));
}
