//! What goes with a tag, and what with a manifest.

use testkit::image::Image;

use super::{IMAGE, scene};
use crate::table::{Scene, row};

#[test]
fn a_tag_goes_alone() {
    let mut scene = scene();
    scene.run([
        row("PUT /v2/r/manifests/a", 201).manifest("{image}", IMAGE),
        row("PUT /v2/r/manifests/b", 201).manifest("{image}", IMAGE),
        row("DELETE /v2/r/manifests/a", 202)
            .has("Content-Length", "0")
            .body(""),
        row("GET /v2/r/manifests/a", 404).code("MANIFEST_UNKNOWN"),
        row("GET /v2/r/manifests/b", 200),
        row("DELETE /v2/r/manifests/b", 202),
        row("GET /v2/r/tags/list", 200).json("/tags", Vec::<String>::new()),
        // the last tag is gone, the digest is still pulled
        row("GET /v2/r/manifests/{i}", 200).body("{i.text}"),
        row("DELETE /v2/r/manifests/b", 404).code("MANIFEST_UNKNOWN"),
    ]);
}

#[test]
fn a_digest_goes_with_all_its_tags() {
    let mut scene = scene();
    scene.run([
        row("PUT /v2/r/manifests/a", 201).manifest("{image}", IMAGE),
        row("PUT /v2/r/manifests/b", 201).manifest("{image}", IMAGE),
        row("DELETE /v2/r/manifests/{i}", 202).body(""),
        row("GET /v2/r/manifests/a", 404).code("MANIFEST_UNKNOWN"),
        row("GET /v2/r/manifests/b", 404).code("MANIFEST_UNKNOWN"),
        row("GET /v2/r/manifests/{i}", 404).code("MANIFEST_UNKNOWN"),
        row("GET /v2/r/tags/list", 200).json("/tags", Vec::<String>::new()),
        row("DELETE /v2/r/manifests/{i}", 404).code("MANIFEST_UNKNOWN"),
        // its blobs wait for the collector
        row("HEAD /v2/r/blobs/{l}", 200),
        row("PUT /v2/r/manifests/a", 201).manifest("{image}", IMAGE),
        row("GET /v2/r/manifests/a", 200).body("{i.text}"),
    ]);
}

#[test]
fn what_an_index_lists_is_in_use() {
    let mut scene = Scene::new();
    let (one, two) = (Image::sample(1), Image::sample(2));
    let index = Image::index().child(&one).child(&two).build();
    scene.push("x", ("r", "x"), &index);
    scene.name_image("one", &one);
    scene.name_image("two", &two);
    scene.run([
        row("DELETE /v2/r/manifests/{one}", 405)
            .code("DENIED")
            .detail("reference", "{one}"),
        row("GET /v2/r/manifests/{one}", 200),
        row("DELETE /v2/r/manifests/{x}", 202),
        // the blobs of the children are theirs
        // its manifests stay until they are collected, and so do their blobs
        row("GET /v2/r/manifests/{one}", 200),
        row("DELETE /v2/r/blobs/{one.0}", 405)
            .code("DENIED")
            .detail("digest", "{one.0}"),
        row("DELETE /v2/r/manifests/{one}", 202),
        row("GET /v2/r/manifests/x", 404).code("MANIFEST_UNKNOWN"),
    ]);
}

#[test]
fn deletes_that_find_nothing() {
    let mut scene = Scene::new();
    scene.push("m", ("r", "t"), &Image::sample(1));
    scene.run([
        row("DELETE /v2/nothing/manifests/t", 404)
            .code("NAME_UNKNOWN")
            .detail("name", "nothing"),
        row("DELETE /v2/nothing/manifests/{nothing}", 404).code("NAME_UNKNOWN"),
        row("DELETE /v2/r/manifests/x", 404)
            .code("MANIFEST_UNKNOWN")
            .detail("reference", "x"),
        row("DELETE /v2/r/manifests/{nothing}", 404).code("MANIFEST_UNKNOWN"),
        row("DELETE /v2/r/manifests/sha256:00", 404).code("MANIFEST_UNKNOWN"),
        row("DELETE /v2/r/manifests/a:b", 404).code("MANIFEST_UNKNOWN"),
        row("DELETE /v2/r/manifests/{m.0}", 404).code("MANIFEST_UNKNOWN"),
        row("GET /v2/r/manifests/t", 200),
    ]);
}

#[test]
fn deletes_have_preconditions() {
    let mut scene = Scene::new();
    scene.push("m", ("r", "t"), &Image::sample(1));
    let delete = |status| row("DELETE /v2/r/manifests/t", status);
    scene.run([
        delete(412)
            .with("If-Match", "\"{nothing}\"")
            .code("MANIFEST_INVALID"),
        row("DELETE /v2/r/manifests/{m}", 412)
            .with("If-Match", "\"{nothing}\"")
            .code("MANIFEST_INVALID"),
        row("HEAD /v2/r/manifests/t", 200),
        delete(202).with("If-Match", "\"{m}\""),
        row("HEAD /v2/r/manifests/t", 404),
    ]);
}
