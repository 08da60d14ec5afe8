//! Digests: an algorithm and the bytes that it yields.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names a hash function that content may be addressed by.
///
/// Spec: image 1.1, Descriptor, Registered Algorithms; sha384 is served for the stores that hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, the one every client speaks.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// Every algorithm, in the order in which folders are walked.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// Yields the name used before the colon and as a folder name, such as `sha256`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Yields the number of bytes of a digest.
    pub const fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Finds an algorithm by its name; lower case only.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    const fn tag(self) -> u8 {
        match self {
            Self::Sha256 => 1,
            Self::Sha384 => 2,
            Self::Sha512 => 3,
        }
    }

    fn ring(self) -> &'static ring::digest::Algorithm {
        match self {
            Self::Sha256 => &ring::digest::SHA256,
            Self::Sha384 => &ring::digest::SHA384,
            Self::Sha512 => &ring::digest::SHA512,
        }
    }
}

/// Says why a text is not a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no colon between algorithm and value.
    #[error("digest has no algorithm")]
    NoAlgorithm,
    /// The algorithm is none of those that are served.
    #[error("digest algorithm is not supported")]
    UnknownAlgorithm,
    /// The value is not lower-case hex of the algorithm's length.
    #[error("digest value is not lower-case hex of the right length")]
    BadValue,
}

/// The longest value in hex digits.
const MAX_HEX: usize = 128;

/// Addresses content: `sha256:<64 hex digits>` and its longer kin.
///
/// # Invariants
/// The bytes beyond the algorithm's size are zero, so equality, order and hash may use all of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: [u8; 64],
}

impl Digest {
    /// Hashes `data` in one go.
    pub fn of(algorithm: Algorithm, data: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(data);
        hasher.finish()
    }

    /// Hashes `data` with SHA-256.
    pub fn sha256(data: &[u8]) -> Self {
        Self::of(Algorithm::Sha256, data)
    }

    /// Yields the algorithm.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Yields the raw bytes, as many as [`Algorithm::size`] says.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes
            .get(..self.algorithm.size())
            .unwrap_or(&self.bytes)
    }

    /// Yields the value in lower-case hex: the file name in an OCI layout.
    pub fn to_hex(&self) -> String {
        self.encode(&mut [0; MAX_HEX]).to_owned()
    }

    /// Appends the compact binary form: one byte for the algorithm, then the raw bytes.
    pub fn write_key(&self, key: &mut Vec<u8>) {
        key.push(self.algorithm.tag());
        key.extend_from_slice(self.as_bytes());
    }

    /// Reads the form of [`Self::write_key`] from the front of `key`; yields the rest too.
    pub fn read_key(key: &[u8]) -> Option<(Self, &[u8])> {
        let (tag, rest) = key.split_first()?;
        let algorithm = Algorithm::ALL.into_iter().find(|a| a.tag() == *tag)?;
        let (value, rest) = rest.split_at_checked(algorithm.size())?;
        Some((Self::from_raw(algorithm, value)?, rest))
    }

    /// Builds a digest from an algorithm and the lower-case hex of a file name.
    ///
    /// # Errors
    /// [`DigestError::BadValue`] when the hex is not exactly what the algorithm asks for.
    pub fn from_hex(algorithm: Algorithm, value: &str) -> Result<Self, DigestError> {
        let upper = value.bytes().any(|byte| byte.is_ascii_uppercase());
        if upper || value.len() != algorithm.size() * 2 {
            return Err(DigestError::BadValue);
        }
        let mut bytes = [0; 64];
        let target = bytes
            .get_mut(..algorithm.size())
            .ok_or(DigestError::BadValue)?;
        match hex::decode_to_slice(value, target) {
            Ok(()) => Ok(Self { algorithm, bytes }),
            Err(_) => Err(DigestError::BadValue),
        }
    }

    /// Encodes the value without allocating.
    fn encode<'a>(&self, buffer: &'a mut [u8; MAX_HEX]) -> &'a str {
        let target = buffer
            .get_mut(..self.algorithm.size() * 2)
            .unwrap_or_default();
        // The target has the right length and takes hex digits only, so both steps succeed.
        match hex::encode_to_slice(self.as_bytes(), target) {
            Ok(()) => std::str::from_utf8(target).unwrap_or_default(),
            Err(_) => "",
        }
    }

    fn from_raw(algorithm: Algorithm, value: &[u8]) -> Option<Self> {
        let mut bytes = [0; 64];
        bytes
            .get_mut(..algorithm.size())?
            .copy_from_slice(value.get(..algorithm.size())?);
        Some(Self { algorithm, bytes })
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (name, value) = text.split_once(':').ok_or(DigestError::NoAlgorithm)?;
        let algorithm = Algorithm::from_name(name).ok_or(DigestError::UnknownAlgorithm)?;
        Self::from_hex(algorithm, value)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm.name())?;
        f.write_str(":")?;
        f.write_str(self.encode(&mut [0; MAX_HEX]))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Digest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a digest")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Digest, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// Computes a digest over data that arrives in pieces.
#[derive(Clone)]
pub struct Hasher {
    algorithm: Algorithm,
    context: ring::digest::Context,
}

impl Hasher {
    /// Starts with nothing hashed.
    pub fn new(algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            context: ring::digest::Context::new(algorithm.ring()),
        }
    }

    /// Yields the algorithm.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Adds the next piece.
    pub fn update(&mut self, data: &[u8]) {
        self.context.update(data);
    }

    /// Yields the digest of all pieces.
    pub fn finish(self) -> Digest {
        let mut bytes = [0; 64];
        let value = self.context.finish();
        if let Some(target) = bytes.get_mut(..value.as_ref().len()) {
            target.copy_from_slice(value.as_ref());
        }
        Digest {
            algorithm: self.algorithm,
            bytes,
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
