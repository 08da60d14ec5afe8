//! `/v2/`, what extensions there are, and health.

use crate::row::{Row, row};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for path in ["/v2/", "/v2/_oci/ext/discover"] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            rows.push(row(format!("{method} {path}")));
        }
        rows.extend([
            row(format!("GET {path}?x=y")),
            row(format!("GET {path}")).with("Accept", "text/html"),
            row(format!("GET {path}")).with("X-ZOT-API-CLIENT", "zot-ui"),
            row(format!("GET {path}")).with("Authorization", "Basic YTpi"),
            row(format!("GET {path}")).with("Range", "bytes=0-1"),
            row(format!("GET {path}")).text("a body"),
        ]);
    }
    rows.extend([
        row("GET /v2"),
        row("HEAD /v2"),
        row("PUT /v2"),
        row("GET /v2/_oci/ext/discover/"),
        row("GET /v2/_oci/ext"),
        row("GET /v2/_zot/ext/search"),
        row("GET /v2/_zot/ext/mgmt"),
        row("GET /v2/_zot/ext/userprefs"),
        row("GET /v2/_zot/pprof/"),
    ]);
    rows
}

pub(crate) fn health() -> Vec<Row> {
    let mut rows = Vec::new();
    for path in ["/livez", "/readyz", "/startupz"] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            rows.push(row(format!("{method} {path}")));
        }
        rows.extend([
            row(format!("GET {path}?verbose")),
            row(format!("GET {path}/")),
            row(format!("GET {path}/x")),
        ]);
    }
    rows
}
