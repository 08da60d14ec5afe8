use serde_json::json;

use super::*;
use crate::config::Config;
use crate::storage::KeepTags;

#[test]
fn a_fault_names_the_way_to_its_value() {
    for (value, key, text) in [
        (json!([]), "", "expected an object, got a list"),
        (
            json!({"http": null}),
            "http",
            "expected an object, got null",
        ),
        (
            json!({"log": {"level": 3}}),
            "log.level",
            "expected a text, got a number",
        ),
        (
            json!({"http": {"auth": {"bearer": {"oidc": [{}, {"audiences": "a"}]}}}}),
            "http.auth.bearer.oidc.1.audiences",
            "expected a list, got a text",
        ),
        (
            json!({"storage": {"subPaths": {"/a": {"gc": "yes"}}}}),
            "storage.subPaths./a.gc",
            "expected true or false, got a text",
        ),
        (
            json!({"http": {"port": 65536}}),
            "http.port",
            "expected a small whole number, got a number",
        ),
        (
            json!({"storage": {"gcDelay": {"secs": 1, "nanos": 4_294_967_296_u64}}}),
            "storage.gcDelay",
            "expected a duration, got an object",
        ),
        (
            json!({"http": {"auth": {"sessionKeysFile": true}}}),
            "http.auth.sessionKeysFile",
            "expected a text, got a boolean",
        ),
    ] {
        let (key, text) = (key.to_owned(), text.to_owned());
        assert_eq!(Config::decode(value), Err(Fault { key, text }));
    }
}

#[test]
fn absent_keys_are_those_of_the_section_itself() {
    let given = json!({"patterns": ["v.*"], "pulledWithin": {"secs": 2, "nanos": 5}});
    let expected = KeepTags {
        patterns: vec!["v.*".to_owned()],
        pulled_within: Some(Duration::new(2, 5)),
        ..KeepTags::default()
    };
    assert_eq!(KeepTags::decode(given), Ok(expected));
    assert_eq!(Config::decode(json!({})), Ok(Config::default()));
    let none = json!({"pulledWithin": null});
    assert_eq!(KeepTags::decode(none), Ok(KeepTags::default()));
}
