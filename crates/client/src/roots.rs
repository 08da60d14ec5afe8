//! The certificates that are trusted.

use std::fmt;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use ureq::tls::{Certificate, RootCerts};

use crate::error::Error;

/// Says which certificates must have signed those of other services.
///
/// The certificates of the system are read when the first encrypted connection is made, from where
/// Go finds them too: `SSL_CERT_FILE`, `SSL_CERT_DIR`, and the usual places.
#[derive(Clone, Default)]
pub enum Roots {
    /// Those of the system.
    #[default]
    System,
    /// Those of the system and those in this PEM text.
    SystemAnd(Vec<u8>),
    /// Those in this PEM text alone.
    ///
    /// Compat: what zot does with the certificate authority of an issuer.
    Only(Vec<u8>),
}

/// Certificates are long and not worth printing.
impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::SystemAnd(_) => "SystemAnd",
            Self::Only(_) => "Only",
        })
    }
}

impl Roots {
    /// Checks that the PEM text holds certificates.
    ///
    /// # Errors
    /// [`Error::Roots`].
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::System => Ok(()),
            Self::SystemAnd(pem) | Self::Only(pem) => parse(pem).map(drop),
        }
    }

    pub(crate) fn load(&self) -> Result<RootCerts, Error> {
        let mut found = match self {
            Self::System | Self::SystemAnd(_) => system(),
            Self::Only(_) => Vec::new(),
        };
        match self {
            Self::System => {}
            Self::SystemAnd(pem) | Self::Only(pem) => found.extend(parse(pem)?),
        }
        if found.is_empty() {
            return Err(Error::Roots {
                reason: "the system has none".to_owned(),
            });
        }
        Ok(RootCerts::new_with_certs(&found))
    }
}

/// Errors in single files of the system do not matter while there are others.
fn system() -> Vec<Certificate<'static>> {
    let found = rustls_native_certs::load_native_certs();
    let owned = |der: CertificateDer<'static>| Certificate::from_der(&der).to_owned();
    found.certs.into_iter().map(owned).collect()
}

fn parse(pem: &[u8]) -> Result<Vec<Certificate<'static>>, Error> {
    let wrong = |reason: String| Error::Roots { reason };
    let mut found = Vec::new();
    for der in CertificateDer::pem_slice_iter(pem) {
        let der = der.map_err(|error| wrong(error.to_string()))?;
        found.push(Certificate::from_der(&der).to_owned());
    }
    if found.is_empty() {
        return Err(wrong("the PEM text holds no certificate".to_owned()));
    }
    Ok(found)
}
