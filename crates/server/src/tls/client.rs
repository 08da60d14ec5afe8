//! Who verifies the certificates of clients.
//!
//! Compat: zot takes certificates of X.509 version 1, which `openssl x509 -req` makes unless it is
//! told better; webpki refuses them. They are verified here, and only where one of the configured
//! authorities signed them itself. All others are webpki's.

use std::sync::Arc;

use auth::certificate::{PublicKey, Version1};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};
use rustls_pki_types::{
    CertificateDer, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, UnixTime,
};

/// Verifies certificates of version 1, and has the others verified.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) others: Arc<dyn ClientCertVerifier>,
    pub(super) roots: Arc<RootCertStore>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn verify(&self, own: &Version1<'_>, now: u64) -> Result<(), CertificateError> {
        let (first, last) = own.validity;
        if now < first {
            return Err(CertificateError::NotValidYet);
        }
        if now > last {
            return Err(CertificateError::Expired);
        }
        let mut failure = CertificateError::UnknownIssuer;
        // An authority that may sign for some names only may sign nothing without names.
        let roots =
            self.roots.roots.iter().filter(|root| {
                root.subject.as_ref() == own.issuer && root.name_constraints.is_none()
            });
        for root in roots {
            if self.has_signed(root.subject_public_key_info.as_ref(), own) {
                return Ok(());
            }
            failure = CertificateError::BadSignature;
        }
        Err(failure)
    }

    fn has_signed(&self, key: &[u8], own: &Version1<'_>) -> bool {
        let all = self.algorithms.all.iter();
        let mut fitting = all.filter(|one| one.signature_alg_id().as_ref() == own.algorithm);
        PublicKey::of(key)
            .is_some_and(|key| fitting.any(|one| fits(*one, key, own.signed, own.signature)))
    }
}

fn fits(
    algorithm: &dyn SignatureVerificationAlgorithm,
    key: PublicKey<'_>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    algorithm.public_key_alg_id().as_ref() == key.algorithm
        && algorithm
            .verify_signature(key.bits, message, signature)
            .is_ok()
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        self.others.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.others.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.others.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let Some(own) = Version1::read(end_entity) else {
            return self
                .others
                .verify_client_cert(end_entity, intermediates, now);
        };
        self.verify(&own, now.as_secs())?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let Some(own) = Version1::read(cert) else {
            return self.others.verify_tls12_signature(message, cert, dss);
        };
        let schemes = self.algorithms.mapping.iter();
        let mut fitting = schemes
            .filter(|(scheme, _)| *scheme == dss.scheme)
            .flat_map(|(_, algorithms)| *algorithms);
        let key = PublicKey::read(own.key).ok_or(CertificateError::BadEncoding)?;
        if fitting.any(|one| fits(*one, key, message, dss.signature())) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        Err(CertificateError::BadSignature.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let Some(own) = Version1::read(cert) else {
            return self.others.verify_tls13_signature(message, cert, dss);
        };
        let key = SubjectPublicKeyInfoDer::from(own.key);
        verify_tls13_signature_with_raw_key(message, &key, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.others.supported_verify_schemes()
    }
}
