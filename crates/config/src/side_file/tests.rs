use std::path::Path;

use serde_json::{Value as Json, json};

use super::*;
use crate::decode::Decode;
use crate::shape::{Blank, Shape, Shaped};

/// Keys that name no file that is read, or one of a driver, which does not change.
const OTHERS: [&str; 6] = [
    "storage.rootDirectory",
    "storage.subPaths.name.rootDirectory",
    "log.output",
    "log.audit",
    "extensions.sync.downloadDir",
    "extensions.sync.registries.0.certDir",
];

/// Puts the key of each path in its own place, and everything else in as it may be.
fn full(shape: &Shape, key: &str, paths: &mut Vec<String>) -> Option<Json> {
    Some(match shape {
        Shape::Text(Blank::Absent) => match key {
            "log.level" => json!("info"),
            _ if key.ends_with("gcTimeWindow") => return None,
            _ => {
                paths.push(key.to_owned());
                json!(key)
            }
        },
        Shape::Text(Blank::Kept) | Shape::Secret | Shape::Any => return None,
        Shape::Flag => json!(true),
        Shape::Integer { .. } | Shape::Number | Shape::Port => json!(1),
        Shape::Duration => json!({"secs": 1, "nanos": 0}),
        Shape::Optional(inner) => return full(inner, key, paths),
        Shape::List(inner) => full(inner, &format!("{key}.0"), paths)
            .into_iter()
            .collect(),
        Shape::Map(inner) => {
            let value = full(inner, &format!("{key}.name"), paths);
            Json::Object(
                value
                    .map(|value| ("name".to_owned(), value))
                    .into_iter()
                    .collect(),
            )
        }
        Shape::Section(section) => {
            let fields = section.fields.iter().filter_map(|field| {
                let key = [key, field.key].join(".");
                let value = full(field.shape, key.trim_start_matches('.'), paths)?;
                Some((field.key.to_owned(), value))
            });
            Json::Object(fields.collect())
        }
    })
}

#[test]
fn every_key_that_names_a_file_is_listed() {
    let mut keys = Vec::new();
    let document = full(Config::SHAPE, "", &mut keys).unwrap();
    let config: Config = Config::decode(document).unwrap();
    let listed = files(&config);
    keys.retain(|key| !OTHERS.contains(&key.as_str()));
    keys.sort();
    assert_eq!(listed, keys.iter().map(PathBuf::from).collect::<Vec<_>>());
    assert!(listed.len() >= 20, "{listed:?}");
}

#[test]
fn secret_files_are_those_that_loading_reads() {
    let config = crate::samples::config(
        r#"{"storage": {"rootDirectory": "/srv"}, "http": {"auth": {"htpasswd": {"path": "/users"}}}}"#,
    );
    assert_eq!(files(&config), [Path::new("/users")]);
    assert!(secret_files(&config).is_empty());
    let mut config = config;
    config.http.auth.session_keys_file = Some("/keys.json".into());
    config.http.tls = Some(Tls {
        cert: Some("/b".into()),
        key: Some("/b".into()),
        cacert: None,
    });
    assert_eq!(secret_files(&config), [Path::new("/keys.json")]);
    assert_eq!(
        files(&config),
        ["/b", "/keys.json", "/users"].map(Path::new)
    );
}

#[test]
fn extensions_that_are_off_read_nothing() {
    let text = r#"{"storage": {"rootDirectory": "/srv"}, "extensions": {"sync": {"enable": ENABLE,
        "credentialsFile": "/creds", "registries": [{"urls": ["https://h"]}]}}}"#;
    for (enable, count) in [("true", 1), ("false", 0)] {
        let config = crate::samples::config(&text.replace("ENABLE", enable));
        assert_eq!(files(&config).len(), count, "{enable}");
    }
}
