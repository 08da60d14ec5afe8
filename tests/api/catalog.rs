//! `/v2/_catalog`.

use server::Settings;
use testkit::image::Image;
use testkit::server::Setup;

use crate::table::{Scene, row};

/// Repositories whose order as paths is not that of their bytes.
const REPOS: [&str; 6] = ["a", "a-b", "a/b", "a/b/c", "b", "myblobs"];

fn filled(setup: Setup) -> Scene {
    let mut scene = Scene::of(setup);
    let image = Image::sample(1);
    for repo in REPOS {
        scene.push("i", (repo, "t"), &image);
    }
    scene
}

#[test]
fn catalog_lists_repositories() {
    let mut scene = Scene::new();
    scene.run([
        row("GET /v2/_catalog", 200)
            .has("Content-Type", "{json}")
            .lacks("Link")
            .body(r#"{"repositories":[]}"#),
        row("OPTIONS /v2/_catalog", 204).body(""),
        row("POST /v2/_catalog", 405).code("UNSUPPORTED"),
        row("DELETE /v2/_catalog", 405)
            .code("UNSUPPORTED")
            .has("Allow", "HEAD,GET,OPTIONS"),
        row("GET /v2/_catalog/", 404).code("UNSUPPORTED"),
    ]);
    let all = serde_json::json!({ "repositories": REPOS }).to_string();
    let mut scene = filled(Setup::default());
    scene.name("length", &all.len().to_string());
    scene.run([
        row("GET /v2/_catalog", 200).body(&all).lacks("Link"),
        row("HEAD /v2/_catalog", 200)
            .has("Content-Length", "{length}")
            .body(""),
        // an odd count is none
        row("GET /v2/_catalog?n=abc", 200).body(&all).lacks("Link"),
        row("GET /v2/_catalog?n=-1", 200).body(&all),
        row("GET /v2/_catalog?n=-7", 200).body(&all),
        row("GET /v2/_catalog?n=", 200).body(&all),
        row("GET /v2/_catalog?n=100", 200).body(&all).lacks("Link"),
        row("GET /v2/_catalog?other=1", 200).body(&all),
        row("GET /v2/_catalog?last=", 200).body(&all),
    ]);
}

#[test]
fn catalog_is_paged() {
    let mut scene = filled(Setup::default());
    let next = |last: &str| format!(r#"</v2/_catalog?n=2&last={last}>; rel="next""#);
    scene.run([
        row("GET /v2/_catalog?n=0", 200)
            .body(r#"{"repositories":[]}"#)
            .lacks("Link"),
        row("GET /v2/_catalog?n=2", 200)
            .body(r#"{"repositories":["a","a-b"]}"#)
            .has("Link", &next("a-b")),
        row("GET /v2/_catalog?n=2&last=a-b", 200)
            .body(r#"{"repositories":["a/b","a/b/c"]}"#)
            .has("Link", &next("a/b/c")),
        row("GET /v2/_catalog?n=2&last=a%2Fb%2Fc", 200)
            .body(r#"{"repositories":["b","myblobs"]}"#)
            .lacks("Link"),
        // the slash need not be escaped, and the entry need not exist
        row("GET /v2/_catalog?n=2&last=a/b/c", 200).body(r#"{"repositories":["b","myblobs"]}"#),
        row("GET /v2/_catalog?last=a/zz", 200).body(r#"{"repositories":["b","myblobs"]}"#),
        row("GET /v2/_catalog?last=zzz", 200)
            .body(r#"{"repositories":[]}"#)
            .lacks("Link"),
        row("GET /v2/_catalog?last=..%2F..", 200).holds("myblobs"),
        row("GET /v2/_catalog?last=a&last=b", 400)
            .code("UNSUPPORTED")
            .detail("parameter", "last"),
    ]);
}

#[test]
fn catalog_pages_have_a_largest_size() {
    let mut scene = filled(Setup {
        settings: Settings {
            max_page: 4,
            ..Settings::default()
        },
        ..Setup::default()
    });
    let link = r#"</v2/_catalog?n=4&last=a/b/c>; rel="next""#;
    let lines = [
        "",
        "?n=5",
        "?n=9223372036854775807",
        "?n=99999999999999999999999",
    ];
    scene.run(lines.map(|query| {
        row(format!("GET /v2/_catalog{query}"), 200)
            .body(r#"{"repositories":["a","a-b","a/b","a/b/c"]}"#)
            .has("Link", link)
    }));
}

#[test]
fn catalog_forgets_no_repository_without_tags() {
    let mut scene = filled(Setup::default());
    let all = serde_json::json!({ "repositories": REPOS }).to_string();
    scene.run([
        row("DELETE /v2/b/manifests/t", 202),
        row("GET /v2/_catalog", 200).body(&all),
    ]);
}
