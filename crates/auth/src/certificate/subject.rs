//! The subject of a certificate, and how it is written.
//!
//! Compat: the text is Go's, which policies of zot name users by: known attributes in an order of
//! their own, equal ones joined by `+`, unknown ones last, all from the back to the front.

use std::fmt::{self, Write};

use super::der::{Reader, tag};

/// Attributes that have a name: the last part of 2.5.4.x, in the order in which Go gathers them.
const KNOWN: [(u8, &str); 9] = [
    (6, "C"),
    (8, "ST"),
    (7, "L"),
    (9, "STREET"),
    (17, "POSTALCODE"),
    (10, "O"),
    (11, "OU"),
    (COMMON_NAME, "CN"),
    (SERIAL_NUMBER, "SERIALNUMBER"),
];

const COMMON_NAME: u8 = 3;
const SERIAL_NUMBER: u8 = 5;

/// What is before the last part of a known attribute: 2.5.4.
const ARC: [u8; 2] = [0x55, 0x04];

/// The attributes in their order.
#[derive(Debug)]
pub(super) struct Subject(Vec<(Kind, String)>);

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Known(u8),
    /// The identifier in dots.
    Other(String),
}

impl Subject {
    pub(super) fn read(mut sets: Reader<'_>) -> Option<Self> {
        let mut attributes = Vec::new();
        while !sets.is_empty() {
            let mut set = sets.enter(tag::SET)?;
            while !set.is_empty() {
                let mut attribute = set.enter(tag::SEQUENCE)?;
                let kind = Kind::read(attribute.take(tag::OID)?)?;
                let (tag, value) = attribute.any()?;
                attribute.end()?;
                attributes.push((kind, text(tag, value)?));
            }
        }
        Some(Self(attributes))
    }

    /// Yields the common name, of several the last.
    pub(super) fn common_name(&self) -> Option<&str> {
        self.of(COMMON_NAME).last()
    }

    fn of(&self, known: u8) -> impl Iterator<Item = &str> {
        let wanted = Kind::Known(known);
        let mine = self.0.iter().filter(move |(kind, _)| *kind == wanted);
        mine.map(|(_, value)| value.as_str())
    }

    /// Yields the values of a known attribute as they are written.
    fn written(&self, known: u8) -> Vec<&str> {
        let values = self.of(known);
        match known {
            // These are single, and none when they are empty.
            COMMON_NAME | SERIAL_NUMBER => {
                let last = values.last().filter(|value| !value.is_empty());
                last.into_iter().collect()
            }
            _ => values.collect(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (known, name) in KNOWN.iter().rev() {
            let mut before = separator;
            for value in self.written(*known) {
                write!(f, "{before}{name}=")?;
                escape(f, value)?;
                before = "+";
                separator = ",";
            }
        }
        for (kind, value) in self.0.iter().rev() {
            if let Kind::Other(id) = kind {
                write!(f, "{separator}{id}=#")?;
                encode(f, value)?;
                separator = ",";
            }
        }
        Ok(())
    }
}

impl Kind {
    fn read(id: &[u8]) -> Option<Self> {
        match id.strip_prefix(&ARC) {
            Some([last]) if KNOWN.iter().any(|(known, _)| known == last) => {
                Some(Self::Known(*last))
            }
            _ => dotted(id).map(Self::Other),
        }
    }
}

/// Writes an object identifier; none when it is malformed, or a part has more than 31 bits.
fn dotted(id: &[u8]) -> Option<String> {
    let mut text = String::new();
    let (mut part, mut within) = (0_u32, false);
    for byte in id {
        if !within && *byte == 0x80 {
            return None;
        }
        part = part.checked_mul(128)? | u32::from(byte & 0x7f);
        if part > i32::MAX.unsigned_abs() {
            return None;
        }
        within = byte & 0x80 != 0;
        if within {
            continue;
        }
        // Writing to memory does not fail.
        let _ = if text.is_empty() {
            let first = (part / 40).min(2);
            write!(text, "{first}.{}", part - first * 40)
        } else {
            write!(text, ".{part}")
        };
        part = 0;
    }
    (!within && !text.is_empty()).then_some(text)
}

/// Reads the kinds of text that names may be; none for others, and for what is not of its kind.
fn text(kind: u8, value: &[u8]) -> Option<String> {
    let ascii = |allowed: fn(u8) -> bool| {
        let fits = value.iter().all(|byte| allowed(*byte));
        fits.then(|| value.iter().map(|byte| char::from(*byte)).collect())
    };
    match kind {
        tag::UTF8 => str::from_utf8(value).ok().map(str::to_owned),
        // Certificates in use carry these two besides what the standard allows.
        tag::PRINTABLE => ascii(|byte| is_printable(byte) || matches!(byte, b'*' | b'&')),
        tag::IA5 => ascii(|byte| byte.is_ascii()),
        tag::NUMERIC => ascii(|byte| byte.is_ascii_digit() || byte == b' '),
        // Nearly Latin 1, and meant as that by nearly everybody.
        tag::TELETEX => ascii(|_| true),
        tag::BMP => two_byte(value),
        _ => None,
    }
}

fn two_byte(value: &[u8]) -> Option<String> {
    let (units, rest) = value.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
    // Some end it with a zero.
    let units = units.strip_suffix(&[0]).unwrap_or(&units);
    String::from_utf16(units).ok()
}

const fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b' ' | b'\'' | b'(' | b')' | b'+' | b',' | b'-' | b'.' | b'/' | b':' | b'=' | b'?'
        )
}

/// Spec: RFC 4514, 2.4.
fn escape(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    let last = value.len().saturating_sub(1);
    for (at, c) in value.char_indices() {
        let must = match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => at == 0 || at == last,
            '#' => at == 0,
            _ => false,
        };
        if must {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    Ok(())
}

/// Writes the DER of a text in hexadecimal.
fn encode(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    let kind = if value.bytes().all(is_printable) {
        tag::PRINTABLE
    } else {
        tag::UTF8
    };
    write!(f, "{kind:02x}")?;
    let len = value.len();
    match len {
        0..=0x7f => write!(f, "{len:02x}")?,
        0x80..=0xff => write!(f, "81{len:02x}")?,
        0x100..=0xffff => write!(f, "82{len:04x}")?,
        _ => write!(f, "83{len:06x}")?,
    }
    for byte in value.bytes() {
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}
