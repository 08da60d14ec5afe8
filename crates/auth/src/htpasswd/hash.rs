//! Stored password hashes.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bcrypt::HashParts;
use subtle::ConstantTimeEq;

use super::sha_crypt::{Kind, ShaCrypt};

/// The highest cost of bcrypt: some seconds. What a file may ask beyond that is a mistake or a trap.
const BCRYPT_COST: u32 = 16;
/// The most memory of one argon2 check, in KiB.
const ARGON_MEMORY: u32 = 256 * 1024;
/// The most memory that all passes of one argon2 check write, in KiB: some seconds.
const ARGON_WORK: u64 = 4 * 1024 * 1024;
/// The most lanes of argon2; they run one after the other.
const ARGON_LANES: u32 = 64;

/// A hash that passwords are checked against.
pub(super) enum Hash {
    Bcrypt(String),
    Sha(ShaCrypt),
    Argon2(Box<Argon>),
}

pub(super) struct Argon {
    params: Params,
    version: Version,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Hash {
    /// Reads a stored hash.
    ///
    /// # Errors
    /// What is wrong with it, in words that go after "the hash": never any of it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(text) = text.strip_prefix("$5$") {
            return ShaCrypt::parse(Kind::Sha256, text).map(Self::Sha);
        }
        if let Some(text) = text.strip_prefix("$6$") {
            return ShaCrypt::parse(Kind::Sha512, text).map(Self::Sha);
        }
        if let Some(text) = text.strip_prefix("$argon2id$") {
            let argon = Argon::parse(text)?;
            return Ok(Self::Argon2(Box::new(argon)));
        }
        let bcrypt = ["$2a$", "$2b$", "$2y$"];
        if !bcrypt.iter().any(|prefix| text.starts_with(prefix)) {
            return Err("is of an unsupported type");
        }
        let parts = text.parse::<HashParts>();
        match parts.map(|parts| parts.get_cost()) {
            Ok(..4) | Err(_) => Err("is malformed"),
            Ok(..=BCRYPT_COST) => Ok(Self::Bcrypt(text.to_owned())),
            Ok(_) => Err("costs too much"),
        }
    }

    /// Tells whether this is a password of the hash. Takes as long as the hash demands.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Self::Sha(hash) => hash.verify(password),
            Self::Argon2(hash) => hash.verify(password),
        }
    }

    /// The memory that a check takes beyond the usual, in KiB.
    pub(super) fn memory(&self) -> u32 {
        match self {
            Self::Bcrypt(_) | Self::Sha(_) => 0,
            Self::Argon2(hash) => hash.params.m_cost(),
        }
    }

    /// Tells whether the hash is one that FIPS 140 knows.
    pub(super) const fn is_approved(&self) -> bool {
        matches!(self, Self::Sha(_))
    }
}

impl Argon {
    /// Reads what follows `$argon2id$`: `[v=19$]m=<KiB>,t=<passes>,p=<lanes>$<salt>$<digest>`.
    ///
    /// Spec: PHC string format; RFC 9106.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (version, text) = match text.strip_prefix("v=") {
            Some(text) => text.split_once('$').ok_or("is malformed")?,
            None => ("16", text),
        };
        let version = match version {
            "19" => Version::V0x13,
            "16" => Version::V0x10,
            _ => return Err("is of an unknown version"),
        };
        let mut fields = text.split('$');
        let mut field = || fields.next().ok_or("is malformed");
        let (costs, salt, digest) = (field()?, field()?, field()?);
        let decoded = |text| {
            STANDARD_NO_PAD
                .decode(text)
                .map_err(|_error| "is malformed")
        };
        let (salt, digest) = (decoded(salt)?, decoded(digest)?);
        if fields.next().is_some() || !(16..=64).contains(&digest.len()) {
            return Err("is malformed");
        }
        let [memory, passes, lanes] = costs_of(costs).ok_or("is malformed")?;
        let work = u64::from(memory) * u64::from(passes);
        if memory > ARGON_MEMORY || work > ARGON_WORK || lanes > ARGON_LANES {
            return Err("costs too much");
        }
        let params = Params::new(memory, passes, lanes, Some(digest.len()));
        Ok(Self {
            params: params.map_err(|_error| "is malformed")?,
            version,
            salt,
            digest,
        })
    }

    fn verify(&self, password: &[u8]) -> bool {
        let argon = Argon2::new(Algorithm::Argon2id, self.version, self.params.clone());
        let mut digest = vec![0; self.digest.len()];
        let hashed = argon.hash_password_into(password, &self.salt, &mut digest);
        hashed.is_ok() && bool::from(digest.ct_eq(&self.digest))
    }
}

fn costs_of(text: &str) -> Option<[u32; 3]> {
    let mut costs = text.split(',');
    let mut cost = |name: &str| {
        let digits = costs.next()?.strip_prefix(name)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| plain)
    };
    let all = [cost("m=")?, cost("t=")?, cost("p=")?];
    costs.next().is_none().then_some(all)
}

#[cfg(test)]
mod tests;
