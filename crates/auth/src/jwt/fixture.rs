//! Keys and tokens for tests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use p521::ecdsa::signature::hazmat::PrehashSigner;
use ring::rand::SystemRandom;
use ring::signature as ring_sign;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::{Algorithm, SigningKey, encode};

pub(crate) const RSA: &str = include_str!("fixture/rsa2048.pem");
pub(crate) const RSA_PKIX: &str = include_str!("fixture/rsa2048.pub.pem");
pub(crate) const RSA_PKCS1: &str = include_str!("fixture/rsa2048.pkcs1.pem");
pub(crate) const RSA_CERTIFICATE: &str = include_str!("fixture/rsa2048.cert.pem");
pub(crate) const RSA_SHORT: &str = include_str!("fixture/rsa1024.pub.pem");

/// When tests take place.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000)
}

/// Seconds since 1970, counted from [`now`].
pub(crate) fn at(offset: i64) -> i64 {
    1_000_000 + offset
}

/// An Ed25519 key of a fixed seed.
pub(crate) fn ed25519(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).unwrap()
}

/// Its public half in JSON.
pub(crate) fn ed25519_jwk(seed: u8, kid: &str) -> Value {
    let pair = ring_sign::Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let x = encode(ring_sign::KeyPair::public_key(&pair).as_ref());
    json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x})
}

/// Signs anything with a key that is made for it, in every algorithm.
pub(crate) enum Signer {
    Rsa(&'static dyn ring_sign::RsaEncoding),
    Ring(rcgen::KeyPair, &'static ring_sign::EcdsaSigningAlgorithm),
    Ed25519(rcgen::KeyPair),
    P521(Box<p521::ecdsa::SigningKey>),
}

impl Signer {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let made = |kind| rcgen::KeyPair::generate_for(kind).unwrap();
        match algorithm {
            Algorithm::Rs256 => Self::Rsa(&ring_sign::RSA_PKCS1_SHA256),
            Algorithm::Rs384 => Self::Rsa(&ring_sign::RSA_PKCS1_SHA384),
            Algorithm::Rs512 => Self::Rsa(&ring_sign::RSA_PKCS1_SHA512),
            Algorithm::Ps256 => Self::Rsa(&ring_sign::RSA_PSS_SHA256),
            Algorithm::Ps384 => Self::Rsa(&ring_sign::RSA_PSS_SHA384),
            Algorithm::Ps512 => Self::Rsa(&ring_sign::RSA_PSS_SHA512),
            Algorithm::Es256 => Self::Ring(
                made(&rcgen::PKCS_ECDSA_P256_SHA256),
                &ring_sign::ECDSA_P256_SHA256_FIXED_SIGNING,
            ),
            Algorithm::Es384 => Self::Ring(
                made(&rcgen::PKCS_ECDSA_P384_SHA384),
                &ring_sign::ECDSA_P384_SHA384_FIXED_SIGNING,
            ),
            Algorithm::EdDsa => Self::Ed25519(made(&rcgen::PKCS_ED25519)),
            Algorithm::Es512 => {
                let key = p521::ecdsa::SigningKey::from_slice(&[1; 66]).unwrap();
                Self::P521(Box::new(key))
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(encoding) => {
                let der = PrivatePkcs8KeyDer::from_pem_slice(RSA.as_bytes()).unwrap();
                let pair = ring_sign::RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
                let mut made = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &random, message, &mut made).unwrap();
                made
            }
            Self::Ring(pair, algorithm) => {
                let der = pair.serialize_der();
                let pair = ring_sign::EcdsaKeyPair::from_pkcs8(algorithm, &der, &random).unwrap();
                pair.sign(&random, message).unwrap().as_ref().to_vec()
            }
            Self::Ed25519(pair) => {
                let der = pair.serialize_der();
                let pair = ring_sign::Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).unwrap();
                pair.sign(message).as_ref().to_vec()
            }
            Self::P521(key) => {
                let hash = ring::digest::digest(&ring::digest::SHA512, message);
                let made: p521::ecdsa::Signature = key.sign_prehash(hash.as_ref()).unwrap();
                made.to_bytes().to_vec()
            }
        }
    }

    /// Signs a header and claims, whatever they say.
    pub(crate) fn token(&self, header: &str, claims: &str) -> String {
        let (header, claims) = (encode(header.as_bytes()), encode(claims.as_bytes()));
        let signed = format!("{header}.{claims}");
        format!("{signed}.{}", encode(&self.sign(signed.as_bytes())))
    }

    /// The public key in PEM; none for P-521, which has no writer here.
    pub(crate) fn pem(&self) -> Option<String> {
        match self {
            Self::Rsa(_) => Some(RSA_PKIX.to_owned()),
            Self::Ring(pair, _) | Self::Ed25519(pair) => Some(pair.public_key_pem()),
            Self::P521(_) => None,
        }
    }

    /// A certificate of the key in PEM.
    pub(crate) fn certificate(&self) -> Option<String> {
        match self {
            Self::Rsa(_) => Some(RSA_CERTIFICATE.to_owned()),
            Self::Ring(pair, _) | Self::Ed25519(pair) => {
                let params = rcgen::CertificateParams::new(vec!["tokens".to_owned()]).unwrap();
                Some(params.self_signed(pair).unwrap().pem())
            }
            Self::P521(_) => None,
        }
    }

    /// The public key in JSON.
    pub(crate) fn jwk(&self) -> Value {
        let point = |crv: &str, raw: &[u8]| {
            let (x, y) = raw.get(1..).unwrap().split_at(raw.len() / 2);
            json!({"kty": "EC", "crv": crv, "x": encode(x), "y": encode(y)})
        };
        match self {
            Self::Rsa(_) => {
                let der = PrivatePkcs8KeyDer::from_pem_slice(RSA.as_bytes()).unwrap();
                let pair = ring_sign::RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
                let public = pair.public();
                let parts = ring_sign::RsaPublicKeyComponents::<Vec<u8>>::from(public);
                let (n, e) = (encode(&parts.n), encode(&parts.e));
                json!({"kty": "RSA", "n": n, "e": e})
            }
            Self::Ring(pair, _) => {
                let raw = pair.public_key_raw();
                point(if raw.len() == 65 { "P-256" } else { "P-384" }, raw)
            }
            Self::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key_raw())})
            }
            Self::P521(key) => {
                let raw = key.verifying_key().to_sec1_point(false);
                point("P-521", raw.as_bytes())
            }
        }
    }
}
