//! Pushing manifests.

use bytes::Bytes;

use crate::table::{Row, Scene, row};

/// Spaces and order that nobody would write again.
const IMAGE: &str = r#"{ "layers" : [{"size":5, "mediaType":"{tar}", "digest":"{l}"}],
  "schemaVersion":2,"mediaType":"{image}", "config":{"mediaType":"{empty}","digest":"{c}","size":2} }"#;

pub(super) fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.push_blob("c", "org/app", b"{}");
    scene.push_blob("l", "org/app", b"layer");
    let text = scene.fill(IMAGE);
    scene.name_content("m", text.as_bytes());
    scene.name("m.text", &text);
    let subject = scene.fill(&with_subject());
    scene.name_content("r", subject.as_bytes());
    scene
}

fn with_subject() -> String {
    let subject = r#"{"subject":{"mediaType":"{image}","digest":"{nothing}","size":7},"#;
    IMAGE.replacen('{', subject, 1)
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = plain();
    rows.extend(tags());
    rows.extend(missing());
    rows.extend(subjects());
    rows
}

fn rule(line: &str, status: u16, rule: &'static str) -> Row {
    row(line, status).rule("Pushing Manifests", rule)
}

fn plain() -> Vec<Row> {
    let many = Bytes::from(vec![b' '; 4 * 1024 * 1024 + 1]);
    vec![
        rule("PUT /v2/org/app/manifests/v1", 201, "by tag; where it is is told")
            .manifest("{image}", IMAGE)
            .has("Docker-Content-Digest", "{m}")
            .keeps("Location", "at"),
        rule("GET {at}", 200, "what was told is where it can be pulled, byte for byte")
            .has("Content-Type", "{image}")
            .body("{m.text}"),
        rule("PUT /v2/org/app/manifests/{m}", 201, "by digest; the digest is the client's")
            .manifest("{image}", IMAGE)
            .has("Docker-Content-Digest", "{m}"),
        rule("PUT /v2/org/app/manifests/{m.512}", 201, "by a digest of another algorithm")
            .manifest("{image}", IMAGE)
            .has("Docker-Content-Digest", "{m.512}")
            .keeps("Location", "at"),
        rule("GET {at}", 200, "by a digest of another algorithm")
            .has("Docker-Content-Digest", "{m.512}")
            .body("{m.text}"),
        rule("PUT /v2/org/app/manifests/v1", 201, "parameters of the type are ignored")
            .manifest("{image}; charset=utf-8", IMAGE),
        rule("GET /v2/org/app/manifests/v1", 200, "and not given back")
            .has("Content-Type", "{image}"),
        rule("PUT /v2/org/app/manifests/none", 201, "the list of blobs may be empty").manifest(
            "{image}",
            r#"{"schemaVersion":2,"config":{"mediaType":"{empty}","digest":"{c}","size":2},"layers":[]}"#,
        ),
        rule("PUT /v2/org/app/manifests/large", 413, "there is a limit of size")
            .with("Content-Type", "{image}")
            .data(many)
            .code("MANIFEST_INVALID"),
        rule("PUT /v2/org/app/manifests/-x", 400, "a reference is a tag or a digest, nothing else")
            .manifest("{image}", IMAGE)
            .code("MANIFEST_INVALID"),
        rule("PUT /v2/org/app/manifests/{nothing}", 400, "not under a digest of other bytes")
            .manifest("{image}", IMAGE)
            .code("MANIFEST_INVALID"),
        rule("GET /v2/org/none/manifests/v1", 404, "a repository that is not there")
            .code("NAME_UNKNOWN"),
    ]
}

fn tags() -> Vec<Row> {
    let query = |count: usize| {
        let tags: Vec<_> = (0..count).map(|tag| format!("tag=t{tag}")).collect();
        tags.join("&")
    };
    let put = |query: &str| format!("PUT /v2/org/app/manifests/{{m}}?{query}");
    vec![
        rule(
            &put("tag=1.2.3&tag=1.2&tag=latest"),
            201,
            "tags of a push by digest are confirmed",
        )
        .manifest("{image}", IMAGE)
        .has("OCI-Tag", "1.2.3, 1.2, latest"),
        rule("GET /v2/org/app/manifests/1.2", 200, "and are there").body("{m.text}"),
        rule(&put(&query(10)), 201, "ten at least").manifest("{image}", IMAGE),
        rule(&put(&query(100)), 414, "not any number")
            .manifest("{image}", IMAGE)
            .code("MANIFEST_INVALID"),
    ]
}

fn missing() -> Vec<Row> {
    let index = r#"{"schemaVersion":2,"mediaType":"{index}","manifests":[{"mediaType":"{image}","digest":"{nothing}","size":7}]}"#;
    let rule = |line: &str, status, rule| row(line, status).rule("Push", rule);
    vec![
        rule(
            "PUT /v2/org/app/manifests/v2",
            404,
            "missing blobs are named",
        )
        .manifest("{image}", &IMAGE.replace("{l}", "{nothing}"))
        .code("MANIFEST_BLOB_UNKNOWN"),
        rule(
            "PUT /v2/org/app/manifests/sparse",
            201,
            "an index may come before its manifests",
        )
        .manifest("{index}", index),
        rule(
            "PUT /v2/org/app/manifests/early",
            201,
            "a subject may come later",
        )
        .manifest("{image}", &with_subject()),
    ]
}

fn subjects() -> Vec<Row> {
    let section = "Pushing Manifests with Subject";
    let index = r#"{"schemaVersion":2,"mediaType":"{index}","manifests":[],"subject":{"mediaType":"{image}","digest":"{m}","size":7}}"#;
    vec![
        row("PUT /v2/org/app/manifests/{r}", 201)
            .rule(section, "that it was understood is told")
            .manifest("{image}", &with_subject())
            .has("OCI-Subject", "{nothing}"),
        row("PUT /v2/org/app/manifests/list", 201)
            .rule(section, "also of an index")
            .manifest("{index}", index)
            .has("OCI-Subject", "{m}"),
        row("PUT /v2/org/app/manifests/v1", 201)
            .rule(section, "and not where there is none")
            .manifest("{image}", IMAGE)
            .lacks("OCI-Subject"),
    ]
}
