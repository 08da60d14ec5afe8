use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::Environment;
use crate::samples::{config, json, refusal, warnings};

#[test]
fn keys_match_in_any_case() {
    for key in [
        "rootDirectory",
        "rootdirectory",
        "ROOTDIRECTORY",
        "RootDirectory",
    ] {
        let text = json!({"STORAGE": {key: "/srv"}}).to_string();
        assert_eq!(
            config(&text).storage.root_directory.unwrap().to_str(),
            Some("/srv")
        );
    }
}

#[test]
fn values_are_weakly_typed() {
    for (storage, http) in [
        (
            json!({"dedupe": false, "maxRepos": 3}),
            json!({"port": 5000, "compat": ["a", "b"]}),
        ),
        (
            json!({"dedupe": "false", "maxRepos": "3"}),
            json!({"port": "5000", "compat": "a,b"}),
        ),
        (
            json!({"dedupe": 0, "maxRepos": 3.0}),
            json!({"port": 5000.0, "compat": {"1": "b", "0": "a"}}),
        ),
        (
            json!({"dedupe": "F", "maxRepos": "0x3"}),
            json!({"port": "5000", "compat": " a , b "}),
        ),
        (
            json!({"dedupe": "", "maxRepos": "0b11"}),
            json!({"port": 5000, "compat": ["a", null, "b"]}),
        ),
    ] {
        let config = config(&json!({"storage": storage, "http": http}).to_string());
        assert_eq!(
            (config.storage.dedupe, config.storage.max_repos),
            (false, 3),
            "{storage}"
        );
        assert_eq!(
            (config.http.port.0, config.http.compat.join(" ")),
            (5000, "a b".to_owned())
        );
    }
}

#[test]
fn a_flag_may_be_a_word() {
    for word in ["true", "TRUE", "t", "1"] {
        let text = json!({"extensions": {"search": {"enable": word}}}).to_string();
        assert!(config(&text).extensions.unwrap().search.unwrap().enable);
    }
    let text = refusal(r#"{"extensions": {"search": {"enable": "yes"}}}"#);
    assert!(
        text.contains("'Extensions.Search.Enable' expected true or false"),
        "{text}"
    );
}

#[test]
fn a_list_is_not_split_within_brackets() {
    let text = r#"{"extensions": {"lint": {"rules": {"repositories": "{a,b}/**,c"}}}}"#;
    let lint = config(text).extensions.unwrap().lint.unwrap();
    assert_eq!(lint.rules[0].repositories, ["{a,b}/**", "c"]);
}

#[test]
fn null_is_absent_and_blank_paths_are_none() {
    let text = r#"{"storage": null, "http": {"port": null}, "log": {"output": ""}, "extensions": {"ui": null}}"#;
    let config = config(text);
    assert_eq!((config.http.port.0, config.log.output), (8080, None));
    assert!(config.extensions.unwrap().ui.is_none());
}

#[test]
fn wrong_types_are_refused_without_showing_the_value() {
    for (text, message) in [
        (
            r#"{"storage": "marker"}"#,
            "'Storage' expected an object, got a text that does not fit (key storage)",
        ),
        (
            r#"{"storage": ["marker"]}"#,
            "'Storage' expected an object, got a list",
        ),
        (
            r#"{"http": {"realm": {"marker": 1}}}"#,
            "'HTTP.Realm' expected a string, got an object",
        ),
        (
            r#"{"storage": {"maxRepos": -1}}"#,
            "'Storage.MaxRepos' expected a whole number that is not negative",
        ),
        (
            r#"{"storage": {"maxRepos": "marker"}}"#,
            "(key storage.maxRepos)",
        ),
        (
            r#"{"http": {"auth": {"ldap": {"port": 70000}}}}"#,
            "'HTTP.Auth.LDAP.Port' expected",
        ),
        (
            r#"{"storage": {"gcDelay": ["marker"]}}"#,
            "'Storage.GCDelay' expected a duration, got a list",
        ),
        (
            r#"{"storage": {"subPaths": {"/a": {"gc": "marker"}}}}"#,
            "(key storage.subPaths[/a].gc)",
        ),
        (
            r#"{"extensions": {"sync": {"registries": [{"reqPerSec": "marker"}]}}}"#,
            "(key extensions.sync.registries[0].reqPerSec)",
        ),
    ] {
        let got = refusal(text);
        assert!(got.contains(message) && !got.contains("marker"), "{got}");
    }
}

#[test]
fn unknown_keys_are_all_named_with_the_nearest_one() {
    let text = refusal(
        r#"{"htpp": {}, "zzz": 1, "http": {"prot": 1, "auth": {"htpaswd": {}}}, "dedupe": true}"#,
    );
    for part in [
        "'config.Config' has invalid keys: dedupe, htpp, zzz (",
        "htpp: did you mean http?",
        "dedupe: did you mean storage.dedupe?",
        "zzz: the keys here are distSpecVersion, ",
        "'HTTP' has invalid keys: prot (http.prot: did you mean http.port?)",
        "'HTTP.Auth' has invalid keys: htpaswd (http.auth.htpaswd: did you mean http.auth.htpasswd?)",
    ] {
        assert!(text.contains(part), "{text}\n{part}");
    }
}

#[test]
fn sinks_tolerate_unknown_keys() {
    let sink = r#"{"type": "http", "address": "a", "colour": "red", "credentials": {"x": 1}}"#;
    json(&format!(
        r#"{{"extensions": {{"events": {{"enable": true, "sinks": [{sink}]}}}}}}"#
    ))
    .unwrap();
}

#[test]
fn names_are_kept_and_found_in_any_case() {
    let text = r#"{"http": {"auth": {"htpasswd": {"path": "x"}}, "accessControl": {
        "groups": {"Devs": {"users": ["alice"]}},
        "repositories": {"Team/**": {"policies": [{"groups": ["devs"], "actions": ["read"]}]}}}}}"#;
    let access = config(text).http.access_control.unwrap();
    for name in ["devs", "Devs", "DEVS"] {
        assert_eq!(access.groups.find(name).unwrap().0, "Devs");
    }
    assert_eq!(access.groups_of("alice").collect::<Vec<_>>(), ["Devs"]);
    let globs: Vec<String> = access.globs().map(|(glob, _)| glob).collect();
    assert_eq!(globs, ["team/**"]);
    assert!(
        access
            .repositories
            .find("team/**")
            .is_some_and(|(name, _)| name == "Team/**")
    );
}

#[test]
fn a_key_in_two_spellings_must_say_the_same() {
    json(r#"{"http": {"port": 1, "PORT": "1"}}"#).unwrap();
    let text = refusal(r#"{"http": {"port": 1, "PORT": 2}}"#);
    assert!(
        text.contains("'HTTP.Port' is given more than once"),
        "{text}"
    );
    let text = refusal(r#"{"storage": {"subPaths": {"/A": {"gc": true}, "/a": {}}}}"#);
    assert!(
        text.contains("'Storage.SubPaths[/a]' is given more than once"),
        "{text}"
    );
}

#[test]
fn durations_without_unit_are_nanoseconds_with_a_warning() {
    let text = r#"{"storage": {"gcDelay": 1500000000}}"#;
    assert_eq!(config(text).storage.gc_delay, Duration::from_millis(1500));
    let expected = "a duration without a unit counts nanoseconds, write it as text such as \"1h\" \
                    key=storage.gcDelay value=1500000000";
    assert_eq!(warnings(text), [expected]);
    assert!(warnings(r#"{"storage": {"gcInterval": 0}}"#).is_empty());
    let text = refusal(r#"{"storage": {"gcDelay": "1500000000"}}"#);
    assert!(text.contains("time: missing unit in duration"), "{text}");
}

#[test]
fn negative_durations_are_refused_where_zot_refuses_them() {
    let registry = r#"{"urls": ["https://a"], "onDemand": true, "manifestCheckInterval": "-1s"}"#;
    for (text, message) in [
        (
            r#"{"storage": {"gcInterval": -1}}"#,
            "invalid garbage-collect interval specified -1ns",
        ),
        (
            r#"{"storage": {"subPaths": {"/a": {"gc": true, "gcDelay": "-1s"}}}}"#,
            "invalid GC delay configuration - cannot be negative or zero: -1s",
        ),
        (
            &format!(r#"{{"extensions": {{"sync": {{"registries": [{registry}]}}}}}}"#),
            "manifestCheckInterval cannot be negative",
        ),
        (
            r#"{"http": {"auth": {"bearer": {"awsSecretsManager": {"refreshInterval": "-1s"}}}}}"#,
            "awsSecretsManager refreshInterval must be non-negative",
        ),
    ] {
        assert!(
            refusal(text).starts_with(&format!("invalid server config: {message}")),
            "{}",
            refusal(text)
        );
    }
    let text = r#"{"http": {"readTimeout": "-1s"}}"#;
    assert_eq!(config(text).http.read_timeout, Some(Duration::ZERO));
}

#[test]
fn placeholders_are_replaced() {
    let base = tempfile::tempdir().unwrap();
    #[expect(clippy::disallowed_methods, reason = "test data")]
    std::fs::write(base.path().join("secret"), "from a file\n").unwrap();
    let environment = Environment {
        base: base.path().to_owned(),
    };
    let manifest_dir = env!("CARGO_MANIFEST_DIR");
    for (text, expected) in [
        ("plain", Ok("plain")),
        ("${file:secret}", Ok("from a file")),
        (
            "<${file:secret}|${file:secret}>",
            Ok("<from a file|from a file>"),
        ),
        ("${env:CARGO_MANIFEST_DIR}", Ok(manifest_dir)),
        ("$${file:secret}", Ok("${file:secret}")),
        ("${other} ${", Ok("${other} ${")),
        (
            "${env:HOLDFAST_NOT_SET}",
            Err("needs the variable HOLDFAST_NOT_SET, which is not set"),
        ),
        (
            "${file:gone}",
            Err("needs the file gone: No such file or directory (os error 2)"),
        ),
        (
            "${file:secret",
            Err("has a placeholder without a closing brace"),
        ),
    ] {
        let got = environment.expand(text.to_owned());
        assert_eq!(got.as_deref().map_err(String::as_str), expected);
    }
    let config = config(
        r#"{"http": {"realm": "${env:CARGO_PKG_NAME}", "port": "80${env:CARGO_PKG_VERSION_MAJOR}"}}"#,
    );
    assert_eq!(
        (config.http.realm.as_str(), config.http.port.0),
        ("config", 800)
    );
    let text = refusal(
        r#"{"storage": {"storageDriver": {"name": "s3", "secretkey": "${env:HOLDFAST_NOT_SET}"}}}"#,
    );
    assert!(
        text.contains("(key storage.storageDriver[secretkey])"),
        "{text}"
    );
}

proptest! {
    #[test]
    fn any_document_is_answered(text in "[a-z{}\":,\\[\\] 0-9]{0,60}") {
        let _ = json(&text);
    }

    #[test]
    fn any_value_is_answered(section in "(http|storage|log|extensions)", key in "[a-zA-Z]{1,12}", value in "[^\"\\\\]{0,20}") {
        let _ = json(&json!({section: {key: value}}).to_string());
    }

    #[test]
    fn text_without_placeholders_stays(text in "[^$]{0,60}") {
        prop_assert_eq!(Environment::default().expand(text.clone()), Ok(text));
    }
}
