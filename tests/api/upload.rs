//! `/v2/{name}/blobs/uploads/…`: sessions, streams, chunks, whole blobs.

use server::Settings;
use testkit::server::Setup;

use crate::table::{Row, Scene, row};

const POST: &str = "POST /v2/r/blobs/uploads/";

/// Yields a registry, and names the digests of `0123456789` (`{b}`), nothing (`{e}`) and `01234` (`{h}`).
fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.name_content("b", b"0123456789");
    scene.name_content("e", b"");
    scene.name_content("h", b"01234");
    let escaped = scene.fill("{h}").replace(':', "%3a");
    scene.name("h.escaped", &escaped);
    scene
}

fn start() -> Row {
    row(POST, 202)
        .keeps("Location", "at")
        .keeps("Blob-Upload-UUID", "id")
}

/// Where the session stands, as each of its answers tells.
fn stands(row: Row, range: &str) -> Row {
    row.has("Location", "{at}")
        .has("Range", range)
        .has("Blob-Upload-UUID", "{id}")
        .body("")
}

fn created(line: &str, digest: &str) -> Row {
    row(line, 201)
        .has("Location", &format!("/v2/r/blobs/{digest}"))
        .has("Docker-Content-Digest", digest)
        .has("Content-Length", "0")
        .body("")
}

fn unknown(line: &str) -> Row {
    row(line, 404).code("BLOB_UPLOAD_UNKNOWN")
}

#[test]
fn a_session_is_started() {
    let mut scene = scene();
    scene.run([
        start().text(""),
        row("GET {at}", 204).has("Location", "/v2/r/blobs/uploads/{id}"),
        start(),
        start().with("Content-Type", "application/json").text("{}"),
        row(format!("{POST}?other=x"), 202)
            .has("Range", "0-0")
            .has("Content-Length", "0")
            .keeps("Location", "at")
            .keeps("Blob-Upload-UUID", "id")
            .body(""),
        stands(row("GET {at}", 204), "0-0"),
        row("HEAD {at}", 204).has("Range", "0-0"),
        row("DELETE {at}", 204).body("").lacks("Location"),
        unknown("GET {at}").detail("session_id", "{id}"),
        unknown("DELETE {at}"),
        unknown("PATCH {at}").text("x"),
        unknown("PUT {at}?digest={b}").text("0123456789"),
        // starting makes the repository
        row("GET /v2/r/tags/list", 200).body(r#"{"name":"r","tags":[]}"#),
    ]);
}

#[test]
fn sessions_that_never_were() {
    let mut scene = scene();
    let ids = [
        "{no-session}",
        "x",
        "..%2F..",
        "0",
        "B4F3B1DE-0000-4000-8000-000000000000",
        "%00",
    ];
    for id in ids {
        let path = format!("/v2/r/blobs/uploads/{id}");
        scene.run([
            unknown(&format!("GET {path}")),
            unknown(&format!("DELETE {path}")),
            unknown(&format!("PATCH {path}")).text("x"),
            unknown(&format!("PUT {path}?digest={{b}}")).text("0123456789"),
            row(format!("HEAD {path}"), 404),
        ]);
    }
    // a session is one of its repository
    scene.run([
        start(),
        unknown("GET /v2/s/blobs/uploads/{id}"),
        unknown("PATCH /v2/s/blobs/uploads/{id}").text("x"),
        row("GET {at}", 204),
    ]);
}

#[test]
fn a_blob_in_one_request() {
    let mut scene = scene();
    let post = |digest: &str| format!("{POST}?digest={digest}");
    scene.run([
        created(&post("{b}"), "{b}")
            .with("Content-Type", "{bytes}")
            .text("0123456789"),
        row("GET /v2/r/blobs/{b}", 200).body("0123456789"),
        created(&post("{b}"), "{b}").text("0123456789"),
        created(&post("{b.512}"), "{b.512}").text("0123456789"),
        created(&post("{e}"), "{e}").text(""),
        created(&post("{e}"), "{e}"),
        // no type is demanded, and no length
        created(&post("{h}"), "{h}")
            .with("Content-Type", "text/plain")
            .text("01234"),
        row("DELETE /v2/r/blobs/{h}", 202),
        created(&post("{h}"), "{h}").chunks(&["01", "234"]),
        row("GET /v2/r/blobs/{h}", 200).body("01234"),
        row(post("{nothing}"), 400)
            .text("0123456789")
            .code("DIGEST_INVALID")
            .detail("digest", "{nothing}"),
        row("GET /v2/r/blobs/{nothing}", 404).code("BLOB_UNKNOWN"),
        row(post("sha256:00"), 400).text("x").code("DIGEST_INVALID"),
        row(post(""), 400).text("x").code("DIGEST_INVALID"),
        row(post("md5:d41d8cd98f00b204e9800998ecf8427e"), 400)
            .text("")
            .code("DIGEST_INVALID"),
        row(format!("{POST}?digest={{b}}&digest={{b}}"), 400)
            .text("0123456789")
            .code("UNSUPPORTED"),
    ]);
}

#[test]
fn a_blob_in_two_requests() {
    let mut scene = scene();
    scene.run([
        start().text(""),
        created("PUT {at}?digest={b}", "{b}")
            .with("Content-Type", "{bytes}")
            .text("0123456789"),
        unknown("GET {at}"),
        row("GET /v2/r/blobs/{b}", 200).body("0123456789"),
        // the digest may be escaped, and other parameters are nobody's business
        start(),
        created("PUT {at}?x=1&digest={h.escaped}&tag=t", "{h}").text("01234"),
        start(),
        created("PUT {at}?digest={e}", "{e}").text(""),
        start(),
        created("PUT {at}?digest={e}", "{e}"),
    ]);
}

#[test]
fn streamed_parts() {
    let mut scene = scene();
    scene.run([
        start(),
        stands(row("PATCH {at}", 202).text("01"), "0-1"),
        stands(row("PATCH {at}", 202).chunks(&["2", "34"]), "0-4"),
        stands(row("PATCH {at}", 202).text(""), "0-4"),
        stands(row("PATCH {at}", 202), "0-4"),
        stands(
            row("PATCH {at}", 202)
                .with("Content-Type", "text/plain")
                .text("5"),
            "0-5",
        ),
        stands(row("GET {at}", 204), "0-5"),
        created("PUT {at}?digest={b}", "{b}").text("6789"),
        row("GET /v2/r/blobs/{b}", 200).body("0123456789"),
        // a last part of unknown length
        start(),
        stands(row("PATCH {at}", 202).text("01"), "0-1"),
        created("PUT {at}?digest={h}", "{h}").chunks(&["2", "34"]),
        row("GET /v2/r/blobs/{h}", 200).body("01234"),
    ]);
}

#[test]
fn chunks_come_in_order() {
    let mut scene = scene();
    let chunk = |range: &str, text: &str, status| {
        row("PATCH {at}", status)
            .with("Content-Type", "{bytes}")
            .with("Content-Range", range)
            .text(text)
    };
    let refused = |range: &str, text: &str, stand: &str| {
        chunk(range, text, 416)
            .code("BLOB_UPLOAD_INVALID")
            .detail("session_id", "{id}")
            .has("Location", "{at}")
            .has("Range", stand)
    };
    scene.run([
        start().text(""),
        refused("1-4", "1234", "0-0"),
        stands(chunk("0-4", "01234", 202), "0-4"),
        // again, from elsewhere, with a hole
        refused("0-4", "01234", "0-4"),
        refused("4-6", "456", "0-4"),
        refused("6-9", "6789", "0-4"),
        // another length than the range has
        refused("5-9", "567", "0-4"),
        refused("5-9", "56789x", "0-4"),
        // other forms
        refused("bytes 5-9", "56789", "0-4"),
        refused("bytes=5-9", "56789", "0-4"),
        refused("5-9/10", "56789", "0-4"),
        refused("5-", "56789", "0-4"),
        refused("-9", "56789", "0-4"),
        refused("9-5", "56789", "0-4"),
        refused("5", "56789", "0-4"),
        refused("", "56789", "0-4"),
        refused("a-b", "56789", "0-4"),
        refused("+5-9", "56789", "0-4"),
        refused("5 - 9", "56789", "0-4"),
        refused("0-18446744073709551615", "56789", "0-4"),
        refused("18446744073709551615-18446744073709551615", "5", "0-4"),
        refused("5-18446744073709551616", "56789", "0-4"),
        stands(row("GET {at}", 204), "0-4"),
        stands(chunk("5-6", "56", 202), "0-6"),
        row("PUT {at}?digest={b}", 416)
            .with("Content-Range", "8-9")
            .text("89")
            .code("BLOB_UPLOAD_INVALID")
            .has("Range", "0-6"),
        created("PUT {at}?digest={b}", "{b}")
            .with("Content-Range", "7-9")
            .text("789"),
        row("GET /v2/r/blobs/{b}", 200).body("0123456789"),
        // a range without a length
        start(),
        stands(
            row("PATCH {at}", 202)
                .with("Content-Range", "0-4")
                .chunks(&["01234"]),
            "0-4",
        ),
        created("PUT {at}?digest={h}", "{h}").text(""),
    ]);
}

#[test]
fn the_end_of_a_session() {
    let mut scene = scene();
    let bad = |query: &str| row(format!("PUT {{at}}{query}"), 400).code("DIGEST_INVALID");
    scene.run([
        start(),
        stands(row("PATCH {at}", 202).text("0123456789"), "0-9"),
        bad(""),
        bad("?digest="),
        bad("?digest=x"),
        bad("?digest=sha256:00"),
        bad("?digest=md5:d41d8cd98f00b204e9800998ecf8427e"),
        row("PUT {at}?digest={b}&digest={b}", 400).code("UNSUPPORTED"),
        bad("?digest={nothing}").detail("digest", "{nothing}"),
        // it stays, and can be resumed, ended or cancelled
        stands(row("GET {at}", 204), "0-9"),
        created("PUT {at}?digest={b}", "{b}"),
        start(),
        row("PATCH {at}", 202).text("01"),
        bad("?digest={h}"),
        row("PATCH {at}", 202).text("234"),
        created("PUT {at}?digest={h}", "{h}"),
        start(),
        bad("?digest={b}").text("other"),
        row("DELETE {at}", 204),
    ]);
}

#[test]
fn sessions_of_other_algorithms() {
    let mut scene = scene();
    scene.run([
        row(format!("{POST}?digest-algorithm=sha512"), 202)
            .keeps("Location", "at")
            .keeps("Blob-Upload-UUID", "id"),
        stands(row("PATCH {at}", 202).text("01234"), "0-4"),
        created("PUT {at}?digest={b.512}", "{b.512}").text("56789"),
        row("GET /v2/r/blobs/{b.512}", 200).body("0123456789"),
        // named at the end only
        start(),
        row("PATCH {at}", 202).text("0123456789"),
        created("PUT {at}?digest={b.512}", "{b.512}"),
        // another one at the end than at the start
        row(format!("{POST}?digest-algorithm=sha512"), 202).keeps("Location", "at"),
        created("PUT {at}?digest={b}", "{b}").text("0123456789"),
        row(format!("{POST}?digest-algorithm=md5"), 400)
            .code("DIGEST_INVALID")
            .detail("digest-algorithm", "md5"),
        row(format!("{POST}?digest-algorithm="), 400).code("DIGEST_INVALID"),
    ]);
}

#[test]
fn unfinished_sessions_of_a_client_are_bounded() {
    let mut scene = Scene::of(Setup {
        settings: Settings {
            max_uploads: 2,
            ..Settings::default()
        },
        ..Setup::default()
    });
    scene.name_content("e", b"");
    scene.run([
        row(POST, 202).keeps("Location", "first"),
        row(POST, 202).keeps("Location", "second"),
        row(POST, 429).code("TOOMANYREQUESTS"),
        row("DELETE {first}", 204),
        row(POST, 202).keeps("Location", "third"),
        row(POST, 429).code("TOOMANYREQUESTS"),
        row("PUT {second}?digest={e}", 201),
        row(POST, 202),
        row(format!("{POST}?digest={{e}}"), 201).has("Content-Length", "0"),
    ]);
}
