//! Keys out of PEM and DER.

use rustls_pki_types::pem::{PemObject, SectionKind};
use rustls_pki_types::{CertificateDer, alg_id};

use super::key::{Curve, Key, KeyError};

/// Reads the first certificate or public key of a PEM text.
pub(super) fn read(text: &str) -> Result<Key, KeyError> {
    // The reader of sections does not know the older label; the DER below it is told apart here.
    let text = text.replace("RSA PUBLIC KEY-----", "PUBLIC KEY-----");
    let section = <(SectionKind, Vec<u8>)>::from_pem_slice(text.as_bytes());
    match section {
        Ok((SectionKind::Certificate, der)) => certificate(&der),
        Ok((SectionKind::PublicKey, der)) => public(&der),
        Ok(_) => Err(KeyError::Kind),
        Err(_error) => Err(KeyError::Malformed("the PEM text is malformed")),
    }
}

fn certificate(der: &[u8]) -> Result<Key, KeyError> {
    let der = CertificateDer::from(der);
    // Takes certificates of version 1 as well, and judges nothing but their form.
    let anchor = webpki::anchor_from_trusted_cert(&der)
        .map_err(|_error| KeyError::Malformed("the certificate is malformed"))?;
    key_info(&anchor.subject_public_key_info)
}

/// Reads PKIX, or PKCS#1 where the first thing inside is a number.
fn public(der: &[u8]) -> Result<Key, KeyError> {
    let (content, []) = take(der, Tag::Sequence)? else {
        return Err(TRAILING);
    };
    match content.first() {
        Some(2) => rsa(der),
        _ => key_info(content),
    }
}

/// Reads the inside of a `SubjectPublicKeyInfo`.
fn key_info(content: &[u8]) -> Result<Key, KeyError> {
    let (algorithm, rest) = take(content, Tag::Sequence)?;
    let (bits, []) = take(rest, Tag::BitString)? else {
        return Err(TRAILING);
    };
    let Some((0, key)) = bits.split_first() else {
        return Err(KeyError::Malformed("the key has unused bits"));
    };
    let is = |id: rustls_pki_types::AlgorithmIdentifier| algorithm == id.as_ref();
    if is(alg_id::RSA_ENCRYPTION) {
        return rsa(key);
    }
    if is(alg_id::ED25519) {
        return Key::ed25519(key);
    }
    let curves = [
        (alg_id::ECDSA_P256, Curve::P256),
        (alg_id::ECDSA_P384, Curve::P384),
        (alg_id::ECDSA_P521, Curve::P521),
    ];
    match curves.into_iter().find(|(id, _)| is(*id)) {
        Some((_, curve)) => Key::elliptic(curve, key),
        None => Err(KeyError::Kind),
    }
}

/// Reads an `RSAPublicKey` of PKCS#1.
fn rsa(der: &[u8]) -> Result<Key, KeyError> {
    let (content, []) = take(der, Tag::Sequence)? else {
        return Err(TRAILING);
    };
    let (n, rest) = take(content, Tag::Integer)?;
    let (e, []) = take(rest, Tag::Integer)? else {
        return Err(TRAILING);
    };
    Key::rsa(n, e)
}

const TRAILING: KeyError = KeyError::Malformed("the key has a tail");

#[derive(Clone, Copy)]
enum Tag {
    Integer,
    BitString,
    Sequence,
}

/// Splits the content of the first element off, which must have this tag.
fn take(der: &[u8], tag: Tag) -> Result<(&[u8], &[u8]), KeyError> {
    const SHORT: KeyError = KeyError::Malformed("the DER is malformed");
    let want = match tag {
        Tag::Integer => 0x02,
        Tag::BitString => 0x03,
        Tag::Sequence => 0x30,
    };
    let [found, first, rest @ ..] = der else {
        return Err(SHORT);
    };
    let (length, rest) = match (first, rest) {
        (0..=0x7f, rest) => (usize::from(*first), rest),
        (0x81, [one @ 0x80..=0xff, rest @ ..]) => (usize::from(*one), rest),
        (0x82, [high @ 1..=0xff, low, rest @ ..]) => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return Err(SHORT),
    };
    if *found != want {
        return Err(SHORT);
    }
    rest.split_at_checked(length).ok_or(SHORT)
}
