//! Text that must not be seen.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::decode::Decode;
use crate::error::Fault;
use crate::shape::{Shape, Shaped};

/// What is shown in the place of a secret.
pub(crate) const MASK: &str = "******";

/// A password, token or key. However it is printed or serialised, it shows as `******`.
///
/// ```
/// let secret = config::Secret::new("hunter2");
/// assert_eq!(format!("{secret} {secret:?}"), "****** ******");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True when there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl Decode for Secret {
    fn decode(value: Json) -> Result<Self, Fault> {
        String::decode(value).map(Self)
    }
}

impl Shaped for Secret {
    const SHAPE: &'static Shape = &Shape::Secret;
}
