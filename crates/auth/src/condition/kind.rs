//! Types of values, as far as they are known before anything is evaluated.

use std::fmt;

/// Names the type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    List,
    Map,
    Optional,
    Type,
}

impl Kind {
    pub(super) const ALL: [Self; 13] = [
        Self::Null,
        Self::Bool,
        Self::Int,
        Self::Uint,
        Self::Double,
        Self::String,
        Self::Bytes,
        Self::Timestamp,
        Self::Duration,
        Self::List,
        Self::Map,
        Self::Optional,
        Self::Type,
    ];

    /// The name, as expressions write it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Duration => "google.protobuf.Duration",
            Self::List => "list",
            Self::Map => "map",
            Self::Optional => "optional_type",
            Self::Type => "type",
        }
    }

    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double)
    }
}

/// The type of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// Known when it is evaluated.
    Dyn,
    /// One without parts.
    Plain(Kind),
    List(Box<Self>),
    Map(Box<Self>, Box<Self>),
    Optional(Box<Self>),
}

impl Type {
    pub(super) const BOOL: Self = Self::Plain(Kind::Bool);
    pub(super) const STRING: Self = Self::Plain(Kind::String);

    /// The type of a map of anything by name.
    pub(super) fn fields() -> Self {
        Self::Map(Box::new(Self::STRING), Box::new(Self::Dyn))
    }

    pub(super) fn list(item: Self) -> Self {
        Self::List(Box::new(item))
    }

    pub(super) fn optional(inner: Self) -> Self {
        Self::Optional(Box::new(inner))
    }

    /// The type with parts of which nothing is known.
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::List => Self::list(Self::Dyn),
            Kind::Map => Self::Map(Box::new(Self::Dyn), Box::new(Self::Dyn)),
            Kind::Optional => Self::optional(Self::Dyn),
            plain => Self::Plain(plain),
        }
    }

    pub(super) const fn kind(&self) -> Option<Kind> {
        match self {
            Self::Dyn => None,
            Self::Plain(kind) => Some(*kind),
            Self::List(_) => Some(Kind::List),
            Self::Map(..) => Some(Kind::Map),
            Self::Optional(_) => Some(Kind::Optional),
        }
    }

    /// Tells whether a value may be of this type: it is the same, or not known yet.
    pub(super) fn may_be(&self, kind: Kind) -> bool {
        self.kind().is_none_or(|known| known == kind)
    }

    /// Yields the more general of two types; `None` when no value is of both.
    pub(super) fn join(&self, other: &Self) -> Option<Self> {
        const NULLABLE: [Kind; 2] = [Kind::Timestamp, Kind::Duration];
        match (self, other) {
            (Self::Dyn, _) | (_, Self::Dyn) => Some(Self::Dyn),
            (Self::List(a), Self::List(b)) => Some(Self::list(a.join(b)?)),
            (Self::Optional(a), Self::Optional(b)) => Some(Self::optional(a.join(b)?)),
            (Self::Map(a, x), Self::Map(b, y)) => {
                Some(Self::Map(Box::new(a.join(b)?), Box::new(x.join(y)?)))
            }
            (Self::Plain(Kind::Null), Self::Plain(kind)) if NULLABLE.contains(kind) => {
                Some(other.clone())
            }
            (Self::Plain(kind), Self::Plain(Kind::Null)) if NULLABLE.contains(kind) => {
                Some(self.clone())
            }
            (a, b) => (a == b).then(|| a.clone()),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn => f.write_str("dyn"),
            Self::Plain(Kind::Null) => f.write_str("null"),
            Self::Plain(kind) => f.write_str(kind.name().rsplit('.').next().unwrap_or_default()),
            Self::List(item) => write!(f, "list({item})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Optional(inner) => write!(f, "optional_type({inner})"),
        }
    }
}
