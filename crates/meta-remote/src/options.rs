//! What the settings of a driver mean.

use std::fmt;
use std::time::Duration;

use redis::{ConnectionAddr, ProtocolVersion};
use serde_json::Value;

use crate::value::{self, Span};

/// The prefix of session keys where none is given.
pub const DEFAULT_PREFIX: &str = "zotsession";

/// Settings that change nothing here: one connection carries all requests, and sessions are read
/// where they are written, so that a logout counts at once.
const WITHOUT_MEANING: [&str; 15] = [
    "name",
    "keyprefix",
    "context_timeout_enabled",
    "pool_fifo",
    "pool_timeout",
    "min_idle_conns",
    "max_idle_conns",
    "max_active_conns",
    "conn_max_idle_time",
    "conn_max_lifetime",
    "max_redirects",
    "read_only",
    "route_by_latency",
    "route_randomly",
    "unstable_resp3",
];

/// Says why settings name no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// The URL is none of Redis. It is not shown: it may hold a password.
    #[error("redis url is malformed")]
    Url,
    /// An address is no host with a port.
    #[error("redis address is malformed")]
    Address,
}

/// Where the records are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On one server.
    Server(ConnectionAddr),
    /// On the server that sentinels name.
    Sentinels {
        /// The sentinels.
        nodes: Vec<ConnectionAddr>,
        /// The name of the server.
        master: String,
    },
    /// On a cluster that one of these knows.
    Cluster(Vec<ConnectionAddr>),
}

/// A user and a password. Neither is printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account")
    }
}

/// How this program names itself to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Name of the connection.
    pub(crate) client: Option<String>,
    /// What is put behind the name of the library.
    pub(crate) suffix: Option<String>,
    /// Whether the library is not named at all.
    pub(crate) hidden: bool,
}

/// How long is waited, and how often is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) dial: Option<Duration>,
    pub(crate) answer: Option<Duration>,
    /// More tries after the first.
    pub(crate) retries: u32,
    /// The shortest and the longest rest between two.
    pub(crate) rest: (Duration, Duration),
    /// The most requests that wait for an answer at the same time.
    pub(crate) at_once: usize,
}

/// Describes a Redis: one server, one that sentinels name, or a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisOptions {
    pub(crate) place: Place,
    pub(crate) prefix: String,
    pub(crate) account: Account,
    pub(crate) sentinel_account: Account,
    pub(crate) db: i64,
    pub(crate) protocol: ProtocolVersion,
    pub(crate) names: Names,
    pub(crate) limits: Limits,
}

impl RedisOptions {
    /// Reads the settings of a session driver, and lists the keys that were ignored because they
    /// are unknown or their value is of no use.
    ///
    /// A URL wins over everything but the prefix; with `addr` in its query it is that of a cluster.
    ///
    /// Spec: core 3.4 and 10.4.
    ///
    /// # Errors
    /// [`OptionsError`].
    pub fn read<'a>(
        settings: impl IntoIterator<Item = (&'a str, &'a Value)>,
    ) -> Result<(Self, Vec<String>), OptionsError> {
        let mut prefix = DEFAULT_PREFIX.to_owned();
        let mut url = None;
        let mut given = Given::default();
        for (key, value) in settings {
            let key = key.to_ascii_lowercase();
            match (key.as_str(), value::text(value)) {
                ("url", Some(text)) if !text.is_empty() => url = Some(text),
                ("url", Some(_)) => {}
                ("keyprefix", Some(text)) => prefix = text,
                _ => given.take(&key, value),
            }
        }
        if let Some(url) = url {
            given = Given::of_url(&url, given.ignored)?;
        }
        let ignored = std::mem::take(&mut given.ignored);
        Ok((given.finish(prefix)?, ignored))
    }

    /// Yields the key of a name that is no session. It does not begin as keys of sessions do: scripts
    /// count those.
    pub(crate) fn beside(&self, name: &str) -> String {
        match self.prefix.as_str() {
            "" => name.to_owned(),
            prefix => format!("{prefix}-{name}"),
        }
    }

    /// Yields the key of a name: behind the prefix and a colon, if there is a prefix.
    pub(crate) fn key(&self, name: &str) -> String {
        match self.prefix.as_str() {
            "" => name.to_owned(),
            prefix => format!("{prefix}:{name}"),
        }
    }
}

/// What was given so far.
#[derive(Debug, Default)]
struct Given {
    addresses: Vec<String>,
    master: Option<String>,
    cluster: bool,
    tls: bool,
    account: Account,
    sentinel_account: Account,
    db: i64,
    protocol: Option<i64>,
    names: Names,
    retries: Option<i64>,
    pool: Option<i64>,
    dial: Option<Span>,
    read: Option<Span>,
    write: Option<Span>,
    least: Option<Span>,
    most: Option<Span>,
    ignored: Vec<String>,
}

impl Given {
    fn take(&mut self, key: &str, value: &Value) {
        if self.take_place(key, value).is_none() && self.take_limit(key, value).is_none() {
            self.ignored.push(key.to_owned());
        }
    }

    fn take_place(&mut self, key: &str, value: &Value) -> Option<()> {
        match key {
            "addr" => self.addresses.extend(value::texts(value)?),
            "master_name" => self.master = filled(value::text(value)?),
            "username" => self.account.user = filled(value::text(value)?),
            "password" => self.account.password = filled(value::text(value)?),
            "sentinel_username" => self.sentinel_account.user = filled(value::text(value)?),
            "sentinel_password" => self.sentinel_account.password = filled(value::text(value)?),
            "db" => self.db = value::integer(value)?,
            "protocol" => self.protocol = Some(value::integer(value)?),
            "client_name" => self.names.client = filled(value::text(value)?),
            "identity_suffix" => self.names.suffix = filled(value::text(value)?),
            "disable_identity" | "disable_indentity" => self.names.hidden = value::flag(value)?,
            _ => return None,
        }
        Some(())
    }

    fn take_limit(&mut self, key: &str, value: &Value) -> Option<()> {
        match key {
            "max_retries" => self.retries = Some(value::integer(value)?),
            "pool_size" => self.pool = Some(value::integer(value)?),
            "dial_timeout" => self.dial = Some(value::span(value)?),
            "read_timeout" => self.read = Some(value::span(value)?),
            "write_timeout" => self.write = Some(value::span(value)?),
            "min_retry_backoff" => self.least = Some(value::span(value)?),
            "max_retry_backoff" => self.most = Some(value::span(value)?),
            key => return WITHOUT_MEANING.contains(&key).then_some(()),
        }
        Some(())
    }

    fn of_url(text: &str, ignored: Vec<String>) -> Result<Self, OptionsError> {
        let url = redis::parse_redis_url(text).ok_or(OptionsError::Url)?;
        let (host, scheme) = (url.host_str(), url.scheme());
        let tls = matches!(scheme, "rediss" | "valkeys");
        if !tls && !matches!(scheme, "redis" | "valkey") {
            return Err(OptionsError::Url);
        }
        let port = url.port().unwrap_or(6379);
        let mut given = Self {
            tls,
            ignored,
            ..Self::default()
        };
        let host = host.filter(|host| !host.is_empty()).unwrap_or("localhost");
        given.addresses.push(format!("{host}:{port}"));
        given.account.user = unescaped(url.username()).filter(|user| !user.is_empty());
        given.account.password = url.password().and_then(unescaped);
        let db = url.path().trim_matches('/');
        if !db.is_empty() {
            given.db = db.parse().map_err(|_number| OptionsError::Url)?;
        }
        for (key, value) in url.query_pairs() {
            given.cluster |= key == "addr";
            given.take(&key, &Value::String(value.into_owned()));
        }
        Ok(given)
    }

    fn finish(self, prefix: String) -> Result<RedisOptions, OptionsError> {
        let usual = |span: Option<Span>, usual| span.unwrap_or(Span::Usual).or(usual);
        let seconds = Duration::from_secs;
        let answer = usual(self.read, seconds(3));
        let write = self.write.map_or(answer, |write| write.or(seconds(3)));
        let rest = |span, usual_millis| {
            usual(span, Duration::from_millis(usual_millis)).unwrap_or_default()
        };
        let limits = Limits {
            dial: usual(self.dial, seconds(5)),
            answer: answer.zip(write).map(|(read, write)| read.max(write)),
            retries: match self.retries {
                None | Some(0) => 3,
                Some(retries) => u32::try_from(retries).unwrap_or(0).min(10),
            },
            rest: (rest(self.least, 8), rest(self.most, 512)),
            at_once: match self.pool.map(usize::try_from) {
                Some(Ok(pool @ 1..)) => pool.min(1024),
                Some(_) | None => 64,
            },
        };
        Ok(RedisOptions {
            place: place(&self.addresses, self.master, (self.cluster, self.tls))?,
            prefix,
            account: self.account,
            sentinel_account: self.sentinel_account,
            db: self.db,
            protocol: match self.protocol {
                Some(3) => ProtocolVersion::RESP3,
                // What every version speaks.
                Some(_) | None => ProtocolVersion::RESP2,
            },
            names: self.names,
            limits,
        })
    }
}

/// An empty text counts as none.
fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Reads what is escaped in a URL only to stand there.
fn unescaped(text: &str) -> Option<String> {
    let text = text.replace('+', "%2B").replace('&', "%26");
    let url = redis::parse_redis_url(&format!("redis://host/?x={text}"))?;
    let mut pairs = url.query_pairs();
    pairs.next().map(|(_, value)| value.into_owned())
}

fn place(
    addresses: &[String],
    master: Option<String>,
    (cluster, tls): (bool, bool),
) -> Result<Place, OptionsError> {
    let nodes: Result<Vec<_>, _> = addresses.iter().map(|node| address(node, tls)).collect();
    let mut nodes = nodes?;
    if nodes.is_empty() {
        nodes.push(address("localhost:6379", tls)?);
    }
    if let Some(master) = master {
        return Ok(Place::Sentinels { nodes, master });
    }
    match <[ConnectionAddr; 1]>::try_from(nodes) {
        Ok([server]) if !cluster => Ok(Place::Server(server)),
        Ok([server]) => Ok(Place::Cluster(vec![server])),
        Err(nodes) => Ok(Place::Cluster(nodes)),
    }
}

fn address(node: &str, tls: bool) -> Result<ConnectionAddr, OptionsError> {
    let (host, port) = node.rsplit_once(':').ok_or(OptionsError::Address)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = if host.is_empty() { "localhost" } else { host }.to_owned();
    let port = port.parse().map_err(|_number| OptionsError::Address)?;
    Ok(if tls {
        ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        }
    } else {
        ConnectionAddr::Tcp(host, port)
    })
}

#[cfg(test)]
mod tests;
