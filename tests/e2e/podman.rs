//! podman: pulls, pushes and runs images.

use testkit::client::Client;
use testkit::image::Image;

use crate::scene::{GREETING, Scene, TAG, big, busybox, platforms, stores};

/// What containers may have here at most, where a test machine allows less than podman wants.
const LIMITS: &[&str] = &["--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"];

fn podman(scene: &Scene) -> Option<Client> {
    let podman = stores(&scene.home, "podman")?;
    if scene.home.client("runc").is_some() {
        return Some(podman.argument("--runtime=runc"));
    }
    Some(podman)
}

/// Pulls an image, and yields its id.
fn pull(podman: &Client, name: &str) -> String {
    let pulled = podman.run(&["pull", "--quiet", "--tls-verify=false", name]);
    pulled.text().to_owned()
}

#[test]
fn images_come_out_and_go_in() {
    let scene = Scene::new();
    let Some(podman) = podman(&scene) else { return };
    for (repo, image) in [("small", Image::sample(1)), ("big", big())] {
        scene.push(repo, &image);
        let name = scene.server.name(&format!("{repo}:{TAG}"));
        // the id of an image is the digest of its config
        let id = pull(&podman, &name);
        assert_eq!(id, image.blobs[0].0.to_hex());
        let digests = ["--format={{range .RepoDigests}}{{.}} {{end}}", &name];
        let seen = podman.run(&[&["image", "inspect"], &digests[..]].concat());
        seen.assert_says(&image.digest.to_string());

        let digest = scene.path("digest");
        let target = scene.server.name(&format!("copies/{repo}:new"));
        podman.run(&["tag", &name, &target]);
        podman.run(&[
            "push",
            "--tls-verify=false",
            "--digestfile",
            &digest,
            &target,
        ]);
        let pushed = String::from_utf8(scene.home.read("digest")).unwrap();
        let served = scene
            .remote
            .digest_of(&format!("copies/{repo}"), "new")
            .unwrap();
        assert_eq!(pushed.trim(), served.to_string());

        podman.run(&["rmi", "--all", "--force"]);
        assert_eq!(pull(&podman, &target), id);
    }
}

#[test]
fn tags_are_listed() {
    let scene = Scene::new();
    let Some(podman) = podman(&scene) else { return };
    for tag in ["one", "two"] {
        scene
            .remote
            .push("team/app", tag, &Image::sample(1))
            .unwrap();
    }
    let name = scene.server.name("team/app");
    let listed = podman.run(&["search", "--list-tags", "--tls-verify=false", &name]);
    let tags: Vec<_> = listed
        .lines()
        .iter()
        .filter_map(|line| line.split_whitespace().next_back())
        .collect();
    assert_eq!(tags, ["TAG", "one", "two"]);
}

#[test]
fn images_run() {
    let scene = Scene::new();
    let Some(podman) = podman(&scene) else { return };
    let Some(image) = busybox() else { return };
    scene.push("busybox", &image);
    let name = scene.server.name(&format!("busybox:{TAG}"));
    pull(&podman, &name);
    let said = podman.run(&[&["run", "--rm", "--network=none"], LIMITS, &[&name]].concat());
    assert_eq!(said.text(), GREETING);
}

#[test]
fn indexes_are_made_pushed_and_pulled() {
    let scene = Scene::new();
    let Some(podman) = podman(&scene) else { return };
    let index = platforms();
    scene.push("multi", &index);
    // of an index podman takes the image for this machine
    let id = pull(&podman, &scene.server.name(&format!("multi:{TAG}")));
    assert_eq!(id, index.children[0].blobs[0].0.to_hex());

    podman.run(&["manifest", "create", "local"]);
    for child in &index.children {
        let child = format!("docker://{}@{}", scene.server.name("multi"), child.digest);
        podman.run(&["manifest", "add", "--tls-verify=false", "local", &child]);
    }
    let target = format!("docker://{}", scene.server.name("made:v1"));
    let push = [
        "manifest",
        "push",
        "--all",
        "--tls-verify=false",
        "--format=oci",
    ];
    podman.run(&[&push[..], &["local", &target]].concat());
    let made = scene.remote.manifest("made", "v1").unwrap().json();
    let digests: Vec<_> = index
        .children
        .iter()
        .map(|child| child.digest.to_string())
        .collect();
    let entries = made["manifests"].as_array().unwrap();
    let found: Vec<_> = entries
        .iter()
        .map(|entry| entry["digest"].as_str().unwrap())
        .collect();
    assert_eq!(found, digests);
}

#[test]
fn case_b69_refused_docker_manifests_name_the_setting() {
    let (plain, compatible) = (Scene::new(), Scene::docker());
    let Some(podman) = podman(&plain) else { return };
    let image = Image::sample(1);
    plain.push("app", &image);
    pull(&podman, &plain.server.name(&format!("app:{TAG}")));
    let push = |scene: &Scene| {
        let target = format!("docker://{}", scene.server.name("app:docker"));
        let id = image.blobs[0].0.to_hex();
        let push = ["push", "--tls-verify=false", "--format=v2s2", &id, &target];
        push.map(str::to_owned)
    };
    podman.fail(&push(&plain)).assert_says("docker2s2");
    podman.run(&push(&compatible));
    let seen = compatible.remote.manifest("app", "docker").unwrap();
    assert!(
        seen.header("content-type")
            .unwrap()
            .contains("docker.distribution.manifest.v2")
    );
}
