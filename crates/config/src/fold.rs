//! From a document in any spelling to one in canonical keys and types.
//!
//! The document is walked along the table of sections. Keys are matched in any case and come out as
//! the table spells them; values are converted as weakly as zot converts them; placeholders are
//! replaced. What does not fit becomes a [`Fault`], and the walk goes on, so that one load names
//! every fault of a file.

mod expand;
mod nearest;
mod place;
pub(crate) mod scalar;

use serde_json::{Map, Value as Json};

pub(crate) use expand::Environment;
pub(crate) use place::Place;

use crate::duration;
use crate::error::{Fault, Warning};
use crate::named::same_name;
use crate::shape::{Blank, Section, Shape, Unknown};

const CASE: &str = "(case does not matter)";

/// A document in canonical form, and what was noticed on the way.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub(crate) keys: Map<String, Json>,
    /// Keys that nobody knows, and values of a wrong type.
    pub(crate) faults: Vec<Fault>,
    /// Values of the right type that are refused.
    pub(crate) refusals: Vec<Fault>,
    pub(crate) warnings: Vec<Warning>,
}

impl Folded {
    /// The refusal that is reported: a port goes first, as in zot.
    pub(crate) fn first_refusal(self) -> Option<Fault> {
        self.refusals
            .into_iter()
            .min_by_key(|fault| !fault.text.starts_with("invalid port"))
    }
}

/// Folds a document along a section. `root` is the name under which zot reports the outermost
/// object.
pub(crate) fn fold(
    document: Map<String, Json>,
    section: &'static Section,
    root: &str,
    environment: &Environment,
) -> Folded {
    let mut folding = Folding {
        environment,
        section,
        folded: Folded::default(),
    };
    let keys = folding.section(document, section, &Place::root(root));
    Folded {
        keys,
        ..folding.folded
    }
}

struct Folding<'a> {
    environment: &'a Environment,
    section: &'static Section,
    folded: Folded,
}

impl Folding<'_> {
    /// The canonical form of a value. None when it is absent, or a fault that has been noted.
    fn value(&mut self, value: Json, shape: &Shape, place: &Place) -> Option<Json> {
        let value = match value {
            Json::Null => return None,
            Json::String(text) => self.expanded(text, place)?,
            Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => value,
        };
        match shape {
            Shape::Optional(inner) => self.value(value, inner, place),
            Shape::Section(section) => {
                let keys = self.object(value, place)?;
                Some(Json::Object(self.section(keys, section, place)))
            }
            Shape::Map(inner) => {
                let names = self.object(value, place)?;
                Some(Json::Object(self.names(names, inner, place)))
            }
            Shape::List(inner) => Some(Json::Array(self.list(value, inner, place))),
            Shape::Any => Some(self.anything(value, place)),
            Shape::Duration => self.duration(&value, place),
            Shape::Text(Blank::Absent) if value.as_str() == Some("") => None,
            Shape::Text(_) | Shape::Secret => {
                let text = scalar::text(&value).map(Json::String);
                self.or_fault(text, "a string", &value, place)
            }
            Shape::Flag => {
                let flag = scalar::flag(&value).map(Json::Bool);
                self.or_fault(flag, "true or false", &value, place)
            }
            Shape::Integer { max } => {
                let integer = scalar::integer(&value).filter(|n| n <= max).map(Json::from);
                self.or_fault(
                    integer,
                    "a whole number that is not negative",
                    &value,
                    place,
                )
            }
            Shape::Number => {
                let number = scalar::number(&value).map(Json::from);
                self.or_fault(number, "a number", &value, place)
            }
            Shape::Port => self.port(&value, place),
        }
    }

    fn section(
        &mut self,
        keys: Map<String, Json>,
        section: &'static Section,
        place: &Place,
    ) -> Map<String, Json> {
        let mut canonical = Map::new();
        let mut unknown = Vec::new();
        for (key, value) in keys {
            let Some(field) = section.field(&key) else {
                unknown.push(key);
                continue;
            };
            let inner = place.key(field.key);
            if let Some(value) = self.value(value, field.shape, &inner) {
                self.insert(&mut canonical, field.key, value, &inner);
            }
        }
        if !unknown.is_empty() && section.unknown == Unknown::Refused {
            let text = nearest::unknown_keys(unknown, section, self.section, place);
            self.folded.faults.push(Fault {
                key: place.path().to_owned(),
                text,
            });
        }
        canonical
    }

    /// Names that the user chose. Two that differ in case only would be one in zot.
    fn names(
        &mut self,
        names: Map<String, Json>,
        shape: &Shape,
        place: &Place,
    ) -> Map<String, Json> {
        let mut canonical = Map::new();
        for (name, value) in names {
            let inner = place.entry(&name);
            let Some(value) = self.value(value, shape, &inner) else {
                continue;
            };
            if canonical.keys().any(|known| same_name(known, &name)) {
                self.fault(&inner, format!("'{inner}' is given more than once {CASE}"));
            } else {
                canonical.insert(name, value);
            }
        }
        canonical
    }

    /// Adds a value. A key may be given in two spellings: what is below it counts together, and
    /// single values must be the same.
    fn insert(&mut self, into: &mut Map<String, Json>, key: &str, value: Json, place: &Place) {
        match (into.get_mut(key), value) {
            (Some(Json::Object(earlier)), Json::Object(later)) => {
                for (key, value) in later {
                    self.insert(earlier, &key, value, &place.key(&key));
                }
            }
            (Some(earlier), value) if *earlier != value => {
                let text = format!("'{place}' is given more than once {CASE}");
                self.fault(place, text);
            }
            (Some(_), _) => {}
            (None, value) => {
                into.insert(key.to_owned(), value);
            }
        }
    }

    /// Takes a value as an object. A list of objects is taken as all of them together: HCL writes
    /// blocks so.
    fn object(&mut self, value: Json, place: &Place) -> Option<Map<String, Json>> {
        let found = kind(&value);
        let keys = match value {
            Json::Object(keys) => Some(keys),
            Json::Array(items) => together(items),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
        };
        if keys.is_none() {
            self.fault(place, format!("'{place}' expected an object, got {found}"));
        }
        keys
    }

    fn list(&mut self, value: Json, shape: &Shape, place: &Place) -> Vec<Json> {
        let items = match value {
            Json::Array(items) => items,
            Json::String(text) => scalar::split(&text).into_iter().map(Json::from).collect(),
            Json::Object(keys) => scalar::numbered(keys),
            Json::Null | Json::Bool(_) | Json::Number(_) => vec![value],
        };
        let folded = items.into_iter().enumerate();
        folded
            .filter_map(|(at, item)| self.value(item, shape, &place.item(at)))
            .collect()
    }

    /// Free-form values: placeholders are replaced, nothing else is touched.
    fn anything(&mut self, value: Json, place: &Place) -> Json {
        match value {
            Json::String(text) => self.expanded(text, place).unwrap_or_default(),
            Json::Array(items) => {
                let items = items.into_iter().enumerate();
                items
                    .map(|(at, item)| self.anything(item, &place.item(at)))
                    .collect()
            }
            Json::Object(keys) => {
                let keys = keys.into_iter();
                keys.map(|(key, value)| {
                    let inner = place.entry(&key);
                    (key, self.anything(value, &inner))
                })
                .collect()
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => value,
        }
    }

    fn expanded(&mut self, text: String, place: &Place) -> Option<Json> {
        match self.environment.expand(text) {
            Ok(text) => Some(Json::String(text)),
            Err(problem) => {
                self.fault(place, format!("'{place}' {problem}"));
                None
            }
        }
    }

    /// A duration, in the form that [`std::time::Duration`] is decoded from.
    fn duration(&mut self, value: &Json, place: &Place) -> Option<Json> {
        let read = match value.as_str() {
            Some(text) => duration::parse(text),
            None => scalar::nanoseconds(value)
                .map(duration::Signed::from_nanos)
                .ok_or_else(|| format!("expected a duration, got {}", kind(value))),
        };
        let signed = match read {
            Ok(signed) => signed,
            Err(problem) => {
                self.fault(place, format!("'{place}' {problem}"));
                return None;
            }
        };
        if value.is_number() && !signed.length.is_zero() {
            let message =
                "a duration without a unit counts nanoseconds, write it as text such as \"1h\"";
            self.warn(message, place, value);
        }
        let length = match signed.to_std() {
            Some(length) => length,
            None => self.negative(signed, place)?,
        };
        Some(serde_json::json!({"secs": length.as_secs(), "nanos": length.subsec_nanos()}))
    }

    /// A negative duration: a fault where zot says so, else the same as none.
    fn negative(&mut self, signed: duration::Signed, place: &Place) -> Option<std::time::Duration> {
        let written = format!("-{}", duration::format(signed.length));
        let text = match place.last() {
            "gcDelay" if place.path().contains("subPaths") => {
                format!("invalid GC delay configuration - cannot be negative or zero: {written}")
            }
            "gcDelay" => format!("invalid garbage-collect delay specified {written}"),
            "gcInterval" => format!("invalid garbage-collect interval specified {written}"),
            "manifestCheckInterval" => "manifestCheckInterval cannot be negative".to_owned(),
            "refreshInterval" => {
                "awsSecretsManager refreshInterval must be non-negative".to_owned()
            }
            _ => {
                self.warn(
                    "a negative duration counts as zero",
                    place,
                    &Json::String(written),
                );
                return Some(std::time::Duration::ZERO);
            }
        };
        self.refuse(place, text);
        None
    }

    fn port(&mut self, value: &Json, place: &Place) -> Option<Json> {
        let port = match value.as_str() {
            Some("") => Some(0),
            Some(text) => text.parse().ok(),
            None => scalar::integer(value).and_then(|port| u16::try_from(port).ok()),
        };
        if port.is_none() {
            let written = scalar::text(value).unwrap_or_else(|| kind(value).to_owned());
            self.refuse(place, format!("invalid port {written}"));
        }
        port.map(Json::from)
    }

    fn or_fault(
        &mut self,
        converted: Option<Json>,
        expected: &str,
        value: &Json,
        place: &Place,
    ) -> Option<Json> {
        if converted.is_none() {
            self.fault(
                place,
                format!("'{place}' expected {expected}, got {}", kind(value)),
            );
        }
        converted
    }

    fn fault(&mut self, place: &Place, text: String) {
        self.folded.faults.push(Fault {
            key: place.path().to_owned(),
            text,
        });
    }

    fn refuse(&mut self, place: &Place, text: String) {
        self.folded.refusals.push(Fault {
            key: place.path().to_owned(),
            text,
        });
    }

    fn warn(&mut self, message: &str, place: &Place, value: &Json) {
        let value = scalar::text(value).unwrap_or_default();
        let warning = Warning::new(message)
            .with("key", place.path())
            .with("value", value);
        self.folded.warnings.push(warning);
    }
}

/// The keys of all objects of a list. None when another value is among them.
fn together(items: Vec<Json>) -> Option<Map<String, Json>> {
    let objects = items.into_iter().map(|item| match item {
        Json::Object(keys) => Some(keys),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => None,
    });
    objects
        .collect::<Option<Vec<_>>>()
        .map(|objects| objects.into_iter().flatten().collect())
}

/// The kind of a value, for messages: never the value itself, which may be a secret in the wrong
/// place.
fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number that does not fit",
        Json::String(_) => "a text that does not fit",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
