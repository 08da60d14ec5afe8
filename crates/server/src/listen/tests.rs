use std::future::{pending, ready};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::fixture::{Client, Folder, PATIENCE, Running, limits};
use super::*;
use crate::body::Body;
use crate::connection::Connection;

const SHORT: Duration = Duration::from_millis(60);

fn hello() -> impl Handler<Future = std::future::Ready<Response<Body>>> {
    |_: Arc<Connection>, _: Request<Incoming>| ready(Response::new(Body::full("hello")))
}

async fn greeted(client: &mut Client) -> bool {
    client.request(Method::GET, "/", "").await;
    let head = client.head().await;
    let mut text = [0; 5];
    tokio::io::AsyncReadExt::read_exact(&mut client.0, &mut text)
        .await
        .unwrap();
    head.status == 200 && &text == b"hello"
}

#[tokio::test]
async fn case_a10_slow_heads_time_out_and_others_are_served() {
    let mut limits = limits();
    limits.patience.header = SHORT;
    let server = Running::start(hello(), limits);
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut client = server.connect().await;
        client.send("GET / HTTP/1.1\r\nx-slow: ").await;
        slow.push(client);
    }
    assert!(greeted(&mut server.connect().await).await);
    for mut client in slow {
        let rest = client.rest().await;
        assert!(rest.starts_with("HTTP/1.1 408 "), "{rest}");
    }
    assert!(greeted(&mut server.connect().await).await);
}

#[tokio::test]
async fn case_a10_a_slow_head_after_a_request_times_out_too() {
    let mut limits = limits();
    limits.patience.header = SHORT;
    let server = Running::start(hello(), limits);
    let mut client = server.connect().await;
    assert!(greeted(&mut client).await);
    client.send("GET / HT").await;
    assert!(client.rest().await.starts_with("HTTP/1.1 408 "));
}

#[tokio::test]
async fn silent_and_idle_connections_are_closed() {
    let mut limits = limits();
    limits.patience.header = SHORT;
    limits.patience.idle = SHORT;
    let server = Running::start(hello(), limits);
    assert_eq!(server.connect().await.rest().await, "");
    let mut client = server.connect().await;
    assert!(greeted(&mut client).await);
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_dropped() {
    let folder = Folder::new();
    folder.create("file", 100_000_000);
    let mut limits = limits();
    limits.patience.stalled = SHORT;
    limits.drain = PATIENCE * 2;
    let server = Running::start(folder.handler(), limits);
    let mut client = server.connect().await;
    client.request(Method::GET, "/file", "").await;
    client.head().await;
    server.drain().await;
    assert!(folder.is_released());
}

#[tokio::test]
async fn an_answer_may_be_given_a_time_in_all() {
    let mut limits = limits();
    limits.patience.answer = Some(SHORT);
    let never = |_: Arc<Connection>, _: Request<Incoming>| pending::<Response<Body>>();
    let server = Running::start(never, limits);
    let mut client = server.connect().await;
    client.request(Method::GET, "/", "").await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn case_a10_a_head_that_is_too_large_is_answered() {
    let server = Running::start(hello(), limits());
    let mut client = server.connect().await;
    let large = format!("x-large: {}\r\n", "x".repeat(300_000));
    client.request(Method::GET, "/", &large).await;
    assert!(client.rest().await.starts_with("HTTP/1.1 431 "));
    let mut client = server.connect().await;
    let many = "x-many: 1\r\n".repeat(200);
    client.request(Method::GET, "/", &many).await;
    assert!(client.rest().await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn case_a10_an_answer_before_the_end_of_the_body_is_seen() {
    let refuse = |_: Arc<Connection>, _: Request<Incoming>| {
        let mut response = Response::new(Body::full("too large"));
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        ready(response)
    };
    let server = Running::start(refuse, limits());
    let mut client = server.connect().await;
    let size = 8 << 20;
    let length = format!("content-length: {size}\r\n");
    client.request(Method::PUT, "/", &length).await;
    client.send(vec![b'x'; size]).await;
    let rest = client.rest().await;
    assert!(rest.starts_with("HTTP/1.1 413 "), "{rest}");
    assert!(rest.ends_with("too large"), "{rest}");

    let mut client = server.connect().await;
    let expect = format!("{length}expect: 100-continue\r\n");
    client.request(Method::PUT, "/", &expect).await;
    assert_eq!(client.head().await.status, 413);
}

#[tokio::test]
async fn a_handler_that_panics_answers_500() {
    let panics = |_: Arc<Connection>, request: Request<Incoming>| async move {
        assert!(request.uri().path() != "/bad", "as the test wants");
        Response::new(Body::full(Bytes::from_static(b"hello")))
    };
    let server = Running::start(panics, limits());
    let mut client = server.connect().await;
    client.request(Method::GET, "/bad", "").await;
    let head = client.head().await;
    assert_eq!((head.status, head.len), (500, 0), "{}", head.text);
    assert!(greeted(&mut client).await);
}

#[tokio::test]
async fn draining_closes_idle_connections_and_finishes_answers() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (seen, wait) = (Arc::clone(&begun), Arc::clone(&go));
    let handler = move |_: Arc<Connection>, request: Request<Incoming>| {
        let (seen, wait) = (Arc::clone(&seen), Arc::clone(&wait));
        async move {
            if request.uri().path() == "/wait" {
                seen.notify_one();
                wait.notified().await;
            }
            Response::new(Body::full("hello"))
        }
    };
    let server = Running::start(handler, limits());
    let (address, shutdown) = (server.address, server.shutdown.clone());
    let mut idle = server.connect().await;
    assert!(greeted(&mut idle).await);
    let mut fresh = server.connect().await;
    let mut busy = server.connect().await;
    busy.request(Method::GET, "/wait", "").await;
    begun.notified().await;
    shutdown.drain();
    assert_eq!(idle.rest().await, "");
    assert_eq!(fresh.rest().await, "");
    assert!(TcpStream::connect(address).await.is_err());
    go.notify_one();
    assert!(busy.rest().await.ends_with("hello"));
    server.ended().await;
}

#[tokio::test]
async fn draining_has_an_end() {
    for at_once in [false, true] {
        let mut limits = limits();
        limits.drain = if at_once { PATIENCE * 2 } else { SHORT };
        let begun = Arc::new(Notify::new());
        let seen = Arc::clone(&begun);
        let never = move |_: Arc<Connection>, _: Request<Incoming>| {
            seen.notify_one();
            pending::<Response<Body>>()
        };
        let server = Running::start(never, limits);
        let mut client = server.connect().await;
        client.request(Method::GET, "/", "").await;
        begun.notified().await;
        if at_once {
            server.shutdown.end();
        } else {
            server.shutdown.drain();
        }
        server.ended().await;
        assert_eq!(client.rest().await, "");
    }
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_a_place() {
    let mut limits = limits();
    limits.connections = 1;
    let server = Running::start(hello(), limits);
    let mut first = server.connect().await;
    assert!(greeted(&mut first).await);
    let mut second = server.connect().await;
    second.request(Method::GET, "/", "").await;
    assert!(greeted(&mut first).await);
    drop(first);
    assert_eq!(second.head().await.status, 200);
}

#[tokio::test]
async fn the_protocol_is_told_however_its_first_bytes_arrive() {
    let server = Running::start(hello(), limits());
    let mut client = server.connect().await;
    for byte in "PRI * HTTP/1.1\r\nhost: t\r\n\r\n".as_bytes() {
        client.send([*byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(client.head().await.status, 200);
    let mut client = server.connect().await;
    for byte in "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_bytes() {
        client.send([*byte]).await;
        tokio::task::yield_now().await;
    }
    // The server's settings come first: a frame of type 4.
    let mut frame = [0; 9];
    tokio::io::AsyncReadExt::read_exact(&mut client.0, &mut frame)
        .await
        .unwrap();
    assert_eq!((frame[3], frame[4]), (4, 0));
}

#[tokio::test]
async fn what_cannot_be_listened_on_says_why() {
    let listener = Listener::bind("127.0.0.1", 0).unwrap();
    let port = listener.address().port();
    assert_ne!(port, 0);
    let taken = Listener::bind("127.0.0.1", port);
    assert!(matches!(taken, Err(ListenError::Bind(..))));
    let unknown = Listener::bind("not an address", 1);
    assert!(matches!(unknown, Err(ListenError::Address(..))));
}
