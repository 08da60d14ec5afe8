//! A marker in every place that holds a secret, and none in the log.

use std::os::unix::fs::DirBuilderExt;

use config::{Format, parse};
use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::*;

const MARK: &str = "s3cr3tm4rk";

fn side_file(dir: &Path, name: &str, content: &Value) -> String {
    let path = dir.join(name);
    serde_json::to_writer(File::create(&path).unwrap(), content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A configuration all of whose secrets contain the marker.
fn config(dir: &Path) -> config::Config {
    let secret = |name: &str| format!("{MARK}-{name}");
    let ldap = side_file(
        dir,
        "ldap.json",
        &json!({"bindDN": "cn=r", "bindPassword": secret("ldap")}),
    );
    let openid = side_file(
        dir,
        "openid.json",
        &json!({"clientid": "id", "clientsecret": secret("openid")}),
    );
    let keys = side_file(
        dir,
        "keys.json",
        &json!({"hashKey": secret("hash"), "encryptKey": secret("encrypt")}),
    );
    let url = |scheme: &str| format!("{scheme}://user:{MARK}-{scheme}@host:6379/");
    let provider = |more: Value| {
        let mut provider = json!({"issuer": "https://i", "scopes": ["openid"]});
        let more = more.as_object().unwrap().clone();
        provider.as_object_mut().unwrap().extend(more);
        provider
    };
    let document = json!({
        "storage": {
            "rootDirectory": dir.join("root"),
            "storageDriver": {"name": "s3", "region": "r", "bucket": "b",
                "accesskey": secret("access"), "secretkey": secret("secret"),
                "sessiontoken": secret("session")},
            "cacheDriver": {"name": "redis", "url": url("redis"), "password": secret("redis")},
        },
        "http": {"auth": {
            "ldap": {"credentialsFile": ldap, "address": "h", "port": 389, "baseDN": "b",
                "userAttribute": "uid"},
            "openid": {"providers": {
                "oidc": provider(json!({"credentialsFile": openid})),
                "gitlab": provider(json!({"clientid": "id", "clientsecret": secret("gitlab")})),
            }},
            "sessionKeysFile": keys,
        }},
        "extensions": {
            "sync": {"downloadDir": dir, "registries": [{"urls": [url("https")], "onDemand": true}]},
            "events": {"enable": true, "sinks": [{
                "type": "http", "address": format!("{}?token={MARK}", url("https")),
                "proxy": url("http"), "headers": {"X-Key": secret("header")},
                "credentials": {"username": "u", "password": secret("event"), "token": secret("t")},
            }]},
        },
    });
    let text = document.to_string();
    let loaded = parse(text.as_bytes(), Format::Json, "test").unwrap();
    let mut config = loaded.config;
    // Not to be had together with keys of our own, but not shown either.
    config.http.auth.session_driver = config.storage.cache_driver.clone();
    config
}

#[test]
fn case_a03_secrets_of_the_configuration_are_not_logged() {
    let (dir, path, log) = log("debug");
    let folder = dir.path().join("side");
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .unwrap();
    let config = config(&folder);
    let ldap = config.http.auth.ldap.as_ref().unwrap();
    assert!(ldap.bind_password.expose().contains(MARK));
    let keys = config.http.auth.session_keys.as_ref().unwrap();
    assert!(keys.encrypt_key.expose().contains(MARK));
    within(&log, || {
        log.settings(&config.to_masked_json());
        tracing::debug!(?config, "whole");
        tracing::debug!(?config.http.auth, ?config.storage, ?config.extensions, "parts");
        tracing::debug!(?keys, ?ldap, password = %ldap.bind_password, "secrets");
        let mut new = config.clone();
        new.http.auth.openid = None;
        tracing::debug!(reload = ?config::reload(&config, new), "reload");
    });
    let lines = lines(&path);
    assert_eq!(lines.len(), 5);
    for line in lines {
        assert!(!line.to_string().contains(MARK), "{line}");
    }
}

#[test]
fn case_a03_secrets_of_requests_are_not_logged() {
    let mut headers = HeaderMap::new();
    for name in [
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-registry-auth",
        "x-api-key",
        "x-auth-token",
        "x-amz-security-token",
        "x-csrf-token",
        "x-goog-iap-jwt-assertion",
        "x-zot-session",
    ] {
        let name = HeaderName::from_static(name);
        headers.append(name.clone(), HeaderValue::from_static(MARK));
        headers.append(name, HeaderValue::from_static("Bearer s3cr3tm4rk"));
    }
    let (_dir, path, log) = log("debug");
    let audit_file = tempfile::NamedTempFile::new().unwrap();
    let audit = crate::audit::Audit::open(audit_file.path()).unwrap();
    let keys = "code state id_token access_token refresh_token token password apikey api_key \
                client_secret client_assertion X-Amz-Signature sig passw%6frd nonce";
    for key in keys.split_whitespace() {
        let target = format!("/zot/auth/callback/oidc?a=b&{key}={MARK}#{key}={MARK}");
        let referer = HeaderValue::from_str(&format!("https://r.example{target}")).unwrap();
        headers.insert("referer", referer);
        let peer = ([127, 0, 0, 1], 1).into();
        log.access(&Access {
            username: None,
            client: crate::client_address::Client::direct(peer),
            method: &Method::POST,
            path: &target,
            status: 200,
            latency: Duration::ZERO,
            body_size: 0,
            headers: &headers,
        });
        let asked = crate::audit::Asked {
            client: crate::client_address::Client::direct(peer),
            method: &Method::POST,
            object: &target,
            headers: &headers,
            who: &std::sync::OnceLock::new(),
        };
        drop(audit.watch(asked));
    }
    log.flush();
    audit.flush();
    for (path, count) in [(path.as_path(), 15), (audit_file.path(), 15)] {
        let lines = lines(path);
        assert_eq!(lines.len(), count);
        for line in lines {
            assert!(!line.to_string().contains(MARK), "{line}");
        }
    }
}
