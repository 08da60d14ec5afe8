//! A server, a home and the images that every client meets.

use std::fs;
use std::path::Path;
use std::process::ExitStatus;

use oci::{Platform, Tag};
use testkit::client::{Client, Home};
use testkit::http::Remote;
use testkit::image::{Image, Layer, blob_path, host_platform};
use testkit::process::Server;

/// The size of a layer that does not fit into one buffer anywhere: 30 MB.
const BIG: usize = 30 << 20;

/// The tag of every layout that [`Scene::layout`] writes.
pub(crate) const TAG: &str = "v1";

/// What a test needs besides its client.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) home: Home,
    pub(crate) server: Server,
    pub(crate) remote: Remote,
}

impl Scene {
    /// Starts a server as it comes.
    pub(crate) fn new() -> Self {
        Self::of(Server::start())
    }

    /// Starts a server that takes Docker's manifests.
    pub(crate) fn docker() -> Self {
        Self::of(Server::compatible(&["docker2s2"]))
    }

    fn of(server: Server) -> Self {
        Self {
            home: Home::new(),
            remote: server.remote(),
            server,
        }
    }

    /// Stops the server and starts it on the same root; yields how the first process ended.
    pub(crate) fn restart(&mut self) -> ExitStatus {
        let status = self.server.restart();
        self.remote = self.server.remote();
        status
    }

    /// Writes an image as a layout into the home, and yields `<path>:<tag>` as clients spell it.
    pub(crate) fn layout(&self, name: &str, image: &Image) -> String {
        let folder = self.home.join(name);
        image.write_layout(&folder, &tag(TAG)).unwrap();
        format!("{}:{TAG}", folder.display())
    }

    /// Writes an image as an archive of a layout into the home, and yields the path.
    pub(crate) fn archive(&self, name: &str, image: &Image) -> String {
        let file = self.home.join(name);
        image.write_archive(&file, &tag(TAG)).unwrap();
        text(&file)
    }

    /// Yields the path of something in the home, as an argument.
    pub(crate) fn path(&self, name: &str) -> String {
        text(&self.home.join(name))
    }

    /// Puts an image in place without a client.
    pub(crate) fn push(&self, repo: &str, image: &Image) {
        self.remote.push(repo, TAG, image).unwrap();
    }

    /// Checks that the registry serves every byte of an image, and that `tag` names it.
    pub(crate) fn assert_serves(&self, repo: &str, tag: &str, image: &Image) {
        self.remote.verify(repo, image).unwrap();
        assert_eq!(self.remote.digest_of(repo, tag).unwrap(), image.digest);
    }
}

/// Checks that a layout which a client wrote holds every byte of an image.
pub(crate) fn assert_layout(folder: &Path, image: &Image) {
    for manifest in image.manifests() {
        let own = (manifest.digest, manifest.manifest.clone());
        for (digest, data) in manifest.blobs.iter().chain([&own]) {
            let mut found = Vec::new();
            let mut file = fs::File::open(blob_path(folder, digest)).unwrap();
            std::io::Read::read_to_end(&mut file, &mut found).unwrap();
            assert!(found == *data, "{digest} has other bytes");
        }
    }
}

/// Yields an image that runs: a shell whose programs are all one file.
pub(crate) fn busybox() -> Option<Image> {
    let mut program = Vec::new();
    let Ok(mut file) = fs::File::open("/bin/busybox") else {
        testkit::client::skip("busybox is not installed");
        return None;
    };
    std::io::Read::read_to_end(&mut file, &mut program).unwrap();
    let shell = Layer::new()
        .folder("bin", 0o755)
        .file("bin/busybox", 0o755, program)
        .link("bin/sh", "busybox")
        .link("bin/cat", "busybox");
    let data = Layer::new()
        .folder("etc", 0o755)
        .file("etc/passwd", 0o644, "root:x:0:0::/:/bin/sh\n")
        .file("etc/greeting", 0o644, "hello from the registry\n");
    let image = Image::builder().layer(&shell).layer(&data);
    Some(image.command(&["/bin/cat", "/etc/greeting"]).build())
}

/// What a container of [`busybox`] prints.
pub(crate) const GREETING: &str = "hello from the registry";

/// Yields an image with a layer of 30 MB between two small ones.
pub(crate) fn big() -> Image {
    Image::builder()
        .layer(&Layer::sample(1))
        .layer(&Layer::noise(2, BIG))
        .layer(&Layer::sample(3))
        .build()
}

/// Yields an index of images for three platforms, one with a version of its system.
pub(crate) fn platforms() -> Image {
    let other = if host_platform().architecture == "arm64" {
        "amd64"
    } else {
        "arm64"
    };
    let foreign = Platform {
        architecture: other.to_owned(),
        os: "linux".to_owned(),
        variant: Some("v8".to_owned()).filter(|_| other == "arm64"),
        ..Platform::default()
    };
    let windows = Platform {
        architecture: "amd64".to_owned(),
        os: "windows".to_owned(),
        os_version: Some("10.0.20348.2113".to_owned()),
        ..Platform::default()
    };
    [host_platform(), foreign, windows]
        .into_iter()
        .zip(10..)
        .map(|(platform, seed)| {
            Image::builder()
                .layer(&Layer::sample(seed))
                .platform(platform)
                .build()
        })
        .fold(Image::index(), |index, child| index.child(&child))
        .build()
}

/// Makes a tag.
pub(crate) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// Spells a path as an argument.
pub(crate) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Finds podman or buildah, with image stores and settings in the home.
pub(crate) fn stores(home: &Home, name: &str) -> Option<Client> {
    let client = home.client(name)?;
    let (root, run) = (home.join("storage"), home.join("run"));
    let storage = format!(
        "[storage]\ndriver = \"vfs\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n",
        root.display(),
        run.display(),
    );
    let containers = "[containers]\nnetns = \"host\"\n\
                      [engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\nlock_type = \"file\"\n";
    let policy = r#"{"default": [{"type": "insecureAcceptAnything"}]}"#;
    home.write(".config/containers/policy.json", policy);
    Some(
        client
            .variable(
                "CONTAINERS_STORAGE_CONF",
                home.write("storage.conf", storage),
            )
            .variable("CONTAINERS_CONF", home.write("containers.conf", containers))
            .variable(
                "CONTAINERS_REGISTRIES_CONF",
                home.write("registries.conf", ""),
            )
            .variable("REGISTRY_AUTH_FILE", home.write("auth.json", "{}")),
    )
}
