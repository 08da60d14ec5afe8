//! `/v2/{name}/manifests/{reference}`.

mod delete;
mod put;
mod validity;

use testkit::image::Image;

use crate::table::{Scene, row};

/// An image of the blobs `{c}`, which is `{}`, and `{l}`, which is `layer`.
const IMAGE: &str = r#"{"schemaVersion":2,"mediaType":"{image}","config":{"mediaType":"{config}","digest":"{c}","size":2},"layers":[{"mediaType":"{tar}","digest":"{l}","size":5}]}"#;

/// An index of one manifest, `{child}`.
const INDEX: &str = r#"{"schemaVersion":2,"mediaType":"{index}","manifests":[{"mediaType":"{image}","digest":"{child}","size":{child.size}}]}"#;

/// Yields a registry with the blobs of [`IMAGE`] in repository `r`, and the names of the image:
/// `{i}`, `{i.512}` and `{i.size}`.
fn scene() -> Scene {
    let mut scene = Scene::new();
    prepare(&mut scene);
    scene
}

fn prepare(scene: &mut Scene) {
    scene.push_blob("c", "r", b"{}");
    scene.push_blob("l", "r", b"layer");
    name_text(scene, "i", IMAGE);
}

/// Names a manifest whose text may hold names.
fn name_text(scene: &mut Scene, name: &str, text: &str) {
    let text = scene.fill(text);
    scene.name_content(name, text.as_bytes());
    scene.name(&format!("{name}.size"), &text.len().to_string());
    scene.name(&format!("{name}.text"), &text);
}

#[test]
fn manifests_are_read_by_tag_and_by_digest() {
    let mut scene = Scene::new();
    scene.push("m", ("a/b", "v1"), &Image::sample(1));
    for reference in ["v1", "{m}"] {
        let got = |line: &str| {
            row(line, 200)
                .has("Content-Type", "{image}")
                .has("Content-Length", "{m.size}")
                .has("Docker-Content-Digest", "{m}")
                .has("ETag", "\"{m}\"")
                .lacks("Accept-Ranges")
                .lacks("Content-Encoding")
                .lacks("Vary")
        };
        scene.run([
            got(&format!("GET /v2/a/b/manifests/{reference}")).body("{m.text}"),
            got(&format!("HEAD /v2/a/b/manifests/{reference}")).body(""),
            // no ranges, no coding
            got(&format!("GET /v2/a/b/manifests/{reference}"))
                .with("Range", "bytes=0-3")
                .with("Accept-Encoding", "gzip, br")
                .body("{m.text}"),
            got(&format!(
                "GET /v2/a/b/manifests/{reference}?ns=docker.io&x=y"
            ))
            .body("{m.text}"),
        ]);
    }
    let immutable = "private, max-age=31536000, immutable";
    scene.run([
        row("GET /v2/a/b/manifests/{m}", 200).has("Cache-Control", immutable),
        row("GET /v2/a/b/manifests/v1", 200).lacks("Cache-Control"),
    ]);
}

#[test]
fn manifests_that_are_not_there() {
    let mut scene = Scene::new();
    scene.push("m", ("r", "v1"), &Image::sample(1));
    let unknown = |line: &str| row(line, 404).code("MANIFEST_UNKNOWN");
    let upper = scene.fill("{m}").to_uppercase();
    scene.run([
        row("GET /v2/nothing/manifests/v1", 404)
            .code("NAME_UNKNOWN")
            .detail("name", "nothing"),
        row("HEAD /v2/nothing/manifests/v1", 404),
        unknown("GET /v2/r/manifests/v2").detail("reference", "v2"),
        unknown("GET /v2/r/manifests/{nothing}").detail("reference", "{nothing}"),
        // a blob is no manifest
        unknown("GET /v2/r/manifests/{m.0}"),
        unknown("GET /v2/r/manifests/V1"),
        unknown(&format!("GET /v2/r/manifests/{upper}")),
        // what could never be pushed is not there either
        unknown("GET /v2/r/manifests/sha256:00"),
        unknown("GET /v2/r/manifests/a:b"),
        unknown("GET /v2/r/manifests/.x"),
        unknown(&format!("GET /v2/r/manifests/{}", "x".repeat(2000))),
        row("HEAD /v2/r/manifests/sha256:00", 404),
        row("HEAD /v2/r/manifests/v2", 404).body(""),
    ]);
}

#[test]
fn readers_say_what_they_have() {
    let mut scene = Scene::new();
    scene.push("m", ("r", "v1"), &Image::sample(1));
    scene.name("quoted", &scene.fill("\"{m}\""));
    let fresh = |line: &str, tags: &str| {
        row(line, 304)
            .with("If-None-Match", tags)
            .has("ETag", "{quoted}")
            .has("Docker-Content-Digest", "{m}")
            .body("")
    };
    let other = |line: &str, tags: &str| row(line, 200).with("If-None-Match", tags);
    scene.run([
        fresh("GET /v2/r/manifests/v1", "{quoted}"),
        fresh("HEAD /v2/r/manifests/v1", "{quoted}"),
        fresh("GET /v2/r/manifests/{m}", "{quoted}"),
        fresh("GET /v2/r/manifests/v1", "*"),
        fresh("GET /v2/r/manifests/v1", "\"x\", {quoted}"),
        fresh("GET /v2/r/manifests/v1", "W/{quoted}"),
        other("GET /v2/r/manifests/v1", "\"x\"").body("{m.text}"),
        other("GET /v2/r/manifests/v1", "{m}").body("{m.text}"),
        other("GET /v2/r/manifests/v1", "").body("{m.text}"),
        other("HEAD /v2/r/manifests/v1", "\"{nothing}\""),
        // what is not there is not fresh
        row("GET /v2/r/manifests/v2", 404)
            .with("If-None-Match", "*")
            .code("MANIFEST_UNKNOWN"),
        // a tag that has moved is news
        row("GET /v2/r/manifests/v1", 200)
            .with("If-Modified-Since", "Wed, 25 Nov 2099 00:00:00 GMT")
            .body("{m.text}"),
    ]);
}
