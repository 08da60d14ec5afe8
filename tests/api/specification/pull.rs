//! Pull, and what is asked of every answer.

use testkit::image::Image;

use crate::table::{Row, Scene, row};

pub(super) fn scene() -> Scene {
    let mut scene = Scene::new();
    let image = Image::sample(1);
    scene.push("m", ("org/app", "v1"), &image);
    scene.push("x", ("org/app", "x"), &Image::index().child(&image).build());
    scene.push_blob("b", "org/app", b"0123456789");
    scene
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = manifests();
    rows.extend(blobs());
    rows.extend(existence());
    rows.extend(api());
    rows
}

fn manifests() -> Vec<Row> {
    let rule = |line: &str, status, rule| row(line, status).rule("Pulling manifests", rule);
    vec![
        rule(
            "GET /v2/org/app/manifests/v1",
            200,
            "by tag: the very bytes, their type and digest",
        )
        .has("Content-Type", "{image}")
        .has("Docker-Content-Digest", "{m}")
        .body("{m.text}"),
        rule("GET /v2/org/app/manifests/{m}", 200, "by digest: the same")
            .has("Content-Type", "{image}")
            .has("Docker-Content-Digest", "{m}")
            .body("{m.text}"),
        rule("GET /v2/org/app/manifests/x", 200, "an index is a manifest")
            .has("Content-Type", "{index}")
            .has("Docker-Content-Digest", "{x}")
            .body("{x.text}"),
        rule(
            "GET /v2/org/app/manifests/{m}",
            200,
            "the type has no parameters",
        )
        .with("Accept", "{image};q=0.9, {index}")
        .has("Content-Type", "{image}"),
        rule(
            "GET /v2/org/app/manifests/v2",
            404,
            "what is not there: by tag",
        )
        .code("MANIFEST_UNKNOWN"),
        rule(
            "GET /v2/org/app/manifests/{nothing}",
            404,
            "what is not there: by digest",
        )
        .code("MANIFEST_UNKNOWN"),
        rule(
            "GET /v2/org/none/manifests/v1",
            404,
            "what is not there: the repository",
        )
        .code("NAME_UNKNOWN"),
        rule(
            "GET /v2/org/app/manifests/.a",
            404,
            "a reference is a tag or a digest, nothing else",
        )
        .code("MANIFEST_UNKNOWN"),
        rule(
            "GET /v2/Org/app/manifests/v1",
            404,
            "names follow the grammar",
        )
        .code("NAME_INVALID"),
    ]
}

fn blobs() -> Vec<Row> {
    let rule = |line: &str, status, rule| row(line, status).rule("Pulling blobs", rule);
    vec![
        rule(
            "GET /v2/org/app/blobs/{b}",
            200,
            "the very bytes and their digest",
        )
        .has("Docker-Content-Digest", "{b}")
        .body("0123456789"),
        rule("GET /v2/org/app/blobs/{nothing}", 404, "what is not there").code("BLOB_UNKNOWN"),
        rule(
            "GET /v2/org/none/blobs/{b}",
            404,
            "what is in another repository only",
        )
        .code("BLOB_UNKNOWN"),
        rule(
            "GET /v2/org/app/blobs/{b}",
            206,
            "parts, as RFC 9110 has them",
        )
        .with("Range", "bytes=2-4")
        .has("Content-Range", "bytes 2-4/10")
        .body("234"),
        rule("GET /v2/org/app/blobs/{b}", 206, "the last bytes")
            .with("Range", "bytes=-2")
            .has("Content-Range", "bytes 8-9/10")
            .body("89"),
        rule("GET /v2/org/app/blobs/{b}", 416, "parts that are not there")
            .with("Range", "bytes=10-")
            .bare()
            .has("Content-Range", "bytes */10"),
    ]
}

fn existence() -> Vec<Row> {
    let section = "Checking if content exists in the registry";
    let rule = |line: &str, status, rule| row(line, status).rule(section, rule).body("");
    vec![
        rule(
            "HEAD /v2/org/app/manifests/v1",
            200,
            "a manifest by tag: digest and size",
        )
        .has("Docker-Content-Digest", "{m}")
        .has("Content-Length", "{m.size}"),
        rule(
            "HEAD /v2/org/app/manifests/{x}",
            200,
            "a manifest by digest: digest and size",
        )
        .has("Docker-Content-Digest", "{x}")
        .has("Content-Length", "{x.size}"),
        rule("HEAD /v2/org/app/blobs/{b}", 200, "a blob: digest and size")
            .has("Docker-Content-Digest", "{b}")
            .has("Content-Length", "10"),
        rule(
            "HEAD /v2/org/app/manifests/v2",
            404,
            "no manifest under the tag",
        ),
        rule(
            "HEAD /v2/org/app/manifests/{nothing}",
            404,
            "no manifest under the digest",
        ),
        rule("HEAD /v2/org/app/blobs/{nothing}", 404, "no blob"),
    ]
}

fn api() -> Vec<Row> {
    let proxying = "Registry Proxying";
    let codes = "Error Codes";
    vec![
        row("GET /v2/", 200).rule("Determining Support", "200 says that this is the protocol"),
        row("GET /v2/org/app/manifests/v1?ns=docker.io", 200)
            .rule(
                proxying,
                "the host that is meant may be named, and need not be looked at",
            )
            .lacks("OCI-Namespace")
            .body("{m.text}"),
        row("GET /v2/org/app/blobs/{b}?ns=docker.io", 200)
            .rule(proxying, "also with blobs")
            .body("0123456789"),
        row("GET /v2/org/app/blobs/{nothing}", 404)
            .rule(
                codes,
                "a list of errors, each with code, message and detail",
            )
            .has("Content-Type", "{json}")
            .code("BLOB_UNKNOWN")
            .lacks("Warning"),
        row("PURGE /v2/org/app/blobs/{b}", 405)
            .rule(codes, "also where no section says what to answer")
            .code("UNSUPPORTED"),
    ]
}
