//! What the configuration may look like, as data.
//!
//! Every section is declared once with [`section!`]: the key, its other spellings, the field, its
//! type, its default and its meaning. From that one table follow the struct, the matching of keys,
//! the conversion of values, the JSON Schema, the masked dump and the reference in
//! `docs/configuration.md`.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value as Json;

/// What a value may look like.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Text. A blank one counts as absent where that is said.
    Text(Blank),
    /// Text that is never shown.
    Secret,
    /// True or false.
    Flag,
    /// A whole number from zero.
    Integer {
        /// The largest accepted value.
        max: u64,
    },
    /// A number with a fraction.
    Number,
    /// A TCP port as a number or as text; blank means 0.
    Port,
    /// A duration in Go's notation.
    Duration,
    /// Anything.
    Any,
    /// A list; a single value is taken as a list of one.
    List(&'static Shape),
    /// Names chosen by the user, kept as written and matched in any case.
    Map(&'static Shape),
    /// May be null, which means absent.
    Optional(&'static Shape),
    /// A struct with known keys.
    Section(&'static Section),
}

/// What blank text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blank {
    Kept,
    Absent,
}

/// What happens to keys that a section does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    Refused,
    Tolerated,
}

/// A struct with known keys.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) unknown: Unknown,
    pub(crate) fields: &'static [Field],
    /// The section as it is when no key is given.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "read by the generator of the reference")
    )]
    pub(crate) default: fn() -> Json,
}

/// One key of a section.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) key: &'static str,
    /// Other spellings that the schema names. Keys are matched in any case, so these differ in case
    /// only.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) about: &'static str,
    pub(crate) shape: &'static Shape,
}

impl Section {
    /// The field with this key, in any case.
    pub(crate) fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields
            .iter()
            .find(|field| field.key.eq_ignore_ascii_case(key))
    }
}

/// A type that values of the configuration are decoded into.
pub(crate) trait Shaped {
    const SHAPE: &'static Shape;
}

/// A type that is declared as a section.
pub(crate) trait Sectioned: Shaped {
    const SECTION: &'static Section;
}

macro_rules! shaped {
    ($($kind:ty => $shape:expr;)*) => {
        $(impl Shaped for $kind { const SHAPE: &'static Shape = &$shape; })*
    };
}

shaped! {
    String => Shape::Text(Blank::Kept);
    PathBuf => Shape::Text(Blank::Absent);
    bool => Shape::Flag;
    u16 => Shape::Integer { max: 0xffff };
    u32 => Shape::Integer { max: 0xffff_ffff };
    u64 => Shape::Integer { max: u64::MAX };
    f64 => Shape::Number;
    Duration => Shape::Duration;
    Json => Shape::Any;
}

impl<T: Shaped + 'static> Shaped for Option<T> {
    const SHAPE: &'static Shape = &Shape::Optional(T::SHAPE);
}

impl<T: Shaped + 'static> Shaped for Vec<T> {
    const SHAPE: &'static Shape = &Shape::List(T::SHAPE);
}

/// Declares a section. A key comes before its field, other spellings after a bar, a default after
/// `=`:
///
/// ```text
/// section! {
///     /// Periodic checks of all content.
///     pub struct Scrub {
///         /// Time between two rounds.
///         "interval" => interval: Duration = hours(24),
///     }
/// }
/// ```
///
/// `(Tolerated)` behind the name lets keys pass that are not listed. Fields under `loaded` have no
/// key: they are filled from elsewhere.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $vis:vis struct $name:ident $(($unknown:ident))? {
            $(
                $(#[doc = $field_about:literal])+
                $key:literal $(| $alias:literal)* => $field:ident: $kind:ty $(= $default:expr)?,
            )*
        }
        $(loaded {
            $($(#[doc = $loaded_about:literal])+ $loaded:ident: $loaded_kind:ty,)*
        })?
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, PartialEq, serde::Serialize)]
        $vis struct $name {
            $(
                $(#[doc = $field_about])+
                #[serde(rename = $key)]
                $vis $field: $kind,
            )*
            $($(
                $(#[doc = $loaded_about])+
                #[serde(skip)]
                $vis $loaded: $loaded_kind,
            )*)?
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($field: $crate::shape::default_of!($($default)?),)*
                    $($($loaded: Default::default(),)*)?
                }
            }
        }

        /// Shows what may be shown.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::dump::debug(self, f)
            }
        }

        impl $crate::decode::Decode for $name {
            fn decode(value: serde_json::Value) -> Result<Self, $crate::error::Fault> {
                let mut keys = $crate::decode::keys(value)?;
                let mut section = Self::default();
                $($crate::decode::field(&mut keys, $key, &mut section.$field)?;)*
                Ok(section)
            }
        }

        impl $crate::shape::Shaped for $name {
            const SHAPE: &'static $crate::shape::Shape =
                &$crate::shape::Shape::Section(<Self as $crate::shape::Sectioned>::SECTION);
        }

        impl $crate::shape::Sectioned for $name {
            const SECTION: &'static $crate::shape::Section = &$crate::shape::Section {
                name: stringify!($name),
                unknown: $crate::shape::unknown_of!($($unknown)?),
                fields: &[$($crate::shape::Field {
                    key: $key,
                    aliases: &[$($alias),*],
                    about: concat!($($field_about),+),
                    shape: <$kind as $crate::shape::Shaped>::SHAPE,
                },)*],
                default: || serde_json::to_value(Self::default()).unwrap_or_default(),
            };
        }
    };
}

macro_rules! default_of {
    () => {
        Default::default()
    };
    ($value:expr) => {
        $value
    };
}

macro_rules! unknown_of {
    () => {
        $crate::shape::Unknown::Refused
    };
    ($unknown:ident) => {
        $crate::shape::Unknown::$unknown
    };
}

pub(crate) use {default_of, section, unknown_of};
