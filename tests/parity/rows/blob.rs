//! `/v2/{name}/blobs/{digest}`; ranges are in `range`.

use crate::row::{Row, row};

const ODD: &[&str] = &[
    "sha256:00",
    "sha256:",
    "sha256",
    ":",
    "latest",
    "uploads",
    "md5:d41d8cd98f00b204e9800998ecf8427e",
    "{b}0",
    "{b}/",
    "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    "SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
];

const KNOWN: &[&str] = &["{b}", "{e}", "{c}", "{nothing}", "{nothing.512}", "{b.512}"];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for digest in KNOWN.iter().chain(ODD) {
        for method in ["GET", "HEAD"] {
            rows.push(row(format!("{method} /v2/r/blobs/{digest}")));
        }
    }
    // types that manifests give, and manifests themselves
    for digest in ["{m.0}", "{m.1}", "{m}", "{x}", "{s.0}"] {
        for method in ["GET", "HEAD"] {
            rows.push(row(format!("{method} /v2/a/b/blobs/{digest}")));
        }
    }
    for method in ["POST", "PUT", "PATCH", "OPTIONS"] {
        rows.push(row(format!("{method} /v2/r/blobs/{{b}}")));
    }
    let got = || row("GET /v2/r/blobs/{b}");
    rows.extend([
        got().with("Accept-Encoding", "gzip"),
        got().with("Accept", "text/html"),
        got().with("If-None-Match", "\"{b}\""),
        got().with("If-Modified-Since", "Wed, 25 Nov 2099 00:00:00 GMT"),
        row("GET /v2/r/blobs/{b}?ns=docker.io"),
        row("GET /v2/none/blobs/{b}"),
        row("GET /v2/none/blobs/{nothing}"),
        row("HEAD /v2/none/blobs/{nothing}"),
        row("DELETE /v2/none/blobs/{nothing}"),
        row("GET /v2/other/blobs/{b}").note("held elsewhere"),
        row("HEAD /v2/other/blobs/{b}").note("held elsewhere"),
        row("GET /v2/other/blobs/{b}").note("after HEAD"),
        row("HEAD /v2/fresh/blobs/{b}").note("makes a repository"),
        row("GET /v2/fresh/tags/list"),
    ]);
    rows.extend(
        ODD.iter()
            .map(|digest| row(format!("DELETE /v2/r/blobs/{digest}"))),
    );
    rows.extend([
        row("DELETE /v2/a/b/blobs/{m.0}").note("in use"),
        row("DELETE /v2/a/b/blobs/{m.1}").note("in use"),
        row("DELETE /v2/a/b/blobs/{m}").note("a manifest"),
        row("DELETE /v2/r/blobs/{nothing}"),
        row("DELETE /v2/r/blobs/{l}"),
        row("GET /v2/r/blobs/{l}").note("after it"),
        row("HEAD /v2/r/blobs/{l}").note("after it"),
        row("DELETE /v2/r/blobs/{l}").note("twice"),
        row("DELETE /v2/r/blobs/{b}").note("held elsewhere too"),
        row("GET /v2/r/blobs/{b}").note("after it"),
        row("HEAD /v2/r/blobs/{b}").note("after it"),
        row("GET /v2/other/blobs/{b}").note("elsewhere, after it"),
    ]);
    rows
}
