//! Expressions that are after the server.

use proptest::prelude::*;

use super::*;

/// Compiles and evaluates on a stack far smaller than that of a worker.
fn on_a_small_stack(expression: String) -> String {
    let thread = std::thread::Builder::new().stack_size(1024 * 1024);
    let run = thread.spawn(move || result(&expression)).unwrap();
    run.join().unwrap()
}

#[test]
fn what_is_too_large_is_refused() {
    let table = [
        "(".repeat(10_000),
        "[".repeat(10_000),
        format!("{}1{}", "(".repeat(33), ")".repeat(33)),
        format!("{}1{}", "[".repeat(33), "]".repeat(33)),
        format!("claims{}", ".a".repeat(200)),
        format!("1{}", " + 1".repeat(200)),
        format!("true{}", " ? true : true".repeat(200)),
        format!("'{}'", "a".repeat(40_000)),
        format!("[{}]", "1,".repeat(5_000)),
        format!("{}x", "x.map(x, ".repeat(200)),
        format!("'a'.matches('{}')", "(a{100}){100}".repeat(3)),
    ];
    for expression in table {
        let start: String = expression.chars().take(40).collect();
        assert_eq!(on_a_small_stack(expression), "compile", "{start}");
    }
}

#[test]
fn what_is_deep_but_allowed_does_not_exhaust_the_stack() {
    let table = [
        (format!("{}1{}", "(".repeat(30), ")".repeat(30)), "int 1"),
        (
            format!("{}1{} != [[]]", "[".repeat(30), "]".repeat(30)),
            "bool true",
        ),
        (
            format!("size({}1{})", "[".repeat(30), "]".repeat(30)),
            "int 1",
        ),
        (format!("1{}", " + 1".repeat(60)), "int 61"),
        (format!("{}true", "!".repeat(5_001)), "bool false"),
        (format!("true{}", " && true".repeat(1_000)), "bool true"),
    ];
    for (expression, want) in table {
        let start: String = expression.chars().take(40).collect();
        assert_eq!(on_a_small_stack(expression), want, "{start}");
    }
}

#[test]
fn what_costs_too_much_is_stopped() {
    let list = format!("[{}]", "1,".repeat(200));
    let table = [
        format!("{list}.all(a, {list}.all(b, {list}.all(c, true)))"),
        format!("{list}.exists(a, {list}.exists(b, {list}.exists(c, false)))"),
        format!("{list}.map(a, {list}.map(b, {list})) == []"),
        format!("false || {list}.all(a, {list}.all(b, {list}.all(c, true)))"),
        "['a'.matches(claims.sub)].all(x, 'a'.replace('', 'bbbbbbbbbb')\
         .replace('', 'bbbbbbbbbb').replace('', 'bbbbbbbbbb').replace('', 'bbbbbbbbbb')\
         .replace('', 'bbbbbbbbbb').replace('', 'bbbbbbbbbb').size() > 0)"
            .to_owned(),
        format!("{list}.all(a, !claims.sub.matches(string(a) + 'x'))"),
        format!("{list}.map(a, claims.list + {list} + {list} + {list}).size() > 0"),
    ];
    for expression in table {
        let program = Program::compile(&expression, &["claims", "vars", "req"]).unwrap();
        let failure = program.evaluate(&[&claims(), &claims(), &request()]);
        assert_eq!(failure, Err(Failure::Cost), "{expression}");
    }
}

proptest! {
    #[test]
    fn no_text_is_fatal(text in "[a-c0-9.?!&|=<>+*/%(){}\\[\\]:,'\"\\\\ ru-]{0,40}") {
        result(&text);
    }

    #[test]
    fn no_tokens_are_fatal(words in proptest::collection::vec(proptest::sample::select(vec![
        "claims", "req", ".sub", ".list", ".n", "[0]", "[?'a']", ".?obj", "(", ")", "[", "]", "{", "}", ",", ":",
        "?", "&&", "||", "==", "<", "+", "-", "*", "/", "%", "!", "in", "1", "2u", "1.5", "'é'", "b'a'", "true",
        "null", ".map(x, x)", ".all(x, x == 1)", ".size()", ".split('')", ".substring(1)", ".value()",
        ".matches('a')", "duration('1s')", "timestamp(0)", "optional.of(1)", "int(", "string(", ".format([1])",
    ]), 0..14)) {
        result(&words.concat());
    }
}
