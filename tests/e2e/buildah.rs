//! buildah: builds on images of the registry and pushes the outcome.

use testkit::client::Client;
use testkit::image::Image;

use crate::scene::{Scene, TAG, big, busybox, platforms, stores};

fn buildah(scene: &Scene) -> Option<Client> {
    // builds run where they are: no user namespace, no network of their own
    Some(stores(&scene.home, "buildah")?.variable("BUILDAH_ISOLATION", "chroot"))
}

fn push(buildah: &Client, scene: &Scene, image: &str, name: &str) {
    let target = format!("docker://{}", scene.server.name(name));
    let arguments = [
        "push",
        "--tls-verify=false",
        "--digestfile",
        "digest",
        image,
        &target,
    ];
    buildah.run(&arguments);
}

#[test]
fn images_are_built_on_images_of_the_registry() {
    let scene = Scene::new();
    let Some(buildah) = buildah(&scene) else {
        return;
    };
    let Some(base) = busybox() else { return };
    scene.push("busybox", &base);
    let base = scene.server.name(&format!("busybox:{TAG}"));
    let steps = format!("FROM {base}\nRUN cat /etc/greeting > /copied\nLABEL from=test\n");
    scene.home.write("context/Containerfile", steps);

    buildah.run(&["bud", "--tls-verify=false", "--tag", "built", "context"]);
    push(&buildah, &scene, "built", "team/built:v1");
    let pushed = String::from_utf8(scene.home.read("digest")).unwrap();
    let served = scene.remote.digest_of("team/built", "v1").unwrap();
    assert_eq!(pushed.trim(), served.to_string());

    buildah.run(&["rmi", "--all", "--force"]);
    let name = scene.server.name("team/built:v1");
    let container = buildah.run(&["from", "--tls-verify=false", &name]);
    let said = buildah.run(&["run", container.text(), "--", "/bin/cat", "/copied"]);
    assert_eq!(said.text(), crate::scene::GREETING);
}

#[test]
fn images_come_out_and_go_in() {
    let scene = Scene::new();
    let Some(buildah) = buildah(&scene) else {
        return;
    };
    for (repo, image) in [("small", Image::sample(1)), ("big", big())] {
        scene.push(repo, &image);
        let name = scene.server.name(&format!("{repo}:{TAG}"));
        let id = buildah.run(&["pull", "--quiet", "--tls-verify=false", &name]);
        assert_eq!(id.text(), image.blobs[0].0.to_hex());
        push(&buildah, &scene, &name, &format!("copies/{repo}:new"));

        buildah.run(&["rmi", "--all", "--force"]);
        let copy = scene.server.name(&format!("copies/{repo}:new"));
        let again = buildah.run(&["pull", "--quiet", "--tls-verify=false", &copy]);
        assert_eq!(again.text(), id.text());
    }
}

#[test]
fn indexes_are_made_and_pushed() {
    let scene = Scene::new();
    let Some(buildah) = buildah(&scene) else {
        return;
    };
    let index = platforms();
    scene.push("multi", &index);
    let source = format!("docker://{}", scene.server.name(&format!("multi:{TAG}")));
    let target = format!("docker://{}", scene.server.name("made:v1"));

    buildah.run(&["manifest", "create", "local"]);
    buildah.run(&[
        "manifest",
        "add",
        "--all",
        "--tls-verify=false",
        "local",
        &source,
    ]);
    let push = [
        "manifest",
        "push",
        "--all",
        "--tls-verify=false",
        "--format=oci",
    ];
    buildah.run(&[&push[..], &["local", &target]].concat());
    let made = scene.remote.manifest("made", "v1").unwrap().json();
    assert_eq!(
        made["manifests"].as_array().map(Vec::len),
        Some(index.children.len())
    );
    for child in &index.children {
        scene.remote.verify("made", child).unwrap();
    }
}
