use serde_json::{Value as Json, json};

use crate::config::Config;
use crate::load::load_from;
use crate::samples::{config, shared};

/// Every place that may hold a secret holds the marker.
fn full_of_markers() -> Json {
    json!({
        "storage": {
            "rootDirectory": "/srv",
            "storageDriver": {
                "name": "s3", "accesskey": "marker", "secretKey": "marker", "sessiontoken": "marker",
                "accountkey": "marker", "connectionString": "marker", "keyfile": "/gcs.json",
                "credentials": {"type": "client_secret", "secret": "marker", "private_key": "marker"},
            },
            "cacheDriver": {
                "name": "redis", "url": "redis://user:marker@host:6379/?addr=a", "password": "marker",
                "sentinel_password": "marker", "addr": ["redis://user:marker@host:6379"],
            },
        },
        "http": {
            "externalUrl": "https://user:marker@registry.example.org/x",
            "auth": {
                "sessionDriver": {"name": "redis", "password": "marker"},
                "openid": {"providers": {"oidc": {
                    "clientid": "id", "clientsecret": "marker", "issuer": "i", "scopes": ["s"],
                }}},
            },
        },
        "extensions": {
            "sync": {"downloadDir": "/tmp", "registries": [{"urls": ["https://user:marker@up.example.org"]}]},
            "events": {"enable": true, "sinks": [{
                "type": "http", "address": "https://user:marker@sink.example.org/?access_token=marker&a=b",
                "proxy": "http://user:marker@proxy:3128", "headers": {"X-Token": "marker"},
                "credentials": {"username": "u", "password": "marker", "token": "marker"},
            }]},
        },
    })
}

#[test]
fn case_a03_no_secret_is_shown() {
    let config = config(&full_of_markers().to_string());
    let shown = config.to_masked_json().to_string();
    assert!(!shown.contains("marker"), "{shown}");
    for kept in [
        "redis://******@host:6379/?addr=a",
        "https://******@sink.example.org/?access_token=******&a=b",
        "/gcs.json",
        "client_secret",
    ] {
        assert!(shown.contains(kept), "{kept} is gone: {shown}");
    }
    assert_eq!(
        config
            .http
            .auth
            .openid
            .unwrap()
            .providers
            .get("oidc")
            .unwrap()
            .client_secret
            .expose(),
        "marker"
    );
}

#[test]
fn case_a03_debug_output_of_typed_secrets_is_masked() {
    let config = config(&full_of_markers().to_string());
    let whole = format!("{config:?}{config:#?}");
    assert!(!whole.contains("marker"), "{whole}");
    let typed = format!(
        "{:?}{:?}",
        config.http.auth.openid,
        config.extensions.unwrap().events.unwrap().sinks[0].headers
    );
    assert!(!typed.contains("marker"), "{typed}");
    let drivers = format!("{:?}{:?}", config.storage, config.http.auth.session_driver);
    assert!(!drivers.contains("marker"), "{drivers}");
}

#[test]
fn keys_are_those_of_zot() {
    let shown = Config::default().to_masked_json();
    assert_eq!(shown["storage"]["gcDelay"], "1h0m0s");
    assert_eq!(shown["storage"]["redirectBlobURL"], false);
    assert_eq!(shown["http"]["port"], 8080);
    assert_eq!(shown["http"]["readTimeout"], Json::Null);
    assert_eq!(shown["log"]["level"], "debug");
}

/// What is shown of a configuration reads back as the same one, but for its secrets and their
/// files.
#[test]
fn a_dump_reads_back() {
    let Some(examples) = shared("zot-examples") else {
        return;
    };
    for name in [
        "config-retention.json",
        "config-sync.json",
        "config-policy.json",
        "config-s3.json",
    ] {
        let loaded = load_from(&examples.join(name), &crate::fold::Environment::default()).unwrap();
        let shown = loaded.config.to_masked_json();
        assert_eq!(config(&shown.to_string()), loaded.config, "{name}");
    }
}
