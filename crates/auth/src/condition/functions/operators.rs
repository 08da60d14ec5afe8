//! Operators.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Function, Outcome};
use crate::condition::value::{Key, Value};
use crate::condition::work::{Failure, Work};

const ORDERED: &str = "oo>o ss>o bb>o tt>o rr>o ii>o iu>o id>o ui>o uu>o ud>o di>o du>o dd>o";

/// The operators but those that look at one side first.
pub(super) const FUNCTIONS: &[Function] = &[
    Function::plain("_==_", "**>o", |work, args| equal(work, args, true)),
    Function::plain("_!=_", "**>o", |work, args| equal(work, args, false)),
    Function::plain("_<_", ORDERED, |_, args| order(args, Ordering::is_lt)),
    Function::plain("_<=_", ORDERED, |_, args| order(args, Ordering::is_le)),
    Function::plain("_>_", ORDERED, |_, args| order(args, Ordering::is_gt)),
    Function::plain("_>=_", ORDERED, |_, args| order(args, Ordering::is_ge)),
    Function::plain("_in_", "*l>o *m>o", contains),
    Function::plain("!_", "o>o", |_, args| match args {
        [Value::Bool(value)] => Ok(Value::Bool(!value)),
        _ => Err(Failure::NoSuchOverload("!_")),
    }),
    Function::plain("-_", "i>i d>d", |_, args| match args {
        [Value::Int(value)] => int(value.checked_neg()),
        [Value::Double(value)] => Ok(Value::Double(-value)),
        _ => Err(Failure::NoSuchOverload("-_")),
    }),
    Function::plain("_+_", "ii>i uu>u dd>d ss>s bb>b ll>1 tr>t rt>t rr>r", plus),
    Function::plain("_-_", "ii>i uu>u dd>d tt>r tr>t rr>r", minus),
    Function::plain("_*_", "ii>i uu>u dd>d", |_, args| match args {
        [Value::Int(a), Value::Int(b)] => int(a.checked_mul(*b)),
        [Value::Uint(a), Value::Uint(b)] => uint(a.checked_mul(*b)),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a * b)),
        _ => Err(Failure::NoSuchOverload("_*_")),
    }),
    Function::plain("_/_", "ii>i uu>u dd>d", |_, args| match args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            Err(Failure::DivideByZero)
        }
        [Value::Int(a), Value::Int(b)] => int(a.checked_div(*b)),
        [Value::Uint(a), Value::Uint(b)] => uint(a.checked_div(*b)),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a / b)),
        _ => Err(Failure::NoSuchOverload("_/_")),
    }),
    Function::plain("_%_", "ii>i uu>u", |_, args| match args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            Err(Failure::DivideByZero)
        }
        [Value::Int(a), Value::Int(b)] => int(a.checked_rem(*b)),
        [Value::Uint(a), Value::Uint(b)] => uint(a.checked_rem(*b)),
        _ => Err(Failure::NoSuchOverload("_%_")),
    }),
];

fn int(value: Option<i64>) -> Outcome {
    value.map(Value::Int).ok_or(Failure::Range)
}

fn uint(value: Option<u64>) -> Outcome {
    value.map(Value::Uint).ok_or(Failure::Range)
}

fn equal(work: &mut Work, args: &[Value], want: bool) -> Outcome {
    match args {
        [a, b] => Ok(Value::Bool(a.equals(b, work)? == want)),
        _ => Err(Failure::NoSuchOverload("_==_")),
    }
}

fn order(args: &[Value], holds: fn(Ordering) -> bool) -> Outcome {
    match args {
        // Nothing is smaller or larger than what is not a number.
        [a, b] if a.kind().is_number() && b.kind().is_number() => {
            Ok(Value::Bool(a.order(b).is_some_and(holds)))
        }
        [a, b] => match a.order(b) {
            Some(order) => Ok(Value::Bool(holds(order))),
            None => Err(Failure::NoSuchOverload("_<_")),
        },
        _ => Err(Failure::NoSuchOverload("_<_")),
    }
}

fn contains(work: &mut Work, args: &[Value]) -> Outcome {
    match args {
        [item, Value::List(items)] => {
            for held in items.iter() {
                if held.equals(item, work)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        [key, Value::Map(map)] => {
            let found = Key::of(key).is_some_and(|key| map.contains_key(&key));
            Ok(Value::Bool(found))
        }
        _ => Err(Failure::NoSuchOverload("_in_")),
    }
}

fn plus(work: &mut Work, args: &[Value]) -> Outcome {
    Ok(match args {
        [Value::Int(a), Value::Int(b)] => return int(a.checked_add(*b)),
        [Value::Uint(a), Value::Uint(b)] => return uint(a.checked_add(*b)),
        [Value::Double(a), Value::Double(b)] => Value::Double(a + b),
        [Value::String(a), Value::String(b)] => {
            work.spend_bytes(a.len() + b.len())?;
            Value::String([a.as_ref(), b.as_ref()].concat().into())
        }
        [Value::Bytes(a), Value::Bytes(b)] => {
            work.spend_bytes(a.len() + b.len())?;
            Value::Bytes([a.as_ref(), b.as_ref()].concat().into())
        }
        [Value::List(a), Value::List(b)] => {
            work.spend(a.len() + b.len())?;
            Value::List(Arc::from([a.as_ref(), b.as_ref()].concat()))
        }
        [Value::Timestamp(time), Value::Duration(span)]
        | [Value::Duration(span), Value::Timestamp(time)] => Value::Timestamp(time.plus(*span)?),
        [Value::Duration(a), Value::Duration(b)] => Value::Duration(a.plus(*b)?),
        _ => return Err(Failure::NoSuchOverload("_+_")),
    })
}

fn minus(_: &mut Work, args: &[Value]) -> Outcome {
    Ok(match args {
        [Value::Int(a), Value::Int(b)] => return int(a.checked_sub(*b)),
        [Value::Uint(a), Value::Uint(b)] => return uint(a.checked_sub(*b)),
        [Value::Double(a), Value::Double(b)] => Value::Double(a - b),
        [Value::Timestamp(a), Value::Timestamp(b)] => Value::Duration(a.since(*b)?),
        [Value::Timestamp(time), Value::Duration(span)] => Value::Timestamp(time.minus(*span)?),
        [Value::Duration(a), Value::Duration(b)] => Value::Duration(a.minus(*b)?),
        _ => return Err(Failure::NoSuchOverload("_-_")),
    })
}
