use std::fs::OpenOptions;

use http::Method;
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::listen::fixture::{Folder, Running, limits};

const SIZES: [u64; 6] = [0, 1, 64 << 10, (64 << 10) + 1, (1 << 20) + 1, 300_000_000];

/// Bodies up to this size are read, so the kernel sends none of them.
const SMALL: u64 = 64 << 10;

#[tokio::test]
async fn files_arrive_whole_on_one_connection_and_the_kernel_sends_them() {
    let folder = Folder::new();
    let server = Running::start(folder.handler(), limits());
    let mut client = server.connect().await;
    let mut expected = 0;
    for size in SIZES {
        folder.create("file", size);
        client.request(Method::GET, "/file", "").await;
        let head = client.head().await;
        assert_eq!((head.status, head.len), (200, size));
        client.expect(&folder.path("file"), 0, size).await;
        expected += if size > SMALL { size } else { 0 };
    }
    drop(client);
    server.drain().await;
    assert!(folder.is_released());
    // Each request saw the same connection, and it counts once.
    let sent = folder.seen.lock().first().unwrap().files().sent();
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn answers_to_pipelined_requests_follow_each_other() {
    let folder = Folder::new();
    folder.create("large", 3_000_001);
    folder.create("small", 100);
    let server = Running::start(folder.handler(), limits());
    let mut client = server.connect().await;
    let names = ["large", "small", "absent", "large", "large", "small"];
    for name in names {
        client.request(Method::GET, &format!("/{name}"), "").await;
    }
    for name in names {
        let head = client.head().await;
        if name == "absent" {
            assert_eq!((head.status, head.len), (404, 6));
            let mut text = [0; 6];
            client.0.read_exact(&mut text).await.unwrap();
            assert_eq!(&text, b"absent");
            continue;
        }
        client.expect(&folder.path(name), 0, head.len).await;
    }
    drop(client);
    server.drain().await;
    assert!(folder.is_released());
}

#[tokio::test]
async fn ranges_begin_and_end_anywhere() {
    let folder = Folder::new();
    let size = 2_500_000;
    folder.create("file", size);
    let server = Running::start(folder.handler(), limits());
    let mut client = server.connect().await;
    for (first, last) in [
        (0, 0),
        (1, 70_000),
        (4095, 4096 + 70_000),
        (4096, 4096 + 65_536),
        (99_999, 2_499_999),
        (2_499_999, 2_499_999),
    ] {
        let range = format!("range: bytes={first}-{last}\r\n");
        client.request(Method::GET, "/file", &range).await;
        assert_eq!(client.head().await.len, last + 1 - first);
        client
            .expect(&folder.path("file"), first, last + 1 - first)
            .await;
    }
    assert!(folder.sent_by_kernel() > 0);
}

#[tokio::test]
async fn head_tells_the_length_and_sends_nothing() {
    let folder = Folder::new();
    folder.create("file", 1 << 20);
    let server = Running::start(folder.handler(), limits());
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.request(Method::HEAD, "/file", "").await;
        assert_eq!(client.head().await.len, 1 << 20);
    }
    client.request(Method::GET, "/file", "").await;
    assert_eq!(client.head().await.len, 1 << 20);
    client.expect(&folder.path("file"), 0, 1 << 20).await;
    drop(client);
    server.drain().await;
    assert!(folder.is_released());
}

#[tokio::test]
async fn a_slow_client_gets_every_byte() {
    let folder = Folder::new();
    let size = 20_000_000;
    folder.create("file", size);
    let server = Running::start(folder.handler(), limits());
    let mut client = server.connect().await;
    client.request(Method::GET, "/file", "").await;
    client.head().await;
    // The server runs into the full socket many times over, since the client takes little at once
    // and lets others run each time.
    let mut at = 0;
    while at < size {
        let piece = (size - at).min(40_000);
        client.expect(&folder.path("file"), at, piece).await;
        at += piece;
        tokio::task::yield_now().await;
    }
    drop(client);
    server.drain().await;
    assert!(folder.is_released());
}

#[tokio::test]
async fn nothing_is_held_when_clients_go_away() {
    let folder = Folder::new();
    folder.create("file", 300_000_000);
    let server = Running::start(folder.handler(), limits());
    for read in [0, 1, 1000, 5_000_000] {
        let mut client = server.connect().await;
        client.request(Method::GET, "/file", "").await;
        client.head().await;
        client.expect(&folder.path("file"), 0, read).await;
    }
    server.drain().await;
    assert_eq!(folder.opened.lock().len(), 4);
    assert!(folder.is_released());
}

#[tokio::test]
async fn http2_carries_the_same_bytes() {
    let folder = Folder::new();
    folder.create("file", 5_000_003);
    let server = Running::start(folder.handler(), limits());
    let tcp = TcpStream::connect(server.address).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tcp));
    let (mut sender, connection) = handshake.await.unwrap();
    let running = tokio::spawn(connection);
    let request = || {
        let request = http::Request::get("http://t/file");
        request
            .body(http_body_util::Empty::<bytes::Bytes>::new())
            .unwrap()
    };
    let (one, two) = (
        sender.send_request(request()),
        sender.send_request(request()),
    );
    let want = std::fs::File::open(folder.path("file")).unwrap();
    let mut expected = vec![0; 5_000_003];
    std::os::unix::fs::FileExt::read_exact_at(&want, &mut expected, 0).unwrap();
    for response in [one.await.unwrap(), two.await.unwrap()] {
        assert_eq!(response.headers()["content-length"], "5000003");
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        assert!(bytes == expected);
    }
    drop(sender);
    running.await.unwrap().unwrap();
    server.drain().await;
    assert!(folder.is_released());
    assert_eq!(folder.sent_by_kernel(), 0);
}

#[tokio::test]
async fn a_file_that_was_cut_ends_the_answer_and_not_the_process() {
    let folder = Folder::new();
    folder.create("file", 40_000_000);
    let server = Running::start(folder.handler(), limits());
    let mut client = server.connect().await;
    client.request(Method::GET, "/file", "").await;
    client.head().await;
    let file = OpenOptions::new()
        .write(true)
        .open(folder.path("file"))
        .unwrap();
    file.set_len(1000).unwrap();
    let mut rest = Vec::new();
    // Either end is right; only more bytes than the file had would be wrong.
    let _ = client.0.read_to_end(&mut rest).await;
    assert!(rest.len() < 40_000_000);
    let mut other = server.connect().await;
    other.request(Method::GET, "/file", "").await;
    assert_eq!(other.head().await.len, 1000);
}
