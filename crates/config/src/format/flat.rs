//! Formats that are lists of keys and values: INI, dotenv and Java properties.
//!
//! The names of nested keys are written with a separator. `::` is the one that works in every
//! format and lets names hold dots; a key without it is taken apart at its dots. Items of lists are
//! numbered, `users.0`, or separated by commas.

use serde_json::{Map, Value as Json};

/// Reads an INI file.
pub(super) fn ini(text: &str) -> Result<Json, String> {
    let mut document = Document::new(&["::", "."]);
    let mut section = String::new();
    for (number, line) in lines(text) {
        let line = line.trim();
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            let header = header.strip_suffix(']');
            header
                .ok_or_else(|| at(number, "a section has no closing bracket"))?
                .clone_into(&mut section);
            continue;
        }
        let (key, value) = split_once(line, &['=', ':'])
            .ok_or_else(|| at(number, "neither a section nor a key with a value"))?;
        document.insert(&section, key, unquoted(value.trim()), number)?;
    }
    Ok(document.finish())
}

/// Reads a dotenv file.
pub(super) fn dotenv(text: &str) -> Result<Json, String> {
    let mut document = Document::new(&["::", "__", "."]);
    for (number, line) in lines(text) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| at(number, "not a key with a value"))?;
        let value = value.trim();
        let value = match value.chars().next() {
            Some('"') => quoted(value).ok_or_else(|| at(number, "a quote is not closed"))?,
            Some('\'') => unquoted(value),
            _ => value
                .split(" #")
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned(),
        };
        document.insert("", key, value, number)?;
    }
    Ok(document.finish())
}

/// Reads a file of Java properties.
pub(super) fn properties(text: &str) -> Result<Json, String> {
    let mut document = Document::new(&["::", "."]);
    let mut pending = String::new();
    for (number, line) in lines(text) {
        let line = line.trim_start();
        if pending.is_empty() && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        let trailing = line.len() - line.trim_end_matches('\\').len();
        if let Some(line) = line.strip_suffix('\\')
            && trailing % 2 == 1
        {
            pending.push_str(line);
            continue;
        }
        let line = std::mem::take(&mut pending) + line;
        let (key, value) = property(&line).ok_or_else(|| at(number, "a bad escape"))?;
        document.insert("", &key, value, number)?;
    }
    if pending.is_empty() {
        Ok(document.finish())
    } else {
        Err("the last line goes on".to_owned())
    }
}

/// A document under construction.
struct Document {
    keys: Map<String, Json>,
    separators: &'static [&'static str],
}

impl Document {
    fn new(separators: &'static [&'static str]) -> Self {
        Self {
            keys: Map::new(),
            separators,
        }
    }

    fn insert(
        &mut self,
        section: &str,
        key: &str,
        value: String,
        line: usize,
    ) -> Result<(), String> {
        let mut path = if section.is_empty() {
            Vec::new()
        } else {
            self.parts(section)
        };
        path.extend(self.parts(key));
        let last = path.pop().unwrap_or_default();
        if last.is_empty() || path.iter().any(|part| part.is_empty()) {
            return Err(at(line, "a key is empty"));
        }
        let mut keys = &mut self.keys;
        for part in path {
            let inner = keys.entry(part).or_insert_with(|| Json::Object(Map::new()));
            let Json::Object(inner) = inner else {
                return Err(at(line, "a key has a value and keys below it"));
            };
            keys = inner;
        }
        match keys.insert(last.to_owned(), Json::String(value)) {
            Some(Json::Object(_)) => Err(at(line, "a key has a value and keys below it")),
            _ => Ok(()),
        }
    }

    fn parts<'a>(&self, key: &'a str) -> Vec<&'a str> {
        let separator = self
            .separators
            .iter()
            .find(|separator| key.contains(**separator));
        match separator {
            Some(separator) => key.split(separator).map(str::trim).collect(),
            None => vec![key.trim()],
        }
    }

    fn finish(self) -> Json {
        Json::Object(self.keys)
    }
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line))
}

fn at(line: usize, problem: &str) -> String {
    format!("line {line}: {problem}")
}

/// Splits at the first separator that stands alone, so that `::` may be part of a key.
fn split_once<'a>(line: &'a str, separators: &[char]) -> Option<(&'a str, &'a str)> {
    let bytes = line.as_bytes();
    let colon = |at: Option<usize>| at.and_then(|at| bytes.get(at)) == Some(&b':');
    let (at, c) = line.char_indices().find(|(at, c)| {
        let doubled = *c == ':' && (colon(at.checked_sub(1)) || colon(at.checked_add(1)));
        separators.contains(c) && !doubled
    })?;
    Some((line.get(..at)?, line.get(at + c.len_utf8()..)?))
}

/// A value without the quotes around it.
fn unquoted(value: &str) -> String {
    let inner = ['"', '\'', '`']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(value).to_owned()
}

/// A value in double quotes, with its escapes resolved.
fn quoted(value: &str) -> Option<String> {
    let mut done = String::new();
    let mut chars = value.chars().skip(1);
    loop {
        match chars.next()? {
            '"' => return Some(done),
            '\\' => done.push(match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            }),
            other => done.push(other),
        }
    }
}

/// A property: the key ends at the first blank, `=` or lone `:` that is not escaped.
fn property(line: &str) -> Option<(String, String)> {
    let mut key = String::new();
    let mut chars = line.chars();
    let value = loop {
        let rest = chars.as_str();
        match chars.next() {
            None => break "",
            Some('\\') => key.push(escape(&mut chars)?),
            Some(':') if rest.starts_with("::") => {
                chars.next();
                key.push_str("::");
            }
            Some(c) if c == '=' || c == ':' || c.is_whitespace() => break rest.trim_start(),
            Some(c) => key.push(c),
        }
    };
    let value = value.strip_prefix(['=', ':']).unwrap_or(value).trim_start();
    let mut text = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        text.push(if c == '\\' { escape(&mut chars)? } else { c });
    }
    Some((key, text))
}

fn escape(chars: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match chars.next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'f' => '\u{c}',
        'u' => {
            let (digits, rest) = chars.as_str().split_at_checked(4)?;
            *chars = rest.chars();
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
        }
        other => other,
    })
}
