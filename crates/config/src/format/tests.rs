use std::path::Path;

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::Format;

fn read(format: Format, text: &str) -> Result<Json, String> {
    format.read(text.as_bytes()).map(Json::Object)
}

#[test]
fn extensions_are_those_of_zot() {
    for (name, format) in [
        ("a.json", Format::Json),
        ("a.JSON", Format::Json),
        ("a.toml", Format::Toml),
        ("a.yaml", Format::Yaml),
        ("a.yml", Format::Yaml),
        ("a.properties", Format::Properties),
        ("a.props", Format::Properties),
        ("a.prop", Format::Properties),
        ("a.hcl", Format::Hcl),
        ("a.tfvars", Format::Hcl),
        ("a.dotenv", Format::Dotenv),
        ("a.env", Format::Dotenv),
        ("a.ini", Format::Ini),
        ("a.conf", Format::Guess),
        ("a", Format::Guess),
    ] {
        assert_eq!(Format::of(Path::new(name)), format, "{name}");
    }
}

#[test]
fn names_may_hold_dots() {
    let expected = json!({"a": {"b.c/**": {"x": "1"}}});
    assert_eq!(
        read(Format::Properties, "a::b.c/**::x=1").unwrap(),
        expected
    );
    assert_eq!(read(Format::Ini, "[a::b.c/**]\nx=1").unwrap(), expected);
    assert_eq!(read(Format::Dotenv, "a::b.c/**::x=1").unwrap(), expected);
}

#[test]
fn yaml_merges_and_takes_any_scalar_as_key() {
    let text = "base: &base {x: 1}\nmore:\n  <<: *base\n  8080: y\n";
    let expected = json!({"base": {"x": 1}, "more": {"8080": "y", "x": 1}});
    assert_eq!(read(Format::Yaml, text).unwrap(), expected);
}

#[test]
fn hcl_blocks_are_objects() {
    let text = "http {\n  port = 1\n}\nlist = [\"a\", \"b\"]\nsecret = \"$${env:X}\"\n";
    let expected = json!({"http": {"port": 1}, "list": ["a", "b"], "secret": "${env:X}"});
    assert_eq!(read(Format::Hcl, text).unwrap(), expected);
}

#[test]
fn values_keep_what_is_theirs() {
    for (format, text, value) in [
        (Format::Dotenv, r#"x="a # b\n\"c\"""#, "a # b\n\"c\""),
        (Format::Dotenv, "x='a\\n'", "a\\n"),
        (Format::Dotenv, "x=a#b # c", "a#b"),
        (Format::Ini, "x = a = b : c", "a = b : c"),
        (Format::Ini, "x: http://a", "http://a"),
        (Format::Properties, r"x=a\tb\u0041\\", "a\tbA\\"),
        (Format::Properties, "x http://a", "http://a"),
    ] {
        assert_eq!(read(format, text).unwrap(), json!({"x": value}), "{text}");
    }
}

#[test]
fn faults_name_their_line() {
    for (format, text, message) in [
        (Format::Json, "{", "line 1"),
        (Format::Toml, "a =", "line 1"),
        (Format::Yaml, "a: [", "line 2"),
        (Format::Hcl, "a = ", "line 1"),
        (
            Format::Ini,
            "[a",
            "line 1: a section has no closing bracket",
        ),
        (
            Format::Ini,
            "\n[a]\nb",
            "line 3: neither a section nor a key with a value",
        ),
        (Format::Dotenv, "a", "line 1: not a key with a value"),
        (Format::Dotenv, "a=\"b", "line 1: a quote is not closed"),
        (Format::Properties, "a=\\u00", "line 1: a bad escape"),
        (Format::Properties, "a=\\", "the last line goes on"),
        (
            Format::Properties,
            "a=1\na.b=2",
            "line 2: a key has a value and keys below it",
        ),
        (
            Format::Properties,
            "a.b=2\na=1",
            "line 2: a key has a value and keys below it",
        ),
        (Format::Properties, "a..b=1", "line 1: a key is empty"),
        (Format::Json, "\u{feff}[1]", "not a set of keys and values"),
    ] {
        let error = read(format, text).unwrap_err();
        assert!(error.contains(message), "{format:?} {text:?}: {error}");
    }
    assert!(Format::Json.read(&[0xff, 0xfe]).is_err());
    assert_eq!(read(Format::Yaml, "# nothing\n"), Ok(json!({})));
}

#[test]
fn case_a03_syntax_errors_quote_nothing() {
    for (format, text) in [
        (Format::Json, "{\"a\": \"marker\", \"b\": marker\"}"),
        (Format::Toml, "a = 'marker"),
        (Format::Toml, "a = marker"),
        (Format::Toml, "a = 1\na = 'marker'"),
        (Format::Yaml, "a: \"marker"),
        (Format::Yaml, "a: 'marker' marker"),
        (Format::Yaml, "a: marker: marker"),
        (Format::Hcl, "a = \"marker"),
        (Format::Hcl, "a = \"marker\" marker"),
        (Format::Ini, "[a]\nmarker"),
        (Format::Dotenv, "marker"),
        (Format::Dotenv, "a=\"marker"),
        (Format::Properties, "a=marker\\u00"),
        (Format::Guess, "marker\\"),
    ] {
        let error = read(format, text).unwrap_err();
        assert!(!error.contains("marker"), "{format:?}: {error}");
    }
}

/// Documents of objects, lists and scalars that every structured format can hold.
fn documents() -> impl Strategy<Value = Json> {
    let scalar = prop_oneof![
        any::<bool>().prop_map(Json::from),
        (0_i64..1_000_000).prop_map(Json::from),
        "[a-zA-Z0-9 :/.#'\"-]{0,12}".prop_map(Json::from),
    ];
    let key = "[a-z][a-zA-Z0-9]{0,8}";
    let value = scalar.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec("[a-z]{1,4}".prop_map(Json::from), 0..4).prop_map(Json::from),
            prop::collection::btree_map(key, inner, 1..4)
                .prop_map(|keys| Json::Object(keys.into_iter().collect::<Map<_, _>>())),
        ]
    });
    prop::collection::btree_map(key, value, 1..4)
        .prop_map(|keys| Json::Object(keys.into_iter().collect::<Map<_, _>>()))
}

proptest! {
    #[test]
    fn structured_formats_hold_the_same(document in documents()) {
        let yaml = serde_yaml_ng::to_string(&document).unwrap();
        prop_assert_eq!(read(Format::Yaml, &yaml).unwrap(), document.clone());
        let toml = toml::to_string(&document).unwrap();
        prop_assert_eq!(read(Format::Toml, &toml).unwrap(), document.clone());
        prop_assert_eq!(read(Format::Json, &document.to_string()).unwrap(), document.clone());
        let hcl = hcl::to_string(&document).unwrap();
        prop_assert_eq!(read(Format::Hcl, &hcl).unwrap(), document);
    }

    #[test]
    fn any_text_is_answered(text in "[ -~\\n]{0,80}") {
        for format in super::ALL {
            let _ = read(format, &text);
        }
        let _ = read(Format::Guess, &text);
    }
}
