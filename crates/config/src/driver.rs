//! Free-form settings of a storage, cache or session driver.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::decode::Decode;
use crate::dump;
use crate::duration;
use crate::error::Fault;
use crate::fold::scalar;
use crate::named::Named;
use crate::shape::{Shape, Shaped};

/// The settings of a driver: the `name` of the driver and whatever keys that driver knows. Keys are
/// found in any case and values are weakly typed, as everywhere in the configuration.
///
/// Spec: core 10.3, 10.4, 11.
/// Settings that are secret are known by their keys, and masked wherever a driver is printed or
/// serialised.
#[derive(Clone, Default, PartialEq)]
pub struct Driver(Named<Json>);

impl Driver {
    /// The name of the driver, such as `s3`; empty when it is not given.
    pub fn name(&self) -> String {
        self.text("name").unwrap_or_default()
    }

    /// The value of a key as it was given.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.0.get(key)
    }

    /// The value of a key as text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(scalar::text)
    }

    /// The value of a key as a list of texts; a single text is a list of one.
    pub fn texts(&self, key: &str) -> Vec<String> {
        match self.get(key) {
            Some(Json::Array(items)) => items.iter().filter_map(scalar::text).collect(),
            Some(single) => scalar::text(single).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// The value of a key as true or false.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(scalar::flag)
    }

    /// The value of a key as a whole number.
    pub fn integer(&self, key: &str) -> Option<u64> {
        self.get(key).and_then(scalar::integer)
    }

    /// The value of a key as a duration: text in Go's notation or a number of nanoseconds.
    pub fn duration(&self, key: &str) -> Option<std::time::Duration> {
        let value = self.get(key)?;
        match value.as_str() {
            Some(text) => duration::parse(text).ok()?.to_std(),
            None => scalar::integer(value).map(std::time::Duration::from_nanos),
        }
    }

    /// All keys with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter()
    }

    pub(crate) fn set(&mut self, key: &str, value: impl Into<Json>) {
        self.0.insert(key, value.into());
    }
}

impl FromIterator<(String, Json)> for Driver {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl Serialize for Driver {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| dump::setting(key, value)))
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(key, value)| dump::setting(key, value)))
            .finish()
    }
}

impl Decode for Driver {
    fn decode(value: Json) -> Result<Self, Fault> {
        Named::decode(value).map(Self)
    }
}

impl Shaped for Driver {
    const SHAPE: &'static Shape = <Named<Json> as Shaped>::SHAPE;
}
