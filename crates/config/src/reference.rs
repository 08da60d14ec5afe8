//! The reference of all keys in `docs/configuration.md`, made from the tables of the sections.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::Value as Json;

use crate::config::Config;
use crate::dump::show;
use crate::shape::{Blank, Section, Sectioned, Shape};

/// What stands before the tables in the document.
const MARK: &str =
    "<!-- The tables below are made from the code: cargo xtask golden --update -->\n";

const ADDITION: &str = "Addition: ";

/// The tables of all keys.
#[derive(Default)]
struct Reference {
    text: String,
    described: Vec<(&'static str, String)>,
}

impl Reference {
    fn tables() -> String {
        let mut reference = Self::default();
        let root = Config::SECTION;
        reference.heading("Top level", "The sections under the next headings, and:");
        let default = (root.default)();
        for field in root.fields {
            if section_of(field.shape).is_none() {
                reference.row(field.key, field.shape, &default[field.key], field.about);
            }
        }
        for field in root.fields {
            if let Some((section, suffix)) = section_of(field.shape) {
                reference.heading(&format!("`{}`", field.key), field.about.trim());
                reference.section(
                    section,
                    &format!("{}{suffix}", field.key),
                    &default[field.key],
                );
            }
        }
        reference.text
    }

    fn heading(&mut self, title: &str, about: &str) {
        let _ = write!(
            self.text,
            "\n## {title}\n\n{about}\n\n| key | type | default | meaning |\n|---|---|---|---|\n"
        );
    }

    /// The rows of a section. `given` is its default in the section around it, if it has one there.
    fn section(&mut self, section: &'static Section, path: &str, given: &Json) {
        self.described.push((section.name, path.to_owned()));
        let own = (section.default)();
        let default = if given.get(section.fields[0].key).is_some() {
            given
        } else {
            &own
        };
        for field in section.fields {
            let path = format!("{path}.{}", field.key);
            let inner = section_of(field.shape);
            let known = inner
                .and_then(|(inner, _)| self.described.iter().find(|(name, _)| *name == inner.name));
            let mut about = field.about.trim().to_owned();
            if let Some((_, path)) = known
                && !about.contains("As `")
            {
                let _ = write!(about, " Keys as in `{path}`.");
            }
            let described = known.is_some();
            self.row(&path, field.shape, &default[field.key], &about);
            if let Some((inner, suffix)) = inner
                && !described
            {
                self.section(inner, &(path + suffix), &default[field.key]);
            }
        }
    }

    fn row(&mut self, path: &str, shape: &'static Shape, default: &Json, about: &str) {
        let about = about.trim();
        let about = match about.strip_prefix(ADDITION) {
            Some(rest) => format!("*Addition:* {rest}"),
            None => about.to_owned(),
        };
        let default = default_text(show(default.clone(), shape), shape);
        let _ = writeln!(
            self.text,
            "| `{path}` | {} | {default} | {about} |",
            kind(shape)
        );
    }
}

fn section_of(shape: &'static Shape) -> Option<(&'static Section, &'static str)> {
    match shape {
        Shape::Section(section) => Some((section, "")),
        Shape::Optional(inner) => section_of(inner),
        Shape::List(inner) => section_of(inner).map(|(section, _)| (section, "[]")),
        Shape::Map(inner) => section_of(inner).map(|(section, _)| (section, ".<name>")),
        Shape::Text(_)
        | Shape::Secret
        | Shape::Flag
        | Shape::Integer { .. }
        | Shape::Number
        | Shape::Port
        | Shape::Duration
        | Shape::Any => None,
    }
}

fn kind(shape: &Shape) -> String {
    match shape {
        Shape::Text(Blank::Kept) => "text".to_owned(),
        Shape::Text(Blank::Absent) => "text, not blank".to_owned(),
        Shape::Secret => "secret text".to_owned(),
        Shape::Flag => "boolean".to_owned(),
        Shape::Integer { .. } => "integer".to_owned(),
        Shape::Number => "number".to_owned(),
        Shape::Port => "port".to_owned(),
        Shape::Duration => "duration".to_owned(),
        Shape::Any => "any".to_owned(),
        Shape::Section(_) => "object".to_owned(),
        Shape::Optional(inner) => kind(inner),
        Shape::List(inner) => format!("list of {}", kind(inner)),
        Shape::Map(inner) => format!("map to {}", kind(inner)),
    }
}

fn default_text(default: Json, shape: &Shape) -> String {
    match default {
        Json::Null => "absent".to_owned(),
        Json::String(text) if text.is_empty() || matches!(shape, Shape::Secret) => {
            "blank".to_owned()
        }
        Json::String(text) => format!("`{text}`"),
        Json::Array(items) if items.is_empty() => "empty".to_owned(),
        Json::Object(_) => String::new(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) => format!("`{default}`"),
    }
}

fn document() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/configuration.md"
    ))
}

#[cfg(test)]
mod tests {
    use super::{MARK, Reference, document};

    fn written() -> String {
        String::from_utf8(crate::load::read_file(&document()).unwrap()).unwrap()
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the switch that updates every golden file, and the update itself"
    )]
    fn the_document_lists_every_key() {
        let written = written();
        let (introduction, tables) = written.split_once(MARK).expect("the mark is gone");
        let current = Reference::tables();
        if std::env::var("HOLDFAST_GOLDEN").is_ok_and(|mode| mode == "update") {
            std::fs::write(document(), format!("{introduction}{MARK}{current}")).unwrap();
            return;
        }
        assert!(
            tables == current,
            "out of date: run cargo xtask golden --update"
        );
    }
}
