//! Lists as sets, and base64.

use super::Function;
use crate::condition::value::Value;
use crate::condition::work::{Failure, Work};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::plain("sets.contains", "ll>o", |work, args| match args {
        [Value::List(set), Value::List(part)] => Ok(Value::Bool(covers(work, set, part)?)),
        _ => Err(Failure::NoSuchOverload("sets.contains")),
    }),
    Function::plain("sets.equivalent", "ll>o", |work, args| match args {
        [Value::List(a), Value::List(b)] => {
            let same = covers(work, a, b)? && covers(work, b, a)?;
            Ok(Value::Bool(same))
        }
        _ => Err(Failure::NoSuchOverload("sets.equivalent")),
    }),
    Function::plain("sets.intersects", "ll>o", |work, args| match args {
        [Value::List(a), Value::List(b)] => {
            for item in a.iter() {
                if holds(work, b, item)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        _ => Err(Failure::NoSuchOverload("sets.intersects")),
    }),
    Function::plain("base64.encode", "b>s", |work, args| match args {
        [Value::Bytes(bytes)] => {
            work.spend_bytes(bytes.len() * 2)?;
            Ok(Value::text(encode(bytes)))
        }
        _ => Err(Failure::NoSuchOverload("base64.encode")),
    }),
    Function::plain("base64.decode", "s>b", |work, args| match args {
        [Value::String(text)] => {
            work.spend_bytes(text.len())?;
            let bytes = decode(text).ok_or(Failure::Conversion("bytes"))?;
            Ok(Value::Bytes(bytes.into()))
        }
        _ => Err(Failure::NoSuchOverload("base64.decode")),
    }),
];

fn holds(work: &mut Work, set: &[Value], item: &Value) -> Result<bool, Failure> {
    for held in set {
        if held.equals(item, work)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn covers(work: &mut Work, set: &[Value], part: &[Value]) -> Result<bool, Failure> {
    for item in part {
        if !holds(work, set, item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = [0; 3];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        let word = u32::from_be_bytes([0, word[0], word[1], word[2]]);
        for at in 0..4_usize {
            let digit = usize::try_from(word >> (18 - 6 * at) & 63).unwrap_or_default();
            let letter = ALPHABET.get(digit).copied().map_or('=', char::from);
            text.push(if at <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

/// Decodes with or without padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) || digits.len() % 4 == 1 {
        return None;
    }
    let (mut bytes, mut word, mut bits) = (Vec::new(), 0_u32, 0_u32);
    for digit in digits.bytes() {
        let value = ALPHABET.iter().position(|letter| *letter == digit)?;
        word = (word << 6 | u32::try_from(value).ok()?) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(word >> bits & 0xFF).ok()?);
        }
    }
    Some(bytes)
}
