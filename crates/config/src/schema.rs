//! The JSON Schema of the configuration.

use serde_json::{Map, Value as Json, json};

use crate::config::Config;
use crate::shape::{Section, Sectioned, Shape, Unknown};

/// The JSON Schema, draft 07, of the documents that are accepted. Every key is listed in its
/// canonical spelling, in lower case and in the other spellings that zot lists. Null stands for an
/// absent key.
///
/// Compat: values have one type each, as in zot's schema, although the reader converts more. Only a
/// port may also be a number, which zot reads but its schema does not admit.
///
/// Spec: core 1.3.
pub fn schema() -> Json {
    let mut definitions = Map::new();
    let root = section(Config::SECTION, &mut definitions);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "holdfast config schema",
        "$ref": root,
        "definitions": definitions,
    })
}

/// Adds a section to the definitions, and yields the reference to it.
fn section(section: &'static Section, definitions: &mut Map<String, Json>) -> String {
    let reference = format!("#/definitions/{}", section.name);
    if definitions.contains_key(section.name) {
        return reference;
    }
    definitions.insert(section.name.to_owned(), Json::Null);
    let mut properties = Map::new();
    for field in section.fields {
        let mut value = property(field.shape, definitions);
        if let Json::Object(value) = &mut value {
            value.insert("description".to_owned(), field.about.trim().into());
        }
        let lower = field.key.to_lowercase();
        let spellings = field
            .aliases
            .iter()
            .copied()
            .chain([field.key, lower.as_str()]);
        for spelling in spellings {
            properties.insert(spelling.to_owned(), value.clone());
        }
    }
    properties.sort_keys();
    let definition = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": section.unknown == Unknown::Tolerated,
    });
    definitions.insert(section.name.to_owned(), definition);
    reference
}

/// The schema of a value that may be null.
fn property(shape: &'static Shape, definitions: &mut Map<String, Json>) -> Json {
    match shape {
        Shape::Optional(inner) => property(inner, definitions),
        Shape::Section(inner) => {
            json!({"anyOf": [{"$ref": section(inner, definitions)}, {"type": "null"}]})
        }
        Shape::Text(_) | Shape::Secret | Shape::Duration => json!({"type": ["string", "null"]}),
        Shape::Port => json!({"type": ["string", "integer", "null"]}),
        Shape::Flag => json!({"type": ["boolean", "null"]}),
        Shape::Integer { .. } => json!({"type": ["integer", "null"]}),
        Shape::Number => json!({"type": ["number", "null"]}),
        Shape::Any => json!({}),
        Shape::List(inner) => {
            json!({"type": ["array", "null"], "items": property(inner, definitions)})
        }
        Shape::Map(inner) => {
            json!({"type": ["object", "null"], "additionalProperties": property(inner, definitions)})
        }
    }
}

#[cfg(test)]
mod tests;
