//! Rows of tables: a request, and what must come back.
//!
//! A row is a chain: what is sent, then the status, then what else must hold. Texts may hold names in
//! braces, such as `{layer}`, that the [`Scene`] knows or that an earlier row has kept.
//!
//! Besides, every answer must have its length, a date and an identifier, and every error below `/v2`
//! the body of the specification with the code that the row names.

use std::collections::BTreeMap;
use std::panic::Location;

use bytes::Bytes;
use oci::Digest;
use serde_json::Value;
use testkit::http::{Body, Connection, Request, Response};
use testkit::image::Image;
use testkit::server::{Server, Setup};

/// A server and the names that rows may use.
pub(crate) struct Scene {
    pub(crate) server: Server,
    names: BTreeMap<String, String>,
}

impl Scene {
    /// Starts with an empty registry.
    pub(crate) fn new() -> Self {
        Self::of(Setup::default())
    }

    /// Starts with an empty registry of some kind.
    pub(crate) fn of(setup: Setup) -> Self {
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
            ("plain", "text/plain; charset=utf-8"),
            ("json", "application/json"),
            ("no-session", "b4f3b1de-0000-4000-8000-000000000000"),
        ];
        let names = names.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let mut scene = Self {
            server: Server::start(setup),
            names: BTreeMap::from(names),
        };
        scene.name(
            "nothing",
            &Digest::sha256(b"what nobody has pushed").to_string(),
        );
        scene
    }

    /// Lets rows write `{name}` for a text.
    pub(crate) fn name(&mut self, name: &str, text: &str) {
        self.names.insert(name.to_owned(), text.to_owned());
    }

    /// Lets rows write `{name}` for the digest of a text, and `{name.512}` for its SHA-512.
    pub(crate) fn name_content(&mut self, name: &str, content: &[u8]) {
        self.name(name, &Digest::sha256(content).to_string());
        let long = Digest::of(oci::Algorithm::Sha512, content);
        self.name(&format!("{name}.512"), &long.to_string());
    }

    /// Pushes a blob and names its digest.
    pub(crate) fn push_blob(&mut self, name: &str, repo: &str, content: &'static [u8]) {
        self.name_content(name, content);
        let digest = Digest::sha256(content);
        let content = Bytes::from_static(content);
        let remote = self.server.remote();
        remote.push_blob(repo, &digest, &content).unwrap();
    }

    /// Pushes an image under a tag and names its digest, `{name.size}`, and its blobs: `{name.0}` is
    /// the config, `{name.1}` the first layer.
    pub(crate) fn push(&mut self, name: &str, place: (&str, &str), image: &Image) {
        let (repo, tag) = place;
        self.server.remote().push(repo, tag, image).unwrap();
        self.name_image(name, image);
    }

    /// Names the parts of an image; `{name.text}` is its manifest.
    pub(crate) fn name_image(&mut self, name: &str, image: &Image) {
        self.name(name, &image.digest.to_string());
        self.name(&format!("{name}.size"), &image.manifest.len().to_string());
        let text = String::from_utf8_lossy(&image.manifest).into_owned();
        self.name(&format!("{name}.text"), &text);
        for (position, (digest, data)) in image.blobs.iter().enumerate() {
            self.name(&format!("{name}.{position}"), &digest.to_string());
            let size = data.len().to_string();
            self.name(&format!("{name}.{position}.size"), &size);
        }
    }

    /// Yields a text with its names replaced.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        // A name may stand for a text that holds names, such as a manifest.
        for _ in 0..2 {
            for (name, value) in &self.names {
                text = text.replace(&format!("{{{name}}}"), value);
            }
        }
        text
    }

    /// Sends the rows one after another and fails with all that are not answered as they say.
    pub(crate) fn run(&mut self, rows: impl IntoIterator<Item = Row>) {
        let mut faults = Vec::new();
        for row in rows {
            faults.extend(self.faults(&row));
        }
        assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    }

    fn faults(&mut self, row: &Row) -> Vec<String> {
        let request = self.request(row);
        let line = format!("{} {}", request.method, request.target);
        let place = format!("{}:{}: {line}", row.place.file(), row.place.line());
        let sent = Connection::open(self.server.address())
            .and_then(|mut connection| connection.send(&request));
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => return vec![format!("{place}: {error}")],
        };
        let mut faults = Vec::new();
        if answer.status != row.status {
            faults.push(format!(
                "status {} instead of {}",
                answer.status, row.status
            ));
        }
        faults.extend(common(&request, &answer));
        faults.extend(error_body(row, &request, &answer));
        for expected in &row.expected {
            faults.extend(self.check(expected, &answer));
        }
        if !faults.is_empty() {
            faults.push(format!(
                "sent {:?}, body {}",
                request.headers,
                answer.text()
            ));
        }
        let rule = match row.rule {
            ("", _) => String::new(),
            (section, rule) => format!(" [{section}: {rule}]"),
        };
        let describe = |fault| format!("{place}{rule}: {fault}");
        faults.into_iter().map(describe).collect()
    }

    fn request(&self, row: &Row) -> Request {
        let (method, target) = row.line.split_once(' ').unwrap();
        let mut request = Request::new(method, &self.fill(target));
        for (name, value) in &row.headers {
            request = request.header(name, &self.fill(value));
        }
        request.body = match &row.body {
            Content::None => Body::None,
            Content::Text(text) => Body::Sized(self.fill(text).into()),
            Content::Bytes(data) => Body::Sized(data.clone()),
            Content::Chunks(pieces) => Body::Chunked(
                pieces
                    .iter()
                    .map(|piece| Bytes::from(self.fill(piece)))
                    .collect(),
            ),
        };
        request
    }

    fn check(&mut self, expected: &Expected, answer: &Response) -> Option<String> {
        match expected {
            Expected::Has(name, value) => {
                let value = self.fill(value);
                let found: Vec<_> = answer.all(name).collect();
                let found = found.join(", ");
                (found != value).then(|| format!("{name}: {found:?} instead of {value:?}"))
            }
            Expected::Lacks(name) => answer
                .header(name)
                .map(|value| format!("{name}: {value:?} is there")),
            Expected::Keeps(header, name) => match answer.header(header) {
                Some(value) => {
                    let value = value.to_owned();
                    self.name(name, &value);
                    None
                }
                None => Some(format!("no {header}")),
            },
            Expected::Body(text) => {
                let text = self.fill(text);
                (answer.text() != text).then(|| format!("body instead of {text}"))
            }
            Expected::Json(pointer, value) => {
                let value: Value = serde_json::from_str(&self.fill(&value.to_string())).unwrap();
                let body = answer.json();
                let found = body.pointer(pointer);
                (found != Some(&value)).then(|| format!("{pointer}: {found:?} instead of {value}"))
            }
            Expected::Absent(pointer) => {
                let body = answer.json();
                let found = body.pointer(pointer);
                (body.is_null() || found.is_some()).then(|| format!("{pointer}: {found:?}"))
            }
            Expected::Holds(text) => {
                let text = self.fill(text);
                (!answer.text().contains(&text)).then(|| format!("body without {text}"))
            }
        }
    }
}

/// What holds for every answer.
fn common(request: &Request, answer: &Response) -> Vec<String> {
    let mut faults = Vec::new();
    for name in ["Date", "X-Request-Id"] {
        if answer.all(name).count() != 1 {
            faults.push(format!("no {name}, or several"));
        }
    }
    if answer.header("transfer-encoding").is_some() {
        faults.push("the length is not said".to_owned());
    }
    let length = answer.header("content-length");
    let fine = match answer.status {
        204 | 304 => length.is_none(),
        _ if request.method == "HEAD" => length.is_some(),
        _ => length == Some(&answer.body.len().to_string()),
    };
    if !fine {
        faults.push(format!("content-length: {length:?}"));
    }
    faults
}

/// Spec: distribution 1.1, Error Codes.
fn error_body(row: &Row, request: &Request, answer: &Response) -> Option<String> {
    let path = request.target.split('?').next().unwrap_or_default();
    let is_api = path == "/v2" || path.starts_with("/v2/");
    if !is_api || answer.status < 400 || request.method == "HEAD" {
        return None;
    }
    let wanted = match &row.code {
        Code::Of(code) => code,
        Code::Bare => return (!answer.body.is_empty()).then(|| "a body".to_owned()),
    };
    let code = answer.error_code().unwrap_or_default();
    if code != *wanted {
        return Some(format!("code {code:?} instead of {wanted:?}"));
    }
    let body = answer.json();
    let fine = body["errors"]
        .as_array()
        .is_some_and(|list| list.len() == 1)
        && body["errors"][0]["message"].is_string()
        && body["errors"][0]["detail"]["description"].is_string()
        && answer.header("content-type") == Some("application/json");
    (!fine).then(|| "not the form of errors".to_owned())
}

enum Content {
    None,
    Text(String),
    Bytes(Bytes),
    Chunks(Vec<String>),
}

enum Code {
    Of(String),
    Bare,
}

enum Expected {
    Has(String, String),
    Lacks(String),
    Keeps(String, String),
    Body(String),
    Json(String, Value),
    Absent(String),
    Holds(String),
}

/// A request and what must come back.
pub(crate) struct Row {
    place: &'static Location<'static>,
    rule: (&'static str, &'static str),
    line: String,
    headers: Vec<(String, String)>,
    body: Content,
    status: u16,
    code: Code,
    expected: Vec<Expected>,
}

/// Starts a row: method and target, and the status that must come back.
#[track_caller]
pub(crate) fn row(line: impl Into<String>, status: u16) -> Row {
    Row {
        place: Location::caller(),
        rule: ("", ""),
        line: line.into(),
        headers: Vec::new(),
        body: Content::None,
        status,
        code: Code::Of(String::new()),
        expected: Vec::new(),
    }
}

impl Row {
    /// Names the section of the specification that asks for this, and what it asks for.
    pub(crate) fn rule(mut self, section: &'static str, rule: &'static str) -> Self {
        self.rule = (section, rule);
        self
    }

    /// Yields the section of the specification that the row belongs to.
    pub(crate) fn section(&self) -> &'static str {
        self.rule.0
    }

    /// Sends a header field.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends a text; an empty one says that there is nothing.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.body = Content::Text(text.to_owned());
        self
    }

    /// Sends bytes as they are.
    pub(crate) fn data(mut self, data: Bytes) -> Self {
        self.body = Content::Bytes(data);
        self
    }

    /// Sends texts in chunks, without saying how long they are together.
    pub(crate) fn chunks(mut self, pieces: &[&str]) -> Self {
        self.body = Content::Chunks(pieces.iter().map(|piece| (*piece).to_owned()).collect());
        self
    }

    /// Sends a manifest of a type.
    pub(crate) fn manifest(self, media_type: &str, text: &str) -> Self {
        self.with("Content-Type", media_type).text(text)
    }

    /// The error has this code.
    pub(crate) fn code(mut self, code: &str) -> Self {
        self.code = Code::Of(code.to_owned());
        self
    }

    /// The error has no body.
    pub(crate) fn bare(mut self) -> Self {
        self.code = Code::Bare;
        self
    }

    /// The answer has this field, with exactly this value; several are joined.
    pub(crate) fn has(self, name: &str, value: &str) -> Self {
        self.expects(Expected::Has(name.to_owned(), value.to_owned()))
    }

    /// The answer does not have this field.
    pub(crate) fn lacks(self, name: &str) -> Self {
        self.expects(Expected::Lacks(name.to_owned()))
    }

    /// Later rows may use the value of this field by a name.
    pub(crate) fn keeps(self, header: &str, name: &str) -> Self {
        self.expects(Expected::Keeps(header.to_owned(), name.to_owned()))
    }

    /// The body is exactly this.
    pub(crate) fn body(self, text: &str) -> Self {
        self.expects(Expected::Body(text.to_owned()))
    }

    /// The body is JSON and has this value at a place.
    pub(crate) fn json(self, pointer: &str, value: impl Into<Value>) -> Self {
        self.expects(Expected::Json(pointer.to_owned(), value.into()))
    }

    /// The body is JSON and has nothing at a place.
    pub(crate) fn absent(self, pointer: &str) -> Self {
        self.expects(Expected::Absent(pointer.to_owned()))
    }

    /// The body holds this.
    pub(crate) fn holds(self, text: &str) -> Self {
        self.expects(Expected::Holds(text.to_owned()))
    }

    /// The error has this code and this detail.
    pub(crate) fn detail(self, field: &str, value: &str) -> Self {
        self.json(&format!("/errors/0/detail/{field}"), value)
    }

    fn expects(mut self, expected: Expected) -> Self {
        self.expected.push(expected);
        self
    }
}
