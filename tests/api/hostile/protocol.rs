//! Versions, upgrades, expectations, methods, forms of targets.

use testkit::http::{Connection, Request};
use testkit::server::Server;

use super::{alive, raw, statuses};

#[test]
fn methods_that_nobody_has() {
    let server = Server::in_memory();
    let long = "M".repeat(1000);
    for method in [
        "TRACE", "PURGE", "PROPFIND", "get", "G", "GET!", "M-SEARCH", &long,
    ] {
        let answer = server.send(&Request::new(method, "/v2/"));
        assert_eq!(answer.status, 405, "{method}");
        let blob = server.send(&Request::new(method, "/v2/a/manifests/t"));
        assert_eq!(blob.status, 405, "{method}");
    }
    for line in [
        "GET  /v2/ HTTP/1.1",
        "GET /v2/\tHTTP/1.1",
        "GET /v2/ a HTTP/1.1",
        "G\0T /v2/ HTTP/1.1",
        "GE(T /v2/ HTTP/1.1",
        "GET",
        "GET /v2/",
        "/v2/ HTTP/1.1",
        " GET /v2/ HTTP/1.1",
        "GET /v2/ HTTP/1.1 x",
    ] {
        let found = statuses(
            &server,
            format!("{line}\r\nHost: h\r\n\r\n").as_bytes(),
            "GET",
        );
        assert_eq!(found, [400], "{line:?}");
    }
    alive(&server);
}

#[test]
fn versions() {
    let server = Server::in_memory();
    for version in [
        "HTTP/0.9",
        "HTTP/2.0",
        "HTTP/3.0",
        "HTTP/1.10",
        "HTTP/1",
        "http/1.1",
        "FTP/1.1",
        "HTTP/11",
    ] {
        let found = statuses(
            &server,
            format!("GET /v2/ {version}\r\nHost: h\r\n\r\n").as_bytes(),
            "GET",
        );
        let refused = found.iter().all(|status| [400, 505].contains(status));
        assert!(refused, "{version}: {found:?}");
    }
    // the old version: no host, and the connection ends unless it is asked to stay
    let two = "GET /v2/ HTTP/1.0\r\n\r\nGET /v2/ HTTP/1.0\r\n\r\n";
    assert_eq!(statuses(&server, two.as_bytes(), "GET GET"), [200]);
    let kept = "GET /v2/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".repeat(2);
    assert_eq!(statuses(&server, kept.as_bytes(), "GET GET"), [200, 200]);
    let list = raw(&server, b"GET /v2/_catalog HTTP/1.0\r\n\r\n", "GET");
    assert_eq!(list[0].header("transfer-encoding"), None);
    assert_eq!(list[0].text(), r#"{"repositories":[]}"#);
    alive(&server);
}

#[test]
fn the_old_version_pushes_and_pulls() {
    let server = Server::in_memory();
    let digest = oci::Digest::sha256(b"abc");
    let post = format!(
        "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"
    );
    assert_eq!(statuses(&server, post.as_bytes(), "POST"), [201]);
    let get = format!("GET /v2/a/blobs/{digest} HTTP/1.0\r\nRange: bytes=1-\r\n\r\n");
    let found = raw(&server, get.as_bytes(), "GET");
    assert_eq!((found[0].status, found[0].text().as_str()), (206, "bc"));
}

#[test]
fn upgrades_are_not_offered() {
    let server = Server::in_memory();
    for fields in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x",
        "Connection: upgrade\r\nUpgrade: TLS/1.0",
    ] {
        let request = format!("GET /v2/ HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n");
        let found = raw(&server, request.as_bytes(), "GET");
        assert_eq!(found[0].status, 200, "{fields}");
        assert_eq!(found[0].header("upgrade"), None, "{fields}");
    }
    let connect = statuses(
        &server,
        b"CONNECT example:443 HTTP/1.1\r\nHost: example:443\r\n\r\n",
        "GET",
    );
    assert!(connect.iter().all(|status| *status >= 400), "{connect:?}");
    alive(&server);
}

#[test]
fn forms_of_targets() {
    let server = Server::in_memory();
    let ask = |target: &str| {
        let request = format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n");
        raw(&server, request.as_bytes(), "GET")
    };
    // the host of a target is nobody's business
    let absolute = ask("http://elsewhere.example/v2/");
    assert_eq!(absolute[0].status, 200);
    let moved = ask("http://elsewhere.example//v2/");
    assert_eq!(
        (moved[0].status, moved[0].header("location")),
        (301, Some("/v2/"))
    );
    for (target, status) in [
        ("*", 404),
        // what follows is for the client only
        ("/v2/#fragment", 200),
        ("elsewhere.example:80", 404),
        ("v2/", 400),
        ("/v2/\u{0}", 400),
        ("/v2/a\u{7f}/tags/list", 400),
        ("/v2/%", 404),
        ("/v2/%zz/tags/list", 404),
        ("/v2/a/tags/list?%", 404),
        ("/v2/none/tags/list?n=%00", 400),
        ("/v2/_catalog?last=%00%ff", 200),
        ("/\\evil.example", 404),
        ("/v2/a\\b/tags/list", 404),
        ("/v2/<script>/tags/list", 404),
        ("?", 404),
    ] {
        let found = ask(target);
        let found: Vec<_> = found.iter().map(|answer| answer.status).collect();
        assert!(found == [status] || found == [400], "{target:?}: {found:?}");
    }
    alive(&server);
}

#[test]
fn expectations() {
    let server = Server::in_memory();
    let digest = oci::Digest::sha256(b"abc");
    let post = Request::new("POST", &format!("/v2/a/blobs/uploads/?digest={digest}"))
        .header("Expect", "100-continue")
        .header("Content-Length", "3");
    let mut connection = Connection::open(server.address()).unwrap();
    connection.start(&post).unwrap();
    assert_eq!(connection.next_answer("POST").unwrap().status, 100);
    connection.write(b"abc").unwrap();
    assert_eq!(connection.next_answer("POST").unwrap().status, 201);
    // what will be refused is not asked for
    let refused = [
        Request::new("PUT", "/v2/a/manifests/t")
            .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
            .header("Content-Length", "1000000000"),
        Request::new("PUT", "/v2/a/manifests/t")
            .header("Content-Type", "text/plain")
            .header("Content-Length", "3"),
        Request::new("PUT", "/v2/A/manifests/t").header("Content-Length", "3"),
        Request::new("PATCH", "/v2/a/blobs/uploads/none").header("Content-Length", "3"),
        Request::new("POST", "/v2/").header("Content-Length", "3"),
    ];
    for request in refused {
        let request = request.header("Expect", "100-continue");
        let mut connection = Connection::open(server.address()).unwrap();
        connection.start(&request).unwrap();
        let answer = connection.next_answer("PUT").unwrap();
        assert!(
            answer.status >= 400,
            "{}: {}",
            request.target,
            answer.status
        );
    }
    let odd = Request::get("/v2/").header("Expect", "the unexpected");
    let answer = server.send(&odd);
    assert!([200, 417].contains(&answer.status));
    alive(&server);
}

#[test]
fn hosts() {
    let server = Server::in_memory();
    for host in [
        "",
        "a b",
        "a/b",
        "[::1",
        "x@y",
        "evil.example",
        &"h".repeat(10_000),
    ] {
        let request = format!(
            "POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n"
        );
        let found = raw(&server, request.as_bytes(), "POST");
        assert!(
            [202, 400].contains(&found[0].status),
            "{host:?}: {}",
            found[0].status
        );
        let location = found[0].header("location").unwrap_or_default();
        assert!(
            !location.contains("evil") && !location.contains("http"),
            "{location}"
        );
    }
    alive(&server);
}
