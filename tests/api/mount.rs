//! Blobs that come from another repository of the same registry.

use registry::Dedupe;
use testkit::server::Setup;

use crate::table::{Row, Scene, row};

fn scene(setup: Setup) -> Scene {
    let mut scene = Scene::of(setup);
    scene.push_blob("b", "a/one", b"0123456789");
    scene.push_blob("other", "a/two", b"other");
    scene
}

fn post(repo: &str, query: &str, status: u16) -> Row {
    row(format!("POST /v2/{repo}/blobs/uploads/?{query}"), status)
}

/// A session as if nothing had been asked for.
fn refused(repo: &str, query: &str) -> [Row; 3] {
    [
        post(repo, query, 202)
            .has("Range", "0-0")
            .lacks("Docker-Content-Digest")
            .keeps("Location", "at")
            .body(""),
        row("GET {at}", 204)
            .has("Location", "{at}")
            .has("Range", "0-0"),
        row("DELETE {at}", 204),
    ]
}

#[test]
fn a_mount_names_the_blob_in_its_new_place() {
    for dedupe in [Dedupe::On, Dedupe::Off] {
        let mut scene = scene(Setup {
            dedupe,
            ..Setup::on_disk()
        });
        let mounted = |repo: &str, query: &str| {
            post(repo, query, 201)
                .has("Location", &format!("/v2/{repo}/blobs/{{b}}"))
                .has("Content-Length", "0")
                .body("")
        };
        scene.run([
            mounted("b", "mount={b}&from=a/one"),
            row("GET /v2/b/blobs/{b}", 200).body("0123456789"),
            mounted("c", "mount={b}"),
            row("GET /v2/c/blobs/{b}", 200).body("0123456789"),
            mounted("d", "mount={b}&from=a%2Fone"),
            mounted("e", "mount={b}&from="),
            mounted("f", "from=a/one&mount={b}&origin=elsewhere.example"),
            // it is here already
            mounted("b", "mount={b}&from=a/one"),
            mounted("a/one", "mount={b}&from=a/one"),
            mounted("a/one", "mount={b}"),
            // it outlives the place that it came from
            row("DELETE /v2/a/one/blobs/{b}", 202),
            row("GET /v2/b/blobs/{b}", 200).body("0123456789"),
        ]);
    }
}

#[test]
fn a_mount_that_cannot_be_is_an_upload() {
    let mut scene = scene(Setup::default());
    let queries = [
        "mount={nothing}",
        "mount={nothing}&from=a/one",
        "mount={b}&from=a/two",
        "mount={b}&from=no/such/repo",
        "mount={b}&from=NOT A NAME",
        "mount={b}&from=..%2F..",
        "mount=sha256:00&from=a/one",
        "mount=nonsense",
        "mount=",
        "mount=&from=a/one",
    ];
    for query in queries {
        scene.run(refused("z", &query.replace(' ', "+")));
    }
    scene.run([row("HEAD /v2/z/tags/list", 200)]);
    // the location is used as it is
    scene.run([
        post("z", "mount={nothing}&from=a/one", 202).keeps("Location", "at"),
        row("PUT {at}?digest={b}", 201)
            .text("0123456789")
            .has("Location", "/v2/z/blobs/{b}"),
    ]);
}

#[test]
fn mounts_that_make_no_sense() {
    let mut scene = scene(Setup::default());
    scene.run([
        post("z", "from=a/one", 405).code("UNSUPPORTED"),
        post("z", "from=", 405).code("UNSUPPORTED"),
        post("z", "mount={b}&mount={b}", 400)
            .code("UNSUPPORTED")
            .detail("parameter", "mount"),
        post("z", "mount={b}&from=a/one&from=a/two", 400)
            .code("UNSUPPORTED")
            .detail("parameter", "from"),
        row("GET /v2/z/tags/list", 404).code("NAME_UNKNOWN"),
    ]);
}
