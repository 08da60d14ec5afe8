//! What expressions mean, and what they may not do.

mod hostile;
mod policies;

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::*;

/// Expressions and what they yield, a line each.
const VECTORS: &str = include_str!("tests/vectors.txt");

fn claims() -> Value {
    Value::of_json(&json!({
        "sub": "u1", "iss": "https://i", "n": 3, "f": 1.5, "t": true, "nil": null,
        "list": ["a", "b", "c"], "nums": [1, 2, 3], "obj": {"k": "v", "n": {"d": 1}},
        "iat": 1_700_000_000, "email": "ann@example.com", "empty": [],
    }))
}

fn request() -> Value {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    Value::fields([
        ("time", Value::Timestamp(moment::Timestamp::of_system(time))),
        ("method", Value::text("GET")),
        ("groups", Value::texts(["g"])),
        ("names", Value::texts::<&str>([])),
        ("tls", Value::fields([("enabled", Value::Bool(true))])),
        ("claims", Value::fields([])),
    ])
}

/// Evaluates; yields the type and, of what is one word, the value.
fn result(expression: &str) -> String {
    let Ok(program) = Program::compile(expression, &["claims", "vars", "req"]) else {
        return "compile".to_owned();
    };
    let Ok(value) = program.evaluate(&[&claims(), &Value::fields([]), &request()]) else {
        return "evaluate".to_owned();
    };
    let kind = value.kind().name();
    match value {
        Value::Bool(value) => format!("{kind} {value}"),
        Value::Int(value) => format!("{kind} {value}"),
        Value::Uint(value) => format!("{kind} {value}"),
        Value::Double(value) => format!("{kind} {}", number::write_double(value)),
        Value::String(value) => format!("{kind} {value}"),
        _ => kind.to_owned(),
    }
}

#[test]
fn expressions_mean_what_zot_makes_of_them() {
    let rows = VECTORS.lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<_> = rows.map(|line| line.split_once('\t').unwrap()).collect();
    assert!(rows.len() > 400);
    let wrong: Vec<_> = rows
        .iter()
        .map(|(want, expression)| (expression, want, result(expression)))
        .filter(|(_, want, got)| got != *want)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn texts_over_several_lines_are_read() {
    assert_eq!(result("'''a\nb'''"), "string a\nb");
    assert_eq!(result("1 + // one\n  1"), "int 2");
}

#[test]
fn errors_say_what_and_where() {
    let parse = "failed to parse the CEL expression";
    let table = [
        (
            "foo",
            "1:1: undeclared reference to 'foo' (in container '')",
        ),
        (
            "1 +\n bar()",
            "2:2: undeclared reference to 'bar' (in container '')",
        ),
        (
            "foo.",
            "1:5: Syntax error: unexpected end of the expression",
        ),
        (
            "'é' == 1",
            "1:5: found no matching overload for '_==_' applied to '(string, int)'",
        ),
        (
            "claims == 'a'",
            "1:8: found no matching overload for '_==_' applied to '(map(string, dyn), string)'",
        ),
        (
            "claims.sub.startsWith(1)",
            "1:11: found no matching overload for 'startsWith' applied to 'dyn.(int)'",
        ),
        ("[1, 'a']", "1:5: expected type 'int' but found 'string'"),
        ("'a'.matches('(')", "1:4: malformed pattern: ("),
        ("timestamp('x')", "1:1: cannot convert to timestamp"),
    ];
    for (expression, want) in table {
        let error = Program::compile(expression, &["claims"]).unwrap_err();
        let want = format!("{parse} '{expression}': ERROR: <input>:{want}");
        assert_eq!(error.to_string(), want);
    }
    let must = |expression: &str| {
        let program = Program::compile(expression, &["claims"]).unwrap();
        program.must_be_bool().map_err(|error| error.to_string())
    };
    let mismatch = "CEL expression output type mismatch: expected bool, got";
    assert_eq!(must("'a'").unwrap_err(), format!("{mismatch} string"));
    assert_eq!(must("claims.t").unwrap_err(), format!("{mismatch} dyn"));
    assert!(must("claims.t == true").is_ok());
}

#[test]
fn failures_hold_no_values() {
    for expression in [
        "int('secret')",
        "claims['secret']",
        "timestamp(claims.email)",
        "[1][claims.n]",
        "claims.email.matches('(' + claims.email)",
    ] {
        let program = Program::compile(expression, &["claims", "vars", "req"]);
        // What cannot even be compiled shows the expression, not the claims.
        let text = match program {
            Ok(program) => {
                let failed = program.evaluate(&[&claims(), &claims(), &request()]);
                format!("{:?}", failed.unwrap_err())
            }
            Err(_) => String::new(),
        };
        assert!(!text.contains("secret") && !text.contains("ann@"), "{text}");
    }
}
