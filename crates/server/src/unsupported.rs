//! What a configuration asks for and this build does not do.
//!
//! A server that left a guard out would serve what its owner believes to be guarded, so it must not
//! start. What is merely not done costs a warning each.

use config::{Config, Driver, Storage};

/// Lists what the configuration asks for and what would be unsafe to leave out.
///
/// Each entry is a sentence with the key in question. The server must not start unless the list is
/// empty; checking a file is another matter, since the file itself may be right.
pub fn unsupported(config: &Config) -> Vec<String> {
    let asked = [(config.cluster.is_some(), "a cluster of servers", "cluster")];
    let asked = asked.into_iter().filter(|(asked, ..)| *asked);
    let mut list: Vec<_> = asked.map(|(_, what, key)| sentence(what, key)).collect();
    list.extend(remote(&config.storage));
    list
}

/// Lists what the configuration asks for and what is harmless to leave out; each is worth a warning.
pub fn ignored(config: &Config) -> Vec<String> {
    let storage = &config.storage;
    let any = |has: fn(&config::SubPath) -> bool| storage.sub_paths.iter().any(|(_, sub)| has(sub));
    let collect = storage.gc || any(|sub| sub.gc);
    let retain =
        !storage.retention.policies.is_empty() || any(|sub| !sub.retention.policies.is_empty());
    let cache = storage.cache_driver.is_some() && !storage.remote_cache;
    let asked = [
        (collect, "garbage collection", "storage.gc"),
        (retain, "retention", "storage.retention"),
        (cache, "a remote cache", "storage.cacheDriver"),
    ];
    let asked = asked.into_iter().filter(|(asked, ..)| *asked);
    asked.map(|(_, what, key)| sentence(what, key)).collect()
}

/// Remote drivers, of every store. Without them content and locks would go to other places.
fn remote(storage: &Storage) -> Vec<String> {
    let cached = storage
        .cache_driver
        .as_ref()
        .filter(|_| storage.remote_cache);
    let mut list = Vec::new();
    list.extend(driver(
        storage.storage_driver.as_ref(),
        "storage.storageDriver",
    ));
    list.extend(driver(cached, "storage.cacheDriver"));
    for (route, sub) in storage.sub_paths.iter() {
        let key = |name| format!("storage.subPaths.{route}.{name}");
        let cached = sub.cache_driver.as_ref().filter(|_| sub.remote_cache);
        list.extend(driver(sub.storage_driver.as_ref(), &key("storageDriver")));
        list.extend(driver(cached, &key("cacheDriver")));
    }
    list
}

fn driver(driver: Option<&Driver>, key: &str) -> Option<String> {
    driver.map(|driver| sentence(&format!("the driver {}", driver.name()), key))
}

fn sentence(what: &str, key: &str) -> String {
    format!("{what} is not supported by this build ({key})")
}

#[cfg(test)]
mod tests {
    use config::{Format, parse};

    use super::*;

    fn read(text: &str) -> Config {
        let text = format!(r#"{{"storage":{{"rootDirectory":"/srv/r"}},{text}}}"#);
        parse(text.as_bytes(), Format::Json, "test").unwrap().config
    }

    #[test]
    fn a_plain_configuration_is_supported() {
        assert_eq!(unsupported(&Config::built_in()), Vec::<String>::new());
        let config = read(r#""http":{"allowOrigin":"x","compat":["docker2s2"],"tls":{}}"#);
        assert_eq!(unsupported(&config), Vec::<String>::new());
    }

    #[test]
    fn guards_are_never_left_out() {
        let table = [(
            r#""cluster":{"members":["a:1"],"hashKey":"0123456789abcdef"}"#,
            "cluster",
        )];
        for (text, key) in table {
            let list = unsupported(&read(text));
            assert_eq!(list.len(), 1, "{list:?}");
            let message = list.first().unwrap();
            let end = format!("is not supported by this build ({key})");
            assert!(message.ends_with(&end), "{message}");
        }
    }

    #[test]
    fn stores_elsewhere_are_never_taken_for_local_ones() {
        let mut config = Config::built_in();
        let named = |name: &str| {
            let pairs = [("name".to_owned(), serde_json::json!(name))];
            Some(pairs.into_iter().collect::<Driver>())
        };
        config.storage.storage_driver = named("s3");
        config.storage.cache_driver = named("redis");
        let text = unsupported(&config).join("\n");
        assert!(text.contains("the driver s3"), "{text}");
        assert!(!text.contains("redis"), "{text}");
        assert!(
            ignored(&config)
                .iter()
                .any(|line| line.contains("storage.cacheDriver"))
        );
        config.storage.remote_cache = true;
        let text = unsupported(&config).join("\n");
        assert!(text.contains("the driver redis"), "{text}");
    }

    #[test]
    fn what_is_not_done_is_said() {
        let mut config = Config::built_in();
        assert_eq!(ignored(&config).len(), 1);
        config.storage.gc = false;
        assert_eq!(ignored(&config), Vec::<String>::new());
    }
}
