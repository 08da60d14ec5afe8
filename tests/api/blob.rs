//! `/v2/{name}/blobs/{digest}`; ranges are in `range`.

use oci::{Algorithm, Digest};
use testkit::image::Image;
use testkit::server::Setup;

use crate::table::{Row, Scene, row};

/// What every answer about a blob has.
fn described(row: Row, digest: &str) -> Row {
    row.has("Docker-Content-Digest", digest)
        .has("ETag", &format!("\"{digest}\""))
        .has("Accept-Ranges", "bytes")
        .has("Cache-Control", "private, max-age=31536000, immutable")
}

#[test]
fn blobs_are_read() {
    for setup in [Setup::default(), Setup::on_disk()] {
        let mut scene = Scene::of(setup);
        scene.push_blob("b", "r", b"0123456789");
        scene.push_blob("e", "r", b"");
        let whole = |line: &str| {
            described(row(line, 200), "{b}")
                .has("Content-Type", "{bytes}")
                .has("Content-Length", "10")
                .lacks("Content-Encoding")
        };
        scene.run([
            whole("GET /v2/r/blobs/{b}").body("0123456789"),
            whole("HEAD /v2/r/blobs/{b}").body(""),
            whole("GET /v2/r/blobs/{b}?ns=docker.io").body("0123456789"),
            whole("GET /v2/r/blobs/{b}")
                .with("Accept-Encoding", "gzip, deflate, br, zstd")
                .body("0123456789"),
            whole("GET /v2/r/blobs/{b}").with("Accept", "text/html"),
            described(row("GET /v2/r/blobs/{e}", 200), "{e}").body(""),
            described(row("HEAD /v2/r/blobs/{e}", 200), "{e}").has("Content-Length", "0"),
        ]);
    }
}

#[test]
fn the_type_is_that_of_the_descriptor() {
    let mut scene = Scene::new();
    scene.push("m", ("r", "t"), &Image::sample(1));
    scene.push_blob("b", "r", b"named by nothing");
    let kind = |digest: &str, kind: &str| {
        [
            row(format!("GET /v2/r/blobs/{digest}"), 200).has("Content-Type", kind),
            row(format!("HEAD /v2/r/blobs/{digest}"), 200).has("Content-Type", kind),
        ]
    };
    scene.run(kind("{m.0}", "{config}"));
    scene.run(kind("{m.1}", "{tar}"));
    scene.run(kind("{b}", "{bytes}"));
}

#[test]
fn odd_types_reach_no_header() {
    let mut scene = Scene::new();
    scene.push_blob("c", "r", b"{}");
    let image = |kind: &str, tag: &str| {
        let text = r#"{"schemaVersion":2,"config":{"mediaType":"KIND","digest":"{c}","size":2},"layers":[]}"#;
        row(format!("PUT /v2/r/manifests/{tag}"), 400)
            .manifest("{image}", &text.replace("KIND", kind))
            .code("MANIFEST_INVALID")
    };
    scene.run([
        image(r"a/b\r\nX-Evil: 1", "t"),
        image(r"a/b\u0000", "t"),
        image("a/b; charset=\u{e9}", "t"),
        row("GET /v2/r/blobs/{c}", 200)
            .lacks("X-Evil")
            .has("Content-Type", "{bytes}"),
    ]);
}

#[test]
fn every_algorithm_is_first_class() {
    let content = b"the same bytes";
    let mut scene = Scene::new();
    for algorithm in Algorithm::ALL {
        let digest = Digest::of(algorithm, content).to_string();
        scene.run([
            row(format!("POST /v2/r/blobs/uploads/?digest={digest}"), 201)
                .text("the same bytes")
                .has("Docker-Content-Digest", &digest)
                .has("Location", &format!("/v2/r/blobs/{digest}")),
            described(row(format!("GET /v2/r/blobs/{digest}"), 200), &digest)
                .body("the same bytes"),
            row(format!("GET /v2/r/blobs/{digest}"), 206)
                .with("Range", "bytes=4-7")
                .body("same"),
            row(format!("DELETE /v2/r/blobs/{digest}"), 202),
            row(format!("GET /v2/r/blobs/{digest}"), 404).code("BLOB_UNKNOWN"),
        ]);
    }
}

#[test]
fn blobs_that_are_not_there() {
    let mut scene = Scene::new();
    scene.push_blob("b", "r", b"0123456789");
    scene.push("m", ("r", "t"), &Image::sample(1));
    for method in ["GET", "DELETE"] {
        let unknown = |path: &str, digest: &str| {
            row(format!("{method} {path}"), 404)
                .code("BLOB_UNKNOWN")
                .detail("digest", digest)
        };
        let invalid = |text: &str| {
            row(format!("{method} /v2/r/blobs/{text}"), 400)
                .code("DIGEST_INVALID")
                .detail("digest", text)
        };
        scene.run([
            unknown("/v2/r/blobs/{nothing}", "{nothing}"),
            unknown("/v2/none/blobs/{b}", "{b}"),
            invalid("sha256:00"),
            invalid("latest"),
            invalid("uploads"),
            invalid("sha256"),
            invalid(":"),
            invalid("sha256:"),
            invalid("md5:d41d8cd98f00b204e9800998ecf8427e"),
            invalid("blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
            invalid("SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            invalid("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"),
            invalid("sha256:..%2f..%2f"),
            invalid("{b}0"),
            invalid("sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ]);
    }
    scene.run([
        row("HEAD /v2/r/blobs/{nothing}", 404).body(""),
        row("HEAD /v2/r/blobs/sha256:00", 400).body(""),
        // one algorithm does not find what lies under another
        row("HEAD /v2/r/blobs/{b.512}", 404),
    ]);
}

#[test]
fn readers_say_what_they_have() {
    let mut scene = Scene::new();
    scene.push_blob("b", "r", b"0123456789");
    let fresh = |line: &str, tags: &str| {
        described(row(line, 304), "{b}")
            .with("If-None-Match", tags)
            .body("")
    };
    scene.run([
        fresh("GET /v2/r/blobs/{b}", "\"{b}\""),
        fresh("HEAD /v2/r/blobs/{b}", "\"{b}\""),
        fresh("GET /v2/r/blobs/{b}", "*"),
        fresh("GET /v2/r/blobs/{b}", "\"{b}\"").with("Range", "bytes=0-1"),
        row("GET /v2/r/blobs/{b}", 200)
            .with("If-None-Match", "\"x\"")
            .body("0123456789"),
        row("GET /v2/r/blobs/{nothing}", 404)
            .with("If-None-Match", "*")
            .code("BLOB_UNKNOWN"),
        row("HEAD /v2/r/blobs/{nothing}", 404).with("If-None-Match", "*"),
    ]);
}

#[test]
fn blobs_are_deleted_unless_something_needs_them() {
    let mut scene = Scene::new();
    scene.push_blob("b", "r", b"0123456789");
    scene.push_blob("b", "s", b"0123456789");
    scene.push("m", ("r", "t"), &Image::sample(1));
    let in_use = |digest: &str| {
        row(format!("DELETE /v2/r/blobs/{digest}"), 405)
            .code("DENIED")
            .detail("digest", digest)
            .has("Allow", "HEAD,GET,DELETE")
    };
    scene.run([
        row("DELETE /v2/r/blobs/{b}", 202)
            .has("Content-Length", "0")
            .body(""),
        row("GET /v2/r/blobs/{b}", 404).code("BLOB_UNKNOWN"),
        row("DELETE /v2/r/blobs/{b}", 404).code("BLOB_UNKNOWN"),
        // another repository keeps its own, and gives it back to nobody who does not ask for that
        row("GET /v2/s/blobs/{b}", 200).body("0123456789"),
        row("HEAD /v2/r/blobs/{b}", 404),
        in_use("{m.0}"),
        in_use("{m.1}"),
        row("DELETE /v2/r/manifests/t", 202),
        in_use("{m.0}"),
        row("DELETE /v2/r/manifests/{m}", 202),
        row("DELETE /v2/r/blobs/{m.0}", 202),
        row("DELETE /v2/r/blobs/{m.1}", 202),
        row("GET /v2/r/tags/list", 200).json("/tags", Vec::<String>::new()),
    ]);
}

#[test]
fn implicit_mounts_come_with_head_only() {
    let mut scene = Scene::new();
    scene.push_blob("b", "a", b"0123456789");
    scene.push_blob("other", "c", b"other");
    let unknown = |line: &str| row(line, 404).code("BLOB_UNKNOWN");
    scene.run([
        unknown("GET /v2/c/blobs/{b}"),
        unknown("GET /v2/c/blobs/{b}").with("Range", "bytes=0-1"),
        unknown("GET /v2/c/blobs/{b}").with("Range", ""),
        unknown("DELETE /v2/c/blobs/{b}"),
        row("HEAD /v2/c/blobs/{b}", 200).has("Content-Length", "10"),
        row("GET /v2/c/blobs/{b}", 200).body("0123456789"),
        row("DELETE /v2/a/blobs/{b}", 202),
        row("GET /v2/c/blobs/{b}", 200).body("0123456789"),
    ]);
}
