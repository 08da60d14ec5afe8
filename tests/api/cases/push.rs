//! Pushes.

use std::thread;

use bytes::Bytes;
use oci::Digest;
use server::Settings;
use server::incoming::BodyLimits;
use testkit::http::{Connection, Request};
use testkit::image::{Image, noise};
use testkit::server::{Server, Setup};

use crate::table::{Scene, row};

const CONFIG: &str = r#"{"mediaType":"{config}","digest":"{c}","size":2}"#;
const LAYER: &str = r#"{"mediaType":"{tar}","digest":"{l}","size":5}"#;

fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.push_blob("c", "r", b"{}");
    scene.push_blob("l", "r", b"layer");
    scene
}

/// The log's part of the case is a test of `server`, and uploads that live are in `e2e`.
#[test]
fn case_b12_an_upload_that_stalls_is_answered_and_can_go_on() {
    let mut scene = Scene::of(Setup {
        settings: Settings {
            body: BodyLimits {
                idle: Some(std::time::Duration::from_millis(200)),
                total: None,
            },
            ..Settings::default()
        },
        ..Setup::default()
    });
    let location = scene.server.remote().start_upload("r").unwrap();
    let request = Request::new("PATCH", &location).header("Content-Length", "10");
    let mut connection = Connection::open(scene.server.address()).unwrap();
    connection.start(&request).unwrap();
    connection.write(b"01234").unwrap();
    let answer = connection.answer("PATCH").unwrap();
    assert_eq!(
        (answer.status, answer.error_code().as_deref()),
        (408, Some("UNAVAILABLE"))
    );
    assert!(connection.is_closed().unwrap());
    scene.name("at", &location);
    scene.name_content("b", b"0123456789");
    scene.run([
        row("GET {at}", 204).has("Range", "0-4"),
        row("PUT {at}?digest={b}", 201).text("56789"),
    ]);
}

#[test]
fn case_b58_b67_a_refused_mount_is_a_clean_upload() {
    let mut scene = Scene::new();
    scene.name_content("b", b"0123456789");
    for query in [
        "mount={nothing}&from=other",
        "from=other&mount={nothing}",
        "from=no/such/repo&mount={nothing}&origin=other.example",
        "mount={nothing}&from=other&unknown=parameter",
    ] {
        scene.run([
            row(format!("POST /v2/r/blobs/uploads/?{query}"), 202).keeps("Location", "at"),
            // as clients do it: the location verbatim, and the digest behind it
            row("PUT {at}?digest={b}", 201)
                .text("0123456789")
                .has("Location", "/v2/r/blobs/{b}"),
            row("DELETE /v2/r/blobs/{b}", 202),
        ]);
        assert!(!scene.fill("{at}").contains(['?', '&', '=']));
    }
}

#[test]
fn case_b68_old_manifests_are_refused_with_a_reason() {
    let mut scene = scene();
    let old = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let body = r#"{"schemaVersion":1,"name":"r","tag":"t","architecture":"amd64","fsLayers":[],"history":[],"signatures":[]}"#;
    let four = [LAYER; 4].join(",");
    let image = format!(r#"{{"schemaVersion":2,"config":{CONFIG},"layers":[{four}]}}"#);
    scene.run([
        row("PUT /v2/r/manifests/t", 415)
            .manifest(old, body)
            .code("MANIFEST_INVALID")
            .holds("mediaType"),
        row("PUT /v2/r/manifests/t", 415)
            .manifest(&old.replace("prettyjws", "json"), body)
            .code("MANIFEST_INVALID"),
        row("PUT /v2/r/manifests/t", 400)
            .manifest("{image}", body)
            .code("MANIFEST_INVALID")
            .holds("schema 1"),
        row("PUT /v2/r/manifests/t", 201).manifest("{image}", &image),
        row("GET /v2/r/manifests/t", 200).body(&image),
    ]);
}

#[test]
fn case_b71_large_manifests_are_taken_and_larger_ones_refused() {
    let mut scene = scene();
    let sized = |size: usize| {
        let filler = "a".repeat(size);
        format!(
            r#"{{"schemaVersion":2,"config":{CONFIG},"layers":[{LAYER}],"annotations":{{"a":"{filler}"}}}}"#
        )
    };
    for (kilobytes, status) in [(1024, 201), (3993, 201), (4199, 413)] {
        let text = scene.fill(&sized(kilobytes * 1024));
        let put = row("PUT /v2/r/manifests/t", status)
            .manifest("{image}", "")
            .data(Bytes::from(text.clone()))
            .code("MANIFEST_INVALID");
        scene.run([put]);
        if status == 201 {
            let answer = scene.server.remote().manifest("r", "t").unwrap();
            assert!(answer.body == text.as_bytes(), "{kilobytes} KiB");
        }
    }
}

#[test]
fn case_b72_build_caches_are_kept() {
    let mut scene = scene();
    let private = CONFIG.replace("{config}", "application/vnd.buildkit.cacheconfig.v0");
    // either way of the builder: an image, or an index whose entries are config and layers
    let image = format!(
        r#"{{"schemaVersion":2,"mediaType":"{{image}}","config":{private},"layers":[{LAYER}]}}"#
    );
    let index =
        format!(r#"{{"schemaVersion":2,"mediaType":"{{index}}","manifests":[{LAYER},{private}]}}"#);
    scene.run([
        row("PUT /v2/r/manifests/image", 201).manifest("{image}", &image),
        row("GET /v2/r/manifests/image", 200).body(&image),
        row("PUT /v2/r/manifests/index", 201).manifest("{index}", &index),
        row("GET /v2/r/manifests/index", 200).body(&index),
        row("GET /v2/r/blobs/{l}", 200).body("layer"),
        // what a cache lists is in use
        row("DELETE /v2/r/manifests/image", 202),
        row("DELETE /v2/r/blobs/{l}", 405).code("DENIED"),
    ]);
}

#[test]
fn case_b74_parts_with_and_without_ranges_mix() {
    let server = Server::start(Setup::on_disk());
    let data = noise(1, 3 << 20);
    let location = server.remote().start_upload("r").unwrap();
    let part = |range: Option<&str>, data: &[u8]| {
        let mut request = Request::new("PATCH", &location).body(data.to_vec());
        if let Some(range) = range {
            request = request.header("Content-Range", range);
        }
        server.send(&request)
    };
    let (first, rest) = data.split_at(1 << 20);
    let (second, third) = rest.split_at(1 << 20);
    assert_eq!(part(None, first).status, 202);
    let wrong = part(Some("1048577-2097152"), second);
    assert_eq!(
        (wrong.status, wrong.header("range")),
        (416, Some("0-1048575"))
    );
    let right = part(Some("1048576-2097151"), second);
    assert_eq!(
        (right.status, right.header("range")),
        (202, Some("0-2097151"))
    );
    let digest = Digest::sha256(&data);
    let third = Bytes::copy_from_slice(third);
    let closed = server
        .remote()
        .finish_upload(&location, &digest, &third)
        .unwrap();
    assert_eq!(closed.status, 201, "{}", closed.text());
    assert!(server.remote().blob("r", &digest).unwrap().body == data);
}

/// Yields every file below a folder whose name is, or is not, a digest's.
fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn case_b76_many_push_the_same_layer_at_once() {
    let server = Server::start(Setup::on_disk());
    let data = Bytes::from(noise(1, 300_000));
    let digest = Digest::sha256(&data);
    let image = Image::sample(1);
    thread::scope(|scope| {
        for number in 0..32 {
            let (remote, data) = (server.remote(), data.clone());
            let image = &image;
            scope.spawn(move || {
                remote.push_blob("one", &digest, &data).unwrap();
                let repo = format!("many/r{number}");
                remote.push_blob(&repo, &digest, &data).unwrap();
                remote.push("one", "t", image).unwrap();
            });
        }
    });
    let mut all = Vec::new();
    files(&server.root(), &mut all);
    let named = |path: &&std::path::PathBuf| path.ends_with(digest.to_hex());
    let copies: std::collections::BTreeSet<_> = all
        .iter()
        .filter(named)
        .map(|path| std::os::unix::fs::MetadataExt::ino(&path.metadata().unwrap()))
        .collect();
    assert_eq!(all.iter().filter(named).count(), 33);
    assert_eq!(copies.len(), 1, "one copy is stored");
    let left: Vec<_> = all
        .iter()
        .filter(|path| path.to_string_lossy().contains("upload"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    server.remote().verify("one", &image).unwrap();
}

#[test]
fn case_a21_one_document_is_one_type() {
    let mut scene = scene();
    let image = format!(
        r#"{{"schemaVersion":2,"mediaType":"{{image}}","config":{CONFIG},"layers":[{LAYER}]}}"#
    );
    let refused = |kind: &str, text: &str| {
        row("PUT /v2/r/manifests/t", 400)
            .manifest(kind, text)
            .code("MANIFEST_INVALID")
    };
    let both = image.replacen('{', r#"{"manifests":[],"#, 1);
    let twice = image.replacen('{', r#"{"mediaType":"{index}","#, 1);
    scene.run([
        refused("{image}", &both),
        refused("{index}", &both),
        refused("{index}", &image),
        refused("{image}", &twice),
        refused(
            "{image}",
            &image.replace(":2,\"mediaType", ":2,\"config\":{},\"mediaType"),
        ),
        row("PUT /v2/r/manifests/t", 201).manifest("{image}", &image),
        row("GET /v2/r/manifests/t", 200)
            .with("Accept", "{index}")
            .has("Content-Type", "{image}")
            .body(&image),
    ]);
}

/// Fix 2: what is listed twice at each of many levels is not walked twice at each.
#[test]
fn case_n2_nested_indexes_are_walked_once() {
    let mut scene = scene();
    let mut text = format!(r#"{{"schemaVersion":2,"config":{CONFIG},"layers":[{LAYER}]}}"#);
    let mut kind = "{image}";
    for level in 0..40 {
        let pushed = scene.fill(&text);
        scene.run([row(format!("PUT /v2/r/manifests/level{level}"), 201).manifest(kind, &pushed)]);
        let entry = format!(
            r#"{{"mediaType":"{kind}","digest":"{}","size":{}}}"#,
            Digest::sha256(pushed.as_bytes()),
            pushed.len()
        );
        text = format!(r#"{{"schemaVersion":2,"manifests":[{entry},{entry}]}}"#);
        kind = "{index}";
    }
    scene.run([
        row("HEAD /v2/r/blobs/{l}", 200).has("Content-Type", "{tar}"),
        row("GET /v2/r/manifests/level39", 200),
        row("DELETE /v2/r/manifests/level39", 202),
        row("DELETE /v2/r/blobs/{l}", 405).code("DENIED"),
    ]);
}
