//! Paths that lead nowhere, or elsewhere.

use crate::row::{Row, row};

const GETS: &[&str] = &[
    "/",
    "/nothing",
    "/v1/",
    "/v3/",
    "/v2x",
    "/V2/",
    "/v2/nothing",
    "/v2/a",
    "/v2/a/b",
    "/v2/_other",
    "/v2/_a/tags/list",
    "/v2/manifests/t",
    "/v2/tags/list",
    "/v2/a/other/x",
    "/v2/blobs/uploads/",
    "/v2/%5fcatalog",
    "/%76%32/",
    "/zot/auth/login",
    "/zot/auth/apikey",
    "/swagger/v2/",
    "/robots.txt",
    "/favicon.ico",
    "/index.html",
];

const UNCLEAN: &[&str] = &[
    "//v2/",
    "/v2//",
    "/v2/./",
    "/./v2/_catalog?n=1",
    "/v2/a/../_catalog",
    "/v2/a/..",
    "/v2/..",
    "/..",
    "/.",
    "/v2/a//tags/list",
    "/v2/a/b//manifests/v1",
    "/v2/a/b/manifests/../tags/list",
    "//evil.example/v2/",
    "///evil.example",
    "/v2/a/%2e%2e/b/tags/list",
];

const NAMES: &[&str] = &[
    "A",
    "a/B",
    "a__b",
    "a___b",
    "a..b",
    ".a",
    "-a",
    "a-",
    "a_",
    "a.",
    "a._b",
    "a--b",
    "a%20b",
    "a:b",
    "a@b",
    "a%2Fb",
    "%61/b",
    "a/blobs/uploads",
    "a/tags/list",
    "a/manifests/x",
    "index.json",
    "a/index.json",
    "a/blobs/sha256",
    "meta.db",
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows: Vec<_> = GETS.iter().map(|path| row(format!("GET {path}"))).collect();
    rows.extend(UNCLEAN.iter().map(|path| row(format!("GET {path}"))));
    for method in ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        for path in [
            "/",
            "/nothing",
            "/v2/nothing",
            "/v2//",
            "/v2/a//manifests/t",
        ] {
            rows.push(row(format!("{method} {path}")));
        }
    }
    let long = "a".repeat(255);
    let too_long = "a".repeat(256);
    for name in NAMES
        .iter()
        .copied()
        .chain([long.as_str(), too_long.as_str()])
    {
        let note = if name.len() > 200 { "long" } else { "" };
        rows.extend([
            row(format!("GET /v2/{name}/tags/list")).note(note),
            row(format!("POST /v2/{name}/blobs/uploads/")).note(note),
            row(format!("HEAD /v2/{name}/blobs/{{nothing}}")).note(note),
        ]);
    }
    rows.extend([
        row("TRACE /v2/"),
        row("CONNECT /v2/"),
        row("BREW /v2/"),
        row("get /v2/"),
        row("HEAD /metrics"),
        row("POST /zot/auth/logout"),
        row("OPTIONS /zot/auth/logout"),
        row("OPTIONS *"),
    ]);
    rows
}
