//! `format`: texts with places for values.

use super::Outcome;
use crate::condition::number;
use crate::condition::value::Value;
use crate::condition::work::{Failure, Work};

const MALFORMED: Failure = Failure::Argument("malformed format");
const MISFIT: Failure = Failure::Argument("a value does not fit its place in the format");
/// Most digits behind a point.
const PRECISION: usize = 20;

/// Fills `%s %d %f %e %b %x %X %o %%`, with `.3` and the like for digits behind a point.
pub(super) fn run(work: &mut Work, args: &[Value]) -> Outcome {
    let [Value::String(form), Value::List(values)] = args else {
        return Err(Failure::NoSuchOverload("format"));
    };
    let mut values = values.iter();
    let mut done = String::new();
    let mut rest = form.as_ref();
    while let Some((before, after)) = rest.split_once('%') {
        done.push_str(before);
        let verb = after.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        let precision = after.strip_suffix(verb).unwrap_or_default();
        let precision = read_precision(precision)?;
        let mut letters = verb.chars();
        let letter = letters.next().ok_or(MALFORMED)?;
        rest = letters.as_str();
        let written = if letter == '%' {
            "%".to_owned()
        } else {
            let value = values.next().ok_or(Failure::Argument("too few values"))?;
            write(work, value, letter, precision)?
        };
        work.spend(1)?;
        work.spend_bytes(before.len() + written.len())?;
        done.push_str(&written);
    }
    done.push_str(rest);
    work.spend_bytes(done.len())?;
    Ok(Value::text(done))
}

fn read_precision(text: &str) -> Result<usize, Failure> {
    if text.is_empty() {
        return Ok(6);
    }
    let digits = text.strip_prefix('.').ok_or(MALFORMED)?;
    let precision = digits.parse().map_err(|_no_number| MALFORMED)?;
    if precision > PRECISION {
        return Err(MALFORMED);
    }
    Ok(precision)
}

fn write(
    work: &mut Work,
    value: &Value,
    letter: char,
    precision: usize,
) -> Result<String, Failure> {
    Ok(match (letter, value) {
        ('s', value) => {
            let mut text = String::new();
            show(work, value, &mut text)?;
            text
        }
        ('d' | 'x' | 'X' | 'o' | 'b', Value::Int(value)) => {
            let sign = if *value < 0 { "-" } else { "" };
            format!("{sign}{}", digits(value.unsigned_abs(), letter))
        }
        ('d' | 'x' | 'X' | 'o' | 'b', Value::Uint(value)) => digits(*value, letter),
        ('b', Value::Bool(value)) => u8::from(*value).to_string(),
        ('x' | 'X', Value::String(text)) => hex(text.as_bytes(), letter),
        ('x' | 'X', Value::Bytes(bytes)) => hex(bytes, letter),
        ('d', Value::Double(value)) => number::write_double(*value),
        ('f' | 'e', value) => {
            let double = match value {
                Value::Double(value) => *value,
                Value::Int(value) => number::of_int(*value),
                Value::Uint(value) => number::of_uint(*value),
                _ => return Err(MISFIT),
            };
            if letter == 'f' {
                format!("{double:.precision$}")
            } else {
                scientific(double, precision)
            }
        }
        _ => return Err(MISFIT),
    })
}

fn digits(value: u64, letter: char) -> String {
    match letter {
        'x' => format!("{value:x}"),
        'X' => format!("{value:X}"),
        'o' => format!("{value:o}"),
        'b' => format!("{value:b}"),
        _ => value.to_string(),
    }
}

fn hex(bytes: &[u8], letter: char) -> String {
    let two = |byte: &u8| match letter {
        'X' => format!("{byte:02X}"),
        _ => format!("{byte:02x}"),
    };
    bytes.iter().map(two).collect()
}

fn scientific(double: f64, precision: usize) -> String {
    let text = format!("{double:.precision$e}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    let (sign, power) = match exponent.strip_prefix('-') {
        Some(power) => ('-', power),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{power:0>2}")
}

/// Writes any value, what it holds included.
fn show(work: &mut Work, value: &Value, text: &mut String) -> Result<(), Failure> {
    work.spend(1)?;
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => text.push_str(&value.to_string()),
        Value::Uint(value) => text.push_str(&value.to_string()),
        Value::Double(value) => text.push_str(&value.to_string()),
        Value::String(value) => {
            work.spend_bytes(value.len())?;
            text.push_str(value);
        }
        Value::Bytes(bytes) => {
            work.spend_bytes(bytes.len())?;
            text.push_str(&String::from_utf8_lossy(bytes));
        }
        Value::Timestamp(time) => text.push_str(&time.write()?),
        Value::Duration(span) => text.push_str(&span.write()),
        Value::Type(kind) => text.push_str(kind.name()),
        Value::List(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push_str(", ");
                }
                show(work, item, text)?;
            }
            text.push(']');
        }
        Value::Map(map) => {
            text.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                if at > 0 {
                    text.push_str(", ");
                }
                show(work, &key.value(), text)?;
                text.push_str(": ");
                show(work, value, text)?;
            }
            text.push('}');
        }
        Value::Optional(_) => return Err(MISFIT),
    }
    Ok(())
}
