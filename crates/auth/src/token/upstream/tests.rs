use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use client::Options;

use super::*;

/// Answers one request, and yields what was asked.
fn serve(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let realm = format!(
        "http://{}/token?keep=1&scope=old",
        listener.local_addr().unwrap()
    );
    let handle = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut buffer = [0; 4096];
        // The tests send small requests whose end is a form field or a blank line.
        loop {
            let count = stream.read(&mut buffer).unwrap();
            asked.extend_from_slice(&buffer[..count]);
            if count == 0
                || asked.ends_with(b"service=up")
                || (asked.starts_with(b"GET") && asked.ends_with(b"\r\n\r\n"))
            {
                break;
            }
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(asked).unwrap()
    });
    (realm, handle)
}

fn upstream(realm: &str) -> Upstream {
    let agent = Agent::new(Options::default());
    Upstream::new(realm, "up", InsecureHttp::Allowed, agent).unwrap()
}

#[tokio::test]
async fn requests_are_passed_on_without_what_is_ours() {
    let answer = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nX-Two: 2\r\nX-Hop: 1\r\n\
        Set-Cookie: a=b\r\nConnection: close, x-hop\r\nContent-Length: 4\r\n\r\nbody";
    let (realm, handle) = serve(answer);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("authorization", "Basic eDp5"),
        ("cookie", "session=marker"),
        ("connection", "x-marker, keep-alive"),
        ("x-marker", "1"),
        ("x-zot-api-client", "zot-ui"),
        ("host", "registry.example"),
        ("x-kept", "1"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let passed = Passed {
        method: &Method::GET,
        query: "scope=a&scope=b%20c&service=zot&account=me",
        headers: &headers,
        body: &Bytes::new(),
    };
    let (status, headers, body) = upstream(&realm).pass(passed).await.unwrap();
    assert_eq!((status.as_u16(), &body[..]), (302, &b"body"[..]));
    assert_eq!(headers["x-two"], "2");
    for gone in ["set-cookie", "connection", "content-length", "x-hop"] {
        assert!(!headers.contains_key(gone), "{gone}");
    }
    let asked = handle.join().unwrap();
    let first = asked.lines().next().unwrap();
    assert_eq!(
        first,
        "GET /token?keep=1&scope=a&scope=b+c&account=me&service=up HTTP/1.1"
    );
    assert!(
        asked.contains("authorization: Basic eDp5") && asked.contains("x-kept: 1"),
        "{asked}"
    );
    for gone in ["marker", "zot-ui", "registry.example"] {
        assert!(!asked.contains(gone), "{gone} in {asked}");
    }
}

#[tokio::test]
async fn forms_are_passed_on_for_the_name_there() {
    let (realm, handle) =
        serve("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    let body = Bytes::from_static(b"grant_type=password&service=zot&password=a%26b");
    let passed = Passed {
        method: &Method::POST,
        query: "",
        headers: &headers,
        body: &body,
    };
    upstream(&realm).pass(passed).await.unwrap();
    let asked = handle.join().unwrap();
    let end = asked.rsplit_once("\r\n\r\n").unwrap().1;
    assert_eq!(end, "grant_type=password&password=a%26b&service=up");
}

#[tokio::test]
async fn faults_are_of_their_kind() {
    let agent = || Agent::new(Options::default());
    let table = [
        ("https://a.example/token", InsecureHttp::Refused, true),
        ("http://a.example/token", InsecureHttp::Allowed, true),
        ("http://a.example/token", InsecureHttp::Refused, false),
        ("a.example/token", InsecureHttp::Allowed, false),
        ("ftp://a.example/", InsecureHttp::Allowed, false),
    ];
    for (realm, insecure, want) in table {
        let made = Upstream::new(realm, "up", insecure, agent());
        assert_eq!(made.is_ok(), want, "{realm}");
    }
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let passed = Passed {
        method: &Method::GET,
        query: "",
        headers: &HeaderMap::new(),
        body: &Bytes::new(),
    };
    let error = upstream(&format!("http://{closed}/")).pass(passed).await;
    assert!(matches!(error, Err(UpstreamError::Request(_))), "{error:?}");
}

/// The type of a body, the body, and the credentials in it.
type Row = (&'static str, &'static [u8], Option<&'static [&'static str]>);

#[test]
fn credentials_are_read_out_of_forms() {
    use crate::token::form_credentials;
    let table: [Row; 8] = [
        (
            "application/x-www-form-urlencoded",
            b"token=c&password=+a+&id_token=b&password=a",
            Some(&["a", "b", "c"]),
        ),
        (
            "Application/X-WWW-Form-Urlencoded; charset=utf-8",
            b"password=x%2By",
            Some(&["x+y"]),
        ),
        ("application/x-www-form-urlencoded", b"", Some(&[])),
        (
            "application/x-www-form-urlencoded",
            b"password=&other=1",
            Some(&[]),
        ),
        ("application/json", b"password=x", Some(&[])),
        ("application/x-www-form-urlencoded", b"password=%zz", None),
        ("application/x-www-form-urlencoded", b"a;b", None),
        ("application/x-www-form-urlencoded", b"\xff", None),
    ];
    for (kind, body, want) in table {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(kind).unwrap());
        let got = form_credentials(&headers, body).ok();
        let got: Option<Vec<&str>> = got
            .as_ref()
            .map(|all| all.iter().map(String::as_str).collect());
        assert_eq!(got.as_deref(), want, "{kind} {body:?}");
    }
}
