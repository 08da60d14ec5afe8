//! Defaults that depend on other keys, and values that are replaced by what they mean.
//!
//! Spec: core 3.9.

mod complete;
mod mirrors;

use serde_json::{Map, Value as Json, json};

pub(crate) use complete::complete;

use crate::error::Warning;

type Keys = Map<String, Json>;

/// The defaults that follow from the keys of a document, for those keys that it does not hold.
pub(crate) fn computed(document: &Keys) -> Keys {
    let empty = Map::new();
    let storage = object(document, "storage").unwrap_or(&empty);
    let mut defaults = store(storage, true);
    let sub_paths: Keys = sub_paths(storage)
        .map(|(route, sub_path)| (route.clone(), Json::Object(store(sub_path, false))))
        .collect();
    defaults.insert("subPaths".to_owned(), Json::Object(sub_paths));
    Map::from_iter([("storage".to_owned(), Json::Object(defaults))])
}

/// The computed defaults of one store. `on` is what its switches are when they are not given.
fn store(keys: &Keys, on: bool) -> Keys {
    let hour = json!({"secs": 3600, "nanos": 0});
    let idle = json!({"secs": 0, "nanos": 0});
    let (delay, interval) = if flag(keys, "gc", on) {
        (
            keys.get("gcDelay").cloned().unwrap_or_else(|| hour.clone()),
            hour,
        )
    } else {
        (idle.clone(), idle)
    };
    let remote = keys.contains_key("storageDriver") && flag(keys, "dedupe", on);
    Map::from_iter([
        ("gcDelay".to_owned(), delay.clone()),
        ("gcInterval".to_owned(), interval),
        ("retention".to_owned(), json!({ "delay": delay })),
        ("remoteCache".to_owned(), Json::Bool(remote)),
    ])
}

/// What a document says that has no effect, or not the one that it seems to have.
pub(crate) fn notes(document: &Keys) -> Vec<Warning> {
    let mut notes = Vec::new();
    if let Some(storage) = object(document, "storage") {
        notes.extend(idle_collection(storage, "storage", true));
        for (route, sub_path) in sub_paths(storage) {
            notes.extend(idle_collection(
                sub_path,
                &format!("storage.subPaths[{route}]"),
                false,
            ));
        }
    }
    let extensions = object(document, "extensions");
    let events = extensions.and_then(|extensions| object(extensions, "events"));
    if events.is_some_and(|events| !events.contains_key("enable")) {
        let message = "events are off unless they are enabled";
        notes.push(Warning::new(message).with("key", "extensions.events.enable"));
    }
    notes
}

fn idle_collection(keys: &Keys, path: &str, on: bool) -> Option<Warning> {
    let given: Vec<&str> = ["gcDelay", "gcInterval", "gcTimeWindow"]
        .into_iter()
        .filter(|key| keys.contains_key(*key))
        .collect();
    let idle = !flag(keys, "gc", on) && !given.is_empty();
    idle.then(|| {
        Warning::new("garbage collection is off, its settings have no effect")
            .with("key", path)
            .with("settings", given.join(", "))
    })
}

fn object<'a>(keys: &'a Keys, key: &str) -> Option<&'a Keys> {
    keys.get(key).and_then(Json::as_object)
}

fn sub_paths(storage: &Keys) -> impl Iterator<Item = (&String, &Keys)> {
    let routes = object(storage, "subPaths").into_iter().flatten();
    routes.filter_map(|(route, keys)| Some((route, keys.as_object()?)))
}

fn flag(keys: &Keys, key: &str, default: bool) -> bool {
    keys.get(key).and_then(Json::as_bool).unwrap_or(default)
}

#[cfg(test)]
mod tests;
