//! Clients that have a daemon: docker and containerd.

use testkit::client::{Home, Output};
use testkit::image::{Image, Layer};

use super::caller::{Caller, live};
use super::house::House;
use super::registry::Link;
use crate::containerd::Containerd;
use crate::docker::Docker;
use crate::scene::{TAG, tag, text};

struct DockerCaller {
    docker: Docker,
    address: String,
    _home: Home,
}

impl DockerCaller {
    /// Over TLS it trusts every certificate: those of the loopback address are never judged.
    fn start(house: &House) -> Option<Self> {
        let home = Home::new();
        let docker = Docker::at(&home, house.registry.address)?;
        let address = house.registry.address.to_string();
        for folder in ["pub", "priv"] {
            let name = format!("{address}/{folder}/new:v1");
            docker.make(&home, &Layer::sample(9), &name);
        }
        Some(Self {
            docker,
            address,
            _home: home,
        })
    }
}

impl Caller for DockerCaller {
    fn login(&mut self, user: &str, password: &str) -> Output {
        let words = ["login", "--username", user, "--password", password];
        self.docker
            .client
            .call(&[&words[..], &[&self.address]].concat())
    }

    fn logout(&mut self) {
        self.docker.client.call(&["logout", &self.address]);
    }

    fn pull(&self, folder: &str) -> Output {
        let name = format!("{}/{folder}/app:{TAG}", self.address);
        self.docker.client.call(&["rmi", "--force", &name]);
        self.docker.client.call(&["pull", "--quiet", &name])
    }

    fn push(&self, folder: &str) -> Output {
        let name = format!("{}/{folder}/new:v1", self.address);
        self.docker.client.call(&["push", "--quiet", &name])
    }
}

struct Ctr {
    containerd: Containerd,
    address: String,
    link: Vec<String>,
    user: Vec<String>,
    _home: Home,
}

/// What [`Ctr`] pushes.
const LOCAL: &str = "local/app";

/// Writes down how the registry is reached: unasked, plain HTTP is used on the loopback address.
fn hosts(home: &Home, house: &House) -> String {
    let (origin, trust) = (house.registry.origin(), house.registry.authority());
    let file = format!("hosts/{}/hosts.toml", house.registry.address);
    let hosts = format!("server = \"{origin}\"\n[host.\"{origin}\"]\nca = \"{trust}\"\n");
    home.write(&file, hosts);
    text(&home.join("hosts"))
}

impl Ctr {
    fn start(house: &House) -> Option<Self> {
        let home = Home::new();
        let containerd = Containerd::start(&home)?;
        let archive = home.join("image.tar");
        Image::sample(9).write_archive(&archive, &tag(TAG)).unwrap();
        let import = ["images", "import", "--no-unpack", "--base-name", LOCAL];
        let archive = text(&archive);
        containerd.ctr.run(&[&import[..], &[&archive]].concat());
        let link = match house.registry.link {
            Link::Plain => vec!["--plain-http".to_owned()],
            Link::Tls => vec!["--hosts-dir".to_owned(), hosts(&home, house)],
        };
        Some(Self {
            containerd,
            address: house.registry.address.to_string(),
            link,
            user: Vec::new(),
            _home: home,
        })
    }

    fn images(&self, verb: &str, more: &[&str]) -> Output {
        let own = [&self.link[..], &self.user].concat();
        let own = own.iter().map(String::as_str);
        let words = ["images", verb].into_iter().chain(own);
        let words: Vec<_> = words.chain(more.iter().copied()).collect();
        self.containerd.ctr.call(&words)
    }
}

impl Caller for Ctr {
    /// It has no login: each call says who calls.
    fn login(&mut self, user: &str, password: &str) -> Output {
        self.user = vec!["--user".to_owned(), format!("{user}:{password}")];
        self.containerd.ctr.call(&["version"])
    }

    fn checks(&self) -> bool {
        false
    }

    fn logout(&mut self) {
        self.user.clear();
    }

    fn pull(&self, folder: &str) -> Output {
        let name = format!("{}/{folder}/app:{TAG}", self.address);
        let remove = ["images", "rm", "--sync", &name];
        self.containerd.ctr.call(&remove);
        self.images("pull", &["--snapshotter=native", &name])
    }

    fn push(&self, folder: &str) -> Output {
        let name = format!("{}/{folder}/new:v1", self.address);
        self.images("push", &[&name, &format!("{LOCAL}:{TAG}")])
    }
}

#[test]
fn case_b14_docker_signs_in() {
    live(Link::Plain, DockerCaller::start);
}

#[test]
fn docker_signs_in_over_tls() {
    live(Link::Tls, DockerCaller::start);
}

#[test]
fn containerd_signs_in() {
    live(Link::Plain, Ctr::start);
}

#[test]
fn containerd_signs_in_over_tls() {
    live(Link::Tls, Ctr::start);
}
