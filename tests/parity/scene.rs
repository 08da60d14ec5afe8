//! The same content in both servers, and the rows sent to both.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use bytes::Bytes;
use oci::{Algorithm, Digest};
use testkit::http::{Body, Connection, Remote, Request};
use testkit::image::Image;

use crate::answer::{Answer, compare};
use crate::list::Found;
use crate::pair::Pair;
use crate::row::{Content, Row, named};

/// An image of the blobs `{c}`, which is `{}`, and `{l}`, which is `layer`.
const IMAGE: &str = r#"{"schemaVersion":2,"mediaType":"{image}","config":{"mediaType":"{config}","digest":"{c}","size":2},"layers":[{"mediaType":"{tar}","digest":"{l}","size":5}]}"#;

/// Sends the rows to two fresh servers with the same content; yields what differs.
pub(crate) fn differences(zot: &Path, group: &str, rows: Vec<Row>) -> Vec<Found> {
    let pair = Pair::start(zot);
    let mut ours = Side::prepared(pair.ours());
    let mut theirs = Side::prepared(pair.theirs());
    let mut found = Vec::new();
    for (name, row) in named(group, rows) {
        let what = compare(&ours.send(&row), &theirs.send(&row));
        found.push(Found { row: name, what });
    }
    found
}

/// One of the servers, and the names that rows may use with it.
struct Side {
    remote: Remote,
    address: SocketAddr,
    names: BTreeMap<String, String>,
}

impl Side {
    fn prepared(address: SocketAddr) -> Self {
        let names = [
            ("image", "application/vnd.oci.image.manifest.v1+json"),
            ("index", "application/vnd.oci.image.index.v1+json"),
            ("config", "application/vnd.oci.image.config.v1+json"),
            ("empty", "application/vnd.oci.empty.v1+json"),
            ("tar", "application/vnd.oci.image.layer.v1.tar+gzip"),
            (
                "docker",
                "application/vnd.docker.distribution.manifest.v2+json",
            ),
            (
                "dockers",
                "application/vnd.docker.distribution.manifest.list.v2+json",
            ),
            ("bytes", "application/octet-stream"),
            ("no-session", "b4f3b1de-0000-4000-8000-000000000000"),
        ];
        let names = names.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let mut side = Self {
            remote: Remote::new(address),
            address,
            names: BTreeMap::from(names),
        };
        side.fill_repos();
        side
    }

    /// `a/b`: images `{m}` (`v1`, `latest`, `1.0`, `_x`) and `{n}` (`v2`), their index `{x}`
    /// (`multi`), artifacts `{s}` and `{t}` about `{m}`. `r`: blobs `{b}`, `{e}`, `{c}`, `{l}`.
    /// `other`: blob `{o}`. `{i}` is an image of what `r` holds, not pushed; nobody has `{nothing}`.
    fn fill_repos(&mut self) {
        let images = (Image::sample(1), Image::sample(2));
        let index = Image::index().child(&images.0).child(&images.1).build();
        let signature = Image::artifact("application/vnd.example.signature")
            .subject(&images.0)
            .build();
        let bill = Image::artifact("application/vnd.example.bill")
            .annotation("org.example.why", "a test")
            .subject(&images.0)
            .build();
        for tag in ["v1", "latest", "1.0", "_x"] {
            self.remote.push("a/b", tag, &images.0).unwrap();
        }
        self.remote.push("a/b", "v2", &images.1).unwrap();
        self.remote.push("a/b", "multi", &index).unwrap();
        for artifact in [&signature, &bill] {
            let digest = artifact.digest.to_string();
            self.remote.push("a/b", &digest, artifact).unwrap();
        }
        let pushed = [images.0, images.1, index, signature, bill];
        for (name, image) in ["m", "n", "x", "s", "t"].into_iter().zip(&pushed) {
            self.name_image(name, image);
        }
        self.push_blob("b", "r", b"0123456789");
        self.push_blob("e", "r", b"");
        self.push_blob("c", "r", b"{}");
        self.push_blob("l", "r", b"layer");
        self.push_blob("o", "other", b"other");
        self.name_content("nothing", b"what nobody has pushed");
        self.name_content("h", b"01234");
        let text = self.fill(IMAGE);
        self.name_content("i", text.as_bytes());
        self.name("i.text", &text);
        self.name("i.size", &text.len().to_string());
    }

    fn name(&mut self, name: &str, text: &str) {
        self.names.insert(name.to_owned(), text.to_owned());
    }

    fn name_content(&mut self, name: &str, content: &[u8]) {
        self.name(name, &Digest::sha256(content).to_string());
        let long = Digest::of(Algorithm::Sha512, content);
        self.name(&format!("{name}.512"), &long.to_string());
    }

    fn push_blob(&mut self, name: &str, repo: &str, content: &'static [u8]) {
        self.name_content(name, content);
        let data = Bytes::from_static(content);
        self.remote
            .push_blob(repo, &Digest::sha256(content), &data)
            .unwrap();
    }

    fn name_image(&mut self, name: &str, image: &Image) {
        self.name_content(name, &image.manifest);
        let text = String::from_utf8_lossy(&image.manifest).into_owned();
        self.name(&format!("{name}.text"), &text);
        self.name(&format!("{name}.size"), &text.len().to_string());
        for (position, (digest, _)) in image.blobs.iter().enumerate() {
            self.name(&format!("{name}.{position}"), &digest.to_string());
        }
    }

    fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        // a name may stand for a text that holds names
        for _ in 0..2 {
            for (name, value) in &self.names {
                text = text.replace(&format!("{{{name}}}"), value);
            }
        }
        text
    }

    fn send(&mut self, row: &Row) -> Answer {
        let request = self.request(row);
        let sent =
            Connection::open(self.address).and_then(|mut connection| connection.send(&request));
        let Ok(answer) = sent else {
            return Answer::default();
        };
        for (header, name) in &row.kept {
            let value = answer.header(header).unwrap_or_default().to_owned();
            self.name(name, &value);
        }
        let is_digest = |value: &str| value.starts_with("sha256:") || value.starts_with("sha512:");
        let names = self.names.iter().filter(|(_, value)| is_digest(value));
        Answer::new(&request, &answer, names)
    }

    fn request(&self, row: &Row) -> Request {
        let (method, target) = row.line.split_once(' ').unwrap();
        let mut request = Request::new(method, &self.fill(target));
        for (name, value) in &row.headers {
            request = request.header(name, &self.fill(value));
        }
        request.body = match &row.content {
            Content::None => Body::None,
            Content::Text(text) => Body::Sized(self.fill(text).into()),
            Content::Chunks(pieces) => Body::Chunked(
                pieces
                    .iter()
                    .map(|piece| Bytes::from(self.fill(piece)))
                    .collect(),
            ),
        };
        request
    }
}
