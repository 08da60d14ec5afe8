//! Making tokens.

use std::fmt;

use ring::rand::SystemRandom;
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, RsaKeyPair,
};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::{Algorithm, Key, KeyError, encode};

/// Says that no token could be signed: the system has no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token could not be signed")]
pub struct SignError;

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

/// Holds a private key.
pub struct SigningKey {
    pair: Pair,
    kid: Option<String>,
}

impl SigningKey {
    /// Makes an Ed25519 key of 32 secret bytes.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] for another number of bytes.
    pub fn from_seed(seed: &[u8]) -> Result<Self, KeyError> {
        let wrong = |_error| KeyError::Malformed("a seed has 32 bytes");
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(wrong)?;
        Ok(Self::of(Pair::Ed25519(pair)))
    }

    /// Reads a private key in PEM: PKCS#8 with RSA, Ed25519, P-256 or P-384, or PKCS#1.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(text)
            .map_err(|_error| KeyError::Malformed("the PEM text holds no private key"))?;
        let pair = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der())
                .ok()
                .map(|pair| Pair::Rsa(Box::new(pair))),
            PrivateKeyDer::Pkcs8(der) => from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Sec1(_) | _ => None,
        };
        pair.map(Self::of).ok_or(KeyError::Kind)
    }

    /// Names the key in the tokens that it signs.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// Yields how the key signs; RSA keys with PKCS#1 1.5 and SHA-256.
    pub fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Ed25519(_) => Algorithm::EdDsa,
            Pair::P256(_) => Algorithm::Es256,
            Pair::P384(_) => Algorithm::Es384,
            Pair::Rsa(_) => Algorithm::Rs256,
        }
    }

    /// Yields the key that checks what this one signs, for Ed25519.
    ///
    /// # Errors
    /// [`KeyError::Kind`] for others.
    pub fn public(&self) -> Result<Key, KeyError> {
        match &self.pair {
            Pair::Ed25519(pair) => Key::ed25519(pair.public_key().as_ref()),
            Pair::P256(_) | Pair::P384(_) | Pair::Rsa(_) => Err(KeyError::Kind),
        }
    }

    /// Signs claims.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, claims: &Value) -> Result<String, SignError> {
        let mut header = json!({"typ": "JWT", "alg": self.algorithm().as_str()});
        if let (Some(kid), Some(header)) = (&self.kid, header.as_object_mut()) {
            header.insert("kid".to_owned(), kid.as_str().into());
        }
        let header = encode(header.to_string().as_bytes());
        let mut token = format!("{header}.{}", encode(claims.to_string().as_bytes()));
        let signature = self.sign_bytes(token.as_bytes())?;
        token.push('.');
        token.push_str(&encode(&signature));
        Ok(token)
    }

    fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let random = SystemRandom::new();
        let failed = |_error| SignError;
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::P256(pair) | Pair::P384(pair) => {
                let signature = pair.sign(&random, message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Rsa(pair) => {
                let mut made = vec![0; pair.public().modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut made)
                    .map_err(failed)?;
                Ok(made)
            }
        }
    }

    fn of(pair: Pair) -> Self {
        Self { pair, kid: None }
    }
}

fn from_pkcs8(der: &[u8]) -> Option<Pair> {
    let random = SystemRandom::new();
    let by = |algorithm| EcdsaKeyPair::from_pkcs8(algorithm, der, &random).ok();
    if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
        return Some(Pair::Rsa(Box::new(pair)));
    }
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
        return Some(Pair::Ed25519(pair));
    }
    if let Some(pair) = by(&ECDSA_P256_SHA256_FIXED_SIGNING) {
        return Some(Pair::P256(pair));
    }
    by(&ECDSA_P384_SHA384_FIXED_SIGNING).map(Pair::P384)
}

/// The key is a secret, so it is not printed.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
