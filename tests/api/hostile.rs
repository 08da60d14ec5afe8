//! Requests that nobody should send. The answer is a sane one, and the server goes on.

mod framing;
mod limits;
mod protocol;
mod text;

use testkit::http::{Connection, Request, Response};
use testkit::server::Server;

/// The last request on a connection.
const LAST: &str = "GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

/// Sends bytes as they are, then a last request, and reads answers until the server closes; the one
/// to the last request is left out.
///
/// `methods` are those of the requests within, in order; what is answered beyond counts as `GET`.
fn raw(server: &Server, bytes: &[u8], methods: &str) -> Vec<Response> {
    let mut connection = Connection::open(server.address()).unwrap();
    // the server may have closed already
    connection.write(bytes).ok();
    connection.write(LAST.as_bytes()).ok();
    let mut found = answers(&mut connection, methods);
    if found.last().is_some_and(|answer| answer.body == b"ok") {
        found.pop();
    }
    found
}

/// Sends bytes as they are and nothing more, ever.
fn cut(server: &Server, bytes: &[u8], methods: &str) -> Vec<Response> {
    let mut connection = Connection::open(server.address()).unwrap();
    connection.write(bytes).unwrap();
    connection.finish_writing().unwrap();
    answers(&mut connection, methods)
}

fn answers(connection: &mut Connection, methods: &str) -> Vec<Response> {
    let mut methods = methods.split(' ');
    let mut found = Vec::new();
    while let Ok(answer) = connection.answer(methods.next().unwrap_or("GET")) {
        found.push(answer);
    }
    found
}

fn statuses(server: &Server, bytes: &[u8], methods: &str) -> Vec<u16> {
    let answers = raw(server, bytes, methods);
    answers.iter().map(|answer| answer.status).collect()
}

/// Fails unless the server still does its work.
fn alive(server: &Server) {
    let answer = server.send(&Request::get("/v2/"));
    assert_eq!(answer.status, 200);
    let answer = server.send(&Request::get("/v2/_catalog"));
    assert!(answer.json()["repositories"].is_array());
}
