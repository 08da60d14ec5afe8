//! `POST /v2/{name}/blobs/uploads/?mount=…`.

use crate::row::{Row, row};

const QUERIES: &[&str] = &[
    "mount={o}&from=other",
    "mount={o}",
    "mount={o}&from=none",
    "mount={o}&from=a/b",
    "mount={o}&from=A",
    "mount={o}&from=",
    "mount={b}&from=r",
    "mount={nothing}&from=other",
    "mount={nothing}",
    "mount=sha256:00&from=other",
    "mount=x",
    "mount=",
    "mount={o}&mount={o}",
    "mount={o}&from=other&from=r",
    "from=other",
    "from=",
    "mount={o.512}&from=other",
    "mount={m}&from=a/b",
    "mount={o}&from=other&digest={o}",
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    // a repository of its own for each: what is mounted once stays
    for (number, query) in QUERIES.iter().enumerate() {
        rows.push(row(format!("POST /v2/to{number}/blobs/uploads/?{query}")));
        rows.push(row(format!("GET /v2/to{number}/blobs/{{o}}")));
    }
    rows.extend([
        row("POST /v2/other/blobs/uploads/?mount={o}&from=other").note("from itself"),
        row("POST /v2/r/blobs/uploads/?mount={b}&from=other").note("held here"),
        row("POST /v2/A/blobs/uploads/?mount={o}&from=other"),
    ]);
    rows
}
