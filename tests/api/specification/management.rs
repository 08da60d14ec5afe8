//! Content management.

use testkit::image::Image;

use crate::table::{Row, Scene, row};

pub(super) fn scene() -> Scene {
    let mut scene = Scene::new();
    let subject = Image::sample(1);
    scene.push("m", ("org/app", "v1"), &subject);
    scene.push("m", ("org/app", "v2"), &subject);
    scene.push("m", ("org/copy", "v1"), &subject);
    let artifact = Image::artifact("x/y").subject(&subject).build();
    scene.push("r", ("org/app", "sbom"), &artifact);
    scene.push_blob("b", "org/app", b"0123456789");
    scene
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = tags();
    rows.extend(manifests());
    rows.extend(blobs());
    rows
}

fn tags() -> Vec<Row> {
    let rule = |line: &str, status, rule| row(line, status).rule("Deleting tags", rule);
    vec![
        rule("DELETE /v2/org/app/manifests/v1", 202, "the tag goes"),
        rule("GET /v2/org/app/manifests/v1", 404, "it is gone").code("MANIFEST_UNKNOWN"),
        rule(
            "GET /v2/org/app/manifests/v2",
            200,
            "another tag of the manifest is not",
        ),
        rule("GET /v2/org/app/manifests/{m}", 200, "nor is the manifest"),
        rule("GET /v2/org/app/tags/list", 200, "the list knows").json("/tags/0", "sbom"),
        rule("DELETE /v2/org/app/manifests/v1", 404, "it cannot go twice").code("MANIFEST_UNKNOWN"),
    ]
}

fn manifests() -> Vec<Row> {
    let rule = |line: &str, status, rule| row(line, status).rule("Deleting Manifests", rule);
    vec![
        rule(
            "DELETE /v2/org/app/manifests/{r}",
            202,
            "a manifest with a subject goes",
        ),
        rule(
            "GET /v2/org/app/referrers/{m}",
            200,
            "and refers to nothing any more",
        )
        .absent("/manifests/0"),
        rule("DELETE /v2/org/app/manifests/{m}", 202, "the manifest goes"),
        rule("GET /v2/org/app/manifests/{m}", 404, "it is gone").code("MANIFEST_UNKNOWN"),
        rule("GET /v2/org/app/manifests/v2", 404, "and so are its tags").code("MANIFEST_UNKNOWN"),
        rule(
            "DELETE /v2/org/app/manifests/{m}",
            404,
            "it cannot go twice",
        )
        .code("MANIFEST_UNKNOWN"),
        rule("DELETE /v2/org/none/manifests/{m}", 404, "no repository").code("NAME_UNKNOWN"),
        rule(
            "GET /v2/org/copy/manifests/v1",
            200,
            "another repository keeps its own",
        )
        .body("{m.text}"),
    ]
}

fn blobs() -> Vec<Row> {
    let rule = |line: &str, status, rule| row(line, status).rule("Deleting Blobs", rule);
    vec![
        rule("DELETE /v2/org/app/blobs/{b}", 202, "the blob goes"),
        rule("GET /v2/org/app/blobs/{b}", 404, "it is gone").code("BLOB_UNKNOWN"),
        rule("HEAD /v2/org/app/blobs/{b}", 404, "it is gone"),
        rule("DELETE /v2/org/app/blobs/{b}", 404, "what is not there").code("BLOB_UNKNOWN"),
        rule(
            "DELETE /v2/org/copy/blobs/{m.0}",
            405,
            "what a manifest names stays",
        )
        .code("DENIED"),
    ]
}
