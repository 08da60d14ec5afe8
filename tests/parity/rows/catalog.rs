//! `/v2/_catalog`.

use crate::row::{Row, row};

const QUERIES: &[&str] = &[
    "n=1",
    "n=2",
    "n=3",
    "n=100",
    "n=0",
    "n=-1",
    "n=-2",
    "n=",
    "n=x",
    "n=1.5",
    "n=99999999999999999999",
    "n=1&n=2",
    "last=a/b",
    "last=r",
    "last=none",
    "last=",
    "n=1&last=a/b",
    "n=1&last=other",
    "n=1&last=r",
    "n=1&last=none",
    "n=1&last=a%2Fb",
    "last=a/b&last=r",
    "x=y",
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![row("GET /v2/_catalog")];
    for method in ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        rows.push(row(format!("{method} /v2/_catalog")));
    }
    rows.extend(
        QUERIES
            .iter()
            .map(|query| row(format!("GET /v2/_catalog?{query}"))),
    );
    rows.extend([
        row("GET /v2/_catalog/"),
        // an upload makes a repository, below one and beside one
        row("POST /v2/a/b/c/blobs/uploads/"),
        row("POST /v2/a/blobs/uploads/"),
        row("POST /v2/a-b/blobs/uploads/"),
        row("POST /v2/a.b/blobs/uploads/"),
        row("GET /v2/_catalog").note("with levels"),
        row("GET /v2/_catalog?n=2").note("with levels"),
        row("GET /v2/_catalog?n=2&last=a/b").note("with levels"),
    ]);
    rows
}
