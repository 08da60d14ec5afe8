//! Where a body ends: requests that two readers would cut in two places.

use testkit::http::Request;
use testkit::server::Server;

use super::{alive, cut, raw, statuses};

/// What a smuggler hides behind the body.
const HIDDEN: &str = "GET /v2/hidden/tags/list HTTP/1.1\r\nHost: h\r\n\r\n";

#[test]
fn lengths_that_contradict_each_other() {
    let server = Server::in_memory();
    let table = [
        ("two lengths", "Content-Length: 5\r\nContent-Length: 6"),
        ("a list of lengths", "Content-Length: 5, 6"),
        ("no number", "Content-Length: five"),
        ("a sign", "Content-Length: +5"),
        ("less than nothing", "Content-Length: -1"),
        ("another base", "Content-Length: 0x5"),
        ("too many digits", "Content-Length: 18446744073709551616"),
        ("nothing", "Content-Length: "),
        ("a coding that is not there", "Transfer-Encoding: xchunked"),
        ("chunks not last", "Transfer-Encoding: chunked, gzip"),
        ("a space before the colon", "Transfer-Encoding : chunked"),
        ("a folded line", "X: a\r\n Transfer-Encoding: chunked"),
        ("a vertical tab", "Transfer-Encoding:\u{b}chunked"),
        ("a nul", "X: a\0b"),
        ("a bare return", "X: a\rTransfer-Encoding: chunked"),
        ("no colon", "Transfer-Encoding"),
        ("no name", ": chunked"),
    ];
    for (name, fields) in table {
        let head = format!("POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n");
        let found = statuses(&server, format!("{head}{HIDDEN}").as_bytes(), "POST");
        assert_eq!(found, [400], "{name}");
    }
    alive(&server);
}

/// Spec: RFC 9112, 6.3: the chunks win, or the request is refused; never is the length believed.
#[test]
fn a_length_beside_chunks_is_never_believed() {
    let server = Server::in_memory();
    for fields in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 1000000\r\nTransfer-Encoding: chunked",
    ] {
        let head = format!("POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n");
        let found = statuses(
            &server,
            format!("{head}0\r\n\r\n{HIDDEN}").as_bytes(),
            "POST",
        );
        let sane: [&[u16]; 2] = [&[400], &[202]];
        assert!(sane.contains(&found.as_slice()), "{fields}: {found:?}");
    }
    alive(&server);
}

#[test]
fn chunks_that_are_none() {
    let server = Server::in_memory();
    for chunks in [
        "x\r\n\r\n",
        "-1\r\na\r\n0\r\n\r\n",
        "5\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcdef\r\n0\r\n\r\n",
        "10000000000000000\r\na\r\n0\r\n\r\n",
        "3\r\nab",
        "3",
    ] {
        let location = server.remote().start_upload("a").unwrap();
        let head = format!(
            "PATCH {location} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}{HIDDEN}"
        );
        let found = statuses(&server, head.as_bytes(), "PATCH");
        assert!(
            found.iter().all(|status| *status == 400),
            "{chunks:?}: {found:?}"
        );
    }
    // long extensions are not kept, nor is there any number of them
    let chunks = format!("1;{}\r\na\r\n", "e".repeat(100)).repeat(2000);
    let location = server.remote().start_upload("a").unwrap();
    let head = format!(
        "PATCH {location} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
    );
    let found = statuses(&server, head.as_bytes(), "PATCH");
    assert!([[202], [400]].contains(&[found[0]]), "{found:?}");
    alive(&server);
}

#[test]
fn trailers_are_nothing() {
    let server = Server::in_memory();
    let location = server.remote().start_upload("a").unwrap();
    let request = format!(
        "PATCH {location} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Range\r\n\r\n\
         3\r\nabc\r\n0\r\nContent-Range: 100-102\r\nX-Request-Id: evil\r\n\r\n"
    );
    let found = raw(&server, request.as_bytes(), "PATCH");
    assert_eq!(found[0].status, 202);
    assert_eq!(found[0].header("range"), Some("0-2"));
    assert_ne!(found[0].header("x-request-id"), Some("evil"));
}

#[test]
fn a_body_that_breaks_off_leaves_the_session() {
    let server = Server::in_memory();
    let location = server.remote().start_upload("a").unwrap();
    let digest = oci::Digest::sha256(b"abcdef");
    for (method, query) in [
        ("PATCH", String::new()),
        ("PUT", format!("?digest={digest}")),
    ] {
        let head = format!(
            "{method} {location}{query} HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n"
        );
        let found = cut(&server, format!("{head}abc").as_bytes(), method);
        assert!(found.iter().all(|answer| answer.status == 400));
    }
    let standing = server.send(&Request::get(&location));
    assert_eq!(
        (standing.status, standing.header("range")),
        (204, Some("0-5"))
    );
    let gone = server.send(&Request::head(&format!("/v2/a/blobs/{digest}")));
    assert_eq!(gone.status, 404, "what was not closed is no blob");
    let closed = server.send(&Request::new(
        "PUT",
        &format!("{location}?digest={}", oci::Digest::sha256(b"abcabc")),
    ));
    assert_eq!(closed.status, 201, "{}", closed.text());
}

#[test]
fn more_than_was_declared_is_the_next_request() {
    let server = Server::in_memory();
    let location = server.remote().start_upload("a").unwrap();
    let head = format!("PATCH {location} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcdef");
    assert_eq!(statuses(&server, head.as_bytes(), "PATCH")[0], 202);
    let standing = server.send(&Request::get(&location));
    assert_eq!(standing.header("range"), Some("0-2"));
}

#[test]
fn requests_in_one_packet_are_answered_in_order() {
    let server = Server::in_memory();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
    let put = String::from(
        "PUT /v2/a/manifests/t HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n\r\n{}",
    );
    let all = [
        get("/v2/"),
        get("/v2/none/tags/list"),
        put,
        get("/v2/A/tags/list"),
        "HEAD /v2/ HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        get("/nothing"),
        get("//v2/"),
        get("/livez"),
    ];
    let found = statuses(
        &server,
        all.concat().as_bytes(),
        "GET GET PUT GET HEAD GET GET GET",
    );
    assert_eq!(found, [200, 404, 400, 404, 200, 404, 301, 200]);
}

/// What follows a refused body is that body, not a request.
#[test]
fn a_refused_body_is_not_read_as_a_request() {
    let server = Server::in_memory();
    let hidden = "GET /v2/hidden/tags/list HTTP/1.1\r\nHost: h\r\n\r\n".repeat(1000);
    let put = |fields: &str| {
        format!(
            "PUT /v2/a/manifests/t HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n{fields}\r\n\r\n{hidden}"
        )
    };
    let sized = put(&format!("Content-Length: {}", hidden.len()));
    assert_eq!(statuses(&server, sized.as_bytes(), "PUT"), [415]);
    let large = put("Content-Length: 100000000");
    assert_eq!(statuses(&server, large.as_bytes(), "PUT"), [415]);
}

#[test]
fn bodies_where_none_belongs() {
    let server = Server::in_memory();
    for (method, target, status) in [
        ("GET", "/v2/", 200),
        ("HEAD", "/v2/", 200),
        ("OPTIONS", "/v2/", 204),
        ("DELETE", "/v2/a/manifests/t", 404),
        ("GET", "/v2/none/tags/list", 404),
        ("POST", "/v2/", 405),
        ("GET", "/livez", 200),
    ] {
        let request = Request::new(method, target).body("not asked for");
        let answer = server.send(&request);
        assert_eq!(answer.status, status, "{method} {target}");
        let chunked = Request::new(method, target).chunks(vec!["not".into(), "asked".into()]);
        assert_eq!(server.send(&chunked).status, status);
    }
}
