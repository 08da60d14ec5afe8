//! Bodies that are an interface, kept in `golden/*.json`.
//!
//! `HOLDFAST_GOLDEN=update` rewrites the files; the difference is reviewed as a change of interface.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use testkit::http::Request;
use testkit::image::Image;
use testkit::server::{Server, Setup};

use crate::table::Scene;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(format!("{name}.json"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "says how the tests run, not how the registry does"
)]
fn is_update() -> bool {
    std::env::var("HOLDFAST_GOLDEN").is_ok_and(|value| value == "update")
}

/// Compares a document with the file of that name, or rewrites the file.
fn compare(name: &str, found: &Value) {
    let path = path(name);
    let text = format!("{found:#}\n");
    if is_update() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = std::fs::File::create(&path).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        return;
    }
    let mut wanted = String::new();
    std::fs::File::open(&path)
        .and_then(|mut file| std::io::Read::read_to_string(&mut file, &mut wanted))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(
        text == wanted,
        "{} is not what was answered:\n{text}",
        path.display()
    );
}

/// Requests that fail, each in another way.
const FAILURES: [(&str, &str, &str, &str); 25] = [
    ("no route", "GET /v2/nothing", "", ""),
    ("no method", "POST /v2/", "", ""),
    ("a name against the grammar", "GET /v2/A/tags/list", "", ""),
    (
        "a name that is reserved",
        "GET /v2/a/index.json/tags/list",
        "",
        "",
    ),
    (
        "a name that is too long",
        "GET /v2/{long}/tags/list",
        "",
        "",
    ),
    ("no repository", "GET /v2/none/tags/list", "", ""),
    ("an odd count", "GET /v2/r/tags/list?n=x", "", ""),
    (
        "a parameter twice",
        "GET /v2/r/tags/list?last=a&last=b",
        "",
        "",
    ),
    ("no manifest", "GET /v2/r/manifests/x", "", ""),
    (
        "no such tag could be",
        "GET /v2/r/manifests/sha256:00",
        "",
        "",
    ),
    ("a malformed tag", "PUT /v2/r/manifests/.x", "{image}", "{}"),
    (
        "a malformed digest",
        "PUT /v2/r/manifests/sha256:00",
        "{image}",
        "{}",
    ),
    ("no type", "PUT /v2/r/manifests/t", "text/plain", "{}"),
    (
        "a type of Docker's",
        "PUT /v2/r/manifests/t",
        "{docker}",
        "{}",
    ),
    (
        "no manifest at all",
        "PUT /v2/r/manifests/t",
        "{image}",
        "{}",
    ),
    (
        "missing blobs",
        "PUT /v2/r/manifests/t",
        "{image}",
        "{missing}",
    ),
    (
        "another digest",
        "PUT /v2/r/manifests/{nothing}",
        "{image}",
        "{m.text}",
    ),
    (
        "a tag with a tag",
        "PUT /v2/r/manifests/t?tag=x",
        "{image}",
        "{m.text}",
    ),
    ("a manifest in use", "DELETE /v2/r/manifests/{m}", "", ""),
    ("no blob", "GET /v2/r/blobs/{nothing}", "", ""),
    ("no digest", "GET /v2/r/blobs/latest", "", ""),
    ("a blob in use", "DELETE /v2/r/blobs/{m.0}", "", ""),
    ("no session", "GET /v2/r/blobs/uploads/{no-session}", "", ""),
    (
        "other content",
        "POST /v2/r/blobs/uploads/?digest={nothing}",
        "{bytes}",
        "x",
    ),
    ("no source", "POST /v2/r/blobs/uploads/?from=r", "", ""),
];

#[test]
fn errors() {
    let mut scene = Scene::new();
    let image = Image::sample(1);
    scene.push("x", ("r", "x"), &Image::index().child(&image).build());
    scene.name_image("m", &image);
    scene.name("long", &"a".repeat(256));
    let missing = scene
        .fill("{m.text}")
        .replace(&image.blobs[1].0.to_string(), &scene.fill("{nothing}"));
    scene.name("missing", &missing);
    // the images are the same on every machine but for what they run on
    let digests = [("m", "{m}"), ("m.0", "{m.0}")];
    let digests = digests.map(|(name, text)| (scene.fill(text), format!("<{name}>")));
    let mut found = serde_json::Map::new();
    for (name, line, kind, body) in FAILURES {
        let (method, target) = line.split_once(' ').unwrap();
        let mut request = Request::new(method, &scene.fill(target));
        if !kind.is_empty() {
            request = request
                .header("Content-Type", &scene.fill(kind))
                .body(scene.fill(body));
        }
        let answer = scene.server.send(&request);
        let mut text = answer.json().to_string();
        for (digest, name) in &digests {
            text = text.replace(digest, name);
        }
        let body: Value = serde_json::from_str(&text).unwrap();
        let known = json!({"request": line, "status": answer.status, "body": body});
        assert!(found.insert(name.to_owned(), known).is_none());
    }
    compare("errors", &Value::Object(found));
}

#[test]
fn lists() {
    let mut setup = Setup::default();
    setup.plan.endpoints = vec!["/v2/_zot/ext/search", "/v2/_zot/ext/mgmt"];
    let server = Server::start(setup);
    let subject = Image::index().build();
    let artifact = Image::artifact("application/vnd.example.sbom")
        .subject(&subject)
        .annotation("org.example.format", "json")
        .build();
    for (repo, tag) in [("a", "v1"), ("a", "v2"), ("a/b", "v1"), ("c", "latest")] {
        server.remote().push(repo, tag, &subject).unwrap();
    }
    server.remote().push("a", "sbom", &artifact).unwrap();
    let referrers = format!("/v2/a/referrers/{}", subject.digest);
    let lines = [
        "/v2/_catalog",
        "/v2/_catalog?n=2",
        "/v2/_oci/ext/discover",
        "/v2/a/tags/list",
        "/v2/a/tags/list?n=1&last=v1",
        &referrers,
    ];
    let mut found = serde_json::Map::new();
    for line in lines {
        let answer = server.send(&Request::get(line));
        assert_eq!(answer.status, 200, "{line}");
        let known = json!({
            "type": answer.header("content-type"),
            "link": answer.header("link"),
            "body": answer.json(),
        });
        found.insert(line.to_owned(), known);
    }
    compare("lists", &Value::Object(found));
}
