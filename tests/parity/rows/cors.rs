//! What browsers are told.

use crate::row::{Row, row};

const PATHS: &[&str] = &[
    "/v2/",
    "/v2/_catalog",
    "/v2/_oci/ext/discover",
    "/v2/a/b/tags/list",
    "/v2/none/tags/list",
    "/v2/a/b/manifests/v1",
    "/v2/a/b/manifests/none",
    "/v2/a/b/referrers/{m}",
    "/v2/a/b/blobs/{m.0}",
    "/v2/a/b/blobs/uploads/",
    "/livez",
    "/nothing",
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for path in PATHS {
        rows.extend([
            row(format!("GET {path}")).with("Origin", "https://ui.example"),
            row(format!("OPTIONS {path}"))
                .with("Origin", "https://ui.example")
                .with("Access-Control-Request-Method", "GET")
                .with("Access-Control-Request-Headers", "authorization"),
        ]);
    }
    rows.extend([
        row("HEAD /v2/a/b/manifests/v1").with("Origin", "https://ui.example"),
        row("DELETE /v2/a/b/manifests/none").with("Origin", "https://ui.example"),
        row("PUT /v2/a/b/manifests/none").with("Origin", "https://ui.example"),
        row("PATCH /v2/a/b/tags/list").with("Origin", "https://ui.example"),
    ]);
    rows
}
