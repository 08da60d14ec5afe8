//! The password hashes of Unix that are made of SHA-256 (`$5$`) and SHA-512 (`$6$`).
//!
//! Spec: Unix crypt using SHA-256 and SHA-512, 0.6.

use std::fmt::Write;

use ring::digest::{self, Context};
use subtle::ConstantTimeEq;

/// The rounds that are made when a hash names none.
const DEFAULT_ROUNDS: u32 = 5_000;
/// Fewer are raised to this.
const LEAST_ROUNDS: u32 = 1_000;
/// More would keep a core for seconds: the format allows a thousand times as many.
const MOST_ROUNDS: u32 = 1_000_000;
/// Longer salts are cut.
const SALT: usize = 16;

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The order in which the bytes of a digest are written, three to four characters.
const ORDER_256: [[usize; 3]; 10] = [
    [0, 10, 20],
    [21, 1, 11],
    [12, 22, 2],
    [3, 13, 23],
    [24, 4, 14],
    [15, 25, 5],
    [6, 16, 26],
    [27, 7, 17],
    [18, 28, 8],
    [9, 19, 29],
];
const ORDER_512: [[usize; 3]; 21] = [
    [0, 21, 42],
    [22, 43, 1],
    [44, 2, 23],
    [3, 24, 45],
    [25, 46, 4],
    [47, 5, 26],
    [6, 27, 48],
    [28, 49, 7],
    [50, 8, 29],
    [9, 30, 51],
    [31, 52, 10],
    [53, 11, 32],
    [12, 33, 54],
    [34, 55, 13],
    [56, 14, 35],
    [15, 36, 57],
    [37, 58, 16],
    [59, 17, 38],
    [18, 39, 60],
    [40, 61, 19],
    [62, 20, 41],
];

/// Names the digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sha256,
    Sha512,
}

impl Kind {
    const fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }

    /// The length of a written digest in characters.
    const fn length(self) -> usize {
        match self {
            Self::Sha256 => 43,
            Self::Sha512 => 86,
        }
    }
}

/// A stored hash.
pub(super) struct ShaCrypt {
    kind: Kind,
    rounds: u32,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl ShaCrypt {
    /// Reads what follows `$5$` or `$6$`.
    pub(super) fn parse(kind: Kind, text: &str) -> Result<Self, &'static str> {
        let (rounds, text) = match text.strip_prefix("rounds=") {
            Some(text) => {
                let (rounds, text) = text.split_once('$').ok_or("has no salt")?;
                let digits = rounds.bytes().all(|byte| byte.is_ascii_digit());
                let rounds = rounds.parse::<u32>().ok().filter(|_| digits);
                (rounds.ok_or("has malformed rounds")?, text)
            }
            None => (DEFAULT_ROUNDS, text),
        };
        if rounds > MOST_ROUNDS {
            return Err("has too many rounds");
        }
        let (salt, digest) = text.split_once('$').ok_or("has no digest")?;
        let known = digest.bytes().all(|byte| ALPHABET.contains(&byte));
        if digest.len() != kind.length() || !known {
            return Err("has a malformed digest");
        }
        Ok(Self {
            kind,
            rounds: rounds.max(LEAST_ROUNDS),
            salt: salt.bytes().take(SALT).collect(),
            digest: digest.into(),
        })
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let digest = self.stretched(password);
        let written = written(self.kind, &digest);
        written.as_bytes().ct_eq(&self.digest).into()
    }

    fn stretched(&self, password: &[u8]) -> Vec<u8> {
        let hash = |parts: &[&[u8]]| {
            let mut context = Context::new(self.kind.algorithm());
            for part in parts {
                context.update(part);
            }
            context.finish().as_ref().to_vec()
        };
        let salt = self.salt.as_slice();
        let first = hash(&[password, salt, password]);
        let filled = repeated(&first, password.len());
        let mut parts = vec![password, salt, filled.as_slice()];
        let mut bits = password.len();
        while bits > 0 {
            parts.push(if bits & 1 == 1 { &first } else { password });
            bits >>= 1;
        }
        let mut digest = hash(&parts);

        let of_password = hash(&vec![password; password.len()]);
        let password = repeated(&of_password, password.len());
        let times = 16 + usize::from(digest.first().copied().unwrap_or_default());
        let salt = repeated(&hash(&vec![salt; times]), salt.len());
        for round in 0..self.rounds {
            let odd = round % 2 == 1;
            let mut context = Context::new(self.kind.algorithm());
            context.update(if odd { &password } else { &digest });
            if round % 3 != 0 {
                context.update(&salt);
            }
            if round % 7 != 0 {
                context.update(&password);
            }
            context.update(if odd { &digest } else { &password });
            digest.copy_from_slice(context.finish().as_ref());
        }
        digest
    }
}

/// Yields the first `length` bytes of endless repetitions of `block`.
fn repeated(block: &[u8], length: usize) -> Vec<u8> {
    block.iter().copied().cycle().take(length).collect()
}

fn written(kind: Kind, digest: &[u8]) -> String {
    let byte = |at: usize| u32::from(digest.get(at).copied().unwrap_or_default());
    let mut text = String::with_capacity(kind.length());
    let mut write = |mut bits: u32, characters: usize| {
        for _ in 0..characters {
            let index = usize::try_from(bits & 63).unwrap_or_default();
            let character = ALPHABET.get(index).copied().unwrap_or_default();
            let _ = text.write_char(char::from(character));
            bits >>= 6;
        }
    };
    let order: &[[usize; 3]] = match kind {
        Kind::Sha256 => &ORDER_256,
        Kind::Sha512 => &ORDER_512,
    };
    for [high, middle, low] in order {
        write(byte(*high) << 16 | byte(*middle) << 8 | byte(*low), 4);
    }
    match kind {
        Kind::Sha256 => write(byte(31) << 8 | byte(30), 3),
        Kind::Sha512 => write(byte(63), 2),
    }
    text
}
