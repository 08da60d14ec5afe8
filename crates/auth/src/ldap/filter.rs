//! Filters, from text to what is sent.
//!
//! Spec: RFC 4515 (text), RFC 4511, 4.5.1.7 (encoding).

use super::ber::{element, group, octets};

const AND: u8 = 0xa0;
const OR: u8 = 0xa1;
const NOT: u8 = 0xa2;
const EQUAL: u8 = 0xa3;
const SUBSTRINGS: u8 = 0xa4;
const AT_LEAST: u8 = 0xa5;
const AT_MOST: u8 = 0xa6;
const PRESENT: u8 = 0x87;
const LIKE: u8 = 0xa8;
const MATCHING: u8 = 0xa9;

/// How deep filters may be nested.
const DEPTH: usize = 32;

/// Says what is wrong with a filter.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum FilterError {
    /// Parentheses do not match, or something stands where a filter should.
    #[error("malformed filter")]
    Form,
    /// A name of an attribute is malformed.
    #[error("malformed attribute in a filter")]
    Attribute,
    /// A backslash is not followed by two hexadecimal digits.
    #[error("malformed escape in a filter")]
    Escape,
    /// It is nested too deeply.
    #[error("filter is nested too deeply")]
    Depth,
}

/// Yields the filter that finds one user: the attribute has the value, and `also` holds.
///
/// The value goes as it is: what it means in text, such as `*` or `)`, it cannot mean here.
pub(super) fn of_user(attribute: &str, value: &str, also: Option<&[u8]>) -> Vec<u8> {
    let equal = group(EQUAL, &[&octets(attribute), &octets(value)]);
    match also {
        Some(also) => group(AND, &[&equal, also]),
        None => equal,
    }
}

/// Tells whether this is the name of an attribute.
pub(super) fn is_attribute(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".;-_".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed)
}

/// Reads a filter; parentheses around it may be missing or there more than once.
///
/// Compat: zot puts its own around what is configured.
pub(super) fn parse(text: &str) -> Result<Vec<u8>, FilterError> {
    let mut parser = Parser {
        rest: text.trim(),
        depth: 0,
    };
    let filter = if parser.rest.starts_with('(') {
        parser.filter()?
    } else {
        let (item, rest) = (parser.rest, "");
        parser.rest = rest;
        parse_item(item)?
    };
    if parser.rest.is_empty() {
        Ok(filter)
    } else {
        Err(FilterError::Form)
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// Reads a filter in parentheses.
    fn filter(&mut self) -> Result<Vec<u8>, FilterError> {
        self.take('(')?;
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(FilterError::Depth);
        }
        self.rest = self.rest.trim_start();
        let filter = match self.rest.chars().next() {
            Some('&') => element(AND, &self.list()?),
            Some('|') => element(OR, &self.list()?),
            Some('!') => {
                self.take('!')?;
                self.rest = self.rest.trim_start();
                element(NOT, &self.filter()?)
            }
            Some('(') => self.filter()?,
            Some(_) => parse_item(self.item()?)?,
            None => return Err(FilterError::Form),
        };
        self.rest = self.rest.trim_start();
        self.take(')')?;
        self.depth -= 1;
        Ok(filter)
    }

    fn list(&mut self) -> Result<Vec<u8>, FilterError> {
        let mut chars = self.rest.chars();
        chars.next();
        self.rest = chars.as_str().trim_start();
        let mut filters = Vec::new();
        while self.rest.starts_with('(') {
            filters.extend(self.filter()?);
            self.rest = self.rest.trim_start();
        }
        Ok(filters)
    }

    fn item(&mut self) -> Result<&'a str, FilterError> {
        let end = self.rest.find(')').ok_or(FilterError::Form)?;
        let (item, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(item)
    }

    fn take(&mut self, c: char) -> Result<(), FilterError> {
        self.rest = self.rest.strip_prefix(c).ok_or(FilterError::Form)?;
        Ok(())
    }
}

/// Reads `attribute operator value`.
fn parse_item(text: &str) -> Result<Vec<u8>, FilterError> {
    if text.contains(['(', ')']) {
        return Err(FilterError::Form);
    }
    let (left, value) = text.split_once('=').ok_or(FilterError::Form)?;
    if let Some(left) = left.strip_suffix(':') {
        return matching(left, value);
    }
    let operators = [('>', AT_LEAST), ('<', AT_MOST), ('~', LIKE)];
    for (sign, tag) in operators {
        if let Some(name) = left.strip_suffix(sign) {
            return Ok(group(tag, &[&attribute(name)?, &octets(unescaped(value)?)]));
        }
    }
    if value == "*" {
        attribute(left)?;
        return Ok(element(PRESENT, left.as_bytes()));
    }
    if value.contains('*') {
        return substrings(left, value);
    }
    Ok(group(
        EQUAL,
        &[&attribute(left)?, &octets(unescaped(value)?)],
    ))
}

fn attribute(name: &str) -> Result<Vec<u8>, FilterError> {
    if is_attribute(name) {
        Ok(octets(name))
    } else {
        Err(FilterError::Attribute)
    }
}

fn substrings(name: &str, value: &str) -> Result<Vec<u8>, FilterError> {
    let pieces: Vec<_> = value.split('*').collect();
    let last = pieces.len().saturating_sub(1);
    let mut parts = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        if piece.is_empty() {
            continue;
        }
        let tag = match index {
            0 => 0x80,
            index if index == last => 0x82,
            _ => 0x81,
        };
        parts.extend(element(tag, &unescaped(piece)?));
    }
    if parts.is_empty() {
        return Err(FilterError::Form);
    }
    let parts = element(super::ber::SEQUENCE, &parts);
    Ok(group(SUBSTRINGS, &[&attribute(name)?, &parts]))
}

/// Reads `[attribute][:dn][:rule]` and the value behind `:=`.
fn matching(left: &str, value: &str) -> Result<Vec<u8>, FilterError> {
    let mut words = left.split(':');
    let name = words.next().unwrap_or_default();
    let (mut of_dn, mut rule) = (false, None);
    for word in words {
        if word.eq_ignore_ascii_case("dn") && !of_dn && rule.is_none() {
            of_dn = true;
        } else if is_attribute(word) && rule.is_none() {
            rule = Some(word);
        } else {
            return Err(FilterError::Attribute);
        }
    }
    let mut content = Vec::new();
    if let Some(rule) = rule {
        content.extend(element(0x81, rule.as_bytes()));
    }
    if is_attribute(name) {
        content.extend(element(0x82, name.as_bytes()));
    } else if !name.is_empty() || rule.is_none() {
        return Err(FilterError::Attribute);
    }
    content.extend(element(0x83, &unescaped(value)?));
    if of_dn {
        content.extend(element(0x84, &[0xff]));
    }
    Ok(element(MATCHING, &content))
}

fn unescaped(text: &str) -> Result<Vec<u8>, FilterError> {
    let mut pieces = text.as_bytes().split(|byte| *byte == b'\\');
    let mut value = pieces.next().unwrap_or_default().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).ok_or(FilterError::Escape)?;
        let byte = hex::decode(digits).map_err(|_malformed| FilterError::Escape)?;
        value.extend(byte);
        value.extend_from_slice(rest);
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
