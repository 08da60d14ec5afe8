//! The way to a Redis: one server, one that sentinels name, or a cluster.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, RedisResult, ServerErrorKind, TlsMode, Value,
};

use crate::options::{Account, Place, RedisOptions};

/// How this program names itself to servers.
const LIBRARY: &str = "holdfast";

/// Says why a Redis did not do as it was told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings make no client.
    #[error("redis settings are not usable")]
    Settings(#[source] RedisError),
    /// No server answered in time, or one refused.
    #[error("redis failed")]
    Server(#[source] RedisError),
    /// An answer is not of the form that its command has.
    #[error("redis gave an unexpected answer")]
    Answer,
}

#[derive(Clone)]
enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(command).await,
            Self::Cluster(connection) => connection.req_packed_command(command).await,
        }
    }
}

enum Dialer {
    Server(Client),
    Sentinels(SentinelClient),
    Cluster(ClusterClient),
}

/// Sends commands to a Redis over one connection that all share, which is made when it is first
/// needed and made again when it breaks.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    options: RedisOptions,
    /// Held while a connection is made, so that one is made however many wait for it.
    dialer: tokio::sync::Mutex<Dialer>,
    /// The connection, and how many were made before it.
    current: Mutex<(u64, Option<Connection>)>,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Redis").field(&self.0.options).finish()
    }
}

impl Redis {
    /// Prepares the way; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Settings`].
    pub fn new(options: &RedisOptions) -> Result<Self, Error> {
        // Whoever chose a provider before us has chosen the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dialer = dialer(options).map_err(Error::Settings)?;
        Ok(Self(Arc::new(Inner {
            options: options.clone(),
            dialer: tokio::sync::Mutex::new(dialer),
            current: Mutex::new((0, None)),
        })))
    }

    /// Asks whether a server answers.
    ///
    /// # Errors
    /// [`Error::Server`].
    pub async fn ping(&self) -> Result<(), Error> {
        self.send(&redis::cmd("PING")).await.map(drop)
    }

    /// Sends a command that may be sent again should the connection break.
    pub(crate) async fn send(&self, command: &Cmd) -> Result<Value, Error> {
        let limits = &self.0.options.limits;
        let mut rest = limits.rest.0;
        for _ in 0..limits.retries {
            match self.send_once(command).await {
                Err(error) if is_passing(&error) => {}
                done => return done.map_err(Error::Server),
            }
            tokio::time::sleep(rest).await;
            rest = rest.saturating_mul(2).min(limits.rest.1);
        }
        self.send_once(command).await.map_err(Error::Server)
    }

    async fn send_once(&self, command: &Cmd) -> RedisResult<Value> {
        let (number, mut connection) = self.connection().await?;
        let answer = match connection.send(command).await {
            Ok(Value::ServerError(error)) => Err(error.into()),
            answer => answer,
        };
        if answer.as_ref().is_err_and(is_passing) {
            let mut current = self.0.current.lock();
            if current.0 == number {
                current.1 = None;
            }
        }
        answer
    }

    async fn connection(&self) -> RedisResult<(u64, Connection)> {
        if let Some(present) = self.present() {
            return Ok(present);
        }
        let mut dialer = self.0.dialer.lock().await;
        if let Some(present) = self.present() {
            return Ok(present);
        }
        let connection = within(&self.0.options, dialer.dial(&self.0.options)).await?;
        let mut current = self.0.current.lock();
        current.0 += 1;
        current.1 = Some(connection.clone());
        Ok((current.0, connection))
    }

    fn present(&self) -> Option<(u64, Connection)> {
        let current = self.0.current.lock();
        current.1.clone().map(|connection| (current.0, connection))
    }
}

impl Dialer {
    async fn dial(&mut self, options: &RedisOptions) -> RedisResult<Connection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(options.limits.dial)
            .set_response_timeout(options.limits.answer)
            .set_concurrency_limit(options.limits.at_once);
        let mut connection = match self {
            Self::Server(client) => {
                client
                    .get_multiplexed_async_connection_with_config(&config)
                    .await?
            }
            Self::Sentinels(client) => client.get_async_connection_with_config(&config).await?,
            Self::Cluster(client) => {
                return client.get_async_connection().await.map(Connection::Cluster);
            }
        };
        if let Some(name) = &options.names.client {
            let named = redis::cmd("CLIENT").arg("SETNAME").arg(name).to_owned();
            connection.req_packed_command(&named).await?;
        }
        Ok(Connection::One(connection))
    }
}

/// Bounds the making of a connection as a whole: it is more than one step.
async fn within<T>(
    options: &RedisOptions,
    dialing: impl Future<Output = RedisResult<T>>,
) -> RedisResult<T> {
    let limits = &options.limits;
    let Some(limit) = limits
        .dial
        .zip(limits.answer)
        .map(|(dial, answer)| dial + answer)
    else {
        return dialing.await;
    };
    match tokio::time::timeout(limit, dialing).await {
        Ok(done) => done,
        Err(_elapsed) => Err(RedisError::from((ErrorKind::Io, "no connection in time"))),
    }
}

/// Tells whether another connection, or another moment, may bring success.
fn is_passing(error: &RedisError) -> bool {
    let of_server = [
        ServerErrorKind::ReadOnly,
        ServerErrorKind::BusyLoading,
        ServerErrorKind::MasterDown,
        ServerErrorKind::TryAgain,
        ServerErrorKind::ClusterDown,
    ]
    .into_iter()
    .any(|kind| error.kind() == ErrorKind::Server(kind));
    of_server || error.is_io_error() || error.is_timeout() || error.is_connection_dropped()
}

fn dialer(options: &RedisOptions) -> RedisResult<Dialer> {
    match &options.place {
        Place::Server(address) => {
            let info = address.clone().into_connection_info()?;
            let info = info.set_redis_settings(settings(options));
            Client::open(info).map(Dialer::Server)
        }
        Place::Sentinels { nodes, master } => sentinels(options, nodes, master),
        Place::Cluster(nodes) => cluster(options, nodes),
    }
}

fn settings(options: &RedisOptions) -> RedisConnectionInfo {
    let mut settings = RedisConnectionInfo::default()
        .set_db(options.db)
        .set_protocol(options.protocol);
    let Account { user, password } = &options.account;
    if let Some(user) = user {
        settings = settings.set_username(user);
    }
    if let Some(password) = password {
        settings = settings.set_password(password);
    }
    if options.names.hidden {
        return settings.set_skip_set_lib_name();
    }
    let name = match &options.names.suffix {
        Some(suffix) => format!("{LIBRARY}({suffix})"),
        None => LIBRARY.to_owned(),
    };
    settings.set_lib_name(name, env!("CARGO_PKG_VERSION"))
}

fn sentinels(
    options: &RedisOptions,
    nodes: &[ConnectionAddr],
    master: &str,
) -> RedisResult<Dialer> {
    let nodes = nodes.iter().cloned();
    let mut builder = SentinelClientBuilder::new(nodes, master, SentinelServerType::Master)?
        .set_client_to_redis_db(options.db)
        .set_client_to_redis_protocol(options.protocol);
    if let Some(user) = &options.account.user {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = &options.account.password {
        builder = builder.set_client_to_redis_password(password);
    }
    if let Some(user) = &options.sentinel_account.user {
        builder = builder.set_client_to_sentinel_username(user);
    }
    if let Some(password) = &options.sentinel_account.password {
        builder = builder.set_client_to_sentinel_password(password);
    }
    builder.build().map(Dialer::Sentinels)
}

fn cluster(options: &RedisOptions, nodes: &[ConnectionAddr]) -> RedisResult<Dialer> {
    let limits = &options.limits;
    let mut builder = ClusterClient::builder(nodes.iter().cloned())
        .retries(limits.retries)
        .min_retry_wait(millis(limits.rest.0))
        .max_retry_wait(millis(limits.rest.1).max(millis(limits.rest.0) + 1))
        .connection_concurrency_limit(limits.at_once)
        .use_protocol(options.protocol)
        .overall_response_timeout(limits.answer.map(|answer| answer.saturating_mul(2)));
    if options.db != 0 {
        builder = builder.database_id(options.db);
    }
    if matches!(nodes.first(), Some(ConnectionAddr::TcpTls { .. })) {
        builder = builder.tls(TlsMode::Secure);
    }
    if let Some(dial) = limits.dial {
        builder = builder.connection_timeout(dial);
    }
    if let Some(answer) = limits.answer {
        builder = builder.response_timeout(answer);
    }
    if let Some(user) = &options.account.user {
        builder = builder.username(user);
    }
    if let Some(password) = &options.account.password {
        builder = builder.password(password);
    }
    builder.build().map(Dialer::Cluster)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
