//! A small Redis for tests, in this process: strings, sorted sets, and what clients say first.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server is besides a keeper of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Server,
    /// Says that the server `main` is there.
    Sentinel(SocketAddr),
    /// Says that it holds all slots.
    Cluster,
}

#[derive(Debug, Default)]
struct Rows {
    texts: BTreeMap<String, String>,
    sets: BTreeMap<String, BTreeSet<(u64, String)>>,
    /// Commands as they came, in one line each, greetings included.
    seen: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    part: Part,
    password: Option<&'static str>,
    rows: Mutex<Rows>,
    /// So many commands are left unanswered, their connections closed.
    broken: AtomicUsize,
}

impl Fake {
    pub(crate) async fn start(part: Part, password: Option<&'static str>) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            part,
            password,
            rows: Mutex::default(),
            broken: AtomicUsize::new(0),
        });
        let server = Arc::clone(&fake);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&server).serve(stream));
            }
        });
        fake
    }

    /// Leaves the next commands unanswered.
    pub(crate) fn break_next(&self, commands: usize) {
        self.broken.store(commands, Ordering::Relaxed);
    }

    pub(crate) fn texts(&self) -> BTreeMap<String, String> {
        self.rows.lock().texts.clone()
    }

    pub(crate) fn count(&self, set: &str) -> usize {
        self.rows.lock().sets.get(set).map_or(0, BTreeSet::len)
    }

    pub(crate) fn seen(&self, start: &str) -> Vec<String> {
        let rows = self.rows.lock();
        let seen = rows.seen.iter().filter(|line| line.starts_with(start));
        seen.cloned().collect()
    }

    pub(crate) fn put(&self, key: &str, value: &str) {
        self.rows
            .lock()
            .texts
            .insert(key.to_owned(), value.to_owned());
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let mut known = self.password.is_none();
        while let Some(words) = read(&mut stream).await {
            self.rows.lock().seen.push(words.join(" "));
            let breaks = |left: usize| left.checked_sub(1);
            let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
            if known && self.broken.fetch_update(set, get, breaks).is_ok() {
                return;
            }
            let answer = self.answer(&words, &mut known);
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    fn answer(&self, words: &[String], known: &mut bool) -> String {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match *words {
            ["AUTH", .., password] if Some(password) == self.password => {
                *known = true;
                OK.to_owned()
            }
            ["AUTH", ..] => "-WRONGPASS invalid username-password pair\r\n".to_owned(),
            _ if !*known => "-NOAUTH Authentication required.\r\n".to_owned(),
            ["CLIENT" | "SELECT", ..] => OK.to_owned(),
            ["PING"] => "+PONG\r\n".to_owned(),
            ["ROLE"] if matches!(self.part, Part::Sentinel(_)) => {
                format!("*2\r\n{}*0\r\n", bulk("sentinel"))
            }
            ["ROLE"] => format!("*3\r\n{}:0\r\n*0\r\n", bulk("master")),
            ["SENTINEL", "masters" | "MASTERS"] => self.masters(),
            ["SENTINEL", ..] => "*0\r\n".to_owned(),
            ["CLUSTER", "SLOTS"] if self.part == Part::Cluster => {
                let port = self.address.port();
                let node = format!("*2\r\n{}:{port}\r\n", bulk("127.0.0.1"));
                format!("*1\r\n*3\r\n:0\r\n:16383\r\n{node}")
            }
            _ => self.keep(&words),
        }
    }

    fn masters(&self) -> String {
        let Part::Sentinel(server) = self.part else {
            return "*0\r\n".to_owned();
        };
        let port = server.port().to_string();
        let pairs = [
            "name",
            "main",
            "ip",
            "127.0.0.1",
            "port",
            &port,
            "flags",
            "master",
        ];
        let pairs: String = pairs.iter().map(|text| bulk(text)).collect();
        format!("*1\r\n*8\r\n{pairs}")
    }

    fn keep(&self, words: &[&str]) -> String {
        let rows = &mut *self.rows.lock();
        let number = |count: usize| format!(":{count}\r\n");
        match *words {
            ["SET", key, _, "NX"] if rows.texts.contains_key(key) => NIL.to_owned(),
            ["SET", key, value, ..] => {
                rows.texts.insert(key.to_owned(), value.to_owned());
                OK.to_owned()
            }
            ["GET", key] => rows
                .texts
                .get(key)
                .map_or(NIL.to_owned(), |text| bulk(text)),
            ["DEL", key] => number(rows.texts.remove(key).iter().count()),
            ["PEXPIRE", key, _] => number(rows.sets.contains_key(key).into()),
            ["ZADD", key, score, member] => {
                let set = rows.sets.entry(key.to_owned()).or_default();
                number(
                    set.insert((score.parse().unwrap(), member.to_owned()))
                        .into(),
                )
            }
            ["ZREM", key, member] => {
                rows.sets
                    .entry(key.to_owned())
                    .or_default()
                    .retain(|entry| entry.1 != member);
                number(1)
            }
            ["ZREMRANGEBYSCORE", key, "-inf", most] => {
                let most: u64 = most.parse().unwrap();
                rows.sets
                    .entry(key.to_owned())
                    .or_default()
                    .retain(|entry| entry.0 > most);
                number(1)
            }
            ["ZCARD", key] => number(rows.sets.get(key).map_or(0, BTreeSet::len)),
            ["ZRANGE", key, "0", last] => {
                let count = last.parse::<usize>().unwrap() + 1;
                let members = rows.sets.get(key).into_iter().flatten().take(count);
                let members: Vec<_> = members.map(|entry| bulk(&entry.1)).collect();
                format!("*{}\r\n{}", members.len(), members.concat())
            }
            _ => format!("-ERR unknown command {words:?}\r\n"),
        }
    }
}

const OK: &str = "+OK\r\n";
const NIL: &str = "$-1\r\n";

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Vec<String>> {
    let count = length(stream, '*').await?;
    let mut words = Vec::new();
    for _ in 0..count {
        let mut word = vec![0; length(stream, '$').await? + 2];
        stream.read_exact(&mut word).await.ok()?;
        word.truncate(word.len() - 2);
        words.push(String::from_utf8(word).unwrap());
    }
    Some(words)
}

async fn length(stream: &mut BufReader<TcpStream>, mark: char) -> Option<usize> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    line.strip_prefix(mark)?.trim_end().parse().ok()
}
