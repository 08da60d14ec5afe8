//! How much memory is used, whatever clients send. The bounds are generous: a fault is far beyond.

use bytes::Bytes;
use oci::Digest;
use testkit::http::{Connection, Request};
use testkit::image::noise;

use crate::apart::Apart;

/// How much the peak may grow, in bytes.
const ROOM: u64 = 64 << 20;

/// Fails unless little memory was taken by what `work` did, and the server still answers.
fn bounded(server: &Apart, work: impl FnOnce()) {
    // what is taken once and for all is no matter
    let digest = Digest::sha256(b"x");
    server
        .remote()
        .push_blob("warm", &digest, &Bytes::from_static(b"x"))
        .unwrap();
    let before = server.peak();
    work();
    let answer = server.remote().send(&Request::get("/v2/")).unwrap();
    assert_eq!(answer.status, 200);
    let grown = server.peak() - before;
    assert!(grown < ROOM, "{} MiB more than before", grown >> 20);
}

fn put_manifest() -> Request {
    Request::new("PUT", "/v2/r/manifests/t")
        .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
}

#[test]
fn case_a10_a_gigabyte_is_no_manifest() {
    let server = Apart::start();
    bounded(&server, || {
        // declared: refused before it is sent
        let mut connection = Connection::open(server.address()).unwrap();
        let declared = put_manifest().header("Content-Length", "1073741824");
        connection.start(&declared).unwrap();
        assert_eq!(connection.answer("PUT").unwrap().status, 413);
        // undeclared: refused when there is too much of it, and not read to its end
        let mut connection = Connection::open(server.address()).unwrap();
        connection
            .start(&put_manifest().header("Transfer-Encoding", "chunked"))
            .unwrap();
        let chunk = vec![b' '; 1 << 20];
        let sent = (0..1024)
            .take_while(|_| connection.write_chunk(&chunk).is_ok())
            .count();
        assert!(sent < 256, "{sent} MiB were taken");
    });
}

#[test]
fn case_a10_two_thousand_slow_heads_keep_nobody_out() {
    let server = Apart::start();
    bounded(&server, || {
        let mut slow = Vec::new();
        for _ in 0..2_000 {
            let mut connection = Connection::open(server.address()).unwrap();
            connection
                .write(b"GET /v2/ HTTP/1.1\r\nHost: h\r\nX: y")
                .unwrap();
            slow.push(connection);
        }
        for _ in 0..50 {
            let answer = server.remote().send(&Request::get("/v2/")).unwrap();
            assert_eq!(answer.status, 200);
        }
        for connection in &mut slow {
            // some may have been given up on already
            connection.write(b"y").ok();
        }
    });
}

#[test]
fn case_a43_a_megabyte_of_dots_is_no_token() {
    let server = Apart::start();
    bounded(&server, || {
        let dots = ".".repeat(1 << 20);
        for _ in 0..32 {
            let mut connection = Connection::open(server.address()).unwrap();
            let request = Request::get("/v2/").header("Authorization", &format!("Bearer {dots}"));
            // the answer may come before all was sent
            let answer = connection.start(&request);
            drop(answer);
            assert_eq!(connection.answer("GET").unwrap().status, 431);
        }
    });
}

/// Fix 35: what is uploaded and pulled is never in memory as a whole.
#[test]
fn case_n35_content_is_never_held_whole() {
    let server = Apart::start();
    let piece = Bytes::from(noise(1, 1 << 20));
    bounded(&server, || {
        let location = server.remote().start_upload("r").unwrap();
        let whole = vec![piece.clone(); 200];
        let request = Request::new("PATCH", &location).chunks(whole.clone());
        assert_eq!(server.remote().send(&request).unwrap().status, 202);
        let digest = Digest::sha256(&whole.concat());
        let closed = server
            .remote()
            .finish_upload(&location, &digest, &Bytes::new());
        assert_eq!(closed.unwrap().status, 201);
        let pulled = server.remote().blob("r", &digest).unwrap();
        assert_eq!(pulled.body.len(), 200 << 20);
        // again, told to be of another digest: hashed as it comes, dropped at its end
        let other = Digest::sha256(b"other");
        let post = Request::new("POST", &format!("/v2/r/blobs/uploads/?digest={other}"));
        let answer = server.remote().send(&post.chunks(whole)).unwrap();
        assert_eq!(answer.status, 400);
    });
}
