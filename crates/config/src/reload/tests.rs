use serde_json::json;

use super::*;
use crate::driver::Driver;
use crate::samples::config;
use crate::secret::Secret;

fn base() -> Json {
    json!({
        "storage": {"rootDirectory": "/srv", "subPaths": {"/a": {"rootDirectory": "/a", "gc": true}}},
        "http": {"auth": {"htpasswd": {"path": "/users"}}},
    })
}

/// The base with a value at a path.
fn with(path: &str, value: Json) -> Json {
    let mut document = base();
    let mut place = &mut document;
    for key in path.split('.') {
        place = &mut place[key];
    }
    *place = value;
    document
}

fn reloaded(new: &Json) -> Reload {
    reload(&config(&base().to_string()), config(&new.to_string()))
}

#[test]
fn the_same_is_no_change() {
    let reload = reloaded(&base());
    assert!(!reload.is_change());
    assert_eq!((reload.applied.len(), reload.needs_restart.len()), (0, 0));
    assert_eq!(reload.config, config(&base().to_string()));
}

#[test]
fn nearly_all_takes_effect() {
    let policy = json!({"repositories": {"**": {"anonymousPolicy": ["read"]}}});
    let table = [
        ("http.realm", json!("r"), "http.realm"),
        ("http.auth.failDelay", json!(5), "http.auth.failDelay"),
        (
            "http.auth.htpasswd.path",
            json!("/other"),
            "http.auth.htpasswd.path",
        ),
        ("http.auth.htpasswd", json!({}), "http.auth.htpasswd.path"),
        (
            "http.tls",
            json!({"cert": "c", "key": "k"}),
            "http.tls.cert",
        ),
        ("http.readTimeout", json!("5s"), "http.readTimeout"),
        (
            "http.trustedProxies",
            json!(["10.0.0.0/8"]),
            "http.trustedProxies",
        ),
        ("http.ratelimit", json!({"rate": 5}), "http.ratelimit.rate"),
        (
            "http.accessControl",
            policy,
            "http.accessControl.repositories",
        ),
        ("storage.maxRepos", json!(3), "storage.maxRepos"),
        ("storage.dedupe", json!(false), "storage.dedupe"),
        ("storage.gcInterval", json!("2h"), "storage.gcInterval"),
        (
            "storage.subPaths./a.gcDelay",
            json!("3h"),
            "storage.subPaths./a.gcDelay",
        ),
        ("log.level", json!("error"), "log.level"),
        ("log.audit", json!("/audit"), "log.audit"),
        (
            "extensions.lint",
            json!({"enable": true}),
            "extensions.lint.enable",
        ),
    ];
    for (path, value, key) in table {
        let new = with(path, value);
        let reload = reloaded(&new);
        let told = reload
            .applied
            .iter()
            .any(|applied| applied.starts_with(key));
        assert!(told, "{path}: {:?}", reload.applied);
        assert_eq!(reload.needs_restart, [""; 0], "{path}");
        assert_eq!(reload.config, config(&new.to_string()), "{path}");
    }
}

#[test]
fn addresses_roots_and_drivers_stay_until_the_next_start() {
    type Change = fn(&mut Config);
    let table: [(Change, &str); 9] = [
        (
            |new| new.http.address = "0.0.0.0".to_owned(),
            "http.address",
        ),
        (|new| new.http.port.0 = 9, "http.port"),
        (
            |new| new.http.auth.session_driver = Some(redis()),
            "http.auth.sessionDriver",
        ),
        (
            |new| new.storage.root_directory = Some("/other".into()),
            "storage.rootDirectory",
        ),
        (
            |new| {
                new.storage.storage_driver = Some(redis());
                new.storage.remote_cache = true;
            },
            "storage.storageDriver storage.remoteCache",
        ),
        (
            |new| new.storage.cache_driver = Some(redis()),
            "storage.cacheDriver",
        ),
        (
            |new| new.storage.sub_paths.insert("/b", SubPath::default()),
            "storage.subPaths./b",
        ),
        (
            |new| drop(new.storage.sub_paths.remove("/a")),
            "storage.subPaths./a",
        ),
        (
            |new| route_a(new).root_directory = None,
            "storage.subPaths./a.rootDirectory",
        ),
    ];
    let running = config(&base().to_string());
    for (change, keys) in table {
        let mut new = running.clone();
        change(&mut new);
        // What may change does so all the same.
        new.http.realm = "r".to_owned();
        let reload = reload(&running, new);
        assert_eq!(reload.needs_restart.join(" "), keys);
        assert_eq!(reload.applied, ["http.realm"], "{keys}");
        let mut expected = running.clone();
        expected.http.realm = "r".to_owned();
        assert_eq!(reload.config, expected, "{keys}");
    }
}

fn redis() -> Driver {
    let pairs = [("name".to_owned(), json!("redis"))];
    pairs.into_iter().collect()
}

fn route_a(config: &mut Config) -> &mut SubPath {
    let mut routes = config.storage.sub_paths.iter_mut();
    routes.next().unwrap().1
}

#[test]
fn changed_secrets_are_told_without_being_shown() {
    let openid = json!({"providers": {"oidc": {
        "clientid": "id", "clientsecret": "marker", "issuer": "i", "scopes": ["s"],
    }}});
    let running = config(&with("http.auth.openid", openid).to_string());
    let mut new = running.clone();
    new.http.auth.session_keys = Some(crate::auth::SessionKeys::default());
    let providers = &mut new.http.auth.openid.as_mut().unwrap().providers;
    for (_, provider) in providers.iter_mut() {
        provider.client_secret = Secret::new("marker2");
    }
    let reload = reload(&running, new);
    assert_eq!(
        reload.applied,
        ["http.auth.openid", "http.auth.sessionKeysFile"]
    );
    assert!(!format!("{reload:?}").contains("marker"));

    let running = config(&with("http.externalUrl", json!("https://u:marker@h")).to_string());
    let mut new = running.clone();
    new.http.external_url = "https://u:other@h".to_owned();
    assert_eq!(super::reload(&running, new).applied, ["http"]);
}
