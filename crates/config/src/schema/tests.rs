use std::collections::HashSet;

use serde_json::{Value as Json, json};

use super::schema;
use crate::config::Config;
use crate::decode::Decode;
use crate::fold::{Environment, fold};
use crate::format::Format;
use crate::samples::shared;
use crate::shape::{Sectioned, Shape, Shaped};

fn read(path: &std::path::Path) -> Json {
    let text = crate::load::read_file(path).unwrap();
    Json::Object(Format::of(path).read(&text).unwrap())
}

/// What a reference points at. zot escapes the slashes in the names of its definitions once more.
fn definition<'a>(root: &'a Json, reference: &str) -> &'a Json {
    let name = reference
        .trim_start_matches("#/definitions/")
        .replace("~01", "~1");
    let found = &root["definitions"][&name];
    assert!(found.is_object(), "{reference} leads nowhere");
    found
}

/// Whether a document fits a schema, for the part of JSON Schema that is used here.
fn fits(root: &Json, schema: &Json, value: &Json) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return fits(root, definition(root, reference), value);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let answers: Vec<_> = choices
            .iter()
            .map(|choice| fits(root, choice, value))
            .collect();
        return answers
            .iter()
            .find(|answer| answer.is_ok())
            .unwrap_or(&answers[0])
            .clone();
    }
    let kind = match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.is_u64() => "integer",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    };
    let allowed = types(schema);
    let whole = kind == "integer" && allowed.contains("number");
    if !allowed.is_empty() && !allowed.contains(kind) && !whole {
        return Err(format!("{kind} instead of {allowed:?}"));
    }
    let inner = |key: &str, schema: &Json, value: &Json| {
        fits(root, schema, value).map_err(|error| format!("{key}: {error}"))
    };
    match value {
        Json::Array(items) => items
            .iter()
            .try_for_each(|item| inner("[]", &schema["items"], item)),
        Json::Object(keys) => keys.iter().try_for_each(|(key, value)| {
            match (
                schema["properties"].get(key),
                &schema["additionalProperties"],
            ) {
                (Some(property), _) => inner(key, property, value),
                (None, Json::Bool(false)) => Err(format!("{key} is unknown")),
                (None, other) => inner(key, other, value),
            }
        }),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Ok(()),
    }
}

fn types(schema: &Json) -> HashSet<&str> {
    match &schema["type"] {
        Json::String(kind) => HashSet::from([kind.as_str()]),
        Json::Array(kinds) => kinds.iter().filter_map(Json::as_str).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => HashSet::new(),
    }
}

/// Walks two schemas side by side: whatever `theirs` accepts, `ours` must.
struct Comparison {
    ours: Json,
    theirs: Json,
    seen: HashSet<String>,
    missing: Vec<String>,
}

impl Comparison {
    /// The definition behind references and choices.
    fn resolved(root: &Json, schema: &Json) -> Json {
        if let Some(reference) = schema["$ref"].as_str() {
            return Self::resolved(root, definition(root, reference));
        }
        match schema["anyOf"].as_array() {
            Some(choices) => Self::resolved(root, &choices[0]),
            None => schema.clone(),
        }
    }

    fn compare(&mut self, path: &str, ours: &Json, theirs: &Json) {
        let ours = Self::resolved(&self.ours, ours);
        let theirs = Self::resolved(&self.theirs, theirs);
        if !self.seen.insert(path.to_owned()) {
            return;
        }
        let (ours_types, theirs_types) = (types(&ours), types(&theirs));
        if !ours_types.is_empty() && !theirs_types.is_subset(&ours_types) {
            self.missing
                .push(format!("{path}: {theirs_types:?} in {ours_types:?}"));
        }
        for (key, property) in theirs["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{key}");
            match ours["properties"].get(key) {
                Some(own) => self.compare(&path, &own.clone(), property),
                None => self.missing.push(path),
            }
        }
        for key in ["items", "additionalProperties"] {
            if theirs[key].is_object() && ours[key].is_object() {
                self.compare(&format!("{path}.{key}"), &ours[key], &theirs[key]);
            }
        }
    }
}

#[test]
fn accepts_what_zot_accepts() {
    let Some(path) = shared("zot-config-schema.json") else {
        return;
    };
    let (ours, theirs) = (schema(), read(&path));
    let mut comparison = Comparison {
        ours: ours.clone(),
        theirs: theirs.clone(),
        seen: HashSet::new(),
        missing: Vec::new(),
    };
    comparison.compare("", &ours, &theirs);
    assert!(
        comparison.seen.len() > 300,
        "{} places",
        comparison.seen.len()
    );
    assert_eq!(comparison.missing, Vec::<String>::new());
}

#[test]
fn accepts_the_samples() {
    let Some(examples) = shared("zot-examples") else {
        return;
    };
    let schema = schema();
    let mut seen = 0;
    for entry in std::fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_str()
            .unwrap()
            .to_owned();
        if path.is_file() && name.starts_with("config-") && !name.ends_with("credentials") {
            fits(&schema, &schema, &read(&path))
                .map_err(|error| format!("{name}: {error}"))
                .unwrap();
            seen += 1;
        }
    }
    assert!(seen > 50);
}

#[test]
fn refuses_what_the_reader_refuses() {
    let schema = schema();
    for (document, message) in [
        (json!({"foo": 1}), "foo is unknown"),
        (json!({"http": {"prot": 1}}), "http: prot is unknown"),
        (
            json!({"storage": {"subPaths": {"/a": {"subPaths": {}}}}}),
            "/a: subPaths is unknown",
        ),
        (
            json!({"http": {"limits": {"pageSize": "many"}}}),
            "string instead of",
        ),
    ] {
        let error = fits(&schema, &schema, &document).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
    let sink = json!({"extensions": {"events": {"sinks": [{"colour": "red"}]}}});
    fits(&schema, &schema, &sink).unwrap();
}

#[test]
fn is_draft_07_with_every_spelling() {
    let schema = schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    let storage = &schema["definitions"]["Storage"]["properties"];
    for spelling in [
        "gcDelay",
        "gcdelay",
        "redirectBlobURL",
        "redirectBlobUrl",
        "redirectbloburl",
    ] {
        assert!(storage[spelling].is_object(), "{spelling}");
    }
}

/// A value for a shape, with every key of every section in it.
fn full(shape: &Shape, key: &str) -> Json {
    match shape {
        Shape::Text(_) => json!(match key {
            "level" => "info",
            "gcTimeWindow" => "01:00-02:00",
            "trustedProxies" => "10.0.0.0/8",
            _ => "text",
        }),
        Shape::Secret | Shape::Any => json!("text"),
        Shape::Flag => json!(true),
        Shape::Integer { .. } => json!(7),
        Shape::Number => json!(7.5),
        Shape::Port => json!("7"),
        Shape::Duration => json!("7h"),
        Shape::Optional(inner) => full(inner, key),
        Shape::List(inner) => json!([full(inner, key)]),
        Shape::Map(inner) => json!({"name": full(inner, key)}),
        Shape::Section(section) => {
            let keys = section.fields.iter();
            keys.map(|field| (field.key.to_owned(), full(field.shape, field.key)))
                .collect()
        }
    }
}

/// The same document with its keys in upper case, names left alone.
fn shouted(value: Json, shape: &Shape) -> Json {
    match (shape, value) {
        (Shape::Optional(inner), value) => shouted(value, inner),
        (Shape::List(inner), Json::Array(items)) => {
            items.into_iter().map(|item| shouted(item, inner)).collect()
        }
        (Shape::Map(inner), Json::Object(names)) => names
            .into_iter()
            .map(|(name, value)| (name, shouted(value, inner)))
            .collect(),
        (Shape::Section(section), Json::Object(keys)) => keys
            .into_iter()
            .map(|(key, value)| {
                let shape = section.field(&key).unwrap().shape;
                (key.to_uppercase(), shouted(value, shape))
            })
            .collect(),
        (_, value) => value,
    }
}

#[test]
fn every_key_is_read_shown_and_described() {
    let schema = schema();
    let document = full(Config::SHAPE, "");
    fits(&schema, &schema, &document).unwrap();
    let read = |document: &Json| {
        let Json::Object(keys) = document.clone() else {
            unreachable!()
        };
        let folded = fold(
            keys,
            Config::SECTION,
            "config.Config",
            &Environment::default(),
        );
        assert_eq!(folded.faults, []);
        Config::decode(Json::Object(folded.keys)).unwrap()
    };
    let config = read(&document);
    assert_eq!(read(&shouted(document, Config::SHAPE)), config);
    let shown = config.to_masked_json();
    assert_eq!(read(&shown).to_masked_json(), shown);
    let Json::Object(keys) = shown else {
        unreachable!()
    };
    let default = Config::default().to_masked_json();
    for field in Config::SECTION.fields {
        assert_ne!(keys[field.key], default[field.key], "{} is lost", field.key);
    }
}
