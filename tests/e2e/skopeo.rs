//! skopeo: copies between layouts and registries.

use testkit::client::{Client, Home};
use testkit::image::{Format, Image, Layer};

use crate::scene::{Scene, TAG, assert_layout, big, platforms};

fn skopeo(home: &Home) -> Option<Client> {
    Some(home.client("skopeo")?.argument("--insecure-policy"))
}

/// Copies to, from or between registries over plain HTTP.
fn copy(skopeo: &Client, from: &str, to: &str, more: &[&str]) {
    skopeo.run(&[COPY, more, &[from, to]].concat());
}

const COPY: &[&str] = &["copy", "--src-tls-verify=false", "--dest-tls-verify=false"];

#[test]
fn images_go_in_and_come_out_unchanged() {
    let scene = Scene::new();
    let Some(skopeo) = skopeo(&scene.home) else {
        return;
    };
    let image = Image::sample(1);
    let name = format!("docker://{}", scene.server.name("team/app"));
    let layout = scene.layout("in", &image);

    copy(
        &skopeo,
        &format!("oci:{layout}"),
        &format!("{name}:v1"),
        &[],
    );
    copy(
        &skopeo,
        &format!("oci:{layout}"),
        &format!("{name}:v2"),
        &[],
    );
    scene.assert_serves("team/app", "v2", &image);

    let listed = skopeo
        .run(&["list-tags", "--tls-verify=false", &name])
        .json();
    assert_eq!(listed["Tags"], serde_json::json!(["v1", "v2"]));
    let seen = skopeo
        .run(&["inspect", "--tls-verify=false", &format!("{name}:v1")])
        .json();
    assert_eq!(seen["Digest"], image.digest.to_string());

    let out = scene.path("out");
    copy(
        &skopeo,
        &format!("{name}@{}", image.digest),
        &format!("oci:{out}:{TAG}"),
        &[],
    );
    assert_layout(out.as_ref(), &image);
}

#[test]
fn images_are_copied_between_repositories_and_deleted() {
    let scene = Scene::new();
    let Some(skopeo) = skopeo(&scene.home) else {
        return;
    };
    let image = Image::sample(1);
    scene.push("from", &image);
    let source = format!("docker://{}:{TAG}", scene.server.name("from"));
    let target = format!("docker://{}:copy", scene.server.name("a/b/c/to"));

    copy(&skopeo, &source, &target, &[]);
    scene.assert_serves("a/b/c/to", "copy", &image);

    // skopeo deletes by digest, whatever it is given
    skopeo.run(&["delete", "--tls-verify=false", &target]);
    assert_eq!(
        scene.remote.manifest("a/b/c/to", "copy").unwrap().status,
        404
    );
    scene.assert_serves("from", TAG, &image);
}

#[test]
fn indexes_are_copied_with_all_platforms() {
    let scene = Scene::new();
    let Some(skopeo) = skopeo(&scene.home) else {
        return;
    };
    let index = platforms();
    let layout = scene.layout("in", &index);
    let name = format!("docker://{}:all", scene.server.name("multi"));

    copy(&skopeo, &format!("oci:{layout}"), &name, &["--all"]);
    scene.assert_serves("multi", "all", &index);

    let raw = skopeo.run(&["inspect", "--raw", "--tls-verify=false", &name]);
    assert_eq!(raw.stdout.as_bytes(), index.manifest);
    let out = scene.path("out");
    copy(&skopeo, &name, &format!("oci:{out}:{TAG}"), &["--all"]);
    assert_layout(out.as_ref(), &index);
}

#[test]
fn big_layers_go_in_and_come_out_unchanged() {
    let scene = Scene::new();
    let Some(skopeo) = skopeo(&scene.home) else {
        return;
    };
    let image = big();
    let layout = scene.layout("in", &image);
    let name = format!("docker://{}:v1", scene.server.name("big"));

    copy(&skopeo, &format!("oci:{layout}"), &name, &[]);
    scene.assert_serves("big", "v1", &image);
    let out = scene.path("out");
    copy(&skopeo, &name, &format!("oci:{out}:{TAG}"), &[]);
    assert_layout(out.as_ref(), &image);
}

#[test]
fn case_b69_refused_docker_manifests_name_the_setting() {
    let scene = Scene::new();
    let Some(skopeo) = skopeo(&scene.home) else {
        return;
    };
    let layout = scene.layout("in", &Image::sample(1));
    let name = format!("docker://{}:v1", scene.server.name("app"));

    let push = ["--format", "v2s2", &format!("oci:{layout}"), &name];
    let refused = skopeo.fail(&[COPY, &push].concat());
    refused.assert_says("docker2s2");
}

#[test]
fn docker_manifests_are_taken_when_switched_on() {
    let scene = Scene::docker();
    let Some(skopeo) = skopeo(&scene.home) else {
        return;
    };
    let layout = scene.layout("in", &Image::sample(1));
    let name = format!("docker://{}:v1", scene.server.name("app"));
    copy(
        &skopeo,
        &format!("oci:{layout}"),
        &name,
        &["--format", "v2s2"],
    );
    let seen = scene.remote.manifest("app", "v1").unwrap();
    assert!(
        seen.header("content-type")
            .unwrap()
            .contains("docker.distribution.manifest.v2")
    );

    // what Docker's own tools have built keeps its digest
    let image = Image::builder()
        .format(Format::Docker)
        .layer(&Layer::sample(2))
        .build();
    let list = Image::index().format(Format::Docker).child(&image).build();
    scene.push("list", &list);
    let source = format!("docker://{}:{TAG}", scene.server.name("list"));
    let target = format!("docker://{}:copy", scene.server.name("copied"));
    copy(&skopeo, &source, &target, &["--all"]);
    scene.assert_serves("copied", "copy", &list);
}
