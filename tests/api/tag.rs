//! `/v2/{name}/tags/list`.

use server::Settings;
use testkit::image::Image;
use testkit::server::Setup;

use crate::table::{Scene, row};

/// In the order of their bytes.
const TAGS: [&str; 7] = ["1.0", "A", "V1", "_x", "a", "a-b", "v1.0"];

fn filled(setup: Setup) -> Scene {
    let mut scene = Scene::of(setup);
    for (seed, tag) in (1..).zip(TAGS.into_iter().rev()) {
        scene.push("i", ("r/one", tag), &Image::sample(seed % 3));
    }
    scene
}

#[test]
fn tags_are_listed_in_the_order_of_their_bytes() {
    let mut scene = filled(Setup::default());
    let all = serde_json::json!({"name": "r/one", "tags": TAGS}).to_string();
    scene.name("length", &all.len().to_string());
    scene.run([
        row("GET /v2/r/one/tags/list", 200)
            .has("Content-Type", "{json}")
            .lacks("Link")
            .body(&all),
        row("HEAD /v2/r/one/tags/list", 200)
            .has("Content-Length", "{length}")
            .body(""),
        row("GET /v2/r/one/tags/list?n=7", 200)
            .body(&all)
            .lacks("Link"),
        row("GET /v2/r/one/tags/list?n=8", 200)
            .body(&all)
            .lacks("Link"),
        row("GET /v2/r/one/tags/list?last=", 200).body(&all),
        row("OPTIONS /v2/r/one/tags/list", 204).body(""),
        row("POST /v2/r/one/tags/list", 405)
            .code("UNSUPPORTED")
            .has("Allow", "HEAD,GET,OPTIONS"),
        row("PUT /v2/r/one/tags/list", 405).code("UNSUPPORTED"),
        row("DELETE /v2/r/one/tags/list", 405).code("UNSUPPORTED"),
    ]);
}

#[test]
fn tags_are_paged() {
    let mut scene = filled(Setup::default());
    let list = |tags: &[&str]| serde_json::json!({"name": "r/one", "tags": tags}).to_string();
    let next = |last: &str| format!(r#"</v2/r/one/tags/list?n=3&last={last}>; rel="next""#);
    scene.run([
        row("GET /v2/r/one/tags/list?n=0", 200)
            .body(&list(&[]))
            .lacks("Link"),
        row("GET /v2/r/one/tags/list?n=0&last=A", 200)
            .body(&list(&[]))
            .lacks("Link"),
        row("GET /v2/r/one/tags/list?n=3", 200)
            .body(&list(&["1.0", "A", "V1"]))
            .has("Link", &next("V1")),
        row("GET /v2/r/one/tags/list?n=3&last=V1", 200)
            .body(&list(&["_x", "a", "a-b"]))
            .has("Link", &next("a-b")),
        row("GET /v2/r/one/tags/list?n=3&last=a-b", 200)
            .body(&list(&["v1.0"]))
            .lacks("Link"),
        row("GET /v2/r/one/tags/list?last=a", 200)
            .body(&list(&["a-b", "v1.0"]))
            .lacks("Link"),
        // a tag that does not exist has its place in the order all the same
        row("GET /v2/r/one/tags/list?n=3&last=a-a", 200).body(&list(&["a-b", "v1.0"])),
        row("GET /v2/r/one/tags/list?last=zz", 200)
            .body(&list(&[]))
            .lacks("Link"),
        row("GET /v2/r/one/tags/list?last=%20", 200).body(&list(&TAGS)),
        row("GET /v2/r/one/tags/list?last=%FF%FE", 200).body(&list(&[])),
    ]);
}

#[test]
fn odd_counts_of_tags_are_refused() {
    let mut scene = filled(Setup::default());
    let odd = [
        "n=x", "n=-1", "n=", "n=1&n=2", "n=1.5", "n=+1", "n=0x10", "n=1%202", "n",
    ];
    scene.run(odd.map(|query| {
        row(format!("GET /v2/r/one/tags/list?{query}"), 400)
            .code("UNSUPPORTED")
            .detail("parameter", "n")
    }));
    scene.run([row("GET /v2/r/one/tags/list?last=a&last=b", 400)
        .code("UNSUPPORTED")
        .detail("parameter", "last")]);
}

#[test]
fn pages_of_tags_have_a_largest_size() {
    let mut scene = filled(Setup {
        settings: Settings {
            max_page: 2,
            ..Settings::default()
        },
        ..Setup::default()
    });
    let lines = ["", "?n=3", "?n=18446744073709551615"];
    scene.run(lines.map(|query| {
        row(format!("GET /v2/r/one/tags/list{query}"), 200)
            .body(r#"{"name":"r/one","tags":["1.0","A"]}"#)
            .has("Link", r#"</v2/r/one/tags/list?n=2&last=A>; rel="next""#)
    }));
}

#[test]
fn a_repository_without_tags_has_an_empty_list() {
    let mut scene = Scene::new();
    scene.push_blob("b", "r", b"a blob alone");
    scene.push("i", ("s", "t"), &Image::sample(1));
    let unknown = |line: &str| {
        row(line, 404)
            .code("NAME_UNKNOWN")
            .detail("name", "nothing/here")
    };
    scene.run([
        unknown("GET /v2/nothing/here/tags/list"),
        unknown("GET /v2/nothing/here/tags/list?n=1"),
        row("HEAD /v2/nothing/here/tags/list", 404),
        row("GET /v2/r/tags/list", 200).body(r#"{"name":"r","tags":[]}"#),
        row("DELETE /v2/s/manifests/t", 202),
        row("GET /v2/s/tags/list", 200).body(r#"{"name":"s","tags":[]}"#),
        row("DELETE /v2/s/manifests/{i}", 202),
        row("GET /v2/s/tags/list", 200).body(r#"{"name":"s","tags":[]}"#),
    ]);
}

#[test]
fn names_of_any_depth_have_tags() {
    let mut scene = Scene::new();
    let deep = vec!["x"; 120].join("/");
    for repo in [
        "tags/list",
        "a/manifests/b",
        "blobs/uploads",
        "referrers",
        deep.as_str(),
    ] {
        scene.push("i", (repo, "t"), &Image::sample(1));
        scene.run([row(format!("GET /v2/{repo}/tags/list"), 200)
            .json("/name", repo)
            .json("/tags/0", "t")]);
    }
}
