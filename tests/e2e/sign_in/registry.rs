//! A registry at a known address, asked by curl.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::client::{Client, Home};
use testkit::image::Image;
use testkit::process::{Program, binary};

use crate::scene::{TAG, tag, text};
use crate::service::{Authority, Pair, free_address};

/// How long a change may take to be seen; a deadline for hangs, not a measure of speed.
const DEADLINE: Duration = Duration::from_secs(30);

/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(20);

/// How clients reach the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Plain,
    Tls,
}

/// With what a request comes.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    Nobody,
    Password(String, String),
    Token(String),
    /// A browser, with what it sends as `Cookie`.
    Browser(String),
    Certificate(Pair),
}

impl Who {
    pub(crate) fn password(user: &str, password: &str) -> Self {
        Self::Password(user.to_owned(), password.to_owned())
    }

    fn arguments(&self) -> Vec<String> {
        let list: &[&str] = match self {
            Self::Nobody => &[],
            Self::Password(user, password) => &["--user", &format!("{user}:{password}")],
            Self::Token(token) => &["--header", &format!("Authorization: Bearer {token}")],
            Self::Browser(cookies) => &[
                "--header",
                "X-ZOT-API-CLIENT: zot-ui",
                "--header",
                &format!("Cookie: {cookies}"),
            ],
            Self::Certificate(pair) => &["--cert", &text(&pair.cert), "--key", &text(&pair.key)],
        };
        list.iter().map(|&argument| argument.to_owned()).collect()
    }
}

/// A registry that runs, with an image `v1` in each of some repositories.
pub(crate) struct Registry {
    pub(crate) home: Home,
    pub(crate) address: SocketAddr,
    pub(crate) link: Link,
    authority: PathBuf,
    curl: Client,
    config: Value,
    program: Program,
}

impl Registry {
    /// Starts it; `http` is laid over its settings of the same name. None without curl.
    pub(crate) fn start(
        link: Link,
        authority: &Authority,
        http: impl FnOnce(&Home, SocketAddr) -> Value,
    ) -> Option<Self> {
        let home = Home::new();
        let curl = home.client("curl")?;
        let address = free_address();
        let mut config = json!({
            "distSpecVersion": "1.1.1",
            "storage": {"rootDirectory": home.join("root")},
            "http": http(&home, address),
            "log": {"level": "debug"},
        });
        config["http"]["address"] = address.ip().to_string().into();
        config["http"]["port"] = address.port().to_string().into();
        if link == Link::Tls {
            let Pair { cert, key } = authority.server("registry");
            config["http"]["tls"] = json!({"cert": cert, "key": key, "cacert": authority.cert()});
        }
        for (repo, image) in [(PUBLIC, 1), (PRIVATE, 2)] {
            let folder = home.folder(&format!("root/{repo}"));
            let image = Image::sample(image);
            image.write_layout(&folder, &tag(TAG)).unwrap();
        }
        let file = home.write("config.json", config.to_string());
        let mut command = Command::new(binary());
        command.arg("serve").arg(file);
        let mut registry = Self {
            home,
            address,
            link,
            authority: authority.cert(),
            curl,
            config,
            program: Program::start(command, |_| ()),
        };
        registry.wait();
        Some(registry)
    }

    fn wait(&mut self) {
        let ready = self.curl_command(&Who::Nobody, "GET", "/readyz");
        let curl = self.curl.clone();
        let ready = || Answer::of(&curl.call(&ready).stdout).status == 200;
        self.program.wait_until("the registry to be ready", ready);
    }

    /// Yields its URL without a slash at the end.
    pub(crate) fn origin(&self) -> String {
        origin(self.link, self.address)
    }

    /// Yields an image name on it.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// Yields the certificate that clients must trust.
    pub(crate) fn authority(&self) -> String {
        text(&self.authority)
    }

    /// Checks that it has written none of these down, although it tells everything else.
    pub(crate) fn assert_discreet(&self, secrets: &[&str]) {
        let log = self.program.log();
        for secret in secrets {
            let line = log.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "a secret in the log: {line:?}");
        }
    }

    /// Waits until it has written `text`.
    pub(crate) fn wait_for_log(&mut self, text: &str) {
        self.program.wait_for_log(text);
    }

    /// Yields its configuration as JSON.
    pub(crate) fn config(&self) -> &Value {
        &self.config
    }

    /// Tells it that its configuration may have changed.
    pub(crate) fn hang_up(&mut self) {
        self.program.hang_up();
    }

    /// Sends a request.
    pub(crate) fn ask(&self, who: &Who, method: &str, path: &str) -> Answer {
        self.ask_with(who, method, path, &[])
    }

    /// Sends a request with more arguments for curl.
    pub(crate) fn ask_with(&self, who: &Who, method: &str, path: &str, more: &[&str]) -> Answer {
        let mut command = self.curl_command(who, method, path);
        command.extend(more.iter().map(|&argument| argument.to_owned()));
        Answer::of(&self.curl.run(&command).stdout)
    }

    fn curl_command(&self, who: &Who, method: &str, path: &str) -> Vec<String> {
        let method = if method == "HEAD" {
            &["--head"][..]
        } else {
            &["--request", method]
        };
        let url = format!("{}{path}", self.origin());
        let quiet = ["--silent", "--show-error", "--include", "--http1.1"];
        let trust = ["--cacert", &self.authority(), "--path-as-is", &url];
        let list = [&quiet[..], method, &trust].concat();
        let list = list.into_iter().map(str::to_owned);
        list.chain(who.arguments()).collect()
    }

    /// Yields the status of reading the manifest `v1` of a repository.
    pub(crate) fn reads(&self, who: &Who, repo: &str) -> u16 {
        self.ask(who, "GET", &format!("/v2/{repo}/manifests/{TAG}"))
            .status
    }

    /// Yields the same, and 0 where one side does not trust the other.
    pub(crate) fn try_reads(&self, who: &Who, repo: &str, trusting: &Path) -> u16 {
        let path = format!("/v2/{repo}/manifests/{TAG}");
        let mut command = self.curl_command(who, "GET", &path);
        command.extend(["--cacert".to_owned(), text(trusting)]);
        Answer::of(&self.curl.call(&command).stdout).status
    }

    /// Yields the status of starting an upload.
    pub(crate) fn writes(&self, who: &Who, repo: &str) -> u16 {
        self.ask(who, "POST", &format!("/v2/{repo}/blobs/uploads/"))
            .status
    }

    /// Makes an API key as this caller, and yields it.
    pub(crate) fn make_key(&self, who: &Who, body: &Value) -> String {
        let body = body.to_string();
        let json = [
            "--header",
            "Content-Type: application/json",
            "--data",
            &body,
        ];
        let made = self.ask_with(who, "POST", "/zot/auth/apikey", &json);
        assert_eq!(made.status, 201, "{made}");
        made.json()["apiKey"].as_str().unwrap().to_owned()
    }

    /// Asks again and again until the answer is the expected one.
    pub(crate) fn until(&self, what: &str, expected: u16, ask: impl Fn(&Self) -> u16) {
        let start = Instant::now();
        loop {
            let status = ask(self);
            if status == expected {
                return;
            }
            let late = start.elapsed() > DEADLINE;
            assert!(!late, "{what}: still {status} instead of {expected}");
            thread::sleep(PAUSE);
        }
    }
}

/// The repository that everybody may read.
pub(crate) const PUBLIC: &str = "pub/app";

/// The repository that is for some alone.
pub(crate) const PRIVATE: &str = "priv/app";

/// Yields the URL of a registry without a slash at the end.
pub(crate) fn origin(link: Link, address: SocketAddr) -> String {
    match link {
        Link::Plain => format!("http://{address}"),
        Link::Tls => format!("https://{address}"),
    }
}

/// What curl has received.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// 0 when there was none.
    pub(crate) status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split_whitespace().nth(1);
        Self {
            status: status.and_then(|word| word.parse().ok()).unwrap_or(0),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// Yields the values of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    }

    /// Reads the body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\n{}", self.head, self.body)
    }
}
