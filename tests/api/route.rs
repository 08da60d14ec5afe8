//! Paths: clean ones, unknown ones, methods, health, names.

use testkit::image::Image;

use crate::table::{Row, Scene, row};

#[test]
fn unknown_paths_are_not_found() {
    let mut scene = Scene::new();
    let plain = |line: &str| {
        row(line, 404)
            .has("Content-Type", "{plain}")
            .has("X-Content-Type-Options", "nosniff")
            .body("404 page not found\n")
    };
    let api = |line: &str| row(line, 404).code("UNSUPPORTED");
    scene.run([
        plain("GET /"),
        plain("POST /"),
        plain("GET /nothing"),
        plain("GET /livez/"),
        plain("GET /v1/"),
        plain("GET /v2x"),
        plain("GET /V2/"),
        plain("GET /metrics"),
        plain("GET /zot/auth/login"),
        plain("POST /zot/auth/logout"),
        plain("GET /zot/auth/apikey"),
        // no redirects for a slash at the end
        api("GET /v2"),
        api("GET /v2/nothing"),
        api("GET /v2/a/b"),
        api("GET /v2/a/tags"),
        api("GET /v2/a/tags/list/"),
        api("GET /v2/a/tags/other"),
        api("GET /v2/a/manifests"),
        api("GET /v2/a/manifests/"),
        api("GET /v2/a/manifests/t/"),
        api("GET /v2/a/blobs/"),
        api("GET /v2/a/referrers/"),
        api("GET /v2/manifests/t"),
        api("GET /v2/tags/list"),
        api("GET /v2/_other"),
        api("GET /v2/_zot/ext/search"),
        api("POST /v2/_zot/ext/userprefs"),
        api("GET /v2/_a/tags/list"),
    ]);
}

#[test]
fn known_paths_tell_their_methods() {
    let mut scene = Scene::new();
    let wrong = |line: &str, allow: &str| row(line, 405).code("UNSUPPORTED").has("Allow", allow);
    let (manifest, blob) = ("HEAD,GET,PUT,DELETE,OPTIONS", "HEAD,GET,DELETE");
    let (start, session) = ("POST", "HEAD,GET,PUT,PATCH,DELETE");
    scene.run([
        wrong("POST /v2/a/manifests/t", manifest),
        wrong("PATCH /v2/a/manifests/t", manifest),
        wrong("PUT /v2/a/blobs/{nothing}", blob),
        wrong("OPTIONS /v2/a/blobs/{nothing}", blob),
        // without the slash it is a blob named `uploads`
        wrong("POST /v2/a/blobs/uploads", blob),
        wrong("GET /v2/a/blobs/uploads/", start),
        wrong("HEAD /v2/a/blobs/uploads/", start),
        wrong("OPTIONS /v2/a/blobs/uploads/", start),
        wrong("PUT /v2/a/blobs/uploads/", start),
        wrong("POST /v2/a/blobs/uploads/x", session),
        wrong("OPTIONS /v2/a/blobs/uploads/x", session),
        wrong("POST /v2/a/referrers/{nothing}", "HEAD,GET,OPTIONS"),
        wrong("DELETE /v2/a/referrers/{nothing}", "HEAD,GET,OPTIONS"),
        // the method is looked at before the name
        wrong("POST /v2/A/tags/list", "HEAD,GET,OPTIONS"),
    ]);
}

#[test]
fn unclean_paths_are_redirected_before_anything_else() {
    let mut scene = Scene::new();
    let moved = |line: &str, to: &str| row(line, 301).has("Location", to).body("");
    scene.run([
        moved("GET //v2/", "/v2/"),
        moved("GET /v2//", "/v2/"),
        moved("GET /v2/./", "/v2/"),
        moved("GET /./v2/_catalog?n=1&last=a", "/v2/_catalog?n=1&last=a"),
        moved("POST /v2//a/../b/blobs/uploads/", "/v2/b/blobs/uploads/"),
        moved("PUT /v2/a/./manifests/t", "/v2/a/manifests/t"),
        moved("DELETE /v2/a//manifests/t", "/v2/a/manifests/t"),
        moved("GET /../../etc/passwd", "/etc/passwd"),
        moved("GET /v2/a/tags/list/..", "/v2/a/tags"),
        moved("GET /v2/..", "/"),
        moved("GET /..", "/"),
        moved("HEAD /v2/a//tags/list", "/v2/a/tags/list"),
        // never to another host
        moved("GET //evil.example/v2/", "/evil.example/v2/"),
        moved("GET ///evil.example", "/evil.example"),
        moved("GET /.//evil.example/..", "/"),
    ]);
}

#[test]
fn escapes_are_not_undone() {
    let mut scene = Scene::new();
    let image = Image::sample(1);
    scene.push("i", ("a/b", "t"), &image);
    let unfound = |line: &str, status: u16, code: &str| row(line, status).code(code);
    scene.run([
        unfound("GET /v2/a%2Fb/manifests/t", 404, "NAME_INVALID"),
        unfound("GET /v2/a/b%2fmanifests%2ft", 404, "UNSUPPORTED"),
        unfound("GET /v2/a/b/manifests/%74", 404, "MANIFEST_UNKNOWN"),
        unfound("GET /v2/%61/b/manifests/t", 404, "NAME_INVALID"),
        unfound("GET /v2/a/b/manifests/..%2Ft", 404, "MANIFEST_UNKNOWN"),
        unfound("GET /v2/a/%2e%2e/b/manifests/t", 404, "NAME_INVALID"),
        unfound("GET /%76%32/a/b/manifests/t", 404, "").bare_or_text(),
        unfound("GET /v2/a/b/blobs/sha256%3A00", 400, "DIGEST_INVALID"),
        // and are not kept as a tag
        row("PUT /v2/a/b/manifests/t%2Fx", 400)
            .manifest("{image}", "{i.text}")
            .code("MANIFEST_INVALID")
            .detail("reference", "t%2Fx"),
    ]);
}

impl Row {
    /// Outside of `/v2` errors are text.
    fn bare_or_text(self) -> Self {
        self.body("404 page not found\n")
    }
}

#[test]
fn names_follow_the_grammar() {
    let mut scene = Scene::new();
    let long = "a".repeat(256);
    let bad = [
        "A",
        "a/B",
        "a__b___c",
        "a..b",
        ".a",
        "-a",
        "a-",
        "a_",
        "a.",
        "a._b",
        "é",
        "a%20b",
        "a:b",
        "a@b",
        long.as_str(),
        // files of a layout
        "a/index.json",
        "a/oci-layout",
        "a/blobs/sha256",
        "meta.db",
        "cache.db",
    ];
    for name in bad {
        scene.run([
            row(format!("GET /v2/{name}/tags/list"), 404)
                .code("NAME_INVALID")
                .detail("name", name),
            row(format!("POST /v2/{name}/blobs/uploads/"), 404).code("NAME_INVALID"),
            row(format!("GET /v2/{name}/manifests/t"), 404).code("NAME_INVALID"),
            row(format!("GET /v2/{name}/referrers/{{nothing}}"), 404).code("NAME_INVALID"),
        ]);
    }
    let longest = "a".repeat(255);
    let good = [
        "a",
        "0",
        "a.b",
        "a_b",
        "a__b",
        "a-b",
        "a---b",
        "a/b/c",
        longest.as_str(),
    ];
    for name in good {
        scene.run([row(format!("POST /v2/{name}/blobs/uploads/"), 202)]);
    }
    let uploads = scene.server.root();
    assert!(!uploads.exists(), "a server in memory writes no file");
}

#[test]
fn health_answers_every_method() {
    let mut scene = Scene::new();
    for path in ["/livez", "/readyz", "/startupz"] {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            scene.run([row(format!("{method} {path}?x"), 200)
                .has("Content-Type", "{plain}")
                .body("ok")]);
        }
        scene.run([row(format!("HEAD {path}"), 200)
            .has("Content-Length", "2")
            .body("")]);
    }
}

#[test]
fn identifiers_of_requests_are_taken_or_made() {
    let mut scene = Scene::new();
    scene.run([
        row("GET /v2/", 200)
            .with("X-Request-Id", "abc-1")
            .has("X-Request-Id", "abc-1"),
        row("GET /nothing", 404)
            .with("X-Request-Id", "abc-2")
            .has("X-Request-Id", "abc-2"),
        row("GET /v2/", 200)
            .with("X-Request-Id", "not a sane one")
            .keeps("X-Request-Id", "made"),
        row("GET /v2/", 200)
            .with("X-Request-Id", &"x".repeat(65))
            .keeps("X-Request-Id", "made"),
    ]);
    assert_eq!(scene.fill("{made}").len(), 33);
}
