//! Whom a directory must be certified by.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// Says whose word for a directory counts.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// That of those whom the system trusts, as everything else here does.
    System,
    /// That of those in a file of PEM.
    Pem(&'a [u8]),
    /// Nobody is asked: whoever answers is believed.
    Everybody,
}

/// Nobody can be trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file has no certificate, or one that cannot be read.
    #[error("no certificates of authorities to be read")]
    Certificates,
    /// TLS does not take what it was given.
    #[error("unusable for TLS")]
    Tls(#[from] Error),
}

/// Makes what TLS needs to know of one who is connected to.
///
/// # Errors
/// [`TrustError`].
pub fn client_config(trust: Trust<'_>) -> Result<Arc<ClientConfig>, TrustError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions()?;
    let builder = match trust {
        Trust::System => builder.with_root_certificates(system()),
        Trust::Pem(pem) => builder.with_root_certificates(roots(pem)?),
        Trust::Everybody => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Credulous(provider))),
    };
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// Those of the system that can be read; the odd one that cannot does not matter.
fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn roots(pem: &[u8]) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_malformed| TrustError::Certificates)?;
        roots.add(certificate)?;
    }
    if roots.is_empty() {
        return Err(TrustError::Certificates);
    }
    Ok(roots)
}

/// Believes any certificate, but not that somebody has the key of it who has not.
#[derive(Debug)]
struct Credulous(Arc<CryptoProvider>);

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _status: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
