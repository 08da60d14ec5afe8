//! regctl: images, artifacts and what refers to them.

use testkit::client::{Client, Home};
use testkit::image::Image;

use crate::scene::{Scene, TAG, assert_layout, big, platforms};

fn regctl(scene: &Scene) -> Option<Client> {
    let host = format!("reg={},tls=disabled", scene.server.address());
    Some(find(&scene.home)?.argument("--host").argument(host))
}

fn find(home: &Home) -> Option<Client> {
    home.client("regctl")
}

#[test]
fn images_go_in_and_come_out_unchanged() {
    let scene = Scene::new();
    let Some(regctl) = regctl(&scene) else { return };
    for (repo, image) in [
        ("small", Image::sample(1)),
        ("big", big()),
        ("multi", platforms()),
    ] {
        let layout = scene.layout(&format!("{repo}-in"), &image);
        let name = scene.server.name(&format!("{repo}:v1"));

        regctl.run(&["image", "copy", &format!("ocidir://{layout}"), &name]);
        scene.assert_serves(repo, "v1", &image);
        let digest = regctl.run(&["image", "digest", &name]);
        assert_eq!(digest.text(), image.digest.to_string());

        let out = scene.path(&format!("{repo}-out"));
        regctl.run(&["image", "copy", &name, &format!("ocidir://{out}:{TAG}")]);
        assert_layout(out.as_ref(), &image);
    }
}

#[test]
fn tags_and_repositories_are_listed_copied_and_deleted() {
    let scene = Scene::new();
    let Some(regctl) = regctl(&scene) else { return };
    let image = Image::sample(1);
    scene.push("from", &image);
    let source = scene.server.name(&format!("from:{TAG}"));
    let target = scene.server.name("a/b/to");

    for tag in ["one", "two"] {
        regctl.run(&["image", "copy", &source, &format!("{target}:{tag}")]);
    }
    scene.assert_serves("a/b/to", "two", &image);
    assert_eq!(regctl.run(&["tag", "ls", &target]).lines(), ["one", "two"]);
    let registry = scene.server.address().to_string();
    assert_eq!(
        regctl.run(&["repo", "ls", &registry]).lines(),
        ["a/b/to", "from"]
    );

    regctl.run(&["tag", "rm", &format!("{target}:one")]);
    assert_eq!(scene.remote.tags("a/b/to").unwrap(), ["two"]);
    regctl.run(&["manifest", "delete", &format!("{target}@{}", image.digest)]);
    assert_eq!(scene.remote.manifest("a/b/to", "two").unwrap().status, 404);
    scene.assert_serves("from", TAG, &image);
}

#[test]
fn artifacts_are_attached_listed_and_fetched() {
    let scene = Scene::new();
    let Some(regctl) = regctl(&scene) else { return };
    let image = Image::sample(1);
    scene.push("app", &image);
    let name = scene.server.name(&format!("app:{TAG}"));
    let report = scene.path("report.txt");
    scene.home.write("report.txt", "no faults found\n");

    let kind = "application/vnd.example.report";
    for (kind, note) in [(kind, "first"), ("application/vnd.example.other", "second")] {
        let note = format!("org.example.note={note}");
        let put = [
            "artifact",
            "put",
            "--subject",
            &name,
            "--artifact-type",
            kind,
        ];
        regctl.run(&[&put[..], &["--annotation", &note, "--file", &report]].concat());
    }
    assert_eq!(
        scene.remote.referrers("app", &image.digest).unwrap().len(),
        2
    );

    let format = [
        "--format",
        "{{range .Descriptors}}{{.ArtifactType}}\n{{end}}",
    ];
    let list = ["artifact", "list", "--filter-artifact-type", kind, &name];
    assert_eq!(regctl.run(&[&list[..], &format].concat()).lines(), [kind]);
    let get = [
        "artifact",
        "get",
        "--subject",
        &name,
        "--filter-artifact-type",
        kind,
    ];
    assert_eq!(regctl.run(&get).stdout, "no faults found\n");

    // a copy takes along what refers to the image
    let target = scene.server.name("elsewhere/app:v1");
    regctl.run(&["image", "copy", "--referrers", &name, &target]);
    assert_eq!(
        scene
            .remote
            .referrers("elsewhere/app", &image.digest)
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn indexes_are_made_of_images_in_place() {
    let scene = Scene::new();
    let Some(regctl) = regctl(&scene) else { return };
    let made = platforms();
    scene.push("parts", &made);
    let name = scene.server.name("parts:made");
    let create = |child: &Image| {
        let digest = child.digest.to_string();
        let mut arguments = vec!["index".to_owned(), "add".to_owned(), name.clone()];
        arguments.extend([
            "--ref".to_owned(),
            scene.server.name(&format!("parts@{digest}")),
        ]);
        arguments
    };
    regctl.run(&["index", "create", &name]);
    for child in &made.children {
        regctl.run(&create(child));
    }
    let listed = scene.remote.manifest("parts", "made").unwrap().json();
    let digests: Vec<_> = made
        .children
        .iter()
        .map(|child| child.digest.to_string())
        .collect();
    let entries = listed["manifests"].as_array().unwrap();
    let found: Vec<_> = entries
        .iter()
        .map(|entry| entry["digest"].as_str().unwrap())
        .collect();
    assert_eq!(found, digests);
    assert_eq!(entries[2]["platform"]["os.version"], "10.0.20348.2113");
}

#[test]
fn blobs_are_put_and_fetched_alone() {
    let scene = Scene::new();
    let Some(regctl) = regctl(&scene) else { return };
    let repo = scene.server.name("blobs");
    scene.push("blobs", &Image::sample(1));
    let (digest, data) = Image::sample(1).blobs[1].clone();
    let got = regctl.run(&["blob", "head", &repo, &digest.to_string()]);
    got.assert_says(&data.len().to_string());
    let config = Image::sample(1).blobs[0].clone();
    let got = regctl.run(&["blob", "get", &repo, &config.0.to_string()]);
    assert_eq!(got.stdout.as_bytes(), config.1);
}
