//! `/v2/{name}/manifests/{reference}`: what is read.

use crate::row::{Row, row};

const REFERENCES: &[&str] = &[
    "v1",
    "latest",
    "1.0",
    "_x",
    "v2",
    "multi",
    "{m}",
    "{n}",
    "{x}",
    "{s}",
    "{m.512}",
    "{m.0}",
    "{m.1}",
    "none",
    "V1",
    "{nothing}",
    "{nothing.512}",
    "sha256:00",
    "sha256:",
    "sha256",
    "md5:d41d8cd98f00b204e9800998ecf8427e",
    "a:b",
    ".x",
    "-x",
    "v1%20",
    "%76%31",
    "v1@{m}",
    "..%2Fv1",
    "é",
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for reference in REFERENCES {
        for method in ["GET", "HEAD"] {
            rows.push(row(format!("{method} /v2/a/b/manifests/{reference}")));
        }
    }
    let long = "x".repeat(200);
    rows.push(row(format!("GET /v2/a/b/manifests/{long}")));
    for repo in ["none", "r", "a", "a/b/c"] {
        for method in ["GET", "HEAD"] {
            rows.push(row(format!("{method} /v2/{repo}/manifests/v1")));
            rows.push(row(format!("{method} /v2/{repo}/manifests/{{m}}")));
        }
    }
    let got = || row("GET /v2/a/b/manifests/v1");
    rows.extend([
        got().with("Accept", "{image}"),
        got().with("Accept", "{index}"),
        got().with("Accept", "{docker}"),
        got().with("Accept", "text/html"),
        got().with("Accept", ""),
        got().with("Accept-Encoding", "gzip"),
        got().with("Range", "bytes=0-3"),
        got().with("Range", "bytes=x"),
        got().with("If-Modified-Since", "Wed, 25 Nov 2099 00:00:00 GMT"),
        got().with("If-None-Match", "\"{m}\""),
        got().with("If-None-Match", "*"),
        got().with("If-Match", "\"{nothing}\""),
        got().text("a body"),
        row("GET /v2/a/b/manifests/v1?ns=docker.io"),
        row("GET /v2/a/b/manifests/v1?tag=x"),
        row("POST /v2/a/b/manifests/v1"),
        row("PATCH /v2/a/b/manifests/v1"),
        row("OPTIONS /v2/a/b/manifests/v1"),
        row("OPTIONS /v2/none/manifests/v1"),
        row("GET /v2/a/b/manifests/"),
        row("GET /v2/a/b/manifests"),
        row("GET /v2/a/b/manifests/v1/"),
        row("GET /v2/a/b/manifests/v1/x"),
    ]);
    rows
}
