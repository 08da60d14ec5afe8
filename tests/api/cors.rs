//! What pages in browsers are told.

use server::Settings;
use server::cors::Policy;
use testkit::image::Image;
use testkit::server::Setup;

use crate::table::{Row, Scene, row};

const METHODS: &str = "Access-Control-Allow-Methods";
const HEADERS: &str = "Access-Control-Allow-Headers";
const ORIGIN: &str = "Access-Control-Allow-Origin";
const CREDENTIALS: &str = "Access-Control-Allow-Credentials";

fn scene(policy: Policy) -> Scene {
    let mut scene = Scene::of(Setup {
        settings: Settings {
            cors: policy,
            ..Settings::default()
        },
        ..Setup::default()
    });
    scene.push("i", ("r", "t"), &Image::sample(1));
    scene
}

fn open(row: Row, methods: &str, origin: &str) -> Row {
    row.has(METHODS, methods)
        .has(HEADERS, "Authorization,content-type,X-ZOT-API-CLIENT")
        .has(ORIGIN, origin)
}

fn silent(row: Row) -> Row {
    row.lacks(METHODS)
        .lacks(HEADERS)
        .lacks(ORIGIN)
        .lacks(CREDENTIALS)
}

fn rows(origin: &str) -> Vec<Row> {
    let (list, manifest) = ("GET,OPTIONS", "HEAD,GET,DELETE,OPTIONS");
    let mut rows = Vec::new();
    let lists = [
        "/v2/",
        "/v2/_catalog",
        "/v2/_oci/ext/discover",
        "/v2/r/tags/list",
        "/v2/r/referrers/{i}",
    ];
    for path in lists {
        rows.push(open(row(format!("GET {path}"), 200), list, origin));
        rows.push(open(row(format!("HEAD {path}"), 200), list, origin));
        rows.push(open(row(format!("OPTIONS {path}"), 204), list, origin));
    }
    rows.extend([
        // preflights look at nothing that exists
        open(row("OPTIONS /v2/unknown/tags/list", 204), list, origin),
        open(
            row("OPTIONS /v2/unknown/manifests/x", 204),
            manifest,
            origin,
        ),
        open(row("OPTIONS /v2/r/manifests/t", 204), manifest, origin),
        open(row("HEAD /v2/r/manifests/t", 200), manifest, origin),
        // refusals are read by pages too
        open(
            row("GET /v2/unknown/tags/list", 404).code("NAME_UNKNOWN"),
            list,
            origin,
        ),
        open(row("HEAD /v2/r/manifests/none", 404), manifest, origin),
        row("GET /v2/r/manifests/t", 200)
            .has(ORIGIN, origin)
            .lacks(METHODS)
            .lacks(HEADERS),
        silent(row("POST /v2/r/blobs/uploads/", 202)),
        silent(row("GET /v2/r/blobs/{i.0}", 200)),
        silent(row("HEAD /v2/r/blobs/{i.0}", 200)),
        silent(row("GET /livez", 200)),
        silent(row("GET /nothing", 404)),
        silent(row("POST /v2/", 405).code("UNSUPPORTED")),
        silent(row("OPTIONS /v2/r/blobs/{i.0}", 405).code("UNSUPPORTED")),
        silent(row("GET //v2/", 301)),
        silent(row("PUT /v2/r/manifests/t", 201).manifest("{image}", "{i.text}")),
        row("DELETE /v2/r/manifests/t", 202)
            .has(ORIGIN, origin)
            .lacks(METHODS)
            .lacks(CREDENTIALS),
    ]);
    rows
}

#[test]
fn every_page_may_read_by_default() {
    scene(Policy::default()).run(rows("*"));
}

#[test]
fn a_named_origin_is_sent_as_it_is() {
    for origin in ["https://ui.example", "https://a.example,https://b.example"] {
        scene(Policy::new(origin, false)).run(rows(origin));
    }
}

#[test]
fn the_origin_of_the_request_plays_no_part() {
    let evil = |line: &str, status| {
        row(line, status)
            .with("Origin", "https://evil.example")
            .with("Access-Control-Request-Method", "DELETE")
            .has(ORIGIN, "https://ui.example")
            .has(CREDENTIALS, "true")
    };
    scene(Policy::new("https://ui.example", true)).run([
        evil("OPTIONS /v2/r/tags/list", 204),
        evil("GET /v2/r/tags/list", 200),
        evil("GET /v2/r/manifests/t", 200),
        evil("OPTIONS /v2/r/manifests/t", 204),
    ]);
    scene(Policy::new("*", true)).run([row("GET /v2/", 200).has(ORIGIN, "*").lacks(CREDENTIALS)]);
}
