//! containerd: a daemon of the test's own, driven by `ctr`.

use testkit::client::{Client, Home, is_root, skip};
use testkit::image::Image;
use testkit::process::Program;

use crate::scene::{GREETING, Scene, TAG, big, busybox, platforms, text};

/// A daemon and its client; the daemon goes when this does.
pub(crate) struct Containerd {
    pub(crate) ctr: Client,
    _daemon: Program,
}

impl Containerd {
    pub(crate) fn start(home: &Home) -> Option<Self> {
        let (daemon, ctr) = (home.client("containerd")?, home.client("ctr")?);
        if !is_root() {
            skip("containerd needs root");
            return None;
        }
        let (root, state) = (
            home.folder("containerd/root"),
            home.folder("containerd/state"),
        );
        let socket = home.join("containerd/socket");
        let config = format!(
            "version = 2\nroot = {root:?}\nstate = {state:?}\n\
             disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\
             [grpc]\naddress = {socket:?}\n[ttrpc]\naddress = \"{}.ttrpc\"\n",
            socket.display(),
        );
        let config = text(&home.write("containerd/config.toml", config));
        let mut daemon = Program::start(daemon.command(&["--config", &config]), |_| ());
        let ctr = ctr.argument("--address").argument(&socket);
        daemon.wait_until("the socket", || ctr.call(&["version"]).status.success());
        Some(Self {
            ctr,
            _daemon: daemon,
        })
    }

    /// Pulls an image; `more` says of which platforms.
    fn pull(&self, name: &str, more: &[&str]) {
        let pull = ["images", "pull", "--plain-http", "--snapshotter=native"];
        self.ctr.run(&[&pull[..], more, &[name]].concat());
    }

    /// Yields the digest of an image that it has.
    fn digest(&self, name: &str) -> String {
        let filter = format!("name=={name}");
        let listed = self.ctr.run(&["images", "list", &filter]);
        let words = listed
            .lines()
            .last()
            .copied()
            .unwrap_or_default()
            .split_whitespace();
        words
            .into_iter()
            .find(|word| word.starts_with("sha256:"))
            .unwrap_or_default()
            .to_owned()
    }
}

#[test]
fn images_come_out_and_go_in_unchanged() {
    let scene = Scene::new();
    let Some(containerd) = Containerd::start(&scene.home) else {
        return;
    };
    for (repo, image) in [("small", Image::sample(1)), ("big", big())] {
        scene.push(repo, &image);
        let name = scene.server.name(&format!("{repo}:{TAG}"));
        let copy = scene.server.name(&format!("copies/{repo}:new"));

        containerd.pull(&name, &[]);
        assert_eq!(containerd.digest(&name), image.digest.to_string());
        containerd.ctr.run(&["images", "tag", &name, &copy]);
        containerd
            .ctr
            .run(&["images", "push", "--plain-http", &copy]);
        scene.assert_serves(&format!("copies/{repo}"), "new", &image);
    }
}

#[test]
fn indexes_go_in_and_come_out_unchanged() {
    let scene = Scene::new();
    let Some(containerd) = Containerd::start(&scene.home) else {
        return;
    };
    let index = platforms();
    let archive = scene.archive("index.tar", &index);
    let name = scene.server.name("multi:all");

    let import = [
        "images",
        "import",
        "--all-platforms",
        "--no-unpack",
        "--index-name",
        &name,
    ];
    containerd
        .ctr
        .run(&[&import[..], &["--base-name", "x", &archive]].concat());
    let pushed = ["images", "push", "--plain-http", &name];
    let digest = format!("{}", index.digest);
    containerd
        .ctr
        .run(&[&pushed[..], &[&format!("x:{TAG}")]].concat());
    scene.assert_serves("multi", "all", &index);

    containerd
        .ctr
        .run(&["images", "rm", "--sync", &name, &format!("x:{TAG}")]);
    let out = scene.server.name("multi:all");
    containerd.pull(&out, &["--platform=linux/arm64"]);
    assert_eq!(containerd.digest(&out), digest);
}

#[test]
fn images_run() {
    let scene = Scene::new();
    let Some(containerd) = Containerd::start(&scene.home) else {
        return;
    };
    let Some(image) = busybox() else { return };
    scene.push("busybox", &image);
    let name = scene.server.name(&format!("busybox:{TAG}"));
    containerd.pull(&name, &[]);
    let said = containerd
        .ctr
        .run(&["run", "--rm", "--snapshotter=native", &name, "greeter"]);
    assert_eq!(said.text(), GREETING);
}
