//! `/v2/{name}/referrers/{digest}`.

use crate::row::{Row, row};

const DIGESTS: &[&str] = &[
    "{m}",
    "{n}",
    "{x}",
    "{s}",
    "{nothing}",
    "{nothing.512}",
    "sha256:00",
    "v1",
    "x",
    "md5:d41d8cd98f00b204e9800998ecf8427e",
    "{m}/",
    "{m}/x",
];

const QUERIES: &[&str] = &[
    "artifactType=application/vnd.example.signature",
    "artifactType=application%2Fvnd.example.bill",
    "artifactType=none",
    "artifactType=",
    "artifactType",
    "artifactType=application/vnd.example.bill&artifactType=application/vnd.example.signature",
    "artifactType=none&artifactType=application/vnd.example.bill",
    "artifacttype=none",
    "n=1",
    "n=0",
    "n=x",
    "last=x",
    "x=y",
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(
        DIGESTS
            .iter()
            .map(|digest| row(format!("GET /v2/a/b/referrers/{digest}"))),
    );
    rows.extend(
        QUERIES
            .iter()
            .map(|query| row(format!("GET /v2/a/b/referrers/{{m}}?{query}"))),
    );
    for method in ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        rows.push(row(format!("{method} /v2/a/b/referrers/{{m}}")));
    }
    rows.extend([
        row("GET /v2/none/referrers/{m}"),
        row("GET /v2/r/referrers/{m}"),
        row("GET /v2/a/b/referrers/"),
        row("GET /v2/a/b/referrers"),
        row("GET /v2/none/referrers/{nothing}?artifactType=x"),
    ]);
    rows.extend(kinds());
    rows
}

/// Referrers of other kinds: images, indexes, of subjects that are not there.
fn kinds() -> Vec<Row> {
    let subject = r#""subject":{"mediaType":"{image}","digest":"{nothing}","size":7}"#;
    let image = format!(
        r#"{{"schemaVersion":2,"mediaType":"{{image}}","config":{{"mediaType":"{{config}}","digest":"{{c}}","size":2}},"layers":[],{subject}}}"#
    );
    let index =
        format!(r#"{{"schemaVersion":2,"mediaType":"{{index}}","manifests":[],{subject}}}"#);
    let typed = index.replace(
        "\"manifests\"",
        r#""artifactType":"application/vnd.example.list","annotations":{"a":"b"},"manifests""#,
    );
    let put = |tag: &str| row(format!("PUT /v2/r/manifests/{tag}"));
    let list = || row("GET /v2/r/referrers/{nothing}");
    vec![
        put("image").manifest("{image}", &image),
        list().note("an image"),
        put("index").manifest("{index}", &index),
        list().note("an index too"),
        row("DELETE /v2/r/manifests/index"),
        put("typed").manifest("{index}", &typed),
        list().note("a typed one too"),
        row("GET /v2/r/referrers/{nothing}?artifactType=application/vnd.example.list"),
        row("GET /v2/r/referrers/{nothing}?artifactType={config}"),
        row("GET /v2/r/tags/list").note("no tags of subjects"),
    ]
}
