//! From a folded document to the types of the sections.
//!
//! Folding has matched every key and converted every value, so that little is left to do and
//! nothing to guess. A reader by way of serde brings code for every form that a value might have,
//! once for each section: half a MiB of the binary.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use crate::error::Fault;

/// A type that folded values are decoded into.
pub(crate) trait Decode: Sized {
    /// Takes a value over. The key of a fault starts at this value.
    fn decode(value: Json) -> Result<Self, Fault>;
}

/// Sets one field of a section, if its key is there.
pub(crate) fn field<T: Decode>(
    keys: &mut Map<String, Json>,
    key: &str,
    field: &mut T,
) -> Result<(), Fault> {
    if let Some(value) = keys.remove(key) {
        *field = T::decode(value).map_err(|fault| within(key, fault))?;
    }
    Ok(())
}

/// The keys of a section.
pub(crate) fn keys(value: Json) -> Result<Map<String, Json>, Fault> {
    if let Json::Object(keys) = value {
        Ok(keys)
    } else {
        Err(misfit(&value, "an object"))
    }
}

/// A type with a syntax of its own, from its text.
pub(crate) fn parsed<T>(value: Json) -> Result<T, Fault>
where
    T: TryFrom<String>,
    T::Error: ToString,
{
    T::try_from(String::decode(value)?).map_err(|error| fault(error.to_string()))
}

fn fault(text: String) -> Fault {
    let key = String::new();
    Fault { key, text }
}

/// A value that should not have passed the folding; it may be a secret, and is not shown.
fn misfit(value: &Json, expected: &str) -> Fault {
    let got = match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    };
    fault(format!("expected {expected}, got {got}"))
}

/// The same fault, seen from further out.
fn within(key: &str, fault: Fault) -> Fault {
    let key = if fault.key.is_empty() {
        key.to_owned()
    } else {
        format!("{key}.{}", fault.key)
    };
    Fault { key, ..fault }
}

macro_rules! scalars {
    ($($kind:ty: $read:expr, $expected:literal;)*) => {
        $(impl Decode for $kind {
            fn decode(value: Json) -> Result<Self, Fault> {
                let read: fn(&Json) -> Option<Self> = $read;
                read(&value).ok_or_else(|| misfit(&value, $expected))
            }
        })*
    };
}

scalars! {
    bool: Json::as_bool, "true or false";
    u16: |value| value.as_u64()?.try_into().ok(), "a small whole number";
    u32: |value| value.as_u64()?.try_into().ok(), "a whole number";
    u64: Json::as_u64, "a whole number";
    f64: Json::as_f64, "a number";
    Duration: duration, "a duration";
}

/// A duration from the form that the folding gives it.
fn duration(value: &Json) -> Option<Duration> {
    let seconds = value.get("secs")?.as_u64()?;
    let nanos = value.get("nanos")?.as_u64()?.try_into().ok()?;
    Some(Duration::new(seconds, nanos))
}

impl Decode for Json {
    fn decode(value: Json) -> Result<Self, Fault> {
        Ok(value)
    }
}

impl Decode for String {
    fn decode(value: Json) -> Result<Self, Fault> {
        if let Json::String(text) = value {
            Ok(text)
        } else {
            Err(misfit(&value, "a text"))
        }
    }
}

impl Decode for PathBuf {
    fn decode(value: Json) -> Result<Self, Fault> {
        String::decode(value).map(Self::from)
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(value: Json) -> Result<Self, Fault> {
        if value.is_null() {
            return Ok(None);
        }
        T::decode(value).map(Some)
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(value: Json) -> Result<Self, Fault> {
        let Json::Array(items) = value else {
            return Err(misfit(&value, "a list"));
        };
        let mut list = Self::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            list.push(T::decode(item).map_err(|fault| within(&at.to_string(), fault))?);
        }
        Ok(list)
    }
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    fn decode(value: Json) -> Result<Self, Fault> {
        let mut map = Self::new();
        for (name, value) in keys(value)? {
            let value = T::decode(value).map_err(|fault| within(&name, fault))?;
            map.insert(name, value);
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests;
