//! The configuration as it may be shown: in the log, and to those who ask the server for it.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::config::Config;
use crate::duration;
use crate::secret::MASK;
use crate::shape::{Section, Sectioned, Shape};

impl Config {
    /// The whole configuration with zot's keys, every secret as `******`, durations in Go's
    /// notation.
    ///
    /// Secrets are known by their type. In the free-form settings of drivers they are known by
    /// their keys, and credentials inside URLs are masked wherever a URL stands.
    pub fn to_masked_json(&self) -> Json {
        masked(self)
    }
}

/// Prints a section as it may be shown.
pub(crate) fn debug<T: Sectioned + Serialize>(
    section: &T,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let shown = masked(section);
    if f.alternate() {
        write!(f, "{shown:#}")
    } else {
        write!(f, "{shown}")
    }
}

fn masked<T: Sectioned + Serialize>(value: &T) -> Json {
    match serde_json::to_value(value) {
        Ok(Json::Object(keys)) => section(keys, T::SECTION),
        _ => Json::Null,
    }
}

fn section(keys: Map<String, Json>, section: &Section) -> Json {
    let shown = keys.into_iter().map(|(key, value)| {
        let shape = section.field(&key).map_or(&Shape::Any, |field| field.shape);
        (key, show(value, shape))
    });
    Json::Object(shown.collect())
}

/// A value as it may be shown. `value` is what the typed configuration serialises to.
pub(crate) fn show(value: Json, shape: &Shape) -> Json {
    match (shape, value) {
        (Shape::Optional(inner), value) => show(value, inner),
        (Shape::Section(inner), Json::Object(keys)) => section(keys, inner),
        (Shape::List(inner), Json::Array(items)) => {
            items.into_iter().map(|item| show(item, inner)).collect()
        }
        (Shape::Map(inner), Json::Object(names)) => names
            .into_iter()
            .map(|(name, value)| (name, show(value, inner)))
            .collect(),
        (Shape::Duration, value) => span(&value).unwrap_or(value),
        (_, Json::String(text)) => Json::String(without_credentials(&text)),
        (_, value) => value,
    }
}

/// A duration from the form that the standard type serialises to.
fn span(value: &Json) -> Option<Json> {
    let seconds = value.get("secs")?.as_u64()?;
    let nanos = u32::try_from(value.get("nanos")?.as_u64()?).ok()?;
    Some(Json::String(duration::format(std::time::Duration::new(
        seconds, nanos,
    ))))
}

/// One setting of a driver. A secret may also be an object that holds more than secrets.
pub(crate) fn setting<'a>(key: &'a str, value: &Json) -> (&'a str, Json) {
    let hidden = is_secret(key) && !value.is_object();
    (
        key,
        if hidden {
            Json::from(MASK)
        } else {
            free_form(value)
        },
    )
}

fn free_form(value: &Json) -> Json {
    match value {
        Json::Object(keys) => keys
            .iter()
            .map(|(key, value)| setting(key, value))
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
        Json::Array(items) => items.iter().map(free_form).collect(),
        Json::String(text) => Json::String(without_credentials(text)),
        Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
    }
}

/// Whether a driver keeps a secret under this key.
///
/// Spec: core 10.3, 10.4, 11.
fn is_secret(key: &str) -> bool {
    const PARTS: [&str; 9] = [
        "accesskey",
        "accountkey",
        "connectionstring",
        "credentials",
        "passphrase",
        "password",
        "privatekey",
        "secret",
        "token",
    ];
    let letters = key.chars().filter(char::is_ascii_alphanumeric);
    let folded = letters.collect::<String>().to_ascii_lowercase();
    PARTS.iter().any(|part| folded.contains(part)) && !folded.ends_with("file")
}

/// A text in which the user and password of each URL are masked, and what secret keys of its query
/// stand before.
fn without_credentials(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((scheme, after)) = rest.split_once("://") {
        shown.push_str(scheme);
        shown.push_str("://");
        let end = after.find(['/', '?', '#', ' ', ',']).unwrap_or(after.len());
        let (authority, after) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                shown.push_str(MASK);
                shown.push('@');
                shown.push_str(host);
            }
            None => shown.push_str(authority),
        }
        let end = after.find([' ', ',']).unwrap_or(after.len());
        let (path, after) = after.split_at(end);
        push_path(&mut shown, path);
        rest = after;
    }
    shown + rest
}

fn push_path(shown: &mut String, path: &str) {
    for piece in path.split_inclusive(['?', '&', ';', '#']) {
        match piece.split_once('=') {
            Some((key, value)) if is_secret(key) => {
                shown.push_str(key);
                shown.push('=');
                shown.push_str(MASK);
                let end = value.strip_suffix(['?', '&', ';', '#']).unwrap_or(value);
                shown.push_str(value.strip_prefix(end).unwrap_or_default());
            }
            _ => shown.push_str(piece),
        }
    }
}

#[cfg(test)]
mod tests;
