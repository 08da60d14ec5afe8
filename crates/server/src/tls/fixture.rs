//! Authorities, files of certificates, and clients that trust them, for tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType,
    date_time_ymd,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tempfile::TempDir;
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Algorithms, Tls, TlsOptions};
use crate::connection::Handler;
use crate::listen::fixture::{Client, Running};
use crate::listen::{Limits, Listener, Terms};

/// A certificate and its key in PEM.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) cert: String,
    pub(crate) key: String,
}

impl Pair {
    pub(crate) fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.cert.as_bytes()).unwrap()
    }
}

/// Signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "authority");
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Signs for a name, good until the end of a year.
    pub(crate) fn sign(&self, name: &str, year: i32) -> Pair {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params
            .subject_alt_names
            .push(SanType::DnsName("localhost".try_into().unwrap()));
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 12, 31);
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.0).unwrap();
        Pair {
            cert: cert.pem(),
            key: key.serialize_pem(),
        }
    }
}

pub(crate) fn put(path: impl AsRef<Path>, text: &str) {
    use std::io::Write;
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// A folder with the files of a server.
pub(crate) struct Site {
    pub(crate) dir: TempDir,
    pub(crate) authority: Authority,
    pub(crate) options: TlsOptions,
}

impl Site {
    /// Lays out a certificate, and the authority as signer of clients if `ca` is a name.
    pub(crate) fn new(ca: Option<&str>) -> Self {
        let dir = TempDir::new().unwrap();
        let authority = Authority::new();
        let path = |name: &str| -> PathBuf { dir.path().join(name) };
        let options = TlsOptions {
            cert: path("cert"),
            key: path("key"),
            ca: ca.map(path),
            algorithms: Algorithms::All,
        };
        let site = Self {
            dir,
            authority,
            options,
        };
        site.lay(&site.authority.sign("server", 2100));
        if let Some(ca) = &site.options.ca {
            put(ca, &site.authority.pem());
        }
        site
    }

    /// Writes certificate and key in place.
    pub(crate) fn lay(&self, pair: &Pair) {
        put(&self.options.cert, &pair.cert);
        put(&self.options.key, &pair.key);
    }

    pub(crate) fn serve<H: Handler>(&self, handler: H, limits: Limits) -> (Running, Arc<Tls>) {
        let tls = Arc::new(Tls::open(self.options.clone()).unwrap());
        let listener = Listener::bind("127.0.0.1", 0).unwrap();
        let terms = Terms::new(limits, Some(Arc::clone(&tls)));
        (Running::start_on(listener, handler, terms), tls)
    }

    pub(crate) fn guest(&self) -> Guest {
        Guest::new(&self.authority)
    }
}

/// Says how a client comes.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) config: ClientConfig,
}

pub(crate) type Secured = Client<TlsStream<TcpStream>>;

impl Guest {
    pub(crate) fn new(authority: &Authority) -> Self {
        let versions = [&version::TLS13, &version::TLS12];
        Self::with(authority, ring::default_provider(), &versions, None)
    }

    pub(crate) fn with(
        authority: &Authority,
        provider: CryptoProvider,
        versions: &[&'static SupportedProtocolVersion],
        pair: Option<&Pair>,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap();
        roots.add(root).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let config = match pair {
            None => builder.with_no_client_auth(),
            Some(pair) => {
                let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
                builder
                    .with_client_auth_cert(vec![pair.der()], key)
                    .unwrap()
            }
        };
        Self { config }
    }

    pub(crate) async fn try_connect(
        &self,
        server: &Running,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(server.address).await.unwrap();
        let connector = TlsConnector::from(Arc::new(self.config.clone()));
        let name = ServerName::try_from("localhost").unwrap();
        connector.connect(name, tcp).await
    }

    pub(crate) async fn connect(&self, server: &Running) -> Secured {
        Client(BufReader::new(self.try_connect(server).await.unwrap()))
    }
}
