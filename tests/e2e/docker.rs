//! docker: the engine that `DOCKER_HOST` names, or one of the test's own, or the one that answers.

use std::net::SocketAddr;

use testkit::client::{Client, Home, is_installed, is_root, skip, variable};
use testkit::image::{Format, Image, Layer};
use testkit::process::Program;

use crate::scene::{GREETING, Scene, TAG, big, busybox, platforms, text};

/// A client of an engine; an engine of the test's own goes when this does.
pub(crate) struct Docker {
    pub(crate) client: Client,
    engine: Engine,
}

enum Engine {
    /// Started by the test, in its home.
    Own(Program),
    /// Found running: what the test brought in, under names that start so, is taken out again.
    Found(String),
}

impl Docker {
    fn start(scene: &Scene) -> Option<Self> {
        Self::at(&scene.home, scene.server.address())
    }

    /// Finds or starts an engine that pulls from this registry.
    pub(crate) fn at(home: &Home, registry: SocketAddr) -> Option<Self> {
        let client = home.client("docker")?;
        let named = variable("DOCKER_HOST");
        if named.is_none() && is_root() && is_installed("dockerd") {
            return Self::own(home, client);
        }
        let client = match named {
            Some(host) => client.variable("DOCKER_HOST", host),
            None => client,
        };
        if client.call(&["version"]).status.success() {
            let engine = Engine::Found(registry.to_string());
            return Some(Self { client, engine });
        }
        skip("no docker engine answers, and none can be started without root and dockerd");
        None
    }

    fn own(home: &Home, client: Client) -> Option<Self> {
        let socket = format!("unix://{}", home.join("docker.sock").display());
        let folder = |name: &str| text(&home.folder(name));
        let (data, exec) = (folder("docker/data"), folder("docker/exec"));
        let pid = text(&home.join("docker.pid"));
        // no bridge and no rules: the host's network stays as it is
        let engine = home.client("dockerd")?.command(&[
            "--storage-driver=vfs",
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
            "--insecure-registry=127.0.0.0/8",
            "--host",
            &socket,
            "--data-root",
            &data,
            "--exec-root",
            &exec,
            "--pidfile",
            &pid,
        ]);
        let mut engine = Program::start(engine, |_| ());
        let client = client.variable("DOCKER_HOST", socket);
        engine.wait_until("the socket", || client.call(&["version"]).status.success());
        Some(Self {
            client,
            engine: Engine::Own(engine),
        })
    }

    /// Makes an image of the engine's own under `name` and yields its id.
    pub(crate) fn make(&self, home: &Home, layer: &Layer, name: &str) -> String {
        let file = text(&home.write("layer.tar", layer.to_tar()));
        self.client.run(&["import", &file, name]).text().to_owned()
    }

    /// Removes images, so that they must be pulled again.
    pub(crate) fn forget(&self, names: &[&str]) {
        self.client.run(&[&["rmi", "--force"], names].concat());
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        match &mut self.engine {
            // lets the engine stop what it has started
            Engine::Own(engine) => {
                engine.stop();
            }
            Engine::Found(prefix) => {
                let names = "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}";
                let images = self
                    .client
                    .call(&["images", "--digests", "--format", names]);
                let names = images.stdout.split_whitespace();
                let is_ours = |name: &&str| name.starts_with(&*prefix) && !name.contains("<none>");
                for name in names.filter(is_ours) {
                    self.client.call(&["rmi", "--force", name]);
                }
            }
        }
    }
}

#[test]
fn docker_images_go_in_and_come_out() {
    let scene = Scene::docker();
    let Some(docker) = Docker::start(&scene) else {
        return;
    };
    let name = scene.server.name("team/app:v1");
    let copy = scene.server.name("elsewhere:v1");
    let id = docker.make(&scene.home, &Layer::noise(1, 30 << 20), &name);

    let pushed = docker.client.run(&["push", &name]);
    let digest = scene.remote.digest_of("team/app", "v1").unwrap();
    pushed.assert_says(&digest.to_string());

    docker.client.run(&["tag", &name, &copy]);
    let again = docker.client.run(&["push", &copy]);
    assert!(
        !again.stdout.contains(": Pushed"),
        "a layer was sent twice\n{again}"
    );
    assert_eq!(scene.remote.digest_of("elsewhere", "v1").unwrap(), digest);

    docker.forget(&[&name, &copy]);
    let exact = format!("{}@{digest}", scene.server.name("elsewhere"));
    docker.client.run(&["pull", "--quiet", &exact]);
    let seen = docker
        .client
        .run(&["image", "inspect", "--format={{.Id}}", &exact]);
    assert_eq!(seen.text(), id);
}

#[test]
fn oci_images_come_out() {
    let scene = Scene::new();
    let Some(docker) = Docker::start(&scene) else {
        return;
    };
    for (repo, image) in [("small", Image::sample(1)), ("big", big())] {
        scene.push(repo, &image);
        let name = scene.server.name(&format!("{repo}:{TAG}"));
        docker
            .client
            .run(&["pull", &name])
            .assert_says(&image.digest.to_string());
    }
    // of an index docker takes the image for this machine
    let index = platforms();
    scene.push("multi", &index);
    let name = scene.server.name(&format!("multi:{TAG}"));
    docker
        .client
        .run(&["pull", &name])
        .assert_says(&index.digest.to_string());
    let seen = docker
        .client
        .run(&["image", "inspect", "--format={{.Architecture}}", &name]);
    let host = index.children[0].platform.as_ref().unwrap();
    assert_eq!(seen.text(), host.architecture);
}

#[test]
fn images_run() {
    let scene = Scene::new();
    let Some(docker) = Docker::start(&scene) else {
        return;
    };
    let Some(image) = busybox() else { return };
    scene.push("busybox", &image);
    let name = scene.server.name(&format!("busybox:{TAG}"));
    let said = docker
        .client
        .run(&["run", "--rm", "--quiet", "--network=none", &name]);
    assert_eq!(said.text(), GREETING);
}

#[test]
fn lists_are_made_of_images_in_place() {
    let scene = Scene::docker();
    let Some(docker) = Docker::start(&scene) else {
        return;
    };
    let image = |seed| {
        Image::builder()
            .format(Format::Docker)
            .layer(&Layer::sample(seed))
            .build()
    };
    let name = |tag: &str| scene.server.name(&format!("multi:{tag}"));
    let (one, two) = (image(1), image(2));
    scene.remote.push("multi", "one", &one).unwrap();
    scene.remote.push("multi", "two", &two).unwrap();

    let (all, one_name, two_name) = (name("all"), name("one"), name("two"));
    docker.client.run(&[
        "manifest",
        "create",
        "--insecure",
        &all,
        &one_name,
        &two_name,
    ]);
    let variant = ["manifest", "annotate", &all, &two_name];
    docker
        .client
        .run(&[&variant[..], &["--arch=arm", "--variant=v7"]].concat());
    docker.client.run(&["manifest", "push", "--insecure", &all]);

    let made = scene.remote.manifest("multi", "all").unwrap();
    assert!(
        made.header("content-type")
            .unwrap()
            .ends_with("manifest.list.v2+json")
    );
    let made = made.json();
    let digest = |position: usize| made["manifests"][position]["digest"].as_str();
    let mut found = [digest(0).unwrap().to_owned(), digest(1).unwrap().to_owned()];
    let mut expected = [one.digest.to_string(), two.digest.to_string()];
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let seen = docker
        .client
        .run(&["manifest", "inspect", "--insecure", &all])
        .json();
    assert_eq!(seen["manifests"].as_array().map(Vec::len), Some(2));
}

#[test]
fn case_b69_refused_docker_manifests_name_the_setting() {
    let scene = Scene::new();
    let Some(docker) = Docker::start(&scene) else {
        return;
    };
    let name = scene.server.name("app:v1");
    docker.make(&scene.home, &Layer::sample(1), &name);
    docker
        .client
        .fail(&["push", &name])
        .assert_says("docker2s2");
    assert_eq!(scene.remote.manifest("app", "v1").unwrap().status, 404);
}
