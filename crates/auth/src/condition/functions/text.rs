//! Functions of texts, and the size of things. Places in texts count characters.

use super::{Function, Outcome, format};
use crate::condition::pattern;
use crate::condition::value::Value;
use crate::condition::work::{Failure, Work};

const NO_PLACE: Failure = Failure::Argument("index out of range");

pub(super) const FUNCTIONS: &[Function] = &[
    Function::both("size", "s>i b>i l>i m>i", |work, args| {
        let size = match args {
            [Value::String(text)] => {
                work.spend_bytes(text.len())?;
                text.chars().count()
            }
            [Value::Bytes(bytes)] => bytes.len(),
            [Value::List(items)] => items.len(),
            [Value::Map(map)] => map.len(),
            _ => return Err(Failure::NoSuchOverload("size")),
        };
        number(size)
    }),
    Function::method("startsWith", "ss>o", |_, args| {
        test(args, |text, part| text.starts_with(part))
    }),
    Function::method("endsWith", "ss>o", |_, args| {
        test(args, |text, part| text.ends_with(part))
    }),
    Function::method("contains", "ss>o", |work, args| {
        spend_on(work, args)?;
        test(args, |text, part| text.contains(part))
    }),
    Function::both("matches", "ss>o", |work, args| {
        spend_on(work, args)?;
        let [Value::String(text), Value::String(written)] = args else {
            return Err(Failure::NoSuchOverload("matches"));
        };
        // Compiling takes a thousand times as long as looking.
        work.spend(5_000 + written.len() * 32)?;
        let pattern = pattern::compile(written);
        let pattern = pattern.ok_or(Failure::Argument("malformed pattern"))?;
        Ok(Value::Bool(pattern.is_match(text)))
    }),
    Function::method("charAt", "si>s", |work, args| {
        spend_on(work, args)?;
        let [Value::String(text), Value::Int(at)] = args else {
            return Err(Failure::NoSuchOverload("charAt"));
        };
        let at = usize::try_from(*at).map_err(|_negative| NO_PLACE)?;
        match text.chars().nth(at) {
            Some(c) => Ok(Value::text(c.to_string())),
            None if at == text.chars().count() => Ok(Value::text("")),
            None => Err(NO_PLACE),
        }
    }),
    Function::method("indexOf", "ss>i ssi>i", |work, args| {
        find(work, args, Side::First)
    }),
    Function::method("lastIndexOf", "ss>i ssi>i", |work, args| {
        find(work, args, Side::Last)
    }),
    Function::method("join", "S>s Ss>s", join),
    Function::method("lowerAscii", "s>s", |work, args| {
        change(work, args, str::to_ascii_lowercase)
    }),
    Function::method("upperAscii", "s>s", |work, args| {
        change(work, args, str::to_ascii_uppercase)
    }),
    Function::method("trim", "s>s", |work, args| {
        change(work, args, |text| text.trim().to_owned())
    }),
    Function::method("reverse", "s>s", |work, args| {
        change(work, args, |text| text.chars().rev().collect())
    }),
    Function::plain("strings.quote", "s>s", |work, args| {
        change(work, args, quote)
    }),
    Function::method("replace", "sss>s sssi>s", replace),
    Function::method("split", "ss>S ssi>S", split),
    Function::method("substring", "si>s sii>s", substring),
    Function::method("format", "sl>s", format::run),
];

fn number(size: usize) -> Outcome {
    let size = i64::try_from(size).map_err(|_too_many| Failure::Range)?;
    Ok(Value::Int(size))
}

fn spend_on(work: &mut Work, args: &[Value]) -> Result<(), Failure> {
    for arg in args {
        if let Value::String(text) = arg {
            work.spend_bytes(text.len() * 4)?;
        }
    }
    Ok(())
}

fn test(args: &[Value], holds: fn(&str, &str) -> bool) -> Outcome {
    match args {
        [Value::String(text), Value::String(part)] => Ok(Value::Bool(holds(text, part))),
        _ => Err(Failure::NoSuchOverload("test of a string")),
    }
}

fn change(work: &mut Work, args: &[Value], make: fn(&str) -> String) -> Outcome {
    spend_on(work, args)?;
    match args {
        [Value::String(text)] => Ok(Value::text(make(text))),
        _ => Err(Failure::NoSuchOverload("change of a string")),
    }
}

#[derive(Clone, Copy)]
enum Side {
    First,
    Last,
}

/// The place in bytes of a character, the end included.
fn place(text: &str, at: i64) -> Result<usize, Failure> {
    let at = usize::try_from(at).map_err(|_negative| NO_PLACE)?;
    let mut places = text.char_indices().map(|(place, _)| place);
    let place = places.nth(at);
    let is_end = || at == text.chars().count();
    match place {
        Some(place) => Ok(place),
        None if is_end() => Ok(text.len()),
        None => Err(NO_PLACE),
    }
}

fn find(work: &mut Work, args: &[Value], side: Side) -> Outcome {
    spend_on(work, args)?;
    let (text, part, from) = match args {
        [Value::String(text), Value::String(part)] => (text, part, None),
        [Value::String(text), Value::String(part), Value::Int(from)] => match place(text, *from) {
            Ok(from) => (text, part, Some(from)),
            Err(_) if *from >= 0 => return Ok(Value::Int(-1)),
            Err(failure) => return Err(failure),
        },
        _ => return Err(Failure::NoSuchOverload("indexOf")),
    };
    let found = match side {
        Side::First => {
            let from = from.unwrap_or(0);
            let rest = text.get(from..).unwrap_or_default();
            rest.find(part.as_ref()).map(|found| found + from)
        }
        Side::Last => {
            let last = from.unwrap_or(text.len());
            let end = last.saturating_add(part.len()).min(text.len());
            let end = (end..=text.len()).find(|end| text.is_char_boundary(*end));
            let head = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
            head.rfind(part.as_ref()).filter(|found| *found <= last)
        }
    };
    match found.and_then(|found| text.get(..found)) {
        Some(before) => number(before.chars().count()),
        None => Ok(Value::Int(-1)),
    }
}

fn join(work: &mut Work, args: &[Value]) -> Outcome {
    let (items, between) = match args {
        [Value::List(items)] => (items, ""),
        [Value::List(items), Value::String(between)] => (items, between.as_ref()),
        _ => return Err(Failure::NoSuchOverload("join")),
    };
    let mut joined = String::new();
    for (at, item) in items.iter().enumerate() {
        let Value::String(text) = item else {
            return Err(Failure::NoSuchOverload("join"));
        };
        work.spend(1)?;
        work.spend_bytes(text.len() + between.len())?;
        if at > 0 {
            joined.push_str(between);
        }
        joined.push_str(text);
    }
    Ok(Value::text(joined))
}

fn replace(work: &mut Work, args: &[Value]) -> Outcome {
    spend_on(work, args)?;
    let (text, from, to, limit) = match args {
        [Value::String(text), Value::String(from), Value::String(to)] => (text, from, to, -1),
        [
            Value::String(text),
            Value::String(from),
            Value::String(to),
            Value::Int(limit),
        ] => (text, from, to, *limit),
        _ => return Err(Failure::NoSuchOverload("replace")),
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let times = text.matches(from.as_ref()).take(limit).count();
    work.spend_bytes(times.saturating_mul(to.len()))?;
    work.spend(times / 8)?;
    Ok(Value::text(text.replacen(from.as_ref(), to, limit)))
}

fn split(work: &mut Work, args: &[Value]) -> Outcome {
    spend_on(work, args)?;
    let (text, by, limit) = match args {
        [Value::String(text), Value::String(by)] => (text, by, -1),
        [Value::String(text), Value::String(by), Value::Int(limit)] => (text, by, *limit),
        _ => return Err(Failure::NoSuchOverload("split")),
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let parts: Vec<&str> = if by.is_empty() {
        characters(text, limit)
    } else if limit == 0 {
        Vec::new()
    } else {
        text.splitn(limit, by.as_ref()).collect()
    };
    work.spend(parts.len())?;
    Ok(Value::texts(parts))
}

/// Every character on its own, the last one with what is left.
fn characters(text: &str, limit: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next().filter(|_| parts.len() < limit) {
        let length = if parts.len() + 1 == limit {
            rest.len()
        } else {
            c.len_utf8()
        };
        let (part, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        parts.push(part);
        rest = after;
    }
    parts
}

fn substring(work: &mut Work, args: &[Value]) -> Outcome {
    spend_on(work, args)?;
    let (text, from, to) = match args {
        [Value::String(text), Value::Int(from)] => (text, place(text, *from)?, text.len()),
        [Value::String(text), Value::Int(from), Value::Int(to)] => {
            (text, place(text, *from)?, place(text, *to)?)
        }
        _ => return Err(Failure::NoSuchOverload("substring")),
    };
    text.get(from..to).map(Value::text).ok_or(NO_PLACE)
}

fn quote(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0c' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0b' => quoted.push_str("\\v"),
            '\\' | '"' => quoted.extend(['\\', c]),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
