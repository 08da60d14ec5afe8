//! Reads the tokens of JSON text.

use std::borrow::Cow;

use super::JsonError;

/// A position in the text.
pub(super) struct Cursor<'a> {
    text: &'a str,
    position: usize,
}

/// A string as written: without its quotes, escapes unresolved.
pub(super) struct Quoted<'a> {
    /// What is between the quotes.
    pub(super) inner: &'a str,
    /// The same with the quotes.
    whole: &'a str,
    escaped: bool,
}

impl<'a> Quoted<'a> {
    /// Resolves the escapes.
    pub(super) fn resolve(&self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.inner);
        }
        // The cursor has accepted every escape, so the fallback is never taken.
        serde_json::from_str(self.whole).map_or(Cow::Borrowed(self.inner), Cow::Owned)
    }
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    pub(super) const fn position(&self) -> usize {
        self.position
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    pub(super) fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.position += 1;
        }
    }

    /// Moves over `byte` if it is next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.position += 1;
        }
        found
    }

    pub(super) const fn expected<T>(&self, expected: &'static str) -> Result<T, JsonError> {
        Err(JsonError::Syntax {
            expected,
            offset: self.position,
        })
    }

    pub(super) fn string(&mut self) -> Result<Quoted<'a>, JsonError> {
        let start = self.position;
        if !self.take(b'"') {
            return self.expected("a string");
        }
        let mut escaped = false;
        loop {
            self.position += plain_length(self.rest());
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return self.expected("the end of the string"),
            }
            escaped = true;
        }
        let inner = self.slice(start + 1);
        self.position += 1;
        Ok(Quoted {
            inner,
            whole: self.slice(start),
            escaped,
        })
    }

    /// Moves over one escape, from its backslash.
    fn escape(&mut self) -> Result<(), JsonError> {
        self.position += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.position += 1;
                Ok(())
            }
            Some(b'u') => self.unicode_escape(),
            _ => self.expected("an escape"),
        }
    }

    /// Moves over one `uXXXX`, and over the second half when it is the first of a pair.
    fn unicode_escape(&mut self) -> Result<(), JsonError> {
        match self.code_unit()? {
            0xd800..=0xdbff => {
                if !self.take(b'\\') {
                    return self.expected("the second half of a surrogate pair");
                }
                match self.code_unit()? {
                    0xdc00..=0xdfff => Ok(()),
                    _ => self.expected("the second half of a surrogate pair"),
                }
            }
            0xdc00..=0xdfff => self.expected("the first half of a surrogate pair"),
            _ => Ok(()),
        }
    }

    fn code_unit(&mut self) -> Result<u32, JsonError> {
        if !self.take(b'u') {
            return self.expected("an escape of the form \\uXXXX");
        }
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return self.expected("a hex digit");
            };
            unit = unit * 16 + digit;
            self.position += 1;
        }
        Ok(unit)
    }

    pub(super) fn number(&mut self) -> Result<(), JsonError> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.position;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        if self.position == start {
            return self.expected("a digit");
        }
        Ok(())
    }

    pub(super) fn literal(&mut self) -> Result<(), JsonError> {
        for word in ["null", "true", "false"] {
            if self.rest().starts_with(word.as_bytes()) {
                self.position += word.len();
                return Ok(());
            }
        }
        self.expected("a value")
    }

    fn rest(&self) -> &'a [u8] {
        self.text
            .as_bytes()
            .get(self.position..)
            .unwrap_or_default()
    }

    /// Yields the text from `start` to here; both lie beside a quote, so between characters.
    fn slice(&self, start: usize) -> &'a str {
        self.text.get(start..self.position).unwrap_or_default()
    }
}

/// Counts the bytes up to the first that means something within a string.
///
/// Whole chunks first: the compiler turns their test into a few vector instructions.
fn plain_length(bytes: &[u8]) -> usize {
    const fn is_special(byte: u8) -> bool {
        byte == b'"' || byte == b'\\' || byte < 0x20
    }
    let (chunks, _) = bytes.as_chunks::<32>();
    let plain_chunks = chunks
        .iter()
        .take_while(|chunk| {
            !chunk
                .iter()
                .fold(false, |any, byte| any | is_special(*byte))
        })
        .count();
    let start = plain_chunks * 32;
    let rest = bytes.get(start..).unwrap_or_default();
    let plain = rest.iter().position(|byte| is_special(*byte));
    start + plain.unwrap_or(rest.len())
}
