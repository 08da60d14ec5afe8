//! `/v2/{name}/tags/list`.

use crate::row::{Row, row};

const QUERIES: &[&str] = &[
    "n=1",
    "n=2",
    "n=5",
    "n=6",
    "n=100",
    "n=0",
    "n=-1",
    "n=",
    "n=x",
    "n=1.5",
    "n=99999999999999999999",
    "n=1&n=2",
    "last=1.0",
    "last=v2",
    "last=none",
    "last=",
    "n=1&last=1.0",
    "n=2&last=_x",
    "n=2&last=v1",
    "n=2&last=v2",
    "n=1&last=none",
    "n=0&last=v1",
    "last=v1&last=v2",
    "n=1&x=y",
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![row("GET /v2/a/b/tags/list")];
    for method in ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        rows.push(row(format!("{method} /v2/a/b/tags/list")));
    }
    rows.extend(
        QUERIES
            .iter()
            .map(|query| row(format!("GET /v2/a/b/tags/list?{query}"))),
    );
    rows.extend([
        // no tag there
        row("GET /v2/r/tags/list"),
        row("GET /v2/r/tags/list?n=1"),
        row("GET /v2/r/tags/list?last=x"),
        row("GET /v2/none/tags/list"),
        row("GET /v2/none/tags/list?n=1"),
        row("GET /v2/none/tags/list?n=x"),
        row("HEAD /v2/none/tags/list"),
        row("GET /v2/a/tags/list").note("a folder, no repository"),
        row("GET /v2/a/b/tags/list/"),
        row("GET /v2/a/b/tags"),
        row("GET /v2/a/b/tags/"),
        row("GET /v2/a/b/tags/other"),
    ]);
    rows
}
