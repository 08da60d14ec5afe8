//! `PUT /v2/{name}/manifests/{reference}`: references, types, parameters, what is there afterwards.

use crate::row::{Row, row};

fn put(line: &str) -> Row {
    row(format!("PUT /v2/{line}")).manifest("{image}", "{i.text}")
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![
        put("r/manifests/t"),
        put("r/manifests/t").note("again"),
        row("GET /v2/r/manifests/t"),
        row("HEAD /v2/r/manifests/{i}"),
        put("r/manifests/{i}"),
        put("r/manifests/{i.512}"),
        row("GET /v2/r/manifests/{i.512}"),
        put("r/manifests/{nothing}"),
        put("r/manifests/{nothing.512}"),
        // each in a place of its own: what one lets in must not show in the next row
        row("GET /v2/r/tags/list"),
        row("GET /v2/r/blobs/{c}").note("the type is told"),
        row("GET /v2/r/blobs/{i}").note("a manifest as a blob"),
    ];
    rows.extend(types());
    rows.extend(references());
    rows.extend(parameters());
    rows.extend(indexes());
    rows.extend([
        row("GET /v2/r/tags/list").note("at the end"),
        row("GET /v2/_catalog").note("at the end"),
    ]);
    rows
}

fn types() -> Vec<Row> {
    let put = |kind: &str| row("PUT /v2/r/manifests/typed").manifest(kind, "{i.text}");
    vec![
        row("PUT /v2/r/manifests/typed").text("{i.text}"),
        put(""),
        put("application/json"),
        put("text/plain"),
        put("{image}; charset=utf-8"),
        put("APPLICATION/VND.OCI.IMAGE.MANIFEST.V1+JSON"),
        put("{docker}"),
        put("{dockers}"),
        put("application/vnd.docker.distribution.manifest.v1+json"),
        put("application/vnd.docker.distribution.manifest.v1+prettyjws"),
        put("{config}"),
        put("{bytes}"),
        row("GET /v2/r/manifests/typed"),
        row("PUT /v2/r/manifests/typed")
            .with("Content-Type", "{image}")
            .chunks(&["{i.text}"]),
    ]
}

fn references() -> Vec<Row> {
    let long = "x".repeat(128);
    let too_long = "x".repeat(129);
    let tags = [
        "T",
        "1",
        "_x",
        "a.b-c_d",
        &long,
        &too_long,
        "a:b",
        ".x",
        "-x",
        "t%2Fx",
        "%74",
        "a@b",
        "a+b",
        "sha256:00",
        "sha512:00",
        "sha256:",
        "sha384:00",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "SHA256:00",
        "sha256-00",
    ];
    let mut rows = Vec::new();
    for tag in tags {
        rows.push(put(&format!("r/manifests/{tag}")));
        rows.push(row(format!("HEAD /v2/r/manifests/{tag}")).note("after it"));
    }
    rows.extend([
        put("none/manifests/t").note("no blob there"),
        row("GET /v2/none/tags/list").note("after it"),
        put("A/manifests/t"),
        put("r/manifests/"),
        put("r/manifests"),
        put("r/manifests/t/x"),
    ]);
    rows
}

fn parameters() -> Vec<Row> {
    let many = |count: usize| {
        let tags: Vec<_> = (0..count).map(|tag| format!("tag=many{tag}")).collect();
        format!("r/manifests/{{i}}?{}", tags.join("&"))
    };
    vec![
        put("r/manifests/{i}?tag=p1"),
        put("r/manifests/{i}?tag=p2&tag=p3"),
        put("r/manifests/{i}?tag=p4&tag=p4"),
        row("GET /v2/r/manifests/p3"),
        put("r/manifests/{i}?tag="),
        put("r/manifests/{i}?tag"),
        put("r/manifests/{i}?tag=p5&tag="),
        put("r/manifests/{i}?tag=.x"),
        put("r/manifests/{i}?tag=a:b"),
        put("r/manifests/{i}?tag=%20"),
        put("r/manifests/{i}?tag={i}"),
        put("r/manifests/{nothing}?tag=p6"),
        put("r/manifests/t?tag=p7"),
        put("r/manifests/t?tag="),
        put("r/manifests/{i}?x=y"),
        put(&many(46)).note("46"),
        put(&many(47)).note("47"),
        row("GET /v2/r/manifests/p7"),
    ]
}

fn indexes() -> Vec<Row> {
    let index = |child: &str| {
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{{index}}","manifests":[{{"mediaType":"{{image}}","digest":"{child}","size":{{i.size}}}}]}}"#
        )
    };
    let put =
        |tag: &str, text: &str| row(format!("PUT /v2/r/manifests/{tag}")).manifest("{index}", text);
    vec![
        put("x1", &index("{i}")),
        row("GET /v2/r/manifests/x1"),
        put("x2", &index("{nothing}")).note("of what is missing"),
        put("x3", &index("{m}")).note("of what is elsewhere"),
        put(
            "x4",
            r#"{"schemaVersion":2,"mediaType":"{index}","manifests":[]}"#,
        )
        .note("empty"),
        put("x5", "{i.text}").note("an image"),
        row("PUT /v2/r/manifests/x6")
            .manifest("{image}", &index("{i}"))
            .note("an index"),
    ]
}
