//! Pulls, and what counts how much is given out.

use oci::{Algorithm, Digest};
use registry::Dedupe;
use testkit::http::{Connection, Request};
use testkit::image::Image;
use testkit::server::{Server, Setup};

use crate::table::{Row, Scene, row};

#[test]
fn case_b01_pinned_workloads_keep_their_manifest() {
    let server = Server::start(Setup::on_disk());
    let (old, new) = (Image::sample(1), Image::sample(2));
    server.remote().push("repo", "t", &old).unwrap();
    server.remote().push("repo", "t", &new).unwrap();
    server.remote().verify("repo", &old).unwrap();
    assert_eq!(server.remote().digest_of("repo", "t").unwrap(), new.digest);
}

/// Also fix 39: what is only counted never decides an answer.
#[test]
fn case_b35_n39_a_pull_needs_no_statistics() {
    let mut server = Server::start(Setup::on_disk());
    let image = Image::sample(1);
    server.remote().push("repo", "t", &image).unwrap();
    server.stop();
    std::fs::remove_dir_all(server.root().join("_holdfast")).unwrap();
    server.restart();
    server.remote().verify("repo", &image).unwrap();
    assert_eq!(
        server.remote().digest_of("repo", "t").unwrap(),
        image.digest
    );
}

/// Asks over HTTP/2 and yields status, length and what was sent.
async fn ask_http2(server: &Server, method: &str, target: &str) -> (u16, Option<String>, usize) {
    let stream = tokio::net::TcpStream::connect(server.address())
        .await
        .unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    let driver = tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let request = http::Request::builder()
        .method(method)
        .uri(format!("http://{}{target}", server.address()))
        .header("accept-encoding", "gzip, br, zstd")
        .body(())
        .unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    let (head, mut body) = answer.await.unwrap().into_parts();
    assert!(!head.headers.contains_key("content-encoding"), "{target}");
    let mut size = 0;
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        size += data.len();
    }
    driver.abort();
    let length = head.headers.get("content-length");
    let length = length.map(|length| length.to_str().unwrap().to_owned());
    (head.status.as_u16(), length, size)
}

#[tokio::test(flavor = "multi_thread")]
async fn case_b62_every_answer_says_its_length() {
    let server = Server::start(Setup::on_disk());
    let layer = testkit::image::Layer::noise(1, 500_000);
    let image = Image::builder().layer(&layer).build();
    server.remote().push("r", "t", &image).unwrap();
    let mut table = vec![("/v2/r/manifests/t".to_owned(), image.manifest.len())];
    for (digest, data) in &image.blobs {
        table.push((format!("/v2/r/blobs/{digest}"), data.len()));
    }
    for (target, size) in table {
        let length = size.to_string();
        for method in ["GET", "HEAD"] {
            for coding in [
                None,
                Some("gzip"),
                Some("gzip, deflate, br;q=1.0, *;q=0.5"),
                Some("identity;q=0"),
            ] {
                let mut request = Request::new(method, &target);
                if let Some(coding) = coding {
                    request = request.header("Accept-Encoding", coding);
                }
                let answer = server.send(&request);
                assert_eq!(answer.status, 200, "{target}");
                assert_eq!(
                    answer.header("content-length"),
                    Some(length.as_str()),
                    "{target}"
                );
                assert_eq!(answer.header("content-encoding"), None, "{target}");
            }
            let sent = if method == "GET" { size } else { 0 };
            let found = ask_http2(&server, method, &target).await;
            assert_eq!(
                found,
                (200, Some(length.clone()), sent),
                "{method} {target}"
            );
        }
    }
}

#[test]
fn case_b63_accept_changes_nothing() {
    let mut scene = Scene::new();
    let image = Image::sample(1);
    scene.push("m", ("r", "m"), &image);
    scene.push("x", ("r", "x"), &Image::index().child(&image).build());
    let accepts: [&[&str]; 9] = [
        &[],
        &[""],
        &["*/*"],
        &["{image}"],
        &["{index}"],
        &["{docker}"],
        &[
            "{docker}, {dockers}, {image}, {index}, application/vnd.docker.distribution.manifest.v1+prettyjws",
        ],
        &["{docker}", "{dockers}", "{index}", "*/*"],
        &["text/html;q=1, */*;q=0"],
    ];
    let with =
        |row: Row, lines: &[&str]| lines.iter().fold(row, |row, line| row.with("Accept", line));
    for lines in accepts {
        for (name, kind) in [("m", "{image}"), ("x", "{index}")] {
            for method in ["GET", "HEAD"] {
                let body = if method == "GET" {
                    format!("{{{name}.text}}")
                } else {
                    String::new()
                };
                let line = format!("{method} /v2/r/manifests/{name}");
                scene.run([with(row(line, 200), lines)
                    .has("Docker-Content-Digest", &format!("{{{name}}}"))
                    .has("Content-Type", kind)
                    .body(&body)]);
            }
        }
    }
}

#[test]
fn case_a16_counts_are_bounded_in_every_list() {
    let mut scene = Scene::new();
    scene.push("m", ("r", "t"), &Image::sample(1));
    let referrer = Image::artifact("x/y").subject(&Image::sample(1)).build();
    scene.push("s", ("r", "s"), &referrer);
    for n in [
        "2147483647",
        "1000000000",
        "18446744073709551615",
        "99999999999999999999",
    ] {
        let list = |path: &str| row(format!("GET {path}?n={n}"), 200).lacks("Link");
        scene.run([
            list("/v2/_catalog").json("/repositories/0", "r"),
            list("/v2/r/tags/list").json("/tags/0", "s"),
            list("/v2/r/referrers/{m}").json("/manifests/0/digest", "{s}"),
        ]);
    }
    for n in ["-1", "abc", "1e9", "0x7fffffff", "1.0"] {
        let odd = |path: &str| row(format!("GET {path}?n={n}"), 400).code("UNSUPPORTED");
        scene.run([
            row(format!("GET /v2/_catalog?n={n}"), 200).lacks("Link"),
            odd("/v2/r/tags/list"),
            odd("/v2/r/referrers/{m}"),
        ]);
    }
}

/// Also what another repository holds, with dedupe on and off, and after a restart.
#[test]
fn case_a18_b03_a_deleted_blob_stays_away() {
    for dedupe in [Dedupe::On, Dedupe::Off] {
        let mut scene = Scene::of(Setup {
            dedupe,
            ..Setup::on_disk()
        });
        scene.push_blob("b", "a", b"0123456789");
        scene.push_blob("b", "b", b"0123456789");
        let gone = || {
            [
                row("GET /v2/a/blobs/{b}", 404).code("BLOB_UNKNOWN"),
                row("GET /v2/b/blobs/{b}", 200).body("0123456789"),
                row("GET /v2/a/blobs/{b}", 404)
                    .with("Range", "bytes=0-")
                    .code("BLOB_UNKNOWN"),
                row("HEAD /v2/a/blobs/{b}", 404),
                row("GET /v2/a/blobs/{b}", 404).code("BLOB_UNKNOWN"),
            ]
        };
        scene.run([row("DELETE /v2/a/blobs/{b}", 202)]);
        scene.run(gone());
        scene.server.restart();
        scene.run(gone());
    }
}

#[test]
fn case_b99_a_manifest_is_deleted_in_one_repository() {
    let mut scene = Scene::of(Setup::on_disk());
    for repo in ["a", "b"] {
        scene.push("m", (repo, "t"), &Image::sample(1));
    }
    scene.run([
        row("DELETE /v2/a/manifests/{m}", 202),
        row("HEAD /v2/a/manifests/{m}", 404),
        row("HEAD /v2/a/manifests/t", 404),
        row("GET /v2/b/manifests/{m}", 200).body("{m.text}"),
    ]);
    scene.server.restart();
    scene.run([
        row("HEAD /v2/a/manifests/{m}", 404),
        row("GET /v2/b/manifests/t", 200).body("{m.text}"),
    ]);
}

#[test]
fn case_n40_every_algorithm_in_one_index() {
    let mut scene = Scene::new();
    let config = b"{}";
    scene.push_blob("c", "r", config);
    let mut entries = Vec::new();
    for algorithm in Algorithm::ALL {
        let blob = Digest::of(algorithm, config);
        let post = format!("POST /v2/r/blobs/uploads/?digest={blob}");
        let text = format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"application/x","digest":"{blob}","size":2}},"layers":[]}}"#
        );
        let digest = Digest::of(algorithm, text.as_bytes());
        let path = format!("/v2/r/manifests/{digest}");
        scene.run([
            row(post, 201).text("{}"),
            row(format!("PUT {path}"), 201)
                .manifest("{image}", &text)
                .has("Docker-Content-Digest", &digest.to_string()),
            row(format!("GET {path}"), 200).body(&text),
        ]);
        entries.push(format!(
            r#"{{"mediaType":"{{image}}","digest":"{digest}","size":{}}}"#,
            text.len()
        ));
    }
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{}]}}"#,
        entries.join(",")
    );
    scene.run([
        row("PUT /v2/r/manifests/all", 201).manifest("{index}", &index),
        row("GET /v2/r/manifests/all", 200),
    ]);
}

#[test]
fn case_a47_proxies_are_not_believed() {
    let mut scene = Scene::new();
    let evil = |row: Row| {
        row.with("X-Forwarded-Host", "evil.example")
            .with("X-Forwarded-Proto", "https")
            .with("X-Forwarded-For", "10.0.0.1")
            .with("X-Real-IP", "10.0.0.1")
            .with("Forwarded", "host=evil.example;proto=https")
    };
    scene.run([
        evil(row("POST /v2/r/blobs/uploads/", 202)).keeps("Location", "at"),
        evil(row("GET //v2/", 301)).has("Location", "/v2/"),
    ]);
    assert!(scene.fill("{at}").starts_with("/v2/r/blobs/uploads/"));
    scene.server.stop();
    let log = scene.server.access_log();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(
            line["clientIP"].as_str().unwrap().starts_with("127.0.0.1:"),
            "{line}"
        );
    }
    assert_eq!(log.lines().count(), 2);
}

/// Fix 24: ranges with nothing there yet, and of nothing.
#[test]
fn case_n24_ranges_of_nothing() {
    let mut scene = Scene::new();
    scene.push_blob("e", "r", b"");
    scene.run([
        row("POST /v2/r/blobs/uploads/", 202)
            .has("Range", "0-0")
            .keeps("Location", "at"),
        row("PATCH {at}", 202).text("").has("Range", "0-0"),
        row("PATCH {at}", 416)
            .with("Content-Range", "0-0")
            .text("")
            .code("BLOB_UPLOAD_INVALID"),
        row("PATCH {at}", 202)
            .with("Content-Range", "0-0")
            .text("x")
            .has("Range", "0-0"),
        row("PATCH {at}", 202)
            .with("Content-Range", "1-1")
            .text("y")
            .has("Range", "0-1"),
        row("GET /v2/r/blobs/{e}", 416)
            .with("Range", "bytes=0-")
            .bare()
            .has("Content-Range", "bytes */0"),
    ]);
}

/// Fix 19: digests that look like tags, lists of unknown repositories, content of another digest.
#[test]
fn case_n19_digests_are_no_tags() {
    let mut scene = Scene::new();
    let image = r#"{"schemaVersion":2}"#;
    scene.run([
        row("PUT /v2/r/manifests/sha256:abc", 400)
            .manifest("{image}", image)
            .code("DIGEST_INVALID"),
        row("PUT /v2/r/manifests/sha512:abc", 400)
            .manifest("{image}", image)
            .code("DIGEST_INVALID"),
        row("GET /v2/r/tags/list", 404).code("NAME_UNKNOWN"),
        row("GET /v2/none/referrers/{nothing}", 200).absent("/manifests/0"),
        row("POST /v2/r/blobs/uploads/?digest={nothing}", 400)
            .text("x")
            .code("DIGEST_INVALID"),
        row("POST /v2/r/blobs/uploads/", 202).keeps("Location", "at"),
        row("PUT {at}?digest={nothing}", 400)
            .text("x")
            .code("DIGEST_INVALID"),
    ]);
}

/// Connections are used for many requests, refused ones among them.
#[test]
fn case_b63_one_connection_sees_one_truth() {
    let server = Server::in_memory();
    let image = Image::sample(1);
    server.remote().push("r", "t", &image).unwrap();
    let mut connection = Connection::open(server.address()).unwrap();
    for reference in ["t".to_owned(), image.digest.to_string()] {
        for method in ["HEAD", "GET"] {
            let request = Request::new(method, &format!("/v2/r/manifests/{reference}"));
            let answer = connection.send(&request).unwrap();
            let digest = image.digest.to_string();
            assert_eq!(
                answer.header("docker-content-digest"),
                Some(digest.as_str())
            );
        }
        let missing = connection
            .send(&Request::get("/v2/r/manifests/none"))
            .unwrap();
        assert_eq!(missing.status, 404);
    }
}
