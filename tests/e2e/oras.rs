//! oras: artifacts of any type, and what refers to them.

use testkit::client::Client;
use testkit::image::{Image, noise};

use crate::scene::{Scene, TAG, platforms};

const KIND: &str = "application/vnd.example.report";

/// Finds oras. `--plain-http` belongs to the verbs, so each call names it.
fn oras(scene: &Scene) -> Option<Client> {
    scene.home.client("oras")
}

#[test]
fn artifacts_go_in_and_come_out_unchanged() {
    let scene = Scene::new();
    let Some(oras) = oras(&scene) else { return };
    let big = noise(5, 30 << 20);
    scene.home.write("notes.txt", "read me\n");
    scene.home.write("data.bin", &big);
    let name = scene.server.name("files:v1");
    let files = ["notes.txt:text/plain", "data.bin:application/x-noise"];

    let push = ["push", "--plain-http", "--artifact-type", KIND, &name];
    oras.run(&[&push[..], &files].concat());
    let manifest = scene.remote.manifest("files", "v1").unwrap().json();
    assert_eq!(manifest["artifactType"], KIND);

    oras.run(&["pull", "--plain-http", "--output", "out", &name]);
    assert_eq!(scene.home.read("out/notes.txt"), b"read me\n");
    assert!(
        scene.home.read("out/data.bin") == big,
        "the big file has other bytes"
    );
}

#[test]
fn artifacts_are_attached_discovered_and_deleted() {
    let scene = Scene::new();
    let Some(oras) = oras(&scene) else { return };
    let image = Image::sample(1);
    scene.push("app", &image);
    scene.home.write("report.txt", "no faults found\n");
    let name = scene.server.name(&format!("app:{TAG}"));
    let other = "application/vnd.example.other";

    for kind in [KIND, other] {
        let attach = [
            "attach",
            "--plain-http",
            "--artifact-type",
            kind,
            &name,
            "report.txt",
        ];
        oras.run(&attach);
    }
    let discover = ["discover", "--plain-http", "--format", "json", &name];
    let seen = oras.run(&discover).json();
    assert_eq!(
        seen["referrers"].as_array().map(Vec::len),
        Some(2),
        "{seen}"
    );

    let filter = ["--artifact-type", KIND];
    let seen = oras.run(&[&discover[..], &filter].concat()).json();
    let found = seen["referrers"].as_array().unwrap();
    let [report] = found.as_slice() else {
        panic!("one report expected: {seen}")
    };
    assert_eq!(report["artifactType"], KIND);

    let report = format!(
        "{}@{}",
        scene.server.name("app"),
        report["digest"].as_str().unwrap()
    );
    oras.run(&["pull", "--plain-http", "--output", "out", &report]);
    assert_eq!(scene.home.read("out/report.txt"), b"no faults found\n");
    oras.run(&["manifest", "delete", "--plain-http", "--force", &report]);
    assert_eq!(
        scene.remote.referrers("app", &image.digest).unwrap(),
        [other]
    );
}

#[test]
fn indexes_are_copied_with_what_refers_to_them() {
    let scene = Scene::new();
    let Some(oras) = oras(&scene) else { return };
    let index = platforms();
    let layout = scene.layout("in", &index);
    let (name, target) = (scene.server.name("from:v1"), scene.server.name("a/b/to:v1"));

    oras.run(&["cp", "--from-oci-layout", "--to-plain-http", &layout, &name]);
    scene.assert_serves("from", "v1", &index);
    let report = Image::artifact(KIND)
        .subject(&index)
        .file("text/plain", "fine")
        .build();
    scene
        .remote
        .push("from", &report.digest.to_string(), &report)
        .unwrap();

    oras.run(&[
        "cp",
        "--recursive",
        "--from-plain-http",
        "--to-plain-http",
        &name,
        &target,
    ]);
    scene.assert_serves("a/b/to", "v1", &index);
    assert_eq!(
        scene.remote.referrers("a/b/to", &index.digest).unwrap(),
        [KIND]
    );
}

#[test]
fn tags_repositories_and_blobs_are_listed_and_fetched() {
    let scene = Scene::new();
    let Some(oras) = oras(&scene) else { return };
    let image = Image::sample(1);
    scene.push("b/app", &image);
    scene.push("a", &image);
    let registry = scene.server.address().to_string();
    let repo = scene.server.name("b/app");
    let name = format!("{repo}:{TAG}");

    oras.run(&["tag", "--plain-http", &name, "next", "last"]);
    let tags = oras.run(&["repo", "tags", "--plain-http", &repo]);
    assert_eq!(tags.lines(), ["last", "next", TAG]);
    let repos = oras.run(&["repo", "ls", "--plain-http", &registry]);
    assert_eq!(repos.lines(), ["a", "b/app"]);

    let raw = oras.run(&["manifest", "fetch", "--plain-http", &name]);
    assert_eq!(raw.stdout.as_bytes(), image.manifest);
    let (digest, data) = &image.blobs[0];
    let blob = format!("{repo}@{digest}");
    let got = oras.run(&["blob", "fetch", "--plain-http", "--output", "-", &blob]);
    assert_eq!(got.stdout.as_bytes(), data);

    scene.home.write("alone.bin", "a blob of no manifest");
    let pushed = oras.run(&["blob", "push", "--plain-http", &repo, "alone.bin"]);
    pushed.assert_says("Digest: sha256:");
    let alone = oci::Digest::sha256(b"a blob of no manifest");
    assert_eq!(scene.remote.blob("b/app", &alone).unwrap().status, 200);
    let gone = format!("{repo}@{alone}");
    oras.run(&["blob", "delete", "--plain-http", "--force", &gone]);
    assert_eq!(scene.remote.blob("b/app", &alone).unwrap().status, 404);
}
