use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use super::*;

/// Answers each connection with the next text once it has seen the end of a request.
fn serve(answers: &'static [&'static str]) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        answers
            .iter()
            .map(|answer| one(&mut stream, answer))
            .collect()
    });
    (address, seen)
}

fn one(stream: &mut TcpStream, answer: &str) -> String {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !ended(&String::from_utf8_lossy(&seen)) {
        let count = stream.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "the client went away");
        seen.extend_from_slice(&buffer[..count]);
    }
    stream.write_all(answer.as_bytes()).unwrap();
    String::from_utf8(seen).unwrap()
}

fn ended(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    if head.contains("chunked") {
        return body.ends_with("0\r\n\r\n");
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    body.len() == length.map_or(0, |value| value.parse().unwrap())
}

#[test]
fn one_connection_serves_many_requests() {
    let (address, seen) = serve(&[
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz",
    ]);
    let mut client = Client::new(address);
    let answer = client.get("/a").unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice(), answer.header("x-a")),
        (200, &b"hello"[..], Some("b"))
    );
    let answer = client.head("/b").unwrap();
    assert_eq!(
        (answer.body.len(), answer.header("content-length")),
        (0, Some("9"))
    );
    let put = Request::new("PUT", "/c").header("A", "b").bytes(b"body");
    assert_eq!(client.call(put).unwrap().status, 201);
    let mut body = &b"streamed"[..];
    let answer = client
        .call(Request::new("PATCH", "/d").chunked(&mut body))
        .unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (202, &b"abcde"[..])
    );
    assert_eq!(client.discard(Request::new("GET", "/e")).unwrap().1, 3);
    let seen = seen.join().unwrap();
    assert!(seen[2].starts_with("PUT /c HTTP/1.1\r\n") && seen[2].ends_with("\r\n\r\nbody"));
    assert!(seen[3].ends_with("\r\n\r\n8\r\nstreamed\r\n0\r\n\r\n"));
}

#[test]
fn an_answer_that_breaks_off_is_an_error() {
    for answer in [
        &["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"][..],
        &["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"],
        &["HTTP/1.1 200 OK\r\nContent-Le"],
        &[""],
    ] {
        let (address, seen) = serve(answer);
        let kept = Client::new(address).get("/");
        assert!(kept.is_err(), "{answer:?}");
        seen.join().unwrap();
    }
}

#[test]
fn a_discarded_body_must_be_whole_too() {
    let (address, seen) = serve(&["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"]);
    assert!(
        Client::new(address)
            .discard(Request::new("GET", "/"))
            .is_err()
    );
    seen.join().unwrap();
}

#[test]
fn locations_lose_their_host() {
    for (location, want) in [
        ("/v2/a?b=c", "/v2/a?b=c"),
        ("http://h:1/v2/a?b", "/v2/a?b"),
        ("http://h", "/"),
    ] {
        assert_eq!(path_of(location), want);
    }
}
