//! Certificates of the first version of X.509, which name an owner and a key and nothing else.
//!
//! They are read here since what verifies other certificates refuses them, and tools that sign for
//! clients still make them by default.

use super::der::{Reader, tag};

/// The parts of a certificate of version 1. Nothing of it is verified.
#[derive(Clone, Copy, Debug)]
pub struct Version1<'a> {
    /// The part that is signed, as DER.
    pub signed: &'a [u8],
    /// The algorithm of the signature: the content of its sequence.
    pub algorithm: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    /// The name of who signed: the content of its sequence.
    pub issuer: &'a [u8],
    /// The first and the last second in which it counts, from 1970 on.
    pub validity: (u64, u64),
    /// The key of the owner, as DER.
    pub key: &'a [u8],
}

impl<'a> Version1<'a> {
    /// Reads a certificate; none when it is of another version or malformed.
    pub fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Reader::new(der);
        let mut certificate = outer.enter(tag::SEQUENCE)?;
        outer.end()?;
        let signed = certificate.whole(tag::SEQUENCE)?;
        let algorithm = certificate.take(tag::SEQUENCE)?;
        let signature = bits(certificate.take(tag::BIT_STRING)?)?;
        certificate.end()?;

        let mut body = Reader::new(signed).enter(tag::SEQUENCE)?;
        body.take(tag::INTEGER)?;
        if body.take(tag::SEQUENCE)? != algorithm {
            return None;
        }
        let issuer = body.take(tag::SEQUENCE)?;
        let mut validity = body.enter(tag::SEQUENCE)?;
        let validity_parts = (time(&mut validity)?, time(&mut validity)?);
        validity.end()?;
        body.take(tag::SEQUENCE)?;
        let key = body.whole(tag::SEQUENCE)?;
        body.end()?;
        Some(Self {
            signed,
            algorithm,
            signature,
            issuer,
            validity: validity_parts,
            key,
        })
    }
}

/// A public key: its algorithm, and its bits.
#[derive(Clone, Copy, Debug)]
pub struct PublicKey<'a> {
    /// The content of the algorithm's sequence.
    pub algorithm: &'a [u8],
    /// The key.
    pub bits: &'a [u8],
}

impl<'a> PublicKey<'a> {
    /// Reads a key from DER.
    pub fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Reader::new(der);
        let content = outer.take(tag::SEQUENCE)?;
        outer.end()?;
        Self::of(content)
    }

    /// Reads a key from the content of its sequence.
    pub fn of(content: &'a [u8]) -> Option<Self> {
        let mut parts = Reader::new(content);
        let algorithm = parts.take(tag::SEQUENCE)?;
        let bits = bits(parts.take(tag::BIT_STRING)?)?;
        parts.end()?;
        Some(Self { algorithm, bits })
    }
}

/// Yields the content of a string of whole bytes.
fn bits(content: &[u8]) -> Option<&[u8]> {
    let (unused, bytes) = content.split_first()?;
    (*unused == 0).then_some(bytes)
}

/// Takes a time; what is before 1970 counts as 1970.
///
/// Spec: RFC 5280, 4.1.2.5.
fn time(reader: &mut Reader<'_>) -> Option<u64> {
    let (kind, text) = reader.any()?;
    let (digits, end) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let mut pairs = Vec::new();
    for pair in digits.chunks(2) {
        let [tens, ones] = pair else {
            return None;
        };
        let is_number = tens.is_ascii_digit() && ones.is_ascii_digit();
        let number = u64::from(tens & 0xf) * 10 + u64::from(ones & 0xf);
        pairs.push(is_number.then_some(number)?);
    }
    let (year, rest) = match (kind, pairs.as_slice()) {
        (tag::UTC_TIME, [year, rest @ ..]) if *year < 50 => (2000 + year, rest),
        (tag::UTC_TIME, [year, rest @ ..]) => (1900 + year, rest),
        (tag::TIME, [century, year, rest @ ..]) => (century * 100 + year, rest),
        _ => return None,
    };
    let [
        month @ 1..=12,
        day @ 1..=31,
        hour @ 0..=23,
        minute @ 0..=59,
        second @ 0..=59,
    ] = *rest
    else {
        return None;
    };
    (end == b"Z").then_some(())?;
    let days = days(year, month, day);
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// Counts the days from 1970 on.
fn days(year: u64, month: u64, day: u64) -> u64 {
    // Years begin in March here, so that the day of a leap year is the last.
    let year = if month > 2 {
        year
    } else {
        year.saturating_sub(1)
    };
    let month = (month + 9) % 12;
    let leap = year / 4 + year / 400;
    let before = year * 365 + (leap - year / 100) + (month * 153 + 2) / 5 + day;
    // As many are before the first of January 1970.
    before.saturating_sub(719_469)
}
