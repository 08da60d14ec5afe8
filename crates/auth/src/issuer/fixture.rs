//! An issuer on the loopback, for tests.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use client::{Agent, Options};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{Issuer, IssuerCheck};

/// What the issuer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Up,
    /// Answers 500.
    Down,
    /// Does not answer at all.
    Silent,
    /// Says that it is somebody else.
    Other,
    /// Names no place of keys.
    Keyless,
    /// Names a place of keys on the link.
    Local,
}

/// An issuer that tests steer.
pub(crate) struct FakeIssuer {
    pub(crate) url: String,
    pub(crate) keys: Arc<Mutex<Vec<Value>>>,
    pub(crate) mode: Arc<Mutex<Mode>>,
    pub(crate) asked: Arc<AtomicUsize>,
}

impl FakeIssuer {
    pub(crate) fn start(keys: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/realm", listener.local_addr().unwrap());
        let fake = Self {
            url: url.clone(),
            keys: Arc::new(Mutex::new(keys)),
            mode: Arc::new(Mutex::new(Mode::Up)),
            asked: Arc::default(),
        };
        let (keys, mode) = (Arc::clone(&fake.keys), Arc::clone(&fake.mode));
        let asked = Arc::clone(&fake.asked);
        thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                asked.fetch_add(1, Ordering::SeqCst);
                let mode = *mode.lock();
                if mode == Mode::Silent {
                    held.push(stream);
                    continue;
                }
                answer(&stream, &url, mode, &keys.lock());
            }
        });
        fake
    }

    /// How many requests have come in.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn set(&self, mode: Mode) {
        *self.mode.lock() = mode;
    }

    /// What knows it.
    pub(crate) fn issuer(&self, check: IssuerCheck) -> Issuer {
        let agent = Agent::new(Options {
            total_timeout: std::time::Duration::from_millis(300),
            ..Options::default()
        });
        Issuer::new(self.url.as_str(), check, agent).unwrap()
    }
}

fn answer(stream: &TcpStream, url: &str, mode: Mode, keys: &[Value]) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    let _rest = lines.take_while(|line| !line.is_empty()).count();
    let body = if first.contains("/realm/.well-known/openid-configuration ") {
        let name = if mode == Mode::Other {
            "https://other"
        } else {
            url
        };
        let mut document = json!({"issuer": name, "jwks_uri": format!("{url}/keys"),
            "token_endpoint": format!("{url}/token"), "end_session_endpoint": "https://x.example/e"});
        match mode {
            Mode::Keyless => document["jwks_uri"] = Value::Null,
            Mode::Local => document["jwks_uri"] = json!("http://169.254.169.254/keys"),
            Mode::Up | Mode::Down | Mode::Silent | Mode::Other => {}
        }
        document
    } else {
        json!({"keys": keys})
    };
    let status = if mode == Mode::Down {
        "500 no"
    } else {
        "200 OK"
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}",
        body.len()
    );
    let mut stream = stream;
    let _sent = write!(stream, "{head}\r\n\r\n{body}");
}
