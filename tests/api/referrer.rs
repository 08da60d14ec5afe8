//! `/v2/{name}/referrers/{digest}`.

use testkit::http::Request;
use testkit::image::Image;
use testkit::server::Server;

use crate::table::{Scene, row};

const PATH: &str = "/v2/r/referrers/{s}";
const NONE: &str = r#"{"schemaVersion":2,"mediaType":"{index}","manifests":[]}"#;

/// Pushes a manifest by its digest only.
fn attach(server: &Server, image: &Image) {
    let remote = server.remote();
    for (digest, data) in &image.blobs {
        remote.push_blob("r", digest, data).unwrap();
    }
    let answer = remote
        .put_manifest("r", &image.digest.to_string(), image)
        .unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert!(answer.header("oci-subject").is_some());
}

#[test]
fn nothing_refers_to_it() {
    let mut scene = Scene::new();
    scene.push("s", ("r", "t"), &Image::sample(1));
    let none = |line: &str| {
        row(line, 200)
            .has("Content-Type", "{index}")
            .lacks("OCI-Filters-Applied")
            .lacks("Link")
            .body(NONE)
    };
    scene.run([
        none("GET /v2/r/referrers/{s}"),
        none("GET /v2/r/referrers/{nothing}"),
        none("GET /v2/r/referrers/{s.0}"),
        none("GET /v2/nothing/referrers/{s}"),
        none("GET /v2/r/referrers/{s}?n=1"),
        none("GET /v2/r/referrers/{s}?artifactType="),
        row("GET /v2/r/referrers/{s}?artifactType=x/y", 200)
            .has("OCI-Filters-Applied", "artifactType")
            .body(NONE),
        row("HEAD /v2/r/referrers/{s}", 200)
            .has("Content-Type", "{index}")
            .body(""),
        row("OPTIONS /v2/r/referrers/{s}", 204),
    ]);
}

#[test]
fn odd_questions_are_refused() {
    let mut scene = Scene::new();
    let invalid = |text: &str| {
        row(format!("GET /v2/r/referrers/{text}"), 400)
            .code("DIGEST_INVALID")
            .detail("digest", text)
    };
    let odd = |query: &str, name: &str| {
        row(format!("GET /v2/r/referrers/{{nothing}}?{query}"), 400)
            .code("UNSUPPORTED")
            .detail("parameter", name)
    };
    scene.run([
        invalid("latest"),
        invalid("sha256:00"),
        invalid("sha256-aa"),
        invalid("md5:d41d8cd98f00b204e9800998ecf8427e"),
        row("HEAD /v2/r/referrers/latest", 400),
        odd("n=x", "n"),
        odd("n=-1", "n"),
        odd("n=1&n=1", "n"),
        odd("last=x", "last"),
    ]);
}

#[test]
fn entries_say_what_refers() {
    let mut scene = Scene::new();
    let subject = Image::sample(1);
    scene.push("s", ("r", "t"), &subject);
    let typed = Image::artifact("application/x.typed")
        .subject(&subject)
        .annotation("org.example.k", "v\"<é")
        .build();
    let plain = Image::builder().subject(&subject).build();
    let index = Image::index()
        .subject(&subject)
        .annotation("a", "b")
        .build();
    for (name, image) in [("typed", &typed), ("plain", &plain), ("list", &index)] {
        attach(&scene.server, image);
        scene.name_image(name, image);
    }
    let path = scene.fill(PATH);
    let answer = scene.server.send(&Request::get(&path));
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["schemaVersion"], 2);
    assert_eq!(body["mediaType"], scene.fill("{index}").as_str());
    let entries = body["manifests"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    for image in [&typed, &plain, &index] {
        let digest = image.digest.to_string();
        let entry = entries
            .iter()
            .find(|entry| entry["digest"] == digest.as_str())
            .unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&image.manifest).unwrap();
        assert_eq!(entry["size"], image.manifest.len());
        assert_eq!(entry["mediaType"], image.media_type.as_str());
        assert_eq!(entry["annotations"], manifest["annotations"]);
        let kinds = [&manifest["artifactType"], &manifest["config"]["mediaType"]];
        let kind = kinds.iter().find_map(|kind| kind.as_str());
        assert_eq!(entry["artifactType"].as_str(), kind);
    }
    filters(&scene, &path);
}

fn filters(scene: &Scene, path: &str) {
    let filtered = |query: &str, count: usize, kind: &str| {
        let answer = scene.server.send(&Request::get(&format!("{path}?{query}")));
        assert_eq!(answer.header("oci-filters-applied"), Some("artifactType"));
        let body = answer.json();
        let found = body["manifests"].as_array().unwrap();
        assert_eq!(found.len(), count, "{query}");
        assert!(
            found
                .iter()
                .all(|entry| kind.contains(entry["artifactType"].as_str().unwrap()))
        );
    };
    let config = scene.fill("{config}");
    filtered("artifactType=application/x.typed", 1, "application/x.typed");
    filtered(
        "artifactType=application%2Fx.typed",
        1,
        "application/x.typed",
    );
    let escaped = config.replace('+', "%2B");
    filtered(&format!("artifactType={escaped}"), 1, &config);
    let both = format!("artifactType=application/x.typed&artifactType={escaped}");
    filtered(&both, 2, &format!("application/x.typed {config}"));
    filtered("artifactType=none&artifactType=", 0, "");
}

#[test]
fn a_subject_may_come_late_or_go() {
    let mut scene = Scene::new();
    let subject = Image::sample(1);
    let first = Image::artifact("x/a").subject(&subject).build();
    attach(&scene.server, &first);
    scene.name_image("s", &subject);
    scene.name_image("first", &first);
    let listed = || row(format!("GET {PATH}"), 200).json("/manifests/0/digest", "{first}");
    scene.run([listed()]);
    scene.push("s", ("r", "t"), &subject);
    scene.run([
        listed(),
        row("DELETE /v2/r/manifests/t", 202),
        listed(),
        row("DELETE /v2/r/manifests/{s}", 202),
        listed(),
        row("GET /v2/other/referrers/{s}", 200).body(NONE),
        row("DELETE /v2/r/manifests/{first}", 202),
        row(format!("GET {PATH}"), 200).body(NONE),
    ]);
}

#[test]
fn lists_are_paged() {
    let scene = Scene::new();
    let subject = Image::sample(1);
    for number in 0..7 {
        let kind = format!("x/{}", number % 2);
        let artifact = Image::artifact(&kind)
            .subject(&subject)
            .annotation("n", &number.to_string())
            .build();
        attach(&scene.server, &artifact);
    }
    for (filter, pages) in [("", 4), ("&artifactType=x/0", 2)] {
        let mut path = format!("/v2/r/referrers/{}?n=2{filter}", subject.digest);
        let mut seen = Vec::new();
        let mut count = 0;
        loop {
            let answer = scene.server.send(&Request::get(&path));
            assert_eq!(answer.status, 200, "{path}");
            let body = answer.json();
            let page = body["manifests"].as_array().unwrap();
            assert!(page.len() <= 2);
            seen.extend(page.iter().map(|entry| entry["digest"].to_string()));
            count += 1;
            let Some(link) = answer.header("link") else {
                break;
            };
            let (next, rel) = link.split_once('>').unwrap();
            assert_eq!(rel, "; rel=\"next\"");
            path = next.trim_start_matches('<').to_owned();
            assert!(path.contains(filter), "{path}");
        }
        let total = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), total, "an entry came twice");
        assert_eq!(total, if filter.is_empty() { 7 } else { 4 });
        assert_eq!(count, pages);
    }
}

/// Spec: distribution 1.1, Listing Referrers: what does not fit a manifest is paged.
#[test]
fn large_lists_are_paged_though_nobody_asked() {
    let server = Server::in_memory();
    let subject = Image::sample(1);
    let filler = "x".repeat(1_000_000);
    for number in 0..6 {
        let artifact = Image::artifact("x/y")
            .subject(&subject)
            .annotation(&number.to_string(), &filler)
            .build();
        attach(&server, &artifact);
    }
    let mut path = format!("/v2/r/referrers/{}", subject.digest);
    let mut count = 0;
    for _ in 0..6 {
        let answer = server.send(&Request::get(&path));
        let limit = 6 * 1024 * 1024;
        assert!(answer.body.len() < limit, "{} bytes", answer.body.len());
        count += answer.json()["manifests"].as_array().unwrap().len();
        match answer.header("link") {
            Some(link) => {
                path = link.split(['<', '>']).nth(1).unwrap().to_owned();
            }
            None => break,
        }
    }
    assert_eq!(count, 6);
}
