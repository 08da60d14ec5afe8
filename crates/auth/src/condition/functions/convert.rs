//! Conversions between types, parts of times, and optional values.

use std::sync::Arc;

use super::{Function, Outcome};
use crate::condition::kind::Kind;
use crate::condition::moment::{Part, Span, Timestamp};
use crate::condition::number;
use crate::condition::value::Value;
use crate::condition::work::{Failure, Work};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::plain("int", "i>i u>i d>i s>i t>i r>i", |_, args| to_int(args)),
    Function::plain("uint", "u>u i>u d>u s>u", |_, args| to_uint(args)),
    Function::plain("double", "d>d i>d u>d s>d", |_, args| to_double(args)),
    Function::plain("string", "s>s o>s i>s u>s d>s b>s t>s r>s", to_string),
    Function::plain("bytes", "b>b s>b", |work, args| match args {
        [Value::String(text)] => {
            work.spend_bytes(text.len())?;
            Ok(Value::Bytes(text.as_bytes().into()))
        }
        [bytes @ Value::Bytes(_)] => Ok(bytes.clone()),
        _ => Err(Failure::NoSuchOverload("bytes")),
    }),
    Function::plain("bool", "o>o s>o", |_, args| match args {
        [value @ Value::Bool(_)] => Ok(value.clone()),
        [Value::String(text)] => match text.as_ref() {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Value::Bool(false)),
            _ => Err(Failure::Conversion("bool")),
        },
        _ => Err(Failure::NoSuchOverload("bool")),
    }),
    Function::plain("timestamp", "t>t s>t i>t", |_, args| {
        let read = match args {
            [time @ Value::Timestamp(_)] => return Ok(time.clone()),
            [Value::String(text)] => Timestamp::parse(text),
            [Value::Int(seconds)] => Timestamp::of_seconds(*seconds),
            _ => return Err(Failure::NoSuchOverload("timestamp")),
        };
        read.map(Value::Timestamp)
            .ok_or(Failure::Conversion("timestamp"))
    }),
    Function::plain("duration", "r>r s>r", |_, args| {
        let read = match args {
            [span @ Value::Duration(_)] => return Ok(span.clone()),
            [Value::String(text)] => Span::parse(text),
            _ => return Err(Failure::NoSuchOverload("duration")),
        };
        read.map(Value::Duration)
            .ok_or(Failure::Conversion("duration"))
    }),
    Function::plain("dyn", "*>*", |_, args| first(args)),
    Function::plain("type", "*>y", |_, args| {
        Ok(Value::Type(first(args)?.kind()))
    }),
    Function::method("getFullYear", "t>i ts>i", |_, args| part(args, Part::Year)),
    Function::method("getMonth", "t>i ts>i", |_, args| part(args, Part::Month)),
    Function::method("getDate", "t>i ts>i", |_, args| part(args, Part::Date)),
    Function::method("getDayOfMonth", "t>i ts>i", |_, args| {
        part(args, Part::DayOfMonth)
    }),
    Function::method("getDayOfWeek", "t>i ts>i", |_, args| {
        part(args, Part::DayOfWeek)
    }),
    Function::method("getDayOfYear", "t>i ts>i", |_, args| {
        part(args, Part::DayOfYear)
    }),
    Function::method("getHours", "t>i ts>i r>i", |_, args| {
        part(args, Part::Hours)
    }),
    Function::method("getMinutes", "t>i ts>i r>i", |_, args| {
        part(args, Part::Minutes)
    }),
    Function::method("getSeconds", "t>i ts>i r>i", |_, args| {
        part(args, Part::Seconds)
    }),
    Function::method("getMilliseconds", "t>i ts>i r>i", |_, args| {
        part(args, Part::Milliseconds)
    }),
    Function::plain("optional.of", "*>O", |_, args| {
        Ok(Value::some(first(args)?))
    }),
    Function::plain("optional.ofNonZeroValue", "*>O", |_, args| {
        let value = first(args)?;
        Ok(if value.is_zero() {
            Value::Optional(None)
        } else {
            Value::some(value)
        })
    }),
    Function::plain("optional.none", ">?", |_, _| Ok(Value::Optional(None))),
    Function::plain("optional.unwrap", "l>l", unwrap),
    Function::method("unwrapOpt", "l>l", unwrap),
    Function::method("hasValue", "?>o", |_, args| match args {
        [Value::Optional(value)] => Ok(Value::Bool(value.is_some())),
        _ => Err(Failure::NoSuchOverload("hasValue")),
    }),
    Function::method("value", "?>v", |_, args| match args {
        [Value::Optional(Some(value))] => Ok(value.as_ref().clone()),
        [Value::Optional(None)] => Err(Failure::NoValue),
        _ => Err(Failure::NoSuchOverload("value")),
    }),
    Function::method("orValue", "?*>v", |_, args| match args {
        [Value::Optional(Some(value)), _] => Ok(value.as_ref().clone()),
        [Value::Optional(None), other] => Ok(other.clone()),
        _ => Err(Failure::NoSuchOverload("orValue")),
    }),
    Function::method("or", "??>1", |_, args| match args {
        [some @ Value::Optional(Some(_)), Value::Optional(_)]
        | [Value::Optional(None), some @ Value::Optional(_)] => Ok(some.clone()),
        _ => Err(Failure::NoSuchOverload("or")),
    }),
    Function::method("first", "l>f", |_, args| match args {
        [Value::List(items)] => Ok(Value::Optional(items.first().cloned().map(Arc::new))),
        _ => Err(Failure::NoSuchOverload("first")),
    }),
    Function::method("last", "l>f", |_, args| match args {
        [Value::List(items)] => Ok(Value::Optional(items.last().cloned().map(Arc::new))),
        _ => Err(Failure::NoSuchOverload("last")),
    }),
];

fn first(args: &[Value]) -> Outcome {
    args.first()
        .cloned()
        .ok_or(Failure::NoSuchOverload("no argument"))
}

fn to_int(args: &[Value]) -> Outcome {
    let read = match args {
        [Value::Int(value)] => Some(*value),
        [Value::Uint(value)] => i64::try_from(*value).ok(),
        [Value::Double(value)] => number::to_int(*value),
        [Value::String(text)] => {
            let read = text.parse().ok();
            return read.map(Value::Int).ok_or(Failure::Conversion("int"));
        }
        [Value::Timestamp(time)] => Some(time.seconds()),
        [Value::Duration(span)] => Some(span.nanos()),
        _ => return Err(Failure::NoSuchOverload("int")),
    };
    read.map(Value::Int).ok_or(Failure::Range)
}

fn to_uint(args: &[Value]) -> Outcome {
    let read = match args {
        [Value::Uint(value)] => Some(*value),
        [Value::Int(value)] => u64::try_from(*value).ok(),
        [Value::Double(value)] => number::to_uint(*value),
        [Value::String(text)] => {
            let read = text.parse().ok().filter(|_| !text.starts_with('+'));
            return read.map(Value::Uint).ok_or(Failure::Conversion("uint"));
        }
        _ => return Err(Failure::NoSuchOverload("uint")),
    };
    read.map(Value::Uint).ok_or(Failure::Range)
}

fn to_double(args: &[Value]) -> Outcome {
    Ok(Value::Double(match args {
        [Value::Double(value)] => *value,
        [Value::Int(value)] => number::of_int(*value),
        [Value::Uint(value)] => number::of_uint(*value),
        [Value::String(text)] => {
            let read = text.parse();
            read.map_err(|_no_number| Failure::Conversion("double"))?
        }
        _ => return Err(Failure::NoSuchOverload("double")),
    }))
}

fn to_string(work: &mut Work, args: &[Value]) -> Outcome {
    Ok(Value::text(match args {
        [text @ Value::String(_)] => return Ok(text.clone()),
        [Value::Bool(value)] => value.to_string(),
        [Value::Int(value)] => value.to_string(),
        [Value::Uint(value)] => value.to_string(),
        [Value::Double(value)] => number::write_double(*value),
        [Value::Bytes(bytes)] => {
            work.spend_bytes(bytes.len())?;
            let text = String::from_utf8(bytes.to_vec());
            text.map_err(|_no_text| Failure::Conversion("string"))?
        }
        [Value::Timestamp(time)] => time.write()?,
        [Value::Duration(span)] => span.write(),
        _ => return Err(Failure::NoSuchOverload("string")),
    }))
}

fn part(args: &[Value], part: Part) -> Outcome {
    Ok(Value::Int(match args {
        [Value::Timestamp(time)] => time.part(part, None)?,
        [Value::Timestamp(time), Value::String(zone)] => time.part(part, Some(zone))?,
        [Value::Duration(span)] => {
            let whole = span.part(part);
            whole.ok_or(Failure::NoSuchOverload("part of a duration"))?
        }
        _ => return Err(Failure::NoSuchOverload("part of a time")),
    }))
}

fn unwrap(work: &mut Work, args: &[Value]) -> Outcome {
    let [Value::List(items)] = args else {
        return Err(Failure::NoSuchOverload("unwrapOpt"));
    };
    work.spend(items.len())?;
    let mut held = Vec::new();
    for item in items.iter() {
        let Value::Optional(value) = item else {
            return Err(Failure::NoSuchOverload("unwrapOpt"));
        };
        held.extend(value.as_deref().cloned());
    }
    Ok(Value::List(held.into()))
}

/// Names the types that expressions can name.
pub(in crate::condition) fn kind_named(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name)
}
