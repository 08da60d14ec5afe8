//! What a new configuration means for a server that runs.

use serde_json::{Map, Value as Json};

use crate::config::Config;
use crate::storage::{Storage, SubPath};

/// What comes of a new configuration while a server runs with another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Reload {
    /// The new configuration, but for what cannot change: that is as it was.
    pub config: Config,
    /// The keys that have changed and take effect, such as `http.realm`.
    pub applied: Vec<String>,
    /// The keys whose new values take effect at the next start; each is worth a warning.
    pub needs_restart: Vec<String>,
}

impl Reload {
    /// Tells whether there is anything to do.
    pub fn is_change(&self) -> bool {
        !self.applied.is_empty()
    }
}

/// Compares a new configuration with the one that a server runs with.
///
/// What cannot change: the address to listen on, where content and facts lie, and the drivers that
/// lead there.
///
/// ```
/// let running = config::Config::built_in();
/// let mut new = running.clone();
/// new.http.port = config::Port(9000);
/// new.http.realm = "registry".to_owned();
/// let reload = config::reload(&running, new);
/// assert_eq!(reload.applied, ["http.realm"]);
/// assert_eq!(reload.needs_restart, ["http.port"]);
/// assert_eq!(reload.config.http.port, running.http.port);
/// ```
pub fn reload(running: &Config, new: Config) -> Reload {
    let mut config = new;
    let needs_restart = keep(running, &mut config);
    let applied = changes(running, &config);
    Reload {
        config,
        applied,
        needs_restart,
    }
}

/// Takes old values over where they differ, and notes their keys.
macro_rules! keep {
    ($kept:ident, $at:expr, $old:expr, $new:expr; $($key:literal => $($field:ident).+,)*) => {
        $(
            if $old.$($field).+ != $new.$($field).+ {
                $new.$($field).+.clone_from(&$old.$($field).+);
                $kept.push(format!("{}{}", $at, $key));
            }
        )*
    };
}

fn keep(running: &Config, new: &mut Config) -> Vec<String> {
    let mut kept = Vec::new();
    keep! { kept, "", running, new;
        "http.address" => http.address,
        "http.port" => http.port,
        "http.auth.sessionDriver" => http.auth.session_driver,
        "storage.rootDirectory" => storage.root_directory,
        "storage.storageDriver" => storage.storage_driver,
        "storage.cacheDriver" => storage.cache_driver,
        "storage.remoteCache" => storage.remote_cache,
    }
    keep_routes(&running.storage, &mut new.storage, &mut kept);
    kept
}

/// Keeps the stores that there are, each where it lies.
fn keep_routes(running: &Storage, new: &mut Storage, kept: &mut Vec<String>) {
    let at = |route: &str| format!("storage.subPaths.{route}");
    let added: Vec<_> = new
        .sub_paths
        .iter()
        .map(|(route, _)| route.to_owned())
        .collect();
    for route in added {
        if running.sub_paths.get(&route).is_none() {
            new.sub_paths.remove(&route);
            kept.push(at(&route));
        }
    }
    for (route, old) in running.sub_paths.iter() {
        let asked = new.sub_paths.get(route).cloned();
        if asked.is_none() {
            kept.push(at(route));
        }
        let mut store = asked.unwrap_or_else(|| old.clone());
        keep_route(&at(route), old, &mut store, kept);
        new.sub_paths.insert(route, store);
    }
}

fn keep_route(at: &str, old: &SubPath, new: &mut SubPath, kept: &mut Vec<String>) {
    keep! { kept, at, old, new;
        ".rootDirectory" => root_directory,
        ".storageDriver" => storage_driver,
        ".cacheDriver" => cache_driver,
        ".remoteCache" => remote_cache,
    }
}

/// Lists the keys whose values differ.
fn changes(old: &Config, new: &Config) -> Vec<String> {
    let mut keys = Vec::new();
    compare(&old.to_masked_json(), &new.to_masked_json(), "", &mut keys);
    // Secrets look alike. Where nothing else has changed, their section is named.
    let (a, b) = (&old.http.auth, &new.http.auth);
    for (key, differs) in [
        ("http.auth.ldap", a.ldap != b.ldap),
        ("http.auth.openid", a.openid != b.openid),
        (
            "http.auth.sessionKeysFile",
            a.session_keys != b.session_keys,
        ),
        ("http", old.http != new.http),
        ("storage", old.storage != new.storage),
        ("extensions", old.extensions != new.extensions),
    ] {
        let is_told = keys.iter().any(|told| is_within(told, key));
        if differs && !is_told {
            keys.push(key.to_owned());
        }
    }
    keys
}

fn is_within(key: &str, section: &str) -> bool {
    let rest = key.strip_prefix(section);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn compare(old: &Json, new: &Json, at: &str, keys: &mut Vec<String>) {
    if old == new {
        return;
    }
    let empty = Map::new();
    let (old, new) = match (old, new) {
        (Json::Object(old), Json::Object(new)) => (old, new),
        // A section that comes or goes: what it holds is named.
        (Json::Object(old), Json::Null) if !old.is_empty() && !at.is_empty() => (old, &empty),
        (Json::Null, Json::Object(new)) if !new.is_empty() && !at.is_empty() => (&empty, new),
        _ => return keys.push(at.to_owned()),
    };
    let added = new.keys().filter(|key| !old.contains_key(*key));
    for key in old.keys().chain(added) {
        let within = if at.is_empty() {
            key.clone()
        } else {
            format!("{at}.{key}")
        };
        let value = |keys: &Map<String, Json>| keys.get(key).cloned().unwrap_or(Json::Null);
        compare(&value(old), &value(new), &within, keys);
    }
}

#[cfg(test)]
mod tests;
