//! What to say about a key that nobody knows.

use crate::fold::Place;
use crate::shape::{Section, Shape};

/// The message for the unknown keys of one object: zot's words, then a hint for each key.
pub(super) fn unknown_keys(
    mut unknown: Vec<String>,
    section: &Section,
    whole: &'static Section,
    place: &Place,
) -> String {
    unknown.sort_unstable();
    let hints: Vec<String> = unknown
        .iter()
        .map(|key| {
            let written = if place.path().is_empty() {
                key.clone()
            } else {
                format!("{}.{key}", place.path())
            };
            format!("{written}: {}", hint(key, section, whole, place))
        })
        .collect();
    format!(
        "'{place}' has invalid keys: {} ({})",
        unknown.join(", "),
        hints.join("; ")
    )
}

/// The nearest key of the same object, or else the same key elsewhere, or else what the object
/// knows.
fn hint(key: &str, section: &Section, whole: &'static Section, place: &Place) -> String {
    let folded = key.to_lowercase();
    let near = section
        .fields
        .iter()
        .map(|field| (distance(&folded, &field.key.to_lowercase()), field.key))
        .min()
        .filter(|(distance, _)| *distance <= 1.max(folded.chars().count() / 3));
    if let Some((_, near)) = near {
        return format!("did you mean {}?", place.key(near).path());
    }
    if let Some(path) = elsewhere(&folded, whole, "") {
        return format!("did you mean {path}?");
    }
    let known: Vec<&str> = section.fields.iter().map(|field| field.key).collect();
    format!("the keys here are {}", known.join(", "))
}

/// The path of a key anywhere in the table.
fn elsewhere(key: &str, section: &'static Section, path: &str) -> Option<String> {
    let paths = section.fields.iter().map(|field| {
        let dot = if path.is_empty() { "" } else { "." };
        (field, format!("{path}{dot}{}", field.key))
    });
    let mut inner = Vec::new();
    for (field, path) in paths {
        if field.key.eq_ignore_ascii_case(key) {
            return Some(path);
        }
        inner.extend(section_of(field.shape).map(|(section, suffix)| (section, path + suffix)));
    }
    inner
        .into_iter()
        .find_map(|(section, path)| elsewhere(key, section, &path))
}

/// The section that a shape leads to, and how its path goes on.
fn section_of(shape: &'static Shape) -> Option<(&'static Section, &'static str)> {
    match shape {
        Shape::Section(section) => Some((section, "")),
        Shape::Optional(inner) => section_of(inner),
        Shape::List(inner) => section_of(inner).map(|(section, _)| (section, "[]")),
        Shape::Map(inner) => section_of(inner).map(|(section, _)| (section, "[…]")),
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

/// How many characters must be changed, added, dropped or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut cost = at(&last, j) + usize::from(x != y);
            cost = cost.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                cost = cost.min(at(&before_last, j - 1) + 1);
            }
            row.push(cost);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}
