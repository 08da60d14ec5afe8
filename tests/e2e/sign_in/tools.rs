//! Clients that are one program.

use testkit::client::{Client, Home, Output};
use testkit::image::{Image, Layer};

use super::caller::{Caller, live};
use super::house::{House, OWNER};
use super::registry::Link;
use crate::scene::{TAG, stores, tag, text};

/// What a program of this kind has with it.
struct Tool {
    home: Home,
    program: Client,
    /// Arguments, behind the verb, that say how the registry is reached.
    link: Vec<String>,
    address: String,
    /// An image as a layout in the home.
    layout: String,
}

impl Tool {
    /// Finds a program; `link` are its words for plain HTTP and for a file to trust.
    fn find(house: &House, name: &str, link: [&str; 2]) -> Option<Self> {
        let home = Home::new();
        let program = if name == "podman" {
            stores(&home, name)?
        } else {
            home.client(name)?
        };
        let registry = &house.registry;
        let link = match (registry.link, link) {
            (Link::Plain, [plain, _]) => vec![plain.to_owned()],
            (Link::Tls, [_, "--cert-dir"]) => vec!["--cert-dir".to_owned(), trusted(&home, house)],
            (Link::Tls, [_, trust]) => vec![trust.to_owned(), registry.authority()],
        };
        let folder = home.join("layout");
        Image::sample(9).write_layout(&folder, &tag(TAG)).unwrap();
        Some(Self {
            program,
            link,
            address: registry.address.to_string(),
            layout: text(&folder),
            home,
        })
    }

    /// Calls it: the verb, the words for the link, the rest.
    fn call(&self, verb: &[&str], rest: &[&str]) -> Output {
        let link: Vec<_> = self.link.iter().map(String::as_str).collect();
        let link = link.iter().copied().filter(|word| !word.is_empty());
        let words: Vec<_> = verb
            .iter()
            .copied()
            .chain(link)
            .chain(rest.iter().copied())
            .collect();
        self.program.call(&words)
    }

    /// Yields the name of the image in a folder.
    fn app(&self, folder: &str) -> String {
        format!("{}/{folder}/app:{TAG}", self.address)
    }

    /// Yields the name that pushes go to.
    fn fresh(&self, folder: &str) -> String {
        format!("{}/{folder}/new:v1", self.address)
    }

    /// Signs in the way of most.
    fn login(&self, verb: &[&str], user: &str, password: &str) -> Output {
        self.call(
            verb,
            &["--username", user, "--password", password, &self.address],
        )
    }
}

/// Makes the folder that programs of the containers family look into.
fn trusted(home: &Home, house: &House) -> String {
    home.write("certs/ca.crt", certificate(house));
    text(&home.join("certs"))
}

/// Reads the certificate that clients must trust.
fn certificate(house: &House) -> String {
    let mut text = String::new();
    let mut file = std::fs::File::open(house.registry.authority()).unwrap();
    std::io::Read::read_to_string(&mut file, &mut text).unwrap();
    text
}

struct Crane(Tool);

impl Crane {
    fn find(house: &House) -> Option<Self> {
        let mut tool = Tool::find(house, "crane", ["--insecure", ""])?;
        if house.registry.link == Link::Tls {
            // its only way to be told of an authority
            tool.link.clear();
            tool.program = tool
                .program
                .variable("SSL_CERT_FILE", house.registry.authority());
        }
        Some(Self(tool))
    }
}

impl Caller for Crane {
    fn login(&mut self, user: &str, password: &str) -> Output {
        self.0.login(&["auth", "login"], user, password)
    }

    fn checks(&self) -> bool {
        false
    }

    fn logout(&mut self) {
        self.0.call(&["auth", "logout"], &[&self.0.address]);
    }

    fn pull(&self, folder: &str) -> Output {
        self.0
            .call(&["pull"], &["--format=oci", &self.0.app(folder), "out"])
    }

    fn push(&self, folder: &str) -> Output {
        self.0
            .call(&["push"], &[&self.0.layout, &self.0.fresh(folder)])
    }
}

struct Skopeo(Tool);

impl Skopeo {
    fn find(house: &House) -> Option<Self> {
        let mut tool = Tool::find(house, "skopeo", ["--tls-verify=false", "--cert-dir"])?;
        let file = tool.home.write("auth.json", "{}");
        tool.program = tool.program.variable("REGISTRY_AUTH_FILE", file);
        Some(Self(tool))
    }

    /// Copies; `end` is the side that is the registry: `src` or `dest`.
    fn copy(&self, from: &str, to: &str, end: &str) -> Output {
        let words = self
            .0
            .link
            .iter()
            .map(|word| match word.strip_prefix("--") {
                Some(option) => format!("--{end}-{option}"),
                None => word.clone(),
            });
        let mut call = vec!["--insecure-policy".to_owned(), "copy".to_owned()];
        call.extend(words);
        call.extend([from.to_owned(), to.to_owned()]);
        self.0.program.call(&call)
    }
}

impl Caller for Skopeo {
    fn login(&mut self, user: &str, password: &str) -> Output {
        self.0.login(&["login"], user, password)
    }

    fn logout(&mut self) {
        self.0.program.call(&["logout", &self.0.address]);
    }

    fn pull(&self, folder: &str) -> Output {
        let out = text(&self.0.home.join("out"));
        let source = format!("docker://{}", self.0.app(folder));
        self.copy(&source, &format!("oci:{out}:{TAG}"), "src")
    }

    fn push(&self, folder: &str) -> Output {
        let source = format!("oci:{}:{TAG}", self.0.layout);
        self.copy(
            &source,
            &format!("docker://{}", self.0.fresh(folder)),
            "dest",
        )
    }
}

struct Podman(Tool);

impl Podman {
    fn find(house: &House) -> Option<Self> {
        let tool = Tool::find(house, "podman", ["--tls-verify=false", "--cert-dir"])?;
        Some(Self(tool))
    }
}

impl Caller for Podman {
    fn login(&mut self, user: &str, password: &str) -> Output {
        self.0.login(&["login"], user, password)
    }

    fn logout(&mut self) {
        self.0.program.call(&["logout", &self.0.address]);
    }

    fn pull(&self, folder: &str) -> Output {
        self.0.program.call(&["rmi", "--all", "--force"]);
        self.0.call(&["pull"], &["--quiet", &self.0.app(folder)])
    }

    fn push(&self, folder: &str) -> Output {
        let layer = text(&self.0.home.write("layer.tar", Layer::sample(9).to_tar()));
        let name = self.0.fresh(folder);
        self.0.program.run(&["import", "--quiet", &layer, &name]);
        self.0.call(&["push"], &[&name])
    }
}

struct Regctl(Tool);

impl Regctl {
    fn find(house: &House) -> Option<Self> {
        let tool = Tool::find(house, "regctl", ["--tls=disabled", "--cacert"])?;
        let cert = certificate(house);
        let link = match house.registry.link {
            Link::Plain => ["--tls", "disabled"],
            Link::Tls => ["--cacert", &cert],
        };
        let set = ["registry", "set", "--skip-check"];
        tool.program
            .run(&[&set[..], &link, &[&tool.address]].concat());
        Some(Self(Tool {
            link: Vec::new(),
            ..tool
        }))
    }
}

impl Caller for Regctl {
    fn login(&mut self, user: &str, password: &str) -> Output {
        let words = ["--user", user, "--pass", password, &self.0.address];
        self.0.call(&["registry", "login"], &words)
    }

    fn logout(&mut self) {
        self.0.call(&["registry", "logout"], &[&self.0.address]);
    }

    fn pull(&self, folder: &str) -> Output {
        let out = format!("ocidir://{}:{TAG}", text(&self.0.home.join("out")));
        self.0
            .call(&["image", "copy"], &[&self.0.app(folder), &out])
    }

    fn push(&self, folder: &str) -> Output {
        let layout = format!("ocidir://{}:{TAG}", self.0.layout);
        self.0
            .call(&["image", "copy"], &[&layout, &self.0.fresh(folder)])
    }
}

struct Oras(Tool);

impl Caller for Oras {
    fn login(&mut self, user: &str, password: &str) -> Output {
        self.0.login(&["login"], user, password)
    }

    fn logout(&mut self) {
        self.0.program.call(&["logout", &self.0.address]);
    }

    fn pull(&self, folder: &str) -> Output {
        self.0
            .call(&["pull"], &["--output", "out", &self.0.app(folder)])
    }

    fn push(&self, folder: &str) -> Output {
        self.0.home.write("notes.txt", "read me\n");
        self.0
            .call(&["push"], &[&self.0.fresh(folder), "notes.txt:text/plain"])
    }
}

struct Helm(Tool);

impl Helm {
    /// Finds it, and lays out a chart in both folders.
    fn find(house: &House) -> Option<Self> {
        let tool = Tool::find(house, "helm", ["--plain-http", "--ca-file"])?;
        for (name, version) in [("old", "1.0.0"), ("new", "2.0.0")] {
            let chart = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
            tool.home.write(&format!("{name}/Chart.yaml"), chart);
            tool.program.run(&["package", name]);
        }
        let mut helm = Self(tool);
        let login = helm.login(OWNER.0, OWNER.1);
        assert!(login.status.success(), "{login}");
        for folder in ["pub", "priv"] {
            let pushed = helm.send("old-1.0.0.tgz", folder);
            assert!(pushed.status.success(), "{pushed}");
        }
        helm.logout();
        Some(helm)
    }

    fn charts(&self, folder: &str) -> String {
        format!("oci://{}/{folder}/charts", self.0.address)
    }

    fn send(&self, file: &str, folder: &str) -> Output {
        self.0.call(&["push"], &[file, &self.charts(folder)])
    }
}

impl Caller for Helm {
    fn login(&mut self, user: &str, password: &str) -> Output {
        self.0.login(&["registry", "login"], user, password)
    }

    fn logout(&mut self) {
        self.0
            .program
            .call(&["registry", "logout", &self.0.address]);
    }

    fn pull(&self, folder: &str) -> Output {
        let chart = format!("{}/old", self.charts(folder));
        let out = text(&self.0.home.folder("out"));
        self.0.call(
            &["pull"],
            &[&chart, "--version", "1.0.0", "--destination", &out],
        )
    }

    fn push(&self, folder: &str) -> Output {
        self.send("new-2.0.0.tgz", folder)
    }

    fn target(&self) -> (&'static str, &'static str) {
        ("charts/new", "2.0.0")
    }
}

fn oras(house: &House) -> Option<Oras> {
    Tool::find(house, "oras", ["--plain-http", "--ca-file"]).map(Oras)
}

#[test]
fn crane_signs_in() {
    live(Link::Plain, Crane::find);
}

#[test]
fn crane_signs_in_over_tls() {
    live(Link::Tls, Crane::find);
}

#[test]
fn skopeo_signs_in() {
    live(Link::Plain, Skopeo::find);
}

#[test]
fn skopeo_signs_in_over_tls() {
    live(Link::Tls, Skopeo::find);
}

#[test]
fn podman_signs_in() {
    live(Link::Plain, Podman::find);
}

#[test]
fn podman_signs_in_over_tls() {
    live(Link::Tls, Podman::find);
}

#[test]
fn regctl_signs_in() {
    live(Link::Plain, Regctl::find);
}

#[test]
fn regctl_signs_in_over_tls() {
    live(Link::Tls, Regctl::find);
}

#[test]
fn oras_signs_in() {
    live(Link::Plain, oras);
}

#[test]
fn oras_signs_in_over_tls() {
    live(Link::Tls, oras);
}

#[test]
fn helm_signs_in() {
    live(Link::Plain, Helm::find);
}

#[test]
fn helm_signs_in_over_tls() {
    live(Link::Tls, Helm::find);
}
