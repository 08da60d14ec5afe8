use std::fs::rename;
use std::future::ready;
use std::os::unix::fs::symlink;
use std::time::Duration;

use auth::policy::TlsVersion;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use parking_lot::Mutex;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{HandshakeKind, version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use super::fixture::{Authority, Guest, Pair, Replacing, Secured, Site, put};
use super::*;
use crate::body::Body;
use crate::connection::{Connection, Handler, Session};
use crate::listen::fixture::{Folder, PATIENCE, Running, limits};

const SHORT: Duration = Duration::from_millis(60);

fn hello() -> impl Handler<Future = std::future::Ready<Response<Body>>> {
    |_: Arc<Connection>, _: Request<Incoming>| ready(Response::new(Body::full("hello")))
}

async fn greeted(client: &mut Secured) {
    client.request(Method::GET, "/", "").await;
    assert_eq!(client.head().await.len, 5);
    let mut text = [0; 5];
    client.0.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"hello");
}

fn only(suites: &str, group: &str) -> CryptoProvider {
    let mut provider = ring::default_provider();
    let fits = |name: String, part: &str| name.contains(part);
    provider
        .cipher_suites
        .retain(|suite| fits(format!("{:?}", suite.suite()), suites));
    provider
        .kx_groups
        .retain(|kx| fits(format!("{:?}", kx.name()), group));
    provider
}

#[tokio::test]
async fn what_is_negotiated_is_known_to_handlers() {
    let site = Site::new(None);
    let seen: Arc<Mutex<Vec<Option<Session>>>> = Arc::default();
    let note = Arc::clone(&seen);
    let handler = move |connection: Arc<Connection>, _: Request<Incoming>| {
        note.lock().push(connection.tls().cloned());
        ready(Response::new(Body::full("hello")))
    };
    let (server, _) = site.serve(handler, limits());
    let table: [(_, _, &[&str], Option<&str>); 4] = [
        (&version::TLS12, TlsVersion::V1_2, &[], None),
        (
            &version::TLS12,
            TlsVersion::V1_2,
            &["http/1.1"],
            Some("http/1.1"),
        ),
        (&version::TLS13, TlsVersion::V1_3, &[], None),
        (
            &version::TLS13,
            TlsVersion::V1_3,
            &["http/1.1"],
            Some("http/1.1"),
        ),
    ];
    for (version, want, offered, chosen) in table {
        let mut guest = Guest::with(&site.authority, ring::default_provider(), &[version], None);
        guest.config.alpn_protocols = offered
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        let mut client = guest.connect(&server).await;
        let (_, session) = client.0.get_ref().get_ref();
        assert_eq!(session.alpn_protocol(), chosen.map(str::as_bytes));
        greeted(&mut client).await;
        let session = seen.lock().pop().unwrap().unwrap();
        assert_eq!((session.version, session.client), (want, None));
    }
}

#[tokio::test]
async fn suites_and_groups_are_those_of_the_contract() {
    let table = [
        ("AES_256_GCM", "secp256r1", true, true),
        ("AES_128_GCM", "secp384r1", true, true),
        ("CHACHA20", "secp256r1", true, false),
        ("AES_256_GCM", "X25519", true, false),
    ];
    for fips in [false, true] {
        let mut site = Site::new(None);
        if fips {
            site.options.algorithms = Algorithms::Fips;
        }
        let (server, _) = site.serve(hello(), limits());
        for version in [&version::TLS12, &version::TLS13] {
            for (suites, group, all, under_fips) in table {
                let provider = only(suites, group);
                let guest = Guest::with(&site.authority, provider, &[version], None);
                let works = guest.try_connect(&server).await.is_ok();
                let want = if fips { under_fips } else { all };
                assert_eq!(works, want, "{version:?} {suites} {group} {fips}");
            }
        }
    }
}

#[tokio::test]
async fn bodies_arrive_whole_and_ranges_begin_anywhere() {
    let folder = Folder::new();
    let site = Site::new(None);
    let (server, _) = site.serve(folder.handler(), limits());
    for version in [&version::TLS12, &version::TLS13] {
        let guest = Guest::with(&site.authority, ring::default_provider(), &[version], None);
        let mut client = guest.connect(&server).await;
        for size in [0, 1, 64 << 10, (64 << 10) + 1, (256 << 10) + 1, 30_000_001] {
            folder.create("file", size);
            client.request(Method::GET, "/file", "").await;
            assert_eq!(client.head().await.len, size);
            client.expect(&folder.path("file"), 0, size).await;
        }
        for (first, last) in [(0, 0), (4095, 4096 + 70_000), (99_999, 29_999_999)] {
            let range = format!("range: bytes={first}-{last}\r\n");
            client.request(Method::GET, "/file", &range).await;
            let len = last + 1 - first;
            assert_eq!(client.head().await.len, len);
            client.expect(&folder.path("file"), first, len).await;
        }
    }
    server.drain().await;
    assert!(folder.is_released());
    assert_eq!(folder.sent_by_kernel(), 0);
}

#[tokio::test]
async fn http2_is_chosen_by_name_and_carries_the_same_bytes() {
    let folder = Folder::new();
    folder.create("file", 5_000_003);
    let site = Site::new(None);
    let (server, _) = site.serve(folder.handler(), limits());
    let mut guest = site.guest();
    guest.config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = guest.try_connect(&server).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let io = TokioIo::new(stream);
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), io);
    let (mut sender, connection) = handshake.await.unwrap();
    let running = tokio::spawn(connection);
    let mut answers = Vec::new();
    for (first, last) in [(0, 5_000_002), (77, 4_000_000)] {
        let request = Request::get("https://localhost/file")
            .header("range", format!("bytes={first}-{last}"))
            .body(http_body_util::Empty::<Bytes>::new());
        answers.push((first, last, sender.send_request(request.unwrap())));
    }
    for (first, last, answer) in answers {
        let bytes = answer.await.unwrap().into_body().collect().await.unwrap();
        let mut want = vec![0; last + 1 - first];
        let file = std::fs::File::open(folder.path("file")).unwrap();
        let at = u64::try_from(first).unwrap();
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut want, at).unwrap();
        assert!(bytes.to_bytes() == want);
    }
    drop(sender);
    running.await.unwrap().unwrap();
    server.drain().await;
    assert!(folder.is_released());
}

#[tokio::test]
async fn uploads_arrive_whole_and_several_requests_share_a_connection() {
    let site = Site::new(None);
    let echo = |_: Arc<Connection>, request: Request<Incoming>| async move {
        let bytes = request.into_body().collect().await.unwrap().to_bytes();
        let sum: u64 = bytes
            .iter()
            .zip(1_u64..)
            .map(|(byte, at)| u64::from(*byte) * (at % 97))
            .sum();
        Response::new(Body::full(format!("{} {sum}", bytes.len())))
    };
    let (server, _) = site.serve(echo, limits());
    for version in [&version::TLS12, &version::TLS13] {
        let guest = Guest::with(&site.authority, ring::default_provider(), &[version], None);
        let mut client = guest.connect(&server).await;
        for size in [0, 1, 16 << 10, 10_000_019] {
            let bytes: Vec<u8> = (0_u32..size)
                .map(|at| at.to_le_bytes()[0] ^ at.to_le_bytes()[2])
                .collect();
            let sum: u64 = bytes
                .iter()
                .zip(1_u64..)
                .map(|(byte, at)| u64::from(*byte) * (at % 97))
                .sum();
            client
                .request(Method::PUT, "/", &format!("content-length: {size}\r\n"))
                .await;
            client.send(&bytes).await;
            client.0.get_mut().flush().await.unwrap();
            let len = usize::try_from(client.head().await.len).unwrap();
            let mut text = vec![0; len];
            client.0.read_exact(&mut text).await.unwrap();
            assert_eq!(String::from_utf8(text).unwrap(), format!("{size} {sum}"));
        }
    }
}

/// Yields the certificate that new connections see.
async fn shown(guest: &Guest, server: &Running) -> Vec<u8> {
    let client = guest.connect(server).await;
    let (_, session) = client.0.get_ref().get_ref();
    session.peer_certificates().unwrap()[0].to_vec()
}

async fn until_shown(guest: &Guest, server: &Running, pair: &Pair) {
    let wait = async {
        while shown(guest, server).await != pair.der().as_ref() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
}

/// Lays certificate and key out as Kubernetes does, and swaps them if they are there.
fn swap(site: &Site, version: &str, pair: &Pair) {
    let dir = site.dir.path();
    std::fs::create_dir(dir.join(version)).unwrap();
    put(dir.join(version).join("cert"), &pair.cert);
    put(dir.join(version).join("key"), &pair.key);
    symlink(version, dir.join("..new")).unwrap();
    rename(dir.join("..new"), dir.join("..data")).unwrap();
}

#[tokio::test]
async fn certificate_and_key_are_replaced_in_every_way_and_connections_go_on() {
    let site = Site::new(None);
    let (server, tls) = site.serve(hello(), limits());
    let following = tokio::spawn(tls.follow());
    let guest = site.guest();
    let mut early = guest.connect(&server).await;
    greeted(&mut early).await;

    let written = site.authority.sign("written", 2100);
    site.lay(&written);
    until_shown(&guest, &server, &written).await;

    let renamed = site.authority.sign("renamed", 2100);
    for (path, text) in [
        (&site.options.cert, &renamed.cert),
        (&site.options.key, &renamed.key),
    ] {
        put(path.with_extension("new"), text);
        rename(path.with_extension("new"), path).unwrap();
    }
    until_shown(&guest, &server, &renamed).await;

    let linked = site.authority.sign("linked", 2100);
    swap(&site, "v1", &linked);
    for name in ["cert", "key"] {
        symlink(format!("..data/{name}"), site.dir.path().join("link")).unwrap();
        rename(site.dir.path().join("link"), site.dir.path().join(name)).unwrap();
    }
    until_shown(&guest, &server, &linked).await;
    let swapped = site.authority.sign("swapped", 2100);
    swap(&site, "v2", &swapped);
    until_shown(&guest, &server, &swapped).await;

    greeted(&mut early).await;
    following.abort();
}

#[tokio::test]
async fn what_cannot_be_used_changes_nothing_and_says_why() {
    let site = Site::new(Some("ca"));
    let (server, tls) = site.serve(hello(), limits());
    let guest = site.guest();
    let before = shown(&guest, &server).await;
    let (one, other) = (
        site.authority.sign("one", 2100),
        site.authority.sign("other", 2100),
    );
    let ca = site.authority.pem();
    let [cert, key, signer] = ["cert", "key", "ca"].map(|name| site.dir.path().join(name));
    let texts = |tls: &Replacing| tls.reload().unwrap_err().to_string();
    let (of_cert, of_key, of_ca) = (cert.display(), key.display(), signer.display());
    let pair = format!("certificate {of_cert} and key {of_key} cannot be used");
    let table = [
        (one.cert.as_str(), other.key.as_str(), ca.as_str(), pair),
        ("", &one.key, &ca, format!("{of_cert} holds no certificate")),
        (
            &one.key,
            &one.key,
            &ca,
            format!("{of_cert} holds no certificate"),
        ),
        (
            &one.cert,
            &one.cert,
            &ca,
            format!("{of_key} holds no private key"),
        ),
        (
            one.cert.get(..200).unwrap(),
            &one.key,
            &ca,
            format!("{of_cert} is not valid PEM"),
        ),
        (
            &one.cert,
            &one.key,
            "",
            format!("{of_ca} holds no certificate"),
        ),
    ];
    for (cert_text, key_text, ca_text, want) in table {
        for (path, text) in [(&cert, cert_text), (&key, key_text), (&signer, ca_text)] {
            put(path, text);
        }
        assert_eq!(texts(&tls), want);
        assert_eq!(shown(&guest, &server).await, before);
    }
    std::fs::remove_file(&cert).unwrap();
    assert_eq!(texts(&tls), format!("reading {of_cert}"));
    assert!(Tls::open(&site.options).is_err());
    site.lay(&one);
    put(&signer, &ca);
    tls.reload().unwrap();
    assert_eq!(shown(&guest, &server).await, one.der().as_ref());
}

/// Sends a request, since only with it does a client of TLS 1.3 see that its certificate is refused.
async fn works(guest: &Guest, server: &Running) -> bool {
    let Ok(mut stream) = guest.try_connect(server).await else {
        return false;
    };
    let sent = stream
        .write_all(b"GET / HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n")
        .await;
    let mut text = Vec::new();
    sent.is_ok() && stream.read_to_end(&mut text).await.is_ok() && text.ends_with(b"hello")
}

#[tokio::test]
async fn certificates_of_clients_are_verified_if_given_by_signers_that_may_change() {
    let site = Site::new(Some("ca"));
    let seen: Arc<Mutex<Vec<Session>>> = Arc::default();
    let note = Arc::clone(&seen);
    let handler = move |connection: Arc<Connection>, _: Request<Incoming>| {
        note.lock().push(connection.tls().unwrap().clone());
        ready(Response::new(Body::full("hello")))
    };
    let (server, tls) = site.serve(handler, limits());
    let stranger = Authority::new();
    let good = site.authority.sign("alice", 2100);
    let (old, foreign) = (
        site.authority.sign("alice", 2001),
        stranger.sign("alice", 2100),
    );
    for version in [&version::TLS12, &version::TLS13] {
        let come = |pair| Guest::with(&site.authority, ring::default_provider(), &[version], pair);
        for (pair, want) in [
            (None, true),
            (Some(&good), true),
            (Some(&old), false),
            (Some(&foreign), false),
        ] {
            assert_eq!(works(&come(pair), &server).await, want);
            let client = seen.lock().pop();
            assert_eq!(client.is_some(), want);
            let der = pair.filter(|_| want).map(|pair| pair.der().to_vec());
            let client = client.and_then(|session| session.client);
            assert_eq!(client.as_deref(), der.as_deref());
        }
    }
    // A signer that is replaced takes its clients with it, those that come back too.
    let guest = |pair| {
        Guest::with(
            &site.authority,
            ring::default_provider(),
            &[&version::TLS13],
            Some(pair),
        )
    };
    let alice = guest(&good);
    assert!(works(&alice, &server).await);
    let following = tokio::spawn(tls.follow());
    put(site.options.ca.as_ref().unwrap(), &stranger.pem());
    let wait = async { while works(&alice, &server).await {} };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
    assert!(works(&guest(&foreign), &server).await);
    following.abort();
}

#[tokio::test]
async fn clients_come_back_cheaply_unless_they_have_certificates() {
    for (ca, want) in [
        (None, HandshakeKind::Resumed),
        (Some("ca"), HandshakeKind::Full),
    ] {
        let site = Site::new(ca);
        let (server, _) = site.serve(hello(), limits());
        for version in [&version::TLS12, &version::TLS13] {
            let pair = site.authority.sign("alice", 2100);
            let guest = Guest::with(
                &site.authority,
                ring::default_provider(),
                &[version],
                Some(&pair),
            );
            greeted(&mut guest.connect(&server).await).await;
            let mut again = guest.connect(&server).await;
            greeted(&mut again).await;
            let (_, session) = again.0.get_ref().get_ref();
            assert_eq!(session.handshake_kind(), Some(want), "{version:?}");
        }
    }
}

#[tokio::test]
async fn who_speaks_no_tls_is_told_or_dropped_and_holds_up_nobody() {
    let site = Site::new(None);
    let mut limits = limits();
    limits.patience.header = SHORT;
    let (server, _) = site.serve(hello(), limits);
    let mut plain = server.connect().await;
    plain.request(Method::GET, "/v2/", "").await;
    let mut shut = server.connect().await;
    shut.send([0x16, 3, 1]).await;
    let rest = plain.rest().await;
    assert!(rest.starts_with("HTTP/1.0 400 Bad Request\r\n"), "{rest}");
    assert!(rest.ends_with("\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"));
    let mut noise = server.connect().await;
    noise.send([0xff; 300]).await;
    // An alert, which is a record of type 21.
    let mut alert = [0; 1];
    noise.0.read_exact(&mut alert).await.unwrap();
    assert_eq!(alert, [21]);
    greeted(&mut site.guest().connect(&server).await).await;
    assert_eq!(shut.rest().await, "");
    assert_eq!(server.connect().await.rest().await, "");
}

#[tokio::test]
async fn times_hold_as_without_tls() {
    let site = Site::new(None);
    let folder = Folder::new();
    folder.create("file", 100_000_000);
    let mut limits = limits();
    limits.patience.header = SHORT;
    limits.patience.idle = SHORT;
    limits.patience.stalled = SHORT;
    limits.drain = PATIENCE * 2;
    let (server, _) = site.serve(folder.handler(), limits);
    let guest = site.guest();
    let mut slow = guest.connect(&server).await;
    slow.send("GET / HT").await;
    assert!(slow.rest().await.starts_with("HTTP/1.1 408 "));
    let mut silent = guest.connect(&server).await;
    assert_eq!(silent.rest().await, "");
    let mut stalled = guest.connect(&server).await;
    stalled.request(Method::GET, "/file", "").await;
    stalled.head().await;
    server.drain().await;
    assert!(folder.is_released());
}

#[tokio::test]
async fn draining_finishes_answers_and_says_goodbye() {
    let site = Site::new(None);
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
    let (server, _) = site.serve(handler, limits());
    let guest = site.guest();
    let mut idle = guest.connect(&server).await;
    greeted(&mut idle).await;
    let mut halfway = server.connect().await;
    let mut busy = guest.connect(&server).await;
    busy.request(Method::GET, "/wait", "").await;
    begun.notified().await;
    server.shutdown.drain();
    // The client's side of TLS makes an error of an end without goodbye.
    assert_eq!(idle.rest().await, "");
    assert_eq!(halfway.rest().await, "");
    go.notify_one();
    assert!(busy.rest().await.ends_with("hello"));
    server.ended().await;
}

#[tokio::test]
async fn certificates_of_version_1_are_verified_too() {
    let site = Site::new(Some("ca"));
    let (server, _) = site.serve(hello(), limits());
    let stranger = Authority::new();
    let good = ("200101000000Z", "491231235959Z");
    let table = [
        ("signed", site.authority.sign_old("alice", good), true),
        ("by a namesake", stranger.sign_old("alice", good), false),
        (
            "over",
            site.authority
                .sign_old("alice", ("200101000000Z", "210101000000Z")),
            false,
        ),
        (
            "not yet",
            site.authority
                .sign_old("alice", ("490101000000Z", "491231235959Z")),
            false,
        ),
    ];
    for version in [&version::TLS12, &version::TLS13] {
        for (what, pair, want) in &table {
            let provider = ring::default_provider();
            let guest = Guest::with(&site.authority, provider, &[version], Some(pair));
            assert_eq!(works(&guest, &server).await, *want, "{what} {version:?}");
        }
        // With the certificate of one and the key of another nobody comes in.
        let stolen = Pair {
            cert: table[0].1.cert.clone(),
            key: site.authority.sign("mallory", 2100).key,
        };
        let guest = Guest::with(
            &site.authority,
            ring::default_provider(),
            &[version],
            Some(&stolen),
        );
        assert!(!works(&guest, &server).await);
    }
    let (mine, other) = (&table[0].1, &table[1].1);
    site.lay(mine);
    assert!(Tls::open(&site.options).is_ok());
    put(&site.options.key, &other.key);
    assert!(matches!(
        Tls::open(&site.options),
        Err(TlsError::Pair { .. })
    ));
}
