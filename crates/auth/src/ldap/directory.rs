//! A directory for tests, which does what it is told and writes down what it was asked.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::ber::{
    self, ENUMERATED, INTEGER, OCTETS, Reader, SEQUENCE, SET, element, group, number, octets,
};
use super::message::{BIND, EXTENDED, SEARCH, UNBIND};

/// A name in the directory, with the values of its attributes, if it has any.
type Found = (&'static str, Option<Vec<&'static str>>);

/// What the directory does.
pub(super) struct Script {
    /// Passwords by the name in the directory; the service account's too.
    pub(super) passwords: HashMap<&'static str, &'static str>,
    /// What is found for the name that a user logs in with.
    pub(super) entries: HashMap<&'static str, Vec<Found>>,
    /// The result of a wrong password.
    pub(super) wrong: u32,
    /// The result of a search.
    pub(super) searched: u32,
    /// Hangs up after so many requests on a connection.
    pub(super) requests: usize,
    /// Answers this to everything instead.
    pub(super) garbage: Option<Vec<u8>>,
    /// Sent behind the agreement to TLS.
    pub(super) behind: Vec<u8>,
    /// What to do in TLS, and whether from the first byte.
    pub(super) tls: Option<(Arc<ServerConfig>, bool)>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            passwords: HashMap::from([("cn=service", "s3rvice"), ("cn=ann", "secret")]),
            entries: HashMap::from([("ann", vec![("cn=ann", Some(vec!["dev", "ops"]))])]),
            wrong: 49,
            searched: 0,
            requests: usize::MAX,
            garbage: None,
            behind: Vec::new(),
            tls: None,
        }
    }
}

/// A directory that is listening.
pub(super) struct Directory {
    pub(super) port: u16,
    pub(super) script: Arc<Mutex<Script>>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Directory {
    pub(super) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let directory = Self {
            port: listener.local_addr().unwrap().port(),
            script: Arc::new(Mutex::new(script)),
            log: Arc::default(),
        };
        let (script, log) = (Arc::clone(&directory.script), Arc::clone(&directory.log));
        tokio::spawn(async move {
            for number in 1.. {
                let (stream, _) = listener.accept().await.unwrap();
                let serving = Serving {
                    number,
                    script: Arc::clone(&script),
                    log: Arc::clone(&log),
                };
                tokio::spawn(async move { serving.connection(stream).await });
            }
        });
        directory
    }

    /// Yields what was asked since the last call, each with the number of its connection.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock())
    }
}

struct Serving {
    number: usize,
    script: Arc<Mutex<Script>>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Serving {
    async fn connection(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let tls = self.script.lock().tls.clone();
        let Some((config, at_once)) = tls else {
            return self.serve(&mut stream).await;
        };
        if !at_once {
            let (id, tag, _) = receive(&mut stream).await.unwrap();
            assert_eq!(tag, EXTENDED);
            self.note("starttls");
            let mut agreed = answer(id, 0x78, 0);
            agreed.extend_from_slice(&self.script.lock().behind);
            stream.write_all(&agreed).await.unwrap();
        }
        if let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await {
            self.serve(&mut stream).await;
        }
    }

    async fn serve(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
        let limit = self.script.lock().requests;
        for _ in 0..limit {
            let Some((id, tag, content)) = receive(stream).await else {
                return;
            };
            let bytes = self.reply(id, tag, &content);
            if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                return;
            }
        }
    }

    fn reply(&self, id: u32, tag: u8, content: &[u8]) -> Vec<u8> {
        let mut content = Reader::new(content);
        let reply = match tag {
            BIND => {
                assert_eq!(content.number(INTEGER).unwrap(), 3);
                let dn = text(content.read(OCTETS).unwrap());
                let password = text(content.read(0x80).unwrap());
                self.note(&format!("bind {dn} {password}"));
                let script = self.script.lock();
                let right = script.passwords.get(dn.as_str()) == Some(&password.as_str());
                answer(id, 0x61, if right { 0 } else { script.wrong })
            }
            SEARCH => self.search(id, content),
            // When it comes is not known, so it is not written down.
            UNBIND => Vec::new(),
            _ => panic!("{tag}"),
        };
        self.script.lock().garbage.clone().unwrap_or(reply)
    }

    fn search(&self, id: u32, mut content: Reader<'_>) -> Vec<u8> {
        let base = text(content.read(OCTETS).unwrap());
        let scope = content.number(ENUMERATED).unwrap();
        for tag in [ENUMERATED, INTEGER, INTEGER, 1] {
            content.read(tag).unwrap();
        }
        let (tag, mut filter) = content.next().unwrap();
        if tag == 0xa0 {
            filter = Reader::new(filter).read(0xa3).unwrap();
        }
        let mut filter = Reader::new(filter);
        let attribute = text(filter.read(OCTETS).unwrap());
        let name = text(filter.read(OCTETS).unwrap());
        self.note(&format!("search {base} {scope} {attribute}={name}"));
        let script = self.script.lock();
        let mut reply = Vec::new();
        for (dn, values) in script.entries.get(name.as_str()).into_iter().flatten() {
            let mut parts = octets(dn);
            if let Some(values) = values {
                let set: Vec<u8> = values.iter().flat_map(octets).collect();
                let attribute = group(SEQUENCE, &[&octets("memberOf"), &element(SET, &set)]);
                parts.extend(element(SEQUENCE, &attribute));
            }
            reply.extend(message(id, &element(0x64, &parts)));
        }
        reply.extend(answer(id, 0x65, script.searched));
        reply
    }

    fn note(&self, what: &str) {
        self.log.lock().push(format!("{}: {what}", self.number));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn message(id: u32, operation: &[u8]) -> Vec<u8> {
    group(SEQUENCE, &[&number(INTEGER, id), operation])
}

/// Yields an answer with a result and no words.
pub(super) fn answer(id: u32, tag: u8, code: u32) -> Vec<u8> {
    let parts = [number(ENUMERATED, code), octets(""), octets("")].concat();
    message(id, &element(tag, &parts))
}

async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u32, u8, Vec<u8>)> {
    let mut bytes = Vec::new();
    while ber::length(&bytes).unwrap() != Some(bytes.len()) {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let mut message = Reader::new(Reader::new(&bytes).read(SEQUENCE).unwrap());
    let id = message.number(INTEGER).unwrap();
    let (tag, content) = message.next().unwrap();
    Some((id, tag, content.to_vec()))
}
