//! The formats that a configuration may be written in.

mod flat;

use std::path::Path;

use serde_json::{Map, Value as Json};

/// The format of a configuration file.
///
/// Spec: core 2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// TOML.
    Toml,
    /// YAML, with anchors and merge keys.
    Yaml,
    /// HCL. Its own `${…}` is evaluated first, so a placeholder is written `$${env:NAME}`.
    Hcl,
    /// `KEY=value` lines; keys are nested with `::`, `__` or `.`.
    Dotenv,
    /// Sections in brackets and `key = value`; sections and keys are nested with `.` or `::`.
    Ini,
    /// Java properties; keys are nested with `.` or `::`.
    Properties,
    /// Not known: each of the others is tried in the order of this list.
    Guess,
}

const ALL: [Format; 7] = [
    Format::Json,
    Format::Toml,
    Format::Yaml,
    Format::Hcl,
    Format::Dotenv,
    Format::Ini,
    Format::Properties,
];

impl Format {
    /// The format that the extension of a file name stands for.
    pub fn of(path: &Path) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
            "json" => Self::Json,
            "toml" => Self::Toml,
            "yaml" | "yml" => Self::Yaml,
            "hcl" | "tfvars" => Self::Hcl,
            "ini" => Self::Ini,
            "dotenv" | "env" => Self::Dotenv,
            "properties" | "props" | "prop" => Self::Properties,
            _ => Self::Guess,
        }
    }

    /// Reads a document. Null stands for one without any key.
    ///
    /// # Errors
    /// What the reader of the format says, with a line where it knows one.
    pub(crate) fn read(self, bytes: &[u8]) -> Result<Map<String, Json>, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim().is_empty() {
            return Ok(Map::new());
        }
        match self.parse(text)? {
            Json::Object(keys) => Ok(keys),
            Json::Null => Ok(Map::new()),
            Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                Err("the document is not a set of keys and values".to_owned())
            }
        }
    }

    fn parse(self, text: &str) -> Result<Json, String> {
        match self {
            Self::Json => serde_json::from_str(text).map_err(|error| error.to_string()),
            Self::Toml => toml(text),
            Self::Yaml => yaml(text),
            Self::Hcl => hcl(text),
            Self::Ini => flat::ini(text),
            Self::Dotenv => flat::dotenv(text),
            Self::Properties => flat::properties(text),
            Self::Guess => guess(text),
        }
    }
}

/// The messages of this reader and the next one would quote the line, which may hold a secret.
fn toml(text: &str) -> Result<Json, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.unwrap_or_default().matches('\n').count() + 1;
        format!("{} at line {line}", error.message().replace('\n', ", "))
    })?;
    serde_json::to_value(table).map_err(|error| error.to_string())
}

fn hcl(text: &str) -> Result<Json, String> {
    hcl::from_str(text).map_err(|error| {
        if let hcl::Error::Parse(error) = &error {
            return format!("{} at line {}", error.message(), error.location().line());
        }
        error.to_string()
    })
}

fn yaml(text: &str) -> Result<Json, String> {
    let read = || {
        let mut value: serde_yaml_ng::Value = serde_yaml_ng::from_str(text)?;
        value.apply_merge()?;
        Ok(value)
    };
    let value = read().map_err(|error: serde_yaml_ng::Error| error.to_string())?;
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// The first format that makes keys and values of a text. The structured ones come first: flat
/// formats make something of nearly any text.
fn guess(text: &str) -> Result<Json, String> {
    let documents = ALL.iter().filter_map(|format| format.parse(text).ok());
    documents
        .into_iter()
        .find(Json::is_object)
        .ok_or_else(|| "the text is in none of the supported formats".to_owned())
}

#[cfg(test)]
mod tests;
