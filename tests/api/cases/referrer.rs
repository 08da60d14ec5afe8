//! What refers to what, and kinds of manifests.

use server::Settings;
use server::settings::DockerTypes;
use testkit::image::{Format, Image};
use testkit::server::Setup;

use crate::table::{Scene, row};

#[test]
fn case_b85_an_artifact_may_come_first() {
    let mut scene = Scene::of(Setup::on_disk());
    let subject = Image::sample(1);
    let artifact = Image::artifact("x/y").subject(&subject).build();
    scene.push("a", ("r", "a"), &artifact);
    scene.name_image("s", &subject);
    let listed = || row("GET /v2/r/referrers/{s}", 200).json("/manifests/0/digest", "{a}");
    scene.run([
        row("PUT /v2/r/manifests/{a}", 201)
            .manifest("{image}", "{a.text}")
            .has("OCI-Subject", "{s}"),
        listed(),
    ]);
    scene.push("s", ("r", "s"), &subject);
    scene.run([listed()]);
    scene.server.restart();
    scene.run([listed().absent("/manifests/1")]);
}

#[test]
fn case_b86_types_and_annotations_of_referrers() {
    let mut scene = Scene::new();
    scene.push_blob("c", "r", b"{}");
    scene.push("s", ("r", "s"), &Image::sample(1));
    let subject = r#""subject":{"mediaType":"{image}","digest":"{s}","size":{s.size}},"annotations":{"k":"v"}"#;
    let config = |kind: &str| {
        format!(r#""config":{{"mediaType":"{kind}","digest":"{{c}}","size":2}},"layers":[]"#)
    };
    let table = [
        (
            "{image}",
            "x/a",
            format!(r#""artifactType":"x/a",{}"#, config("x/config")),
        ),
        ("{image}", "x/b", config("x/b")),
        (
            "{image}",
            "x/c",
            format!(r#""artifactType":"x/c",{}"#, config("{empty}")),
        ),
        (
            "{index}",
            "x/d",
            r#""artifactType":"x/d","manifests":[]"#.to_owned(),
        ),
    ];
    for (kind, artifact, fields) in table {
        let text = format!(r#"{{"schemaVersion":2,{fields},{subject}}}"#);
        scene.run([
            row(
                format!("PUT /v2/r/manifests/{}", artifact.replace('/', "-")),
                201,
            )
            .manifest(kind, &text)
            .has("OCI-Subject", "{s}"),
            row(
                format!("GET /v2/r/referrers/{{s}}?artifactType={artifact}"),
                200,
            )
            .has("OCI-Filters-Applied", "artifactType")
            .json("/manifests/0/artifactType", artifact)
            .json("/manifests/0/mediaType", kind)
            .json("/manifests/0/annotations/k", "v")
            .absent("/manifests/1"),
        ]);
    }
    scene.run([row("GET /v2/r/referrers/{s}", 200)
        .lacks("OCI-Filters-Applied")
        .json("/manifests/3/annotations/k", "v")
        .absent("/manifests/4")]);
}

/// Fix 32: tags do not multiply entries.
#[test]
fn case_n32_a_referrer_with_many_tags_is_listed_once() {
    let mut scene = Scene::new();
    let subject = Image::sample(1);
    scene.push("s", ("r", "s"), &subject);
    let artifact = Image::artifact("x/y").subject(&subject).build();
    for tag in ["a", "b", "c"] {
        scene.push("a", ("r", tag), &artifact);
    }
    let once = || {
        row("GET /v2/r/referrers/{s}", 200)
            .json("/manifests/0/digest", "{a}")
            .absent("/manifests/1")
    };
    scene.run([once(), row("DELETE /v2/r/manifests/a", 202), once()]);
}

/// Fix 1: what Docker's types list is in use as much as what ours do.
#[test]
fn case_n1_children_of_every_type_are_in_use() {
    for format in [Format::Oci, Format::Docker] {
        let mut scene = Scene::of(Setup {
            settings: Settings {
                docker: DockerTypes::Accepted,
                ..Settings::default()
            },
            ..Setup::default()
        });
        let image = Image::builder().format(format).build();
        let index = Image::index().format(format).child(&image).build();
        scene.push("x", ("r", "x"), &index);
        scene.name_image("m", &image);
        let refused = |path: &str| row(format!("DELETE /v2/r/{path}"), 405).code("DENIED");
        scene.run([
            refused("manifests/{m}"),
            refused("blobs/{m.0}"),
            row("DELETE /v2/r/manifests/{x}", 202),
            row("DELETE /v2/r/manifests/{m}", 202),
            row("DELETE /v2/r/blobs/{m.0}", 202),
        ]);
    }
}
