//! Text that wants to be more than text: in answers, in the log, in files.

use serde_json::Value;
use testkit::http::{Connection, Request};
use testkit::server::{Server, Setup};

use super::{alive, raw};

/// Lines that would be headers, if anybody wrote them as they are.
const LINES: [&str; 5] = [
    "%0d%0aX-Evil:%201",
    "a%0AX-Evil:1",
    "%E5%98%8A%E5%98%8DX-Evil:1",
    "\u{560a}\u{560d}X-Evil:1",
    "%u000aX-Evil:1",
];

#[test]
fn no_text_of_a_request_becomes_a_header() {
    let server = Server::in_memory();
    let mut connection = Connection::open(server.address()).unwrap();
    for line in LINES {
        let targets = [
            format!("GET /v2/a/manifests/{line}"),
            format!("PUT /v2/a/manifests/{line}"),
            format!("GET /v2/{line}/tags/list"),
            format!("GET //v2/{line}?{line}"),
            format!("GET /v2/_catalog?n=1&last={line}"),
            format!("GET /v2/a/tags/list?n=1&last={line}"),
            format!("POST /v2/a/blobs/uploads/?mount={line}&from={line}"),
            format!("POST /v2/a/blobs/uploads/?digest-algorithm={line}"),
            format!(
                "GET /v2/a/referrers/sha256:{}?artifactType={line}&n=1",
                "0".repeat(64)
            ),
            format!("GET /v2/a/blobs/uploads/{line}"),
        ];
        for target in targets {
            let (method, target) = target.split_once(' ').unwrap();
            let answer = connection.send(&Request::new(method, target)).unwrap();
            assert_eq!(answer.header("x-evil"), None, "{method} {target}");
            assert!(answer.status < 500, "{method} {target}: {}", answer.status);
        }
    }
    alive(&server);
}

#[test]
fn headers_with_odd_values_are_survived() {
    let server = Server::in_memory();
    let names = [
        "Accept",
        "Authorization",
        "Content-Type",
        "Content-Range",
        "Range",
        "If-None-Match",
        "If-Match",
        "If-Range",
        "Cookie",
        "X-Request-Id",
        "X-Forwarded-For",
        "Forwarded",
        "Origin",
        "Referer",
        "User-Agent",
        "Accept-Encoding",
        "Connection",
        "TE",
    ];
    let long = b"a".repeat(20_000);
    let values: [&[u8]; 6] = [
        b"",
        b"\"",
        b"\xff\xfe\x80",
        b"\xc3\x28, *, \"",
        b",,,,;;;;====",
        &long,
    ];
    for name in names {
        for value in values {
            for line in [
                "GET /v2/",
                "GET /v2/a/manifests/t",
                "PUT /v2/a/manifests/t",
                "PATCH /v2/a/blobs/uploads/x",
            ] {
                let mut bytes = format!("{line} HTTP/1.1\r\nHost: h\r\n{name}: ").into_bytes();
                bytes.extend_from_slice(value);
                bytes.extend_from_slice(b"\r\n\r\n");
                let method = line.split(' ').next().unwrap();
                let found = raw(&server, &bytes, method);
                assert_eq!(found.len(), 1, "{line} {name}");
                assert!(found[0].status < 500, "{line} {name}: {}", found[0].status);
            }
        }
    }
    alive(&server);
}

/// Every line of the log is one JSON object, whatever was asked for.
#[test]
fn no_text_of_a_request_breaks_the_log() {
    let mut server = Server::start(Setup::on_disk());
    let odd = [
        "GET /v2/a/tags/list?x=\"}\\u000a{\"level\":\"evil\"",
        "GET /v2/%0a%0d%00/tags/list",
        "GET /v2/\u{2028}\u{85}é/tags/list",
        "GET /\u{1b}[31m",
    ];
    let mut sent = 0;
    for line in odd {
        let fields = "User-Agent: \"}\\n{\"\r\nX-Odd: \u{ff}\u{2028}\r\nAuthorization: Basic c2VjcmV0bWFyaw==\r\nCookie: session=secretmark";
        let request = format!("{line} HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n");
        sent += raw(&server, request.as_bytes(), "GET")
            .iter()
            .filter(|answer| answer.header("x-request-id").is_some())
            .count();
    }
    server.stop();
    let log = server.access_log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // what cannot be read as a request has no line, and each that can was followed by another
    assert_eq!(lines.len(), 2 * sent);
    assert!(sent >= 2);
    for line in &lines {
        assert_eq!(line["level"], "info");
        assert_eq!(line["message"], "HTTP API");
    }
    for secret in ["secretmark", "c2VjcmV0bWFyaw"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

/// Nothing outside of the root is made or read, and nothing inside is made that is no repository.
#[test]
fn paths_stay_in_the_root() {
    let server = Server::start(Setup::on_disk());
    for name in [
        "..",
        "../x",
        "a/../../x",
        "%2e%2e/x",
        "..%2fx",
        "a/..%2f..%2fx",
        "_holdfast",
        "a/_uploads",
        "a/.uploads",
        ".uploads",
        "a/blobs/sha256",
        "a/index.json",
        "meta.db",
        "a//b",
        "./a",
        "con:",
    ] {
        let answer = server.send(&Request::new("POST", &format!("/v2/{name}/blobs/uploads/")));
        assert!(
            [301, 400, 404].contains(&answer.status),
            "{name}: {}",
            answer.status
        );
        let answer = server.send(&Request::get(&format!("/v2/{name}/manifests/t")));
        assert!(
            [301, 400, 404].contains(&answer.status),
            "{name}: {}",
            answer.status
        );
    }
    let entries: Vec<_> = std::fs::read_dir(server.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(entries, ["_holdfast"]);
    alive(&server);
}
