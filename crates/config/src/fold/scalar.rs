//! Weak conversions of single values, the same that zot makes.

use serde_json::{Map, Value as Json};

/// Text, a number or a boolean as text.
pub(crate) fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A boolean, a number (0 is false) or the words that Go reads as a boolean; blank is false.
pub(crate) fn flag(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(flag) => Some(*flag),
        Json::Number(number) => number.as_f64().map(|number| number != 0.0),
        Json::String(text) => match text.to_ascii_lowercase().as_str() {
            "1" | "t" | "true" => Some(true),
            "" | "0" | "f" | "false" => Some(false),
            _ => None,
        },
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A whole number from zero: a number, a boolean, or digits, also with `0x`, `0o` or `0b`; blank is
/// 0.
pub(crate) fn integer(value: &Json) -> Option<u64> {
    match value {
        Json::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Json::Bool(flag) => Some(u64::from(*flag)),
        Json::String(text) => digits(text),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A number of nanoseconds, which may be negative.
pub(crate) fn nanoseconds(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        let size = i64::try_from(whole(number.abs().trunc())?).ok()?;
        Some(if number < 0.0 { -size } else { size })
    })
}

/// A number with a fraction.
pub(crate) fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) if text.is_empty() => Some(0.0),
        Json::String(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        Json::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Splits a text that stands for a list at its commas, but not at those within brackets.
///
/// Compat: zot splits at every comma, which breaks globs such as `{a,b}/**`.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let parts = text.split(|c| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// The items of a list that was written as numbered keys (`users.0`, `users.1`), as flat formats
/// must. Any other object is a list of one.
pub(crate) fn numbered(keys: Map<String, Json>) -> Vec<Json> {
    let numbers: Option<Vec<u32>> = keys.keys().map(|key| key.parse().ok()).collect();
    let Some(numbers) = numbers else {
        return vec![Json::Object(keys)];
    };
    let mut items: Vec<_> = numbers.into_iter().zip(keys).collect();
    items.sort_by_key(|(number, _)| *number);
    items.into_iter().map(|(_, (_, item))| item).collect()
}

fn digits(text: &str) -> Option<u64> {
    if text.is_empty() {
        return Some(0);
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return u64::from_str_radix(digits, radix).ok();
        }
    }
    text.parse().ok()
}

/// A float without a fraction as a whole number: 1e3 is 1000.
fn whole(number: f64) -> Option<u64> {
    let exact = number >= 0.0 && number.fract() == 0.0 && number < 9e15;
    exact.then(|| format!("{number:.0}").parse().ok()).flatten()
}
