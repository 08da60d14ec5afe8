//! TLS of the server: certificate, key and signers of clients from files, as one value that is
//! swapped whole when the files change.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;

mod client;
mod load;

/// Names the files, and which algorithms are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsOptions {
    /// Certificate chain in PEM, the server's own first.
    pub cert: PathBuf,
    /// Private key in PEM: PKCS#8, PKCS#1 or SEC 1.
    pub key: PathBuf,
    /// Certificates in PEM that sign those of clients; with it, clients may show one, and one that
    /// does not verify ends the handshake.
    pub ca: Option<PathBuf>,
    /// What may be negotiated.
    pub algorithms: Algorithms,
}

/// Says which algorithms may be negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithms {
    /// AES-GCM and ChaCha20-Poly1305; P-256, P-384 and X25519.
    #[default]
    All,
    /// AES-GCM; P-256 and P-384.
    Fips,
}

/// Says why there is no TLS, or why it stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read.
    #[error("reading {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// A file is not PEM.
    #[error("{} is not valid PEM", .0.display())]
    Pem(PathBuf, #[source] rustls_pki_types::pem::Error),
    /// A file has no part of the kind that it is there for.
    #[error("{} holds no {what}", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// The kind.
        what: &'static str,
    },
    /// The certificate or the key cannot be used, or they do not belong together.
    #[error("certificate {} and key {} cannot be used", .cert.display(), .key.display())]
    Pair {
        /// The certificate.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// Nothing can be verified by the certificates that sign those of clients.
    #[error("certificates of {} cannot be used", .0.display())]
    Ca(PathBuf, #[source] rustls::Error),
    /// The cryptography gives nothing to begin with.
    #[error("setting up TLS")]
    Setup(#[source] rustls::Error),
}

/// Holds what new connections are served with. When the files change, another one takes its place.
#[derive(Clone, Debug)]
pub struct Tls(Arc<ServerConfig>);

impl Tls {
    /// Reads the files. Blocks while it does.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(options: &TlsOptions) -> Result<Self, TlsError> {
        load::load(options).map(Self)
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0)
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
