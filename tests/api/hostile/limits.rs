//! Much of everything.

use testkit::http::{Connection, Request};
use testkit::server::Server;

use super::{alive, raw, statuses};

#[test]
fn long_queries_are_read_up_to_the_limit_of_a_head() {
    let server = Server::in_memory();
    let fine = format!("/v2/_catalog?{}", "a=b&".repeat(6_000));
    assert_eq!(server.send(&Request::get(&fine)).status, 200);
    let value = format!("/v2/_catalog?last={}", "z".repeat(24_000));
    assert_eq!(server.send(&Request::get(&value)).status, 200);
    for target in ["a=b&".repeat(20_000), "%41".repeat(100_000)] {
        let request = format!("GET /v2/_catalog?{target} HTTP/1.1\r\nHost: h\r\n\r\n");
        let found = statuses(&server, request.as_bytes(), "GET");
        assert!([[414], [431]].contains(&[found[0]]), "{found:?}");
    }
    alive(&server);
}

#[test]
fn parameters_beyond_any_use_are_not_looked_at() {
    let server = Server::in_memory();
    server.remote().start_upload("a").unwrap();
    let digest = oci::Digest::sha256(b"x");
    let types = "artifactType=x%2Fy&".repeat(1_000);
    let answer = server.send(&Request::get(&format!("/v2/a/referrers/{digest}?{types}")));
    assert_eq!(answer.status, 200);
    let tags = "tag=a&".repeat(4_000);
    let request = Request::new("PUT", &format!("/v2/a/manifests/{digest}?{tags}"))
        .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        .body("x");
    assert_eq!(server.send(&request).status, 414);
}

#[test]
fn heads_have_a_largest_size() {
    let server = Server::in_memory();
    let many = "X-Y: z\r\n".repeat(5_000);
    let long = format!("X: {}\r\n", "y".repeat(1 << 20));
    for fields in [many, long] {
        let request = format!("GET /v2/ HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        let found = statuses(&server, request.as_bytes(), "GET");
        assert_eq!(found, [431]);
    }
    // a hundred fields are no attack
    let some = "X-Y: z\r\n".repeat(90);
    let request = format!("GET /v2/ HTTP/1.1\r\nHost: h\r\n{some}\r\n");
    assert_eq!(statuses(&server, request.as_bytes(), "GET"), [200]);
    alive(&server);
}

#[test]
fn deep_documents_are_refused() {
    let server = Server::in_memory();
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = format!("{}1{}", open.repeat(500_000), close.repeat(500_000));
        let request = Request::new("PUT", "/v2/a/manifests/t")
            .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
            .body(text);
        let answer = server.send(&request);
        assert_eq!(answer.status, 400);
        assert!(answer.body.len() < 4096, "{} bytes", answer.body.len());
    }
    alive(&server);
}

#[test]
fn errors_do_not_repeat_all_that_they_were_sent() {
    let server = Server::in_memory();
    let key = "k".repeat(1_000_000);
    let digests: Vec<_> = (0_u32..10_000)
        .map(|n| {
            format!(
                r#"{{"mediaType":"a/b","digest":"{}","size":1}}"#,
                oci::Digest::sha256(&n.to_le_bytes())
            )
        })
        .collect();
    let layers = digests.join(",");
    for text in [
        format!(r#"{{"{key}":1,"{key}":2}}"#),
        format!(r#"{{"schemaVersion":2,"mediaType":"{key}"}}"#),
        format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"{key}","digest":"{key}","size":1}},"layers":[]}}"#
        ),
        format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"a/b","digest":"{}","size":1}},"layers":[{layers}]}}"#,
            oci::Digest::sha256(b"")
        ),
    ] {
        let request = Request::new("PUT", "/v2/a/manifests/t")
            .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
            .body(text);
        let answer = server.send(&request);
        assert!([400, 404].contains(&answer.status), "{}", answer.status);
        assert!(answer.body.len() < 16_384, "{} bytes", answer.body.len());
    }
}

#[test]
fn connections_that_say_nothing_or_nonsense_are_survived() {
    let server = Server::in_memory();
    let silent: Vec<_> = (0..100)
        .map(|_| Connection::open(server.address()).unwrap())
        .collect();
    for nonsense in [
        &b"\0\0\0\0\0\0\0\0"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\r\n\r\n\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense that is no frame at all",
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        b"\xff",
    ] {
        let found = raw(&server, nonsense, "GET");
        assert!(found.iter().all(|answer| answer.status >= 400));
        alive(&server);
    }
    drop(silent);
    alive(&server);
}
