//! One connection of a client: who it is, what is under way on it, and its socket.
//!
//! Content leaves a plain HTTP/1.1 connection by `sendfile`, through hyper as it is: the body
//! ([`crate::body`]) yields slices of a file mapping that nobody reads, [`FileTable`] knows which
//! addresses stand for which part of a file, and `io::Io`, the socket given to hyper, meeting
//! such an address, has the kernel send the file instead of the memory.

use std::net::SocketAddr;
use std::sync::Arc;

pub(crate) mod drive;
pub(crate) mod files;
pub(crate) mod io;
pub(crate) mod linger;
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
}

impl Connection {
    /// Describes a plain connection from an address.
    pub fn new(peer: SocketAddr) -> Self {
        Self {
            peer,
            files: Arc::default(),
            watch: Watch::default(),
        }
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
