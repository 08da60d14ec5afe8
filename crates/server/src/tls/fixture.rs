//! Authorities, files of certificates, and clients that trust them, for tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PublicKeyData,
    SanType, SigningKey, date_time_ymd,
};
use rustls::client::ResolvesClientCert;
use rustls::crypto::{CryptoProvider, ring};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme, SupportedProtocolVersion, version};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tempfile::TempDir;
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Algorithms, Tls, TlsError, TlsOptions};
use crate::connection::Handler;
use crate::listen::fixture::{Client, Running};
use crate::listen::{Limits, Listener, Terms};
use crate::watch::Watch;

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

    fn unchecked(&self) -> Arc<CertifiedKey> {
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let key = ring::sign::any_supported_type(&key).unwrap();
        Arc::new(CertifiedKey::new(vec![self.der()], key))
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

/// Writes a certificate as PEM.
fn pem_of(der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in der.chunks(3) {
        let mut bytes = [0; 4];
        bytes[1..=three.len()].copy_from_slice(three);
        let number = usize::try_from(u32::from_be_bytes(bytes)).unwrap();
        for at in 0..4 {
            let digit = char::from(DIGITS[(number >> (18 - 6 * at)) & 63]);
            text.push(if at > three.len() { '=' } else { digit });
        }
    }
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

/// One element of DER.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let len = u16::try_from(content.len()).unwrap().to_be_bytes();
    let len: &[u8] = match len {
        [0, short @ 0..=0x7f] => &[short],
        [0, short] => &[0x81, short],
        [high, low] => &[0x82, high, low],
    };
    [&[tag], len, &content].concat()
}

impl Authority {
    /// Signs a certificate of version 1 for a name, with times as in a `UTCTime`.
    pub(crate) fn sign_old(&self, name: &str, (from, to): (&str, &str)) -> Pair {
        let cn = |text: &str| {
            let id = element(6, &[&[0x55, 4, 3]]);
            let pair = element(0x30, &[&id, &element(0x0c, &[text.as_bytes()])]);
            element(0x30, &[&element(0x31, &[&pair])])
        };
        let ecdsa_with_sha256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
        let algorithm = element(0x30, &[&element(6, &[&ecdsa_with_sha256])]);
        let times = [from, to].map(|time| element(0x17, &[time.as_bytes()]));
        let validity = element(0x30, &[&times[0], &times[1]]);
        let key = KeyPair::generate().unwrap();
        let (issuer, owner) = (cn("authority"), cn(name));
        let spki = key.subject_public_key_info();
        let serial = element(2, &[&[1]]);
        let body = [&serial, &algorithm, &issuer, &validity, &owner, &spki];
        let body = element(0x30, &body.map(Vec::as_slice));
        let signature = self.0.key().sign(&body).unwrap();
        let signature = element(3, &[&[0], &signature]);
        let der = element(0x30, &[&body, &algorithm, &signature]);
        Pair {
            cert: pem_of(&der),
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

    pub(crate) fn serve<H: Handler>(
        &self,
        handler: H,
        limits: Limits,
    ) -> (Running, Arc<Replacing>) {
        let tls = Arc::new(Tls::open(&self.options).unwrap());
        let listener = Listener::bind("127.0.0.1", 0).unwrap();
        let terms = Terms::new(limits, Some(tls));
        let replacing = Replacing {
            options: self.options.clone(),
            limits,
            terms: terms.clone(),
        };
        (
            Running::start_on(listener, handler, terms),
            Arc::new(replacing),
        )
    }

    pub(crate) fn guest(&self) -> Guest {
        Guest::new(&self.authority)
    }
}

/// Shows one certificate to whoever asks, fitting or not.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
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
            Some(pair) => builder.with_client_cert_resolver(Arc::new(Shown(pair.unchecked()))),
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

/// Replaces what a server serves with.
pub(crate) struct Replacing {
    options: TlsOptions,
    limits: Limits,
    terms: Terms,
}

impl Replacing {
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let tls = Tls::open(&self.options)?;
        self.terms.set(self.limits, Some(Arc::new(tls)));
        Ok(())
    }

    /// Does so whenever a file changes, as the server does for all of its files at once.
    pub(crate) fn follow(self: Arc<Self>) -> impl Future<Output = ()> + Send + 'static {
        let TlsOptions { cert, key, ca, .. } = self.options.clone();
        let files = [Some(cert), Some(key), ca].into_iter().flatten();
        let (watch, mut changes) = Watch::new(files);
        async move {
            let _watch = watch;
            while changes.next().await.is_some() {
                // what is half replaced is seen whole a moment later
                self.reload().ok();
            }
        }
    }
}
