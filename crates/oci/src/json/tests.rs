use proptest::prelude::*;

use super::*;

fn verdict(text: &str) -> Result<(), JsonError> {
    check(text.as_bytes(), Limits::MANIFEST)
}

#[test]
fn sound_text_passes() {
    let table = [
        "null",
        "true",
        " false\n",
        "0",
        "-0.5e-10",
        "1E+9",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        r#""""#,
        r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#,
        "\"\u{e9}\u{1f600}\u{7f}\"",
        "[1, [2, [3]], {\"a\": [4]}]",
        "\r\n\t {\"a\" : 1 , \"b\" : { \"a\" : 1 } } ",
        r#"{"a":{"a":{"a":{}}},"b":[{"a":1},{"a":2}]}"#,
        r#"{"":1,"A":2,"a":3}"#,
    ];
    for text in table {
        assert_eq!(verdict(text), Ok(()), "{text}");
    }
}

#[test]
fn faults_are_placed() {
    let syntax = |expected, offset| Err(JsonError::Syntax { expected, offset });
    let trailing = |offset| Err(JsonError::TrailingData { offset });
    let table = [
        ("", Err(JsonError::Empty)),
        (" \n", Err(JsonError::Empty)),
        ("nul", syntax("a value", 0)),
        ("[1,]", syntax("a value", 3)),
        ("[,1]", syntax("a value", 1)),
        ("[1 2]", syntax("a comma or the end of the list", 3)),
        ("[1}", syntax("a comma or the end of the list", 2)),
        ("[", syntax("a value", 1)),
        ("{", syntax("a string", 1)),
        ("{a:1}", syntax("a string", 1)),
        ("{1:1}", syntax("a string", 1)),
        (r#"{"a"}"#, syntax("a colon", 4)),
        (r#"{"a":}"#, syntax("a value", 5)),
        (r#"{"a":1,}"#, syntax("a string", 7)),
        (r#"{"a":1]"#, syntax("a comma or the end of the object", 6)),
        (r#""a"#, syntax("the end of the string", 2)),
        ("\"a\nb\"", syntax("the end of the string", 2)),
        (r#""\x""#, syntax("an escape", 2)),
        (r#""\"#, syntax("an escape", 2)),
        (r#""\u12g4""#, syntax("a hex digit", 5)),
        ("-", syntax("a digit", 1)),
        ("+1", syntax("a value", 0)),
        ("1.", syntax("a digit", 2)),
        ("1e", syntax("a digit", 2)),
        ("01", trailing(1)),
        ("1 2", trailing(2)),
        ("{},", trailing(2)),
        ("{}}", trailing(2)),
        ("nulll", trailing(4)),
        ("\u{feff}{}", syntax("a value", 0)),
    ];
    for (text, want) in table {
        assert_eq!(verdict(text), want, "{text}");
    }
}

#[test]
fn lone_surrogates_are_refused() {
    for text in [
        r#""\ud800""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\ud800""#,
        r#""\ud800\u0041""#,
        r#""\udc00\ud800""#,
        r#"{"\udc00":1}"#,
    ] {
        let is_syntax = matches!(verdict(text), Err(JsonError::Syntax { .. }));
        assert!(is_syntax, "{text}");
    }
}

#[test]
fn bytes_must_be_utf8() {
    let table: [(&[u8], usize); 4] = [
        (b"\"\xff\"", 1),
        (b"\"a\xc3", 2),
        (b"\"\xed\xa0\x80\"", 1),
        (b"{\"a\xc0\xaf\":1}", 3),
    ];
    for (raw, offset) in table {
        assert_eq!(
            check(raw, Limits::MANIFEST),
            Err(JsonError::NotUtf8 { offset }),
            "{raw:?}"
        );
    }
}

#[test]
fn case_a21_duplicate_keys_are_refused_wherever_they_are() {
    let table = [
        (r#"{"a":1,"a":1}"#, "a", 7),
        (r#"{"a":1,"b":2,"\u0061":3}"#, "\\u0061", 13),
        (r#"{"\u0061":1,"a":3}"#, "a", 12),
        (r#"[0,{"x":[{"a":1,"a":2}]}]"#, "[1].x[0].a", 16),
        (r#"{"a":{"b":1},"a":{}}"#, "a", 13),
        (r#"{"é":1,"\u00e9":1}"#, "\\u00e9", 8),
    ];
    for (text, path, offset) in table {
        let want = JsonError::DuplicateKey {
            path: path.to_owned(),
            offset,
        };
        assert_eq!(verdict(text), Err(want), "{text}");
    }
}

/// Writes an object with the keys `0`, `1`, … below `count`, each with a nested object.
fn wide(count: usize, last_key: &str) -> String {
    let members: Vec<String> = (0..count).map(|n| format!(r#""{n}":{{"0":0}},"#)).collect();
    format!("{{{}\"{last_key}\":0}}", members.concat())
}

#[test]
fn case_a21_duplicates_are_found_among_few_and_many_keys() {
    for count in [1, 15, 16, 17, 18, 40, 100_000] {
        let limits = Limits::MANIFEST;
        assert_eq!(check(wide(count, "x").as_bytes(), limits), Ok(()));
        for again in [0, count / 2, count - 1] {
            let text = wide(count, &again.to_string());
            let verdict = check(text.as_bytes(), limits);
            let is_found = matches!(verdict, Err(JsonError::DuplicateKey { .. }));
            assert!(is_found, "{count} {again}");
        }
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(verdict(&nested(64)), Ok(()));
    assert_eq!(
        verdict(&nested(65)),
        Err(JsonError::TooDeep {
            limit: 64,
            offset: 64
        })
    );
    let objects = |depth: usize| r#"{"a":"#.repeat(depth) + "0" + &"}".repeat(depth);
    assert_eq!(verdict(&objects(64)), Ok(()));
    assert!(matches!(
        verdict(&objects(65)),
        Err(JsonError::TooDeep { limit: 64, .. })
    ));
    let deep = Limits {
        max_depth: 1_000_000,
        ..Limits::MANIFEST
    };
    assert_eq!(check(nested(1_000_000).as_bytes(), deep), Ok(()));
    let flat = Limits {
        max_depth: 0,
        ..Limits::MANIFEST
    };
    assert_eq!(check(b"7", flat), Ok(()));
    assert!(check(b"[]", flat).is_err());
}

#[test]
fn size_is_bounded() {
    let limits = Limits {
        max_bytes: 4,
        max_depth: 1,
    };
    assert_eq!(check(b"null", limits), Ok(()));
    assert_eq!(
        check(b"false", limits),
        Err(JsonError::TooLarge { limit: 4 })
    );
}

#[test]
fn errors_quote_little_of_the_text() {
    let key = "k".repeat(100_000);
    let text = "{\"a\":".repeat(60) + &format!("{{\"{key}\":1,\"{key}\":2");
    let message = verdict(&text).unwrap_err().to_string();
    assert!(message.len() < 300, "{message}");
}

/// Writes JSON values whose objects have no repeated keys.
fn value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 64, 20, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            proptest::collection::btree_map(any::<String>(), inner, 0..20)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_writes_is_sound(value in value()) {
        prop_assert_eq!(verdict(&value.to_string()), Ok(()));
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(verdict(&pretty), Ok(()));
    }

    #[test]
    fn agrees_with_serde_on_near_misses(
        text in r#"[\[\]{}:,"\\ua-f0-9 .eE+-]{0,24}"#,
        other in r#"("(\\PC|\\\\[bfnrtu/"\\\\]|[0-9a-fA-F]{4}){0,6}"|\[|\]|\{|\}|,|:|-?[0-9]{1,3}(\.[0-9])?|true|null| ){0,12}"#,
    ) {
        for text in [text, other] {
            let found = verdict(&text);
            let is_duplicate = matches!(found, Err(JsonError::DuplicateKey { .. }));
            let serde = serde_json::from_str::<serde_json::Value>(&text);
            // Numbers beyond the range of a float are JSON all the same.
            let is_large = serde.as_ref().is_err_and(|e| e.to_string().contains("out of range"));
            prop_assert!(is_duplicate || is_large || found.is_ok() == serde.is_ok(), "{text} {found:?}");
        }
    }

    #[test]
    fn damaged_text_agrees_with_serde(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut raw = value.to_string().into_bytes();
        let at = at.index(raw.len());
        raw[at] = byte;
        let found = check(&raw, Limits::MANIFEST);
        let is_duplicate = matches!(found, Err(JsonError::DuplicateKey { .. }));
        let serde = serde_json::from_slice::<serde_json::Value>(&raw);
        let is_large = serde.as_ref().is_err_and(|e| e.to_string().contains("out of range"));
        prop_assert!(is_duplicate || is_large || found.is_ok() == serde.is_ok(), "{found:?}");
    }
}
