//! `/v2/` and the discovery of extensions.

use testkit::server::Setup;

use crate::table::{Scene, row};

#[test]
fn base_says_that_the_protocol_is_spoken() {
    let mut scene = Scene::new();
    let base = |line: &str| {
        row(line, 200)
            .has("Content-Type", "{json}")
            .has("Docker-Distribution-Api-Version", "registry/2.0")
            .has("Content-Length", "0")
            .lacks("WWW-Authenticate")
            .body("")
    };
    scene.run([
        base("GET /v2/"),
        base("HEAD /v2/"),
        base("GET /v2/?any=thing"),
        base("GET /v2/").with("Accept", "text/html"),
        base("GET /v2/").with("X-ZOT-API-CLIENT", "zot-ui"),
        // credentials that nobody asked for do no harm
        base("GET /v2/").with("Authorization", "Basic dTpw"),
        base("GET /v2/").with("Authorization", "Bearer x.y.z"),
        row("OPTIONS /v2/", 204).body(""),
    ]);
}

#[test]
fn base_answers_no_other_method() {
    let mut scene = Scene::new();
    let wrong = ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE", "get"];
    scene.run(wrong.map(|method| {
        row(format!("{method} /v2/"), 405)
            .code("UNSUPPORTED")
            .has("Allow", "HEAD,GET,OPTIONS")
            .lacks("Docker-Distribution-Api-Version")
    }));
}

#[test]
fn discovery_lists_what_is_installed() {
    let mut scene = Scene::new();
    let path = "/v2/_oci/ext/discover";
    scene.run([
        row(format!("GET {path}"), 200)
            .has("Content-Type", "{json}")
            .body(r#"{"extensions":[]}"#),
        row(format!("HEAD {path}"), 200)
            .has("Content-Length", "17")
            .body(""),
        row(format!("OPTIONS {path}"), 204),
        row(format!("POST {path}"), 405).code("UNSUPPORTED"),
        row(format!("GET {path}/"), 404).code("UNSUPPORTED"),
    ]);
    let mut setup = Setup::default();
    setup.plan.endpoints = vec!["/v2/_zot/ext/search", "/v2/_zot/ext/mgmt"];
    let mut scene = Scene::of(setup);
    scene.run([row(format!("GET {path}"), 200)
        .json("/extensions/0/name", "_zot")
        .json("/extensions/0/endpoints/0", "/v2/_zot/ext/search")
        .json("/extensions/0/endpoints/1", "/v2/_zot/ext/mgmt")]);
}
