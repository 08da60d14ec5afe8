//! Maps whose names the user chose.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use crate::decode::Decode;
use crate::error::Fault;
use crate::shape::{Shape, Shaped};

/// Values by name. Names are kept as they were written and found in any case.
///
/// Compat: zot writes such names in lower case while it reads the file, so that a group declared as
/// `Devs` is only found as `devs`. Here a policy may say `Devs` or `devs`. Two names that differ in
/// case only are refused at load.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Named<T>(BTreeMap<String, T>);

impl<T> Named<T> {
    /// The value under this name, in any case.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.find(name).map(|(_, value)| value)
    }

    /// The name as it was written, and its value.
    pub fn find(&self, name: &str) -> Option<(&str, &T)> {
        self.iter().find(|(written, _)| same_name(written, name))
    }

    /// All names as they were written, with their values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// As [`Named::iter`], to change the values.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut T)> {
        self.0
            .iter_mut()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Sets a value, in the place of one whose name differs in case only.
    pub fn insert(&mut self, name: &str, value: T) {
        self.0.retain(|written, _| !same_name(written, name));
        self.0.insert(name.to_owned(), value);
    }

    /// Takes a value out, by its name in any case.
    pub fn remove(&mut self, name: &str) -> Option<T> {
        let written = self.find(name)?.0.to_owned();
        self.0.remove(&written)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is no name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> FromIterator<(String, T)> for Named<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<T: Decode> Decode for Named<T> {
    fn decode(value: Json) -> Result<Self, Fault> {
        BTreeMap::decode(value).map(Self)
    }
}

impl<T: Shaped + 'static> Shaped for Named<T> {
    const SHAPE: &'static Shape = &Shape::Map(T::SHAPE);
}

/// Whether two names are the same but for their case.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    a.chars()
        .flat_map(char::to_lowercase)
        .eq(b.chars().flat_map(char::to_lowercase))
}
