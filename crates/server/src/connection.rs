//! One connection of a client: who it is, what is under way on it, and its socket.
//!
//! Content leaves a plain HTTP/1.1 connection by `sendfile`, through hyper as it is: the body
//! ([`crate::body`]) yields slices of a file mapping that nobody reads, [`FileTable`] knows which
//! addresses stand for which part of a file, and `plain::Plain`, the socket under hyper, meeting
//! such an address, has the kernel send the file instead of the memory. Under TLS (`secure::Secure`)
//! files are read.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use auth::policy::TlsVersion;

pub(crate) mod drive;
pub(crate) mod files;
pub(crate) mod io;
pub(crate) mod linger;
mod nudge;
mod plain;
pub(crate) mod secure;
pub(crate) mod service;
mod warm;
pub(crate) mod watch;

pub use drive::Patience;
pub use files::FileTable;
pub use linger::LingerLimits;
pub use service::Handler;
use watch::Watch;

/// Knows one connection; handlers get it with each request.
#[derive(Debug)]
pub struct Connection {
    peer: SocketAddr,
    files: Arc<FileTable>,
    watch: Watch,
    tls: Option<Session>,
}

/// What the handshake of TLS settled.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The version.
    pub version: TlsVersion,
    /// The certificate of the client in DER, verified, if it has shown one.
    pub client: Option<Arc<[u8]>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("version", &self.version)
            .field("client", &self.client.is_some())
            .finish()
    }
}

impl Connection {
    /// Describes a plain connection from an address.
    pub fn new(peer: SocketAddr) -> Self {
        Self {
            peer,
            files: Arc::default(),
            watch: Watch::default(),
            tls: None,
        }
    }

    /// Says that the connection is under TLS.
    #[must_use]
    pub fn with_tls(mut self, session: Session) -> Self {
        self.tls = Some(session);
        self
    }

    /// Yields what the handshake settled; none without TLS.
    pub const fn tls(&self) -> Option<&Session> {
        self.tls.as_ref()
    }

    /// Tells whether the connection is under TLS.
    pub const fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Yields the address of the other end, which may be a proxy.
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Yields the files that are under way on this connection.
    pub const fn files(&self) -> &Arc<FileTable> {
        &self.files
    }

    pub(crate) const fn watch(&self) -> &Watch {
        &self.watch
    }
}

#[cfg(test)]
mod tests;
