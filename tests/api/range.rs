//! Parts of blobs.
//!
//! Spec: RFC 9110, section 14; distribution 1.1, Pulling blobs.

use testkit::http::{Request, Response};
use testkit::image::noise;
use testkit::server::{Server, Setup};

use crate::table::{Row, Scene, row};

const GET: &str = "GET /v2/r/blobs/{b}";

fn ranged(range: &str, status: u16) -> Row {
    row(GET, status).with("Range", range)
}

#[test]
fn one_range() {
    for setup in [Setup::default(), Setup::on_disk()] {
        let mut scene = Scene::of(setup);
        scene.push_blob("b", "r", b"0123456789");
        let part = |range: &str, found: &str, body: &str| {
            ranged(range, 206)
                .has("Content-Range", &format!("bytes {found}/10"))
                .has("Content-Length", &body.len().to_string())
                .has("Content-Type", "{bytes}")
                .has("Docker-Content-Digest", "{b}")
                .has("Accept-Ranges", "bytes")
                .body(body)
        };
        scene.run([
            part("bytes=0-0", "0-0", "0"),
            part("bytes=2-4", "2-4", "234"),
            part("bytes=9-9", "9-9", "9"),
            part("bytes=0-9", "0-9", "0123456789"),
            part("bytes=0-", "0-9", "0123456789"),
            part("bytes=7-", "7-9", "789"),
            part("bytes=-3", "7-9", "789"),
            part("bytes=-10", "0-9", "0123456789"),
            part("bytes=-100", "0-9", "0123456789"),
            part("bytes=5-100", "5-9", "56789"),
            part("bytes=5-18446744073709551615", "5-9", "56789"),
            part("bytes=5-18446744073709551616", "5-9", "56789"),
            part("bytes=-18446744073709551615", "0-9", "0123456789"),
            // several that touch are one
            part("bytes=0-2,3-5", "0-5", "012345"),
            part("bytes=3-5,0-3", "0-5", "012345"),
            part("bytes=0-5,2-3", "0-5", "012345"),
            part(" bytes=1-2", "1-2", "12"),
        ]);
    }
}

#[test]
fn ranges_that_cannot_be_had() {
    let mut scene = Scene::new();
    scene.push_blob("b", "r", b"0123456789");
    scene.push_blob("e", "r", b"");
    let many = vec!["0-0"; 17].join(",");
    let bad = [
        "bytes=10-",
        "bytes=10-20",
        "bytes=100-",
        "bytes=4-2",
        "bytes=-0",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=1",
        "bytes=1-2-3",
        "bytes=1-2,x",
        "bytes=0-1,20-30",
        "bytes=0-1,,2-3",
        "bytes=-1-2",
        "bytes=+1-2",
        "bytes=0x1-2",
        "bytes=1 -2",
        "bytes=18446744073709551616-",
        "bytes 0-1",
        "octets=0-1",
        "items=0-1",
        "0-1",
        "",
        &format!("bytes={many}"),
        &format!("bytes={}-", "9".repeat(4000)),
    ];
    for range in bad {
        scene.run([ranged(range, 416)
            .bare()
            .has("Content-Range", "bytes */10")
            .body("")]);
    }
    scene.run([
        row("GET /v2/r/blobs/{e}", 416)
            .with("Range", "bytes=0-0")
            .bare()
            .has("Content-Range", "bytes */0"),
        // first it must be there
        row("GET /v2/r/blobs/{nothing}", 404)
            .with("Range", "nonsense")
            .code("BLOB_UNKNOWN"),
        row("GET /v2/none/blobs/{b}", 404)
            .with("Range", "bytes=0-0")
            .code("BLOB_UNKNOWN"),
        // HEAD has no parts
        row("HEAD /v2/r/blobs/{b}", 200)
            .with("Range", "bytes=0-1")
            .has("Content-Length", "10"),
    ]);
}

#[test]
fn ranges_of_what_the_client_knows() {
    let mut scene = Scene::new();
    scene.push_blob("b", "r", b"0123456789");
    scene.run([
        ranged("bytes=0-1", 206)
            .with("If-Range", "\"{b}\"")
            .body("01"),
        ranged("bytes=0-1", 200)
            .with("If-Range", "\"x\"")
            .body("0123456789"),
        ranged("bytes=0-1", 200)
            .with("If-Range", "Wed, 25 Nov 2026 00:00:00 GMT")
            .body("0123456789"),
        ranged("bytes=90-91", 200)
            .with("If-Range", "\"x\"")
            .body("0123456789"),
    ]);
}

#[test]
fn several_ranges() {
    let mut scene = Scene::new();
    scene.push_blob("b", "r", b"0123456789");
    let path = scene.fill("/v2/r/blobs/{b}");
    let ask = |range: &str| {
        scene
            .server
            .send(&Request::get(&path).header("Range", range))
    };
    let table: [(&str, &[(&str, &str)]); 4] = [
        ("bytes=0-1,5-9", &[("0-1", "01"), ("5-9", "56789")]),
        ("bytes=-1, 0-0", &[("0-0", "0"), ("9-9", "9")]),
        (
            "bytes=8-,0-1,3-3,1-1",
            &[("0-1", "01"), ("3-3", "3"), ("8-9", "89")],
        ),
        (
            "bytes=0-0,2-2,4-4,6-6",
            &[("0-0", "0"), ("2-2", "2"), ("4-4", "4"), ("6-6", "6")],
        ),
    ];
    for (range, parts) in table {
        let answer = ask(range);
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.header("content-range"), None, "{range}");
        assert_eq!(answer.text(), multipart(&answer, parts), "{range}");
    }
}

fn multipart(answer: &Response, parts: &[(&str, &str)]) -> String {
    let kind = answer.header("content-type").unwrap();
    let boundary = kind
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let parts = parts.iter().map(|(range, body)| {
        format!(
            "--{boundary}\r\nContent-Range: bytes {range}/10\r\nContent-Type: application/octet-stream\r\n\r\n{body}"
        )
    });
    let text = parts.collect::<Vec<_>>().join("\r\n");
    format!("{text}\r\n--{boundary}--\r\n")
}

/// Files that the kernel sends, parts of them, and parts between boundaries.
#[test]
fn ranges_of_large_blobs() {
    let server = Server::start(Setup::on_disk());
    let data = noise(1, 3_000_000);
    let digest = oci::Digest::sha256(&data);
    let content = bytes::Bytes::from(data.clone());
    server.remote().push_blob("r", &digest, &content).unwrap();
    let path = format!("/v2/r/blobs/{digest}");
    let mut connection = testkit::http::Connection::open(server.address()).unwrap();
    let ends = [0, 1, 65_535, 65_536, 262_144, 1_048_577, 2_999_999];
    for first in ends {
        for last in ends.into_iter().filter(|last| *last >= first) {
            let range = format!("bytes={first}-{last}");
            let request = Request::get(&path).header("Range", &range);
            let answer = connection.send(&request).unwrap();
            assert_eq!(answer.status, 206, "{range}");
            assert!(answer.body == data[first..=last], "{range}");
        }
    }
    let several = Request::get(&path).header("Range", "bytes=10-1000009,2000000-2999999");
    let answer = connection.send(&several).unwrap();
    assert_eq!(answer.status, 206);
    for part in [&data[10..1_000_010], &data[2_000_000..]] {
        assert!(answer.body.windows(part.len()).any(|window| window == part));
    }
    // the connection is still in step
    let whole = connection.send(&Request::get(&path)).unwrap();
    assert!(whole.body == data);
}
