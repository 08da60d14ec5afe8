//! Values of settings, which are weakly typed: a number may be a text, a text a number.

use std::time::Duration;

use serde_json::Value;

/// Reads a text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Reads a list of texts; a text is a list of what stands between its spaces.
pub(crate) fn texts(value: &Value) -> Option<Vec<String>> {
    if let Value::Array(items) = value {
        return items.iter().map(text).collect();
    }
    let text = text(value)?;
    Some(text.split_whitespace().map(str::to_owned).collect())
}

/// Reads a whole number.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Reads whether something is so.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_i64().map(|number| number != 0),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" => Some(true),
            "false" | "f" | "0" | "" => Some(false),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A time as settings give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// Nothing is waited for too long, or no time at all: below zero.
    None,
    /// What is usual: zero.
    Usual,
    /// So long.
    Of(Duration),
}

impl Span {
    /// Yields the time; `None` when there is no end.
    pub(crate) const fn or(self, usual: Duration) -> Option<Duration> {
        match self {
            Self::None => None,
            Self::Usual => Some(usual),
            Self::Of(duration) => Some(duration),
        }
    }
}

/// Reads a time: text in Go's notation such as `1m30s`, or a number of nanoseconds.
pub(crate) fn span(value: &Value) -> Option<Span> {
    let nanos = match value {
        Value::String(text) => match text.parse() {
            Ok(nanos) => nanos,
            Err(_) => go_duration(text)?,
        },
        Value::Number(number) => number.as_i64()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(match u64::try_from(nanos) {
        Err(_negative) => Span::None,
        Ok(0) => Span::Usual,
        Ok(nanos) => Span::Of(Duration::from_nanos(nanos)),
    })
}

/// Reads Go's notation, whole numbers alone, into nanoseconds.
fn go_duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let unit = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit)?;
        let nanos: i64 = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let part = number.parse::<i64>().ok()?.checked_mul(nanos)?;
        total = total.checked_add(part)?;
        rest = after;
    }
    (!text.is_empty()).then_some(sign * total)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_weakly_typed() {
        let seconds = |seconds| Some(Span::Of(Duration::from_secs(seconds)));
        for (value, want) in [
            (json!("5s"), seconds(5)),
            (json!("1m30s"), seconds(90)),
            (json!("2h"), seconds(7200)),
            (json!(5_000_000_000_u64), seconds(5)),
            (json!("5000000000"), seconds(5)),
            (json!("250ms"), Some(Span::Of(Duration::from_millis(250)))),
            (json!(0), Some(Span::Usual)),
            (json!(-1), Some(Span::None)),
            (json!("-2s"), Some(Span::None)),
            (json!("5 s"), None),
            (json!("s"), None),
            (json!(""), None),
            (json!("99999999999h"), None),
            (json!(["1s"]), None),
        ] {
            assert_eq!(span(&value), want, "{value}");
        }
        for (value, want) in [
            (json!(3), Some(3)),
            (json!(" 3"), Some(3)),
            (json!(-1), Some(-1)),
            (json!("x"), None),
            (json!(true), None),
        ] {
            assert_eq!(integer(&value), want, "{value}");
        }
        for (value, want) in [
            (json!(true), Some(true)),
            (json!("TRUE"), Some(true)),
            (json!(0), Some(false)),
            (json!("no"), None),
            (json!({}), None),
        ] {
            assert_eq!(flag(&value), want, "{value}");
        }
        let list = |items: &[&str]| Some(items.iter().map(|item| (*item).to_owned()).collect());
        for (value, want) in [
            (json!("a:1"), list(&["a:1"])),
            (json!("a:1 b:2"), list(&["a:1", "b:2"])),
            (json!(["a:1", "b:2"]), list(&["a:1", "b:2"])),
            (json!([["a"]]), None),
            (json!(null), None),
        ] {
            assert_eq!(texts(&value), want, "{value}");
        }
    }
}
