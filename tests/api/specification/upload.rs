//! Pushing blobs.

use crate::table::{Row, Scene, row};

const POST: &str = "POST /v2/org/app/blobs/uploads/";

pub(super) fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.push_blob("there", "org/base", b"a layer of another repository");
    scene.name_content("b", b"0123456789");
    scene.name_content("h", b"01234");
    scene.name_content("e", b"");
    scene
}

fn start(section: &'static str) -> Row {
    row(POST, 202)
        .rule(section, "a session is opened, and where it is is told")
        .text("")
        .keeps("Location", "at")
}

pub(super) fn rows() -> Vec<Row> {
    let two = "POST then PUT";
    let one = "Single POST";
    let any = "Pushing blobs";
    let cancel = "Cancel a blob upload";
    let put = |digest: &str, status| {
        row(format!("PUT {{at}}?digest={digest}"), status)
            .with("Content-Type", "{bytes}")
            .text("0123456789")
    };
    let post = |digest: &str, status| {
        row(format!("{POST}?digest={digest}"), status)
            .with("Content-Type", "{bytes}")
            .text("0123456789")
    };
    vec![
        start(two),
        put("{b}", 201)
            .rule(two, "the blob is there, and where it is is told")
            .has("Location", "/v2/org/app/blobs/{b}")
            .keeps("Location", "blob"),
        row("GET {blob}", 200)
            .rule(two, "what was told is where it can be pulled")
            .body("0123456789"),
        start(any),
        put("sha256:0123", 400)
            .rule(any, "an invalid digest")
            .code("DIGEST_INVALID"),
        put("md5:781e5e245d69b566979b86e28d23f2c7", 400)
            .rule(any, "an algorithm that is not known")
            .code("DIGEST_INVALID"),
        put("{nothing}", 400)
            .rule(any, "a digest of other bytes")
            .code("DIGEST_INVALID"),
        row("HEAD /v2/org/app/blobs/{nothing}", 404).rule(any, "what was refused is not there"),
        row("DELETE /v2/org/app/blobs/{b}", 202).rule(one, "not yet there"),
        post("{b}", 201)
            .rule(one, "one request may be enough")
            .has("Location", "/v2/org/app/blobs/{b}"),
        row("GET /v2/org/app/blobs/{b}", 200)
            .rule(one, "and it is there")
            .body("0123456789"),
        post("{nothing}", 400)
            .rule(one, "the digest is that of the bytes")
            .code("DIGEST_INVALID"),
        start(cancel),
        row("DELETE {at}", 204)
            .rule(cancel, "the session goes")
            .text("")
            .body(""),
        row("GET {at}", 404)
            .rule(cancel, "it is gone")
            .code("BLOB_UPLOAD_UNKNOWN"),
        put("{b}", 404)
            .rule(cancel, "nothing can be closed")
            .code("BLOB_UPLOAD_UNKNOWN"),
        row("DELETE {at}", 404)
            .rule(cancel, "a failure, which clients ignore")
            .code("BLOB_UPLOAD_UNKNOWN"),
    ]
}

pub(super) fn chunks() -> Vec<Row> {
    let mut rows = in_order();
    rows.extend(endings());
    rows.extend(algorithms());
    rows
}

const CHUNKS: &str = "Pushing a blob in chunks";

fn rule(line: &str, status: u16, rule: &'static str) -> Row {
    row(line, status).rule(CHUNKS, rule)
}

fn patch(range: &str, text: &str, status: u16, rule: &'static str) -> Row {
    row("PATCH {at}", status)
        .rule(CHUNKS, rule)
        .with("Content-Type", "{bytes}")
        .with("Content-Range", range)
        .text(text)
}

fn in_order() -> Vec<Row> {
    vec![
        start(CHUNKS).lacks("OCI-Chunk-Min-Length"),
        patch("1-4", "1234", 416, "the first chunk begins at 0").code("BLOB_UPLOAD_INVALID"),
        patch(
            "0-4",
            "01234",
            202,
            "a chunk: where the session is, and the last byte",
        )
        .has("Range", "0-4")
        .keeps("Location", "at"),
        patch("6-9", "6789", 416, "no hole").code("BLOB_UPLOAD_INVALID"),
        patch("0-4", "01234", 416, "not the same again").code("BLOB_UPLOAD_INVALID"),
        rule("GET {at}", 204, "where the session stands")
            .has("Range", "0-4")
            .keeps("Location", "at"),
        patch("5-7", "567", 202, "from there it goes on")
            .has("Range", "0-7")
            .keeps("Location", "at"),
        rule("PUT {at}?digest={b}", 416, "the last chunk is in order too")
            .with("Content-Range", "9-9")
            .text("9")
            .code("BLOB_UPLOAD_INVALID"),
        rule(
            "PUT {at}?digest={b}",
            201,
            "the last chunk comes with the end",
        )
        .with("Content-Range", "8-9")
        .with("Content-Type", "{bytes}")
        .text("89")
        .has("Location", "/v2/org/app/blobs/{b}"),
        rule(
            "GET /v2/org/app/blobs/{b}",
            200,
            "the chunks in their order",
        )
        .body("0123456789"),
    ]
}

fn endings() -> Vec<Row> {
    vec![
        start(CHUNKS),
        patch("0-4", "01234", 202, "a single chunk").keeps("Location", "at"),
        rule("PUT {at}?digest={h}", 201, "the end without a chunk")
            .text("")
            .has("Location", "/v2/org/app/blobs/{h}"),
        start(CHUNKS),
        patch("0-4", "01234", 202, "what will not be what the digest says").keeps("Location", "at"),
        rule(
            "PUT {at}?digest={b}",
            400,
            "the digest is that of the whole",
        )
        .text("")
        .code("DIGEST_INVALID"),
    ]
}

fn algorithms() -> Vec<Row> {
    vec![
        rule(
            &format!("{POST}?digest-algorithm=sha512"),
            202,
            "the algorithm may be told at the start",
        )
        .text("")
        .keeps("Location", "at"),
        patch("0-4", "01234", 202, "with another algorithm").keeps("Location", "at"),
        rule("PUT {at}?digest={b.512}", 201, "with another algorithm")
            .with("Content-Range", "5-9")
            .text("56789")
            .has("Location", "/v2/org/app/blobs/{b.512}"),
        rule("GET /v2/org/app/blobs/{b.512}", 200, "under that digest")
            .has("Docker-Content-Digest", "{b.512}")
            .body("0123456789"),
        rule(
            &format!("{POST}?digest-algorithm=crc32"),
            400,
            "an algorithm that is not known",
        )
        .code("DIGEST_INVALID"),
    ]
}

pub(super) fn mounts() -> Vec<Row> {
    let section = "Mounting a blob from another repository";
    let post =
        |query: &str, status, rule| row(format!("{POST}?{query}"), status).rule(section, rule);
    vec![
        post(
            "mount={there}&from=org/none",
            202,
            "a source that is not there",
        ),
        post(
            "mount={there}&from=org/base",
            201,
            "the blob is there, and where it is is told",
        )
        .has("Location", "/v2/org/app/blobs/{there}")
        .keeps("Location", "blob"),
        row("GET {blob}", 200)
            .rule(section, "what was told is where it can be pulled")
            .has("Docker-Content-Digest", "{there}"),
        post(
            "mount={nothing}&from=org/base",
            202,
            "what cannot be mounted is uploaded",
        )
        .keeps("Location", "at"),
        row("PUT {at}?digest={b}", 201)
            .rule(section, "in that session")
            .text("0123456789"),
        row("DELETE /v2/org/app/blobs/{there}", 202).rule(section, "not yet there"),
        post(
            "mount={there}",
            201,
            "any repository will do when none is named",
        )
        .has("Location", "/v2/org/app/blobs/{there}"),
    ]
}
