//! Transfers that take longer than the idle limit, and ones that stall.
//!
//! The limit is two seconds instead of the minute that it is by default, and bytes flow twenty
//! times as often: the tests show which of the two counts, and need no exact times for that.

use std::thread;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use testkit::http::{Connection, Request, Response};
use testkit::image::{Image, noise};
use testkit::process::Server;

/// Time without a byte after which the server may give up.
const LIMIT: &str = "2s";

/// Time between two pieces.
const PACE: Duration = Duration::from_millis(100);

/// How many pieces a transfer has: together they take more than twice the limit.
const PIECES: usize = 45;

/// The bytes of a piece.
const PIECE: usize = 1 << 20;

/// How a body tells its length.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    Sized,
    Chunked,
}

fn impatient() -> Server {
    Server::with(|config| config["http"]["limits"] = json!({"idleTimeout": LIMIT}))
}

/// Starts a streamed upload and sends its pieces at leisure.
fn upload(server: &Server, data: &[u8], framing: Framing) -> std::io::Result<Response> {
    let location = server.remote().start_upload("app")?;
    let request =
        Request::new("PATCH", &location).header("Content-Type", "application/octet-stream");
    let request = if framing == Framing::Chunked {
        request.header("Transfer-Encoding", "chunked")
    } else {
        request.header("Content-Length", &data.len().to_string())
    };
    let mut connection = Connection::open(server.address())?;
    connection.start(&request)?;
    for piece in data.chunks(data.len() / PIECES) {
        if framing == Framing::Chunked {
            connection.write_chunk(piece)?;
        } else {
            connection.write(piece)?;
        }
        thread::sleep(PACE);
    }
    if framing == Framing::Chunked {
        connection.write_chunk(b"")?;
    }
    connection.answer("PATCH")
}

#[test]
fn case_b12_b13_a_slow_upload_lives_and_is_answered() {
    let server = impatient();
    let lives = |seed, framing| {
        let data = noise(seed, 200_000);
        let answer = upload(&server, &data, framing).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.text());
        let location = answer.header("location").unwrap();
        let digest = oci::Digest::sha256(&data);
        let remote = server.remote();
        let closed = remote
            .finish_upload(location, &digest, &Bytes::new())
            .unwrap();
        assert_eq!(closed.status, 201, "{}", closed.text());
        assert!(remote.blob("app", &digest).unwrap().body == data);
    };
    thread::scope(|scope| {
        scope.spawn(|| lives(1, Framing::Chunked));
        scope.spawn(|| lives(2, Framing::Sized));
    });
}

#[test]
fn case_b12_a_stalled_upload_ends_and_the_log_names_the_limit() {
    let mut server = impatient();
    let location = server.remote().start_upload("app").unwrap();
    let request = Request::new("PATCH", &location)
        .header("Content-Type", "application/octet-stream")
        .header("Content-Length", "1000");
    let mut connection = Connection::open(server.address()).unwrap();
    connection.start(&request).unwrap();
    connection.write(b"half of what was announced").unwrap();
    // the server may answer before it closes, but close it must
    if let Ok(answer) = connection.answer("PATCH") {
        assert_eq!(answer.status, 408, "{}", answer.text());
    }
    assert!(connection.is_closed().unwrap());
    server.wait_for_log("\"message\":\"the body of a request took too long\",\"setting\":\"http.limits.idleTimeout\"");
}

#[test]
fn case_b12_a_read_timeout_that_was_set_counts_the_whole_request() {
    let mut server = Server::with(|config| config["http"]["readTimeout"] = json!(LIMIT));
    let data = noise(1, 200_000);
    let cut = upload(&server, &data, Framing::Chunked).map_or(true, |answer| answer.status != 202);
    assert!(
        cut,
        "the upload took more than twice its time and was taken"
    );
    server.wait_for_log(
        "\"message\":\"the body of a request took too long\",\"setting\":\"http.readTimeout\"",
    );
    // and a quick one is taken
    server
        .remote()
        .push("app", "v1", &Image::sample(1))
        .unwrap();
}

#[test]
fn case_b13_a_slow_download_lives() {
    let server = impatient();
    let data = Bytes::from(noise(1, PIECES * PIECE));
    let digest = oci::Digest::sha256(&data);
    server.remote().push_blob("app", &digest, &data).unwrap();
    let request = Request::get(&format!("/v2/app/blobs/{digest}")).header("Connection", "close");

    let mut connection = Connection::open(server.address()).unwrap();
    connection.start(&request).unwrap();
    let mut answer = Vec::new();
    let mut piece = vec![0; PIECE];
    let mut due = PIECE;
    loop {
        match connection.read(&mut piece).unwrap() {
            0 => break,
            count => answer.extend_from_slice(&piece[..count]),
        }
        if answer.len() >= due {
            due += PIECE;
            thread::sleep(PACE);
        }
    }
    assert!(answer.ends_with(&data), "the blob came incomplete");
}
