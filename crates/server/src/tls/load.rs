//! From files to what rustls serves with.

use std::path::Path;
use std::sync::Arc;

use auth::certificate::Version1;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CipherSuite, InconsistentKeys, NamedGroup, RootCertStore, ServerConfig, version};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::client::Verifier;
use super::{Algorithms, TlsError, TlsOptions};

/// What HTTP speaks over TLS, best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Tickets that a client gets at once; one connection resumes one session.
const TICKETS: usize = 1;

/// Reads all files.
pub(super) fn load(options: &TlsOptions) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = certificates(&options.cert)?;
    let key = key(&options.key)?;
    let provider = Arc::new(provider(options.algorithms));
    let verifier = match &options.ca {
        Some(path) => verifier(path, &provider)?,
        None => Arc::new(NoClientAuth),
    };
    let paired = pair(chain, key, &provider);
    let paired = paired.map_err(|source| TlsError::Pair {
        cert: options.cert.clone(),
        key: options.key.clone(),
        source,
    })?;
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(TlsError::Setup)?
        .with_client_cert_verifier(verifier);
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(paired)));
    // Most clients name AES-256 first for no reason of theirs, and it costs a third more.
    // Compat: zot picks by its own order too.
    config.ignore_client_order = true;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    resume(&mut config, options)?;
    Ok(Arc::new(config))
}

/// Puts a certificate and its key together, if they are of one pair.
fn pair(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, rustls::Error> {
    let key = provider.key_provider.load_private_key(key)?;
    let pair = CertifiedKey::new(chain, key);
    // Compat: zot serves certificates of version 1, in which rustls does not find the key.
    let own = pair.cert.first().and_then(|own| Version1::read(own));
    if let (Some(own), Some(key)) = (own, pair.key.public_key()) {
        let matches = own.key == key.as_ref();
        return matches
            .then_some(pair)
            .ok_or_else(|| InconsistentKeys::KeyMismatch.into());
    }
    match pair.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(pair),
        Err(error) => Err(error),
    }
}

/// Lets clients come back without a full handshake.
///
/// A resumed session keeps the certificate that the client showed the first time, unverified; so
/// there is none where clients have certificates: one that has ended, or whose signer is no longer
/// trusted, must not live on. Tickets are sealed with `ChaCha20`, so there is none under FIPS.
fn resume(config: &mut ServerConfig, options: &TlsOptions) -> Result<(), TlsError> {
    // Sessions are kept by clients, in tickets, and none by us.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    if options.ca.is_some() || options.algorithms == Algorithms::Fips {
        config.send_tls13_tickets = 0;
        return Ok(());
    }
    config.ticketer = ring::Ticketer::new().map_err(TlsError::Setup)?;
    config.send_tls13_tickets = TICKETS;
    Ok(())
}

fn provider(algorithms: Algorithms) -> CryptoProvider {
    let mut provider = ring::default_provider();
    if algorithms == Algorithms::Fips {
        provider.cipher_suites.retain(|suite| {
            !matches!(
                suite.suite(),
                CipherSuite::TLS13_CHACHA20_POLY1305_SHA256
                    | CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
                    | CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
            )
        });
        let curve = NamedGroup::X25519;
        provider.kx_groups.retain(|group| group.name() != curve);
    }
    let is_short = |suite: CipherSuite| {
        matches!(
            suite,
            CipherSuite::TLS13_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        )
    };
    let suites = &mut provider.cipher_suites;
    suites.sort_by_key(|suite| !is_short(suite.suite()));
    provider
}

/// Builds what verifies certificates of clients that show one.
fn verifier(
    path: &Path,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        let added = roots.add(certificate);
        added.map_err(|error| TlsError::Ca(path.to_owned(), error))?;
    }
    let (roots, provider) = (Arc::new(roots), Arc::clone(provider));
    let algorithms = provider.signature_verification_algorithms;
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider);
    let built = builder.allow_unauthenticated().build();
    let others = built.map_err(|error| {
        let reason = rustls::Error::General(error.to_string());
        TlsError::Ca(path.to_owned(), reason)
    })?;
    Ok(Arc::new(Verifier {
        others,
        roots,
        algorithms,
    }))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| unread(path, error, "certificate"))?;
    if certificates.is_empty() {
        return Err(unread(path, pem::Error::NoItemsFound, "certificate"));
    }
    Ok(certificates)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| unread(path, error, "private key"))
}

fn unread(path: &Path, error: pem::Error, what: &'static str) -> TlsError {
    let path = path.to_owned();
    if let pem::Error::Io(error) = error {
        TlsError::Read(path, error)
    } else if matches!(error, pem::Error::NoItemsFound) {
        TlsError::Empty { path, what }
    } else {
        TlsError::Pem(path, error)
    }
}
