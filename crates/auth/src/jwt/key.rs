//! Keys that signatures are checked with.

use std::fmt;

use p521::ecdsa::signature::hazmat::PrehashVerifier;
use ring::digest;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Map, Value};

use super::{Algorithm, decode, json, key_set, pem};

/// RSA keys have at least so many bits.
const MIN_BITS: usize = 2048;
/// RSA keys have at most so many bits.
const MAX_BITS: usize = 8192;
/// Keys and key sets are no longer than this, in bytes.
pub(super) const MAX_TEXT: usize = 512 * 1024;

/// Says why a key cannot be used. The key itself is never part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is neither PEM nor JSON, or it is damaged.
    #[error("{0}")]
    Malformed(&'static str),
    /// It is of a kind that signs no token.
    #[error("the key is of an unsupported kind")]
    Kind,
    /// It is shorter or longer than what is safe.
    #[error("an RSA key must have {MIN_BITS} to {MAX_BITS} bits")]
    Size,
    /// A key set has not exactly one usable key where it should.
    #[error("the key set must have exactly one key, not {0}")]
    Count(usize),
    /// The text is too long.
    #[error("the key or key set is longer than {MAX_TEXT} bytes")]
    TooLong,
}

/// Names a curve of ECDSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    /// Yields the length of a coordinate in bytes.
    const fn length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

#[derive(Clone)]
enum Material {
    /// Modulus and exponent without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point, uncompressed.
    Elliptic(Curve, Vec<u8>),
    P521(Box<p521::ecdsa::VerifyingKey>),
    Ed25519(Vec<u8>),
}

/// Holds a public key.
#[derive(Clone)]
pub struct Key {
    kid: Option<String>,
    only: Option<Algorithm>,
    material: Material,
}

impl Key {
    /// Reads one key: a certificate or a public key (PKIX, PKCS#1) in PEM, a key in JSON, or a key
    /// set in JSON with exactly one key.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn read(text: &[u8]) -> Result<Self, KeyError> {
        if text.len() > MAX_TEXT {
            return Err(KeyError::TooLong);
        }
        let neither = KeyError::Malformed("the key is neither PEM nor JSON");
        let text = std::str::from_utf8(text).map_err(|_error| neither)?;
        if !text.trim_start().starts_with('{') {
            return if text.contains("-----BEGIN ") {
                pem::read(text)
            } else {
                Err(neither)
            };
        }
        let object = json::object(text.as_bytes());
        let object = object.map_err(|_error| KeyError::Malformed("the key is no strict JSON"))?;
        if object.contains_key("kty") {
            return Self::from_jwk(&object);
        }
        match key_set::entries(&object)? {
            [Value::Object(only)] => Self::from_jwk(only),
            [_] => Err(KeyError::Malformed("a key of the set is no object")),
            more => Err(KeyError::Count(more.len())),
        }
    }

    /// Reads a key in JSON.
    ///
    /// # Errors
    /// [`KeyError`].
    pub(super) fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyError> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| {
            let missing = KeyError::Malformed("a part of the key is missing or no base64url");
            let value = text(name).ok_or(missing)?;
            decode(value.as_bytes()).map_err(|_error| missing)
        };
        let is_verb = |verb: &Value| verb.as_str() == Some("verify");
        let verbs = jwk.get("key_ops").and_then(Value::as_array);
        let signs = text("use").is_none_or(|purpose| purpose == "sig")
            && verbs.is_none_or(|verbs| verbs.iter().any(is_verb));
        if !signs {
            return Err(KeyError::Kind);
        }
        let mut key = match (text("kty"), text("crv")) {
            (Some("RSA"), _) => Self::rsa(&bytes("n")?, &bytes("e")?),
            (Some("OKP"), Some("Ed25519")) => Self::ed25519(&bytes("x")?),
            (Some("EC"), Some(curve)) => point(curve, &bytes("x")?, &bytes("y")?),
            _ => Err(KeyError::Kind),
        }?;
        key.kid = text("kid").map(str::to_owned);
        key.only = match text("alg") {
            Some(name) => Some(Algorithm::parse(name).ok_or(KeyError::Kind)?),
            None => None,
        };
        Ok(key)
    }

    /// Yields the name of the key, if it has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Tells whether signatures of an algorithm can be made with the key.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        if self.only.is_some_and(|only| only != algorithm) {
            return false;
        }
        match self.material {
            Material::Rsa { .. } => matches!(
                algorithm,
                A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512
            ),
            Material::Elliptic(Curve::P256, _) => algorithm == A::Es256,
            Material::Elliptic(Curve::P384, _) => algorithm == A::Es384,
            Material::Elliptic(Curve::P521, _) | Material::P521(_) => algorithm == A::Es512,
            Material::Ed25519(_) => algorithm == A::EdDsa,
        }
    }

    /// Checks a signature; wrong when the algorithm does not fit.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        use Algorithm as A;
        if !self.fits(algorithm) {
            return false;
        }
        let by_rsa = |parameters: &'static RsaParameters| match &self.material {
            Material::Rsa { n, e } => RsaPublicKeyComponents { n, e }
                .verify(parameters, message, signature)
                .is_ok(),
            Material::Elliptic(..) | Material::P521(_) | Material::Ed25519(_) => false,
        };
        match algorithm {
            A::Rs256 => by_rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            A::Rs384 => by_rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            A::Rs512 => by_rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            A::Ps256 => by_rsa(&signature::RSA_PSS_2048_8192_SHA256),
            A::Ps384 => by_rsa(&signature::RSA_PSS_2048_8192_SHA384),
            A::Ps512 => by_rsa(&signature::RSA_PSS_2048_8192_SHA512),
            A::Es256 | A::Es384 | A::Es512 | A::EdDsa => self.verify_curve(message, signature),
        }
    }

    fn verify_curve(&self, message: &[u8], signature: &[u8]) -> bool {
        let by = |algorithm: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
            let key = UnparsedPublicKey::new(algorithm, key);
            key.verify(message, signature).is_ok()
        };
        match &self.material {
            Material::Elliptic(Curve::P256, point) => {
                by(&signature::ECDSA_P256_SHA256_FIXED, point)
            }
            Material::Elliptic(Curve::P384, point) => {
                by(&signature::ECDSA_P384_SHA384_FIXED, point)
            }
            Material::Ed25519(point) => by(&signature::ED25519, point),
            Material::P521(key) => {
                let hash = digest::digest(&digest::SHA512, message);
                let signature = p521::ecdsa::Signature::from_slice(signature);
                signature
                    .is_ok_and(|signature| key.verify_prehash(hash.as_ref(), &signature).is_ok())
            }
            Material::Elliptic(Curve::P521, _) | Material::Rsa { .. } => false,
        }
    }

    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let bare = |bytes: &[u8]| {
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            bytes.get(zeros..).unwrap_or_default().to_vec()
        };
        let (n, e) = (bare(n), bare(e));
        let unused = n.first().map_or(0, |byte| byte.leading_zeros());
        let bits = n.len() * 8 - usize::try_from(unused).unwrap_or(0);
        if !(MIN_BITS..=MAX_BITS).contains(&bits) {
            return Err(KeyError::Size);
        }
        // ring wants an odd exponent of 3 to 2^33-1, and says so only when it checks.
        let is_odd = |bytes: &[u8]| bytes.last().is_some_and(|byte| byte % 2 == 1);
        let is_one = e == [1];
        if !is_odd(&e) || !is_odd(&n) || is_one || e.len() > 4 {
            return Err(KeyError::Malformed("the RSA key is malformed"));
        }
        Ok(Self::of(Material::Rsa { n, e }))
    }

    pub(super) fn ed25519(point: &[u8]) -> Result<Self, KeyError> {
        if point.len() != 32 {
            return Err(KeyError::Malformed("an Ed25519 key has 32 bytes"));
        }
        Ok(Self::of(Material::Ed25519(point.to_vec())))
    }

    /// Takes an uncompressed point.
    pub(super) fn elliptic(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        let wrong = KeyError::Malformed("the point of the key is malformed");
        if point.len() != 1 + 2 * curve.length() || point.first() != Some(&4) {
            return Err(wrong);
        }
        if curve == Curve::P521 {
            let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_error| wrong)?;
            return Ok(Self::of(Material::P521(Box::new(key))));
        }
        Ok(Self::of(Material::Elliptic(curve, point.to_vec())))
    }

    fn of(material: Material) -> Self {
        Self {
            kid: None,
            only: None,
            material,
        }
    }
}

fn point(curve: &str, x: &[u8], y: &[u8]) -> Result<Key, KeyError> {
    let curve = match curve {
        "P-256" => Curve::P256,
        "P-384" => Curve::P384,
        "P-521" => Curve::P521,
        _ => return Err(KeyError::Kind),
    };
    let length = curve.length();
    if x.len() != length || y.len() != length {
        return Err(KeyError::Malformed(
            "a coordinate of the key has a wrong length",
        ));
    }
    Key::elliptic(curve, &[&[4], x, y].concat())
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.material {
            Material::Rsa { .. } => "RSA",
            Material::Elliptic(Curve::P256, _) => "P-256",
            Material::Elliptic(Curve::P384, _) => "P-384",
            Material::Elliptic(Curve::P521, _) | Material::P521(_) => "P-521",
            Material::Ed25519(_) => "Ed25519",
        };
        f.debug_struct("Key")
            .field("kid", &self.kid)
            .field("kind", &kind)
            .finish_non_exhaustive()
    }
}
