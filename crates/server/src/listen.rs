//! Listening, accepting, and ending without cutting answers.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;

use crate::connection::{Handler, LingerLimits, Patience};

mod accept;
mod handshake;
mod protocol;
mod shutdown;
mod signals;
mod terms;

pub(crate) use shutdown::Waiting;
pub use shutdown::{Shutdown, Stage};
pub use signals::signals;
pub use terms::Terms;

/// How many connections the kernel may keep for us; it applies its own limit too.
const BACKLOG: u32 = 4096;

/// What connections may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open connections; more wait in the kernel's queue.
    pub connections: usize,
    /// Bytes of a request's head.
    pub header: usize,
    /// Bytes that are read from a socket at once.
    pub buffer: usize,
    /// Requests at once on one connection of HTTP/2.
    pub streams: u32,
    /// Time.
    pub patience: Patience,
    /// What is read and thrown away at the end of a connection.
    pub linger: LingerLimits,
    /// How long answers under way may take once the server is told to end.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            header: 32 << 10,
            buffer: 128 << 10,
            streams: 128,
            patience: Patience::default(),
            linger: LingerLimits::default(),
            drain: Duration::from_secs(30),
        }
    }
}

/// Why a server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address means nothing.
    #[error("resolving listen address {0:?}")]
    Address(String, #[source] Option<io::Error>),
    /// The address is taken or not ours.
    #[error("listening on {0}")]
    Bind(SocketAddr, #[source] io::Error),
}

/// An open port.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Opens a port; 0 lets the kernel choose one, which is logged. An empty address is every one.
    ///
    /// Must be called within a runtime.
    ///
    /// # Errors
    /// [`ListenError`].
    pub fn bind(address: &str, port: u16) -> Result<Self, ListenError> {
        let host = if address.is_empty() { "::" } else { address };
        let unresolved = |error| ListenError::Address(address.to_owned(), error);
        let mut addresses = (host, port)
            .to_socket_addrs()
            .map_err(|error| unresolved(Some(error)))?;
        let wanted = addresses.next().ok_or_else(|| unresolved(None))?;
        let listen = || {
            let tcp = open(wanted)?;
            let address = tcp.local_addr()?;
            Ok(Self { tcp, address })
        };
        let listener = listen().map_err(|error| ListenError::Bind(wanted, error))?;
        if port == 0 {
            tracing::info!(
                address,
                port = listener.address.port(),
                "port is unspecified, listening on kernel chosen port"
            );
        }
        Ok(listener)
    }

    /// Yields the address, with the port that the kernel chose.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until told to end, then drains: no new connections, idle ones close at once, answers
/// under way have the time that the limits give, and what is left is dropped.
pub async fn serve<H: Handler>(
    listener: Listener,
    handler: Arc<H>,
    shutdown: Shutdown,
    terms: impl Into<Terms>,
) {
    let terms = terms.into();
    let all = terms.limits().connections;
    let places = Arc::new(Semaphore::new(all));
    tokio::select! {
        () = accept::run(&listener.tcp, &places, |tcp, peer, place| {
            let (handler, shutdown) = (Arc::clone(&handler), shutdown.clone());
            let (limits, tls) = (terms.limits(), terms.tls());
            let served = async move {
                protocol::run((tcp, peer), tls, handler, (&shutdown, &limits)).await;
                drop(place);
            };
            tokio::spawn(served);
        }) => {}
        () = shutdown.reached(Stage::Draining) => {}
    }
    drop(listener);
    finish((&places, all), &shutdown, terms.limits().drain).await;
}

/// Waits until all connections are gone, or have to be.
async fn finish((places, count): (&Semaphore, usize), shutdown: &Shutdown, drain: Duration) {
    let all = u32::try_from(count).unwrap_or(u32::MAX);
    tokio::select! {
        _ = places.acquire_many(all) => return,
        () = tokio::time::sleep(drain) => {
            tracing::warn!(
                connections = count - places.available_permits(),
                "time to drain is over, dropping connections"
            );
        }
        () = shutdown.reached(Stage::Ended) => {}
    }
    shutdown.end();
    // Each task ends at its next poll; one that is stuck in a call must not hold up the end.
    let _ = tokio::time::timeout(Duration::from_secs(1), places.acquire_many(all)).await;
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
