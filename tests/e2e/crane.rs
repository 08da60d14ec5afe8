//! crane: one verb per endpoint.

use testkit::client::{Client, Home};
use testkit::image::{Image, Layer};

use crate::scene::{Scene, TAG, assert_layout, big, platforms};

fn crane(home: &Home) -> Option<Client> {
    Some(home.client("crane")?.argument("--insecure"))
}

#[test]
fn images_go_in_and_come_out_unchanged() {
    let scene = Scene::new();
    let Some(crane) = crane(&scene.home) else {
        return;
    };
    for (repo, image) in [("small", Image::sample(1)), ("big", big())] {
        let (folder, out) = (
            scene.path(&format!("{repo}-in")),
            scene.path(&format!("{repo}-out")),
        );
        scene.layout(&format!("{repo}-in"), &image);
        let name = scene.server.name(&format!("{repo}:v1"));

        crane.run(&["push", &folder, &name]);
        scene.assert_serves(repo, "v1", &image);
        assert_eq!(
            crane.run(&["digest", &name]).text(),
            image.digest.to_string()
        );
        assert_eq!(
            crane.run(&["manifest", &name]).stdout.as_bytes(),
            image.manifest
        );
        crane.run(&["validate", "--remote", &name]);

        crane.run(&["pull", "--format=oci", &name, &out]);
        assert_layout(out.as_ref(), &image);
    }
}

#[test]
fn tags_and_repositories_are_listed_moved_and_deleted() {
    let scene = Scene::new();
    let Some(crane) = crane(&scene.home) else {
        return;
    };
    scene.push("b/app", &Image::sample(1));
    scene.push("a", &Image::sample(2));
    let repo = scene.server.name("b/app");
    let name = |tag: &str| format!("{repo}:{tag}");

    crane.run(&["tag", &name(TAG), "second"]);
    crane.run(&["tag", &name(TAG), "third"]);
    assert_eq!(crane.run(&["ls", &repo]).lines(), ["second", "third", TAG]);
    let registry = scene.server.address().to_string();
    assert_eq!(crane.run(&["catalog", &registry]).lines(), ["a", "b/app"]);

    crane.run(&["delete", &name("second")]);
    assert_eq!(scene.remote.tags("b/app").unwrap(), ["third", TAG]);
    let digest = Image::sample(1).digest.to_string();
    crane.run(&["delete", &format!("{repo}@{digest}")]);
    assert_eq!(scene.remote.tags("b/app").unwrap(), Vec::<String>::new());
    crane.fail(&["digest", &name(TAG)]);
}

#[test]
fn indexes_are_copied_between_repositories() {
    let scene = Scene::new();
    let Some(crane) = crane(&scene.home) else {
        return;
    };
    let index = platforms();
    scene.push("from", &index);
    let source = scene.server.name(&format!("from:{TAG}"));

    crane.run(&["copy", &source, &scene.server.name("a/b/to:all")]);
    scene.assert_serves("a/b/to", "all", &index);

    let [_, _, windows] = index.children.as_slice() else {
        panic!("three platforms")
    };
    crane.run(&[
        "copy",
        "--platform=windows/amd64",
        &source,
        &scene.server.name("one:win"),
    ]);
    scene.assert_serves("one", "win", windows);
}

#[test]
fn images_are_built_on_images_in_place() {
    let scene = Scene::new();
    let Some(crane) = crane(&scene.home) else {
        return;
    };
    scene.push("base", &Image::sample(1));
    let base = scene.server.name(&format!("base:{TAG}"));
    let built = scene.server.name("built:v1");
    scene.home.write("more.tar", Layer::sample(2).to_tar());

    crane.run(&[
        "append",
        "--base",
        &base,
        "--new_layer",
        "more.tar",
        "--new_tag",
        &built,
    ]);
    crane.run(&["mutate", "--label", "a=b", "--tag", &built, &built]);
    crane.run(&["validate", "--remote", &built]);
    let config = crane.run(&["config", &built]).json();
    assert_eq!(config["config"]["Labels"]["a"], "b");
    assert_eq!(
        config["rootfs"]["diff_ids"].as_array().map(Vec::len),
        Some(2)
    );
}
