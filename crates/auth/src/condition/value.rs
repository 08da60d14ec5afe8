//! Values of expressions.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::kind::Kind;
use super::moment::{Span, Timestamp};
use super::number;
use super::work::{Failure, Work};

/// A value. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
    Timestamp(Timestamp),
    Duration(Span),
    List(Arc<[Self]>),
    Map(Arc<Map>),
    Optional(Option<Arc<Self>>),
    Type(Kind),
}

/// The entries of a map, by key.
pub(crate) type Map = BTreeMap<Key, Value>;

/// A key of a map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Bool(bool),
    Int(i64),
    Uint(u64),
    String(Arc<str>),
}

impl Key {
    /// The key as a value.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Bool(key) => Value::Bool(*key),
            Self::Int(key) => Value::Int(*key),
            Self::Uint(key) => Value::Uint(*key),
            Self::String(key) => Value::String(Arc::clone(key)),
        }
    }

    /// The key that a value stands for; numbers stand for each other.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(key) => Some(Self::Bool(*key)),
            Value::Int(key) => Some(Self::Int(*key)),
            Value::Uint(key) => Some(match i64::try_from(*key) {
                Ok(key) => Self::Int(key),
                Err(_) => Self::Uint(*key),
            }),
            Value::Double(key) => number::exact_int(*key)
                .map(Self::Int)
                .or_else(|| number::exact_uint(*key).map(Self::Uint)),
            Value::String(key) => Some(Self::String(Arc::clone(key))),
            _ => None,
        }
    }
}

impl Value {
    /// Takes text as a value.
    pub(crate) fn text(text: impl AsRef<str>) -> Self {
        Self::String(text.as_ref().into())
    }

    /// Takes texts as a list.
    pub(crate) fn texts<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// Takes fields as a map.
    pub(crate) fn fields(fields: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        let fields = fields
            .into_iter()
            .map(|(name, value)| (Key::String(name.into()), value));
        Self::Map(Arc::new(fields.collect()))
    }

    /// Takes JSON as a value. Numbers become doubles.
    ///
    /// Compat: as zot's, which reads claims so.
    pub(crate) fn of_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::text(text),
            Json::Array(items) => Self::List(items.iter().map(Self::of_json).collect()),
            Json::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| (Key::String(name.as_str().into()), Self::of_json(value)));
                Self::Map(Arc::new(fields.collect()))
            }
        }
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Uint(_) => Kind::Uint,
            Self::Double(_) => Kind::Double,
            Self::String(_) => Kind::String,
            Self::Bytes(_) => Kind::Bytes,
            Self::Timestamp(_) => Kind::Timestamp,
            Self::Duration(_) => Kind::Duration,
            Self::List(_) => Kind::List,
            Self::Map(_) => Kind::Map,
            Self::Optional(_) => Kind::Optional,
            Self::Type(_) => Kind::Type,
        }
    }

    /// Wraps a value that is there.
    pub(super) fn some(value: Self) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    /// Tells whether this is the zero of its type.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(value) => !value,
            Self::Int(value) => *value == 0,
            Self::Uint(value) => *value == 0,
            Self::Double(value) => *value == 0.0,
            Self::String(value) => value.is_empty(),
            Self::Bytes(value) => value.is_empty(),
            Self::Timestamp(value) => *value == Timestamp::EPOCH,
            Self::Duration(value) => *value == Span::ZERO,
            Self::List(items) => items.is_empty(),
            Self::Map(map) => map.is_empty(),
            Self::Optional(value) => value.is_none(),
            Self::Type(_) => false,
        }
    }

    /// Looks a key up.
    pub(super) fn at(&self, key: &Self) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(&Key::of(key)?),
            Self::List(items) => match Key::of(key)? {
                Key::Int(at) => items.get(usize::try_from(at).ok()?),
                Key::Bool(_) | Key::Uint(_) | Key::String(_) => None,
            },
            _ => None,
        }
    }

    /// Tells whether two values are equal; values of different types are not, but numbers may be.
    pub(super) fn equals(&self, other: &Self, work: &mut Work) -> Result<bool, Failure> {
        work.spend(1)?;
        Ok(match (self, other) {
            (Self::List(a), Self::List(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (a, b) in a.iter().zip(b.iter()) {
                    if !a.equals(b, work)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Self::Map(a), Self::Map(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (key, value) in a.iter() {
                    match b.get(key) {
                        Some(other) if value.equals(other, work)? => {}
                        _ => return Ok(false),
                    }
                }
                true
            }
            (Self::Optional(Some(a)), Self::Optional(Some(b))) => a.equals(b, work)?,
            (Self::String(a), Self::String(b)) => {
                work.spend_bytes(a.len().min(b.len()))?;
                a == b
            }
            (a, b) if a.kind().is_number() && b.kind().is_number() => {
                number::compare(a, b) == Some(Ordering::Equal)
            }
            (a, b) => a == b,
        })
    }

    /// Orders two values of one type, or two numbers; `None` when they have no order.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::String(a), Self::String(b)) => Some(a.cmp(b)),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (a, b) => number::compare(a, b),
        }
    }
}
