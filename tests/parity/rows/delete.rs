//! Deletes of manifests, and what is there afterwards.

use crate::row::{Row, row};

pub(crate) fn rows() -> Vec<Row> {
    let delete = |reference: &str| row(format!("DELETE /v2/a/b/manifests/{reference}"));
    let after =
        |reference: &str| row(format!("GET /v2/a/b/manifests/{reference}")).note("after it");
    let mut rows = vec![
        row("DELETE /v2/none/manifests/v1"),
        row("DELETE /v2/none/manifests/{m}"),
        row("DELETE /v2/r/manifests/v1").note("no manifest there"),
    ];
    let odd = [
        "none",
        "{nothing}",
        "sha256:00",
        "a:b",
        ".x",
        "{m.0}",
        "v1/",
    ];
    rows.extend(odd.map(delete));
    rows.extend([
        // a tag goes, the content stays
        delete("v1").note("one of several tags"),
        after("v1"),
        after("{m}"),
        delete("v1").note("twice"),
        delete("{m}").note("a child of an index"),
        delete("{n}").note("a child of an index"),
        delete("v2"),
        after("{n}"),
        row("GET /v2/a/b/tags/list").note("after it"),
        delete("multi"),
        after("{x}"),
        delete("{m}").note("its index has no tag"),
        delete("{x}"),
        after("{x}"),
        row("GET /v2/a/b/blobs/{x}").note("after it"),
        delete("{x}").note("twice"),
        delete("{m}").note("with tags"),
        after("latest"),
        after("{m}"),
        row("GET /v2/a/b/blobs/{m.0}").note("after it"),
        row("GET /v2/a/b/referrers/{m}").note("after it"),
        delete("{s}"),
        row("GET /v2/a/b/referrers/{m}").note("after both"),
        row("GET /v2/a/b/tags/list").note("after all"),
        row("GET /v2/_catalog").note("after all"),
    ]);
    rows.extend(moved());
    rows
}

/// A tag that moves to another manifest.
fn moved() -> Vec<Row> {
    vec![
        row("PUT /v2/r/manifests/t").manifest("{image}", "{i.text}"),
        row("PUT /v2/r/manifests/t")
            .manifest("{image}", "{i.text} ")
            .note("another"),
        row("GET /v2/r/manifests/t").note("the new one"),
        row("GET /v2/r/manifests/{i}").note("the old one"),
        row("GET /v2/r/blobs/{i}").note("the old one"),
        row("DELETE /v2/r/manifests/{i}").note("the old one"),
        row("GET /v2/r/tags/list").note("after it"),
        row("DELETE /v2/r/manifests/t").with("If-Match", "\"{nothing}\""),
    ]
}
