//! Walks through JSON text without recursion.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use super::cursor::Cursor;
use super::{JsonError, clip};

/// Up to this many keys of an object are compared one by one, which is faster than hashing them.
const FEW_KEYS: usize = 16;

/// The most characters of one key, and the most keys and positions, that an error names.
const PATH_KEY_CHARS: usize = 64;
const PATH_STEPS: usize = 8;

/// What the text must go on with.
enum Next {
    Value,
    Separator,
    End,
}

/// A list or object that is not closed yet.
enum Level<'a> {
    List { position: usize },
    Object(Object<'a>),
}

struct Object<'a> {
    /// The key that was read last, as written.
    key: &'a str,
    /// Where the keys of this object start in [`Walk::few`].
    first: usize,
    /// All keys, once they are many. The hash is seeded at random: clients cannot aim at it.
    many: Option<HashSet<Cow<'a, str>>>,
}

pub(super) struct Walk<'a> {
    cursor: Cursor<'a>,
    max_depth: usize,
    open: Vec<Level<'a>>,
    /// The keys of all open objects that have few, the innermost object's last.
    few: Vec<Cow<'a, str>>,
}

impl<'a> Walk<'a> {
    pub(super) const fn new(text: &'a str, max_depth: usize) -> Self {
        Self {
            cursor: Cursor::new(text),
            max_depth,
            open: Vec::new(),
            few: Vec::new(),
        }
    }

    pub(super) fn run(mut self) -> Result<(), JsonError> {
        self.cursor.skip_space();
        if self.cursor.peek().is_none() {
            return Err(JsonError::Empty);
        }
        let mut next = Next::Value;
        loop {
            self.cursor.skip_space();
            next = match next {
                Next::Value => self.value()?,
                Next::Separator => self.separator()?,
                Next::End => break,
            };
        }
        match self.cursor.peek() {
            None => Ok(()),
            Some(_) => Err(JsonError::TrailingData {
                offset: self.cursor.position(),
            }),
        }
    }

    fn value(&mut self) -> Result<Next, JsonError> {
        match self.cursor.peek() {
            Some(b'{') => return self.open_object(),
            Some(b'[') => return self.open_list(),
            Some(b'"') => self.cursor.string().map(|_| ())?,
            Some(b'-' | b'0'..=b'9') => self.cursor.number()?,
            _ => self.cursor.literal()?,
        }
        Ok(Next::Separator)
    }

    fn open_object(&mut self) -> Result<Next, JsonError> {
        self.push(Level::Object(Object {
            key: "",
            first: self.few.len(),
            many: None,
        }))?;
        if self.cursor.take(b'}') {
            self.open.pop();
            return Ok(Next::Separator);
        }
        self.key()
    }

    fn open_list(&mut self) -> Result<Next, JsonError> {
        self.push(Level::List { position: 0 })?;
        if self.cursor.take(b']') {
            self.open.pop();
            return Ok(Next::Separator);
        }
        Ok(Next::Value)
    }

    /// Moves over an opening bracket and the space behind it.
    fn push(&mut self, level: Level<'a>) -> Result<(), JsonError> {
        let offset = self.cursor.position();
        if self.open.len() >= self.max_depth {
            return Err(JsonError::TooDeep {
                limit: self.max_depth,
                offset,
            });
        }
        self.open.push(level);
        let _bracket = self.cursor.take(b'{') || self.cursor.take(b'[');
        self.cursor.skip_space();
        Ok(())
    }

    fn separator(&mut self) -> Result<Next, JsonError> {
        let comma = self.cursor.take(b',');
        match self.open.last_mut() {
            None if comma => Err(JsonError::TrailingData {
                offset: self.cursor.position() - 1,
            }),
            None => Ok(Next::End),
            Some(Level::List { position }) if comma => {
                *position += 1;
                Ok(Next::Value)
            }
            Some(Level::List { .. }) if self.cursor.take(b']') => {
                self.open.pop();
                Ok(Next::Separator)
            }
            Some(Level::List { .. }) => self.cursor.expected("a comma or the end of the list"),
            Some(Level::Object(_)) if comma => {
                self.cursor.skip_space();
                self.key()
            }
            Some(Level::Object(object)) if self.cursor.take(b'}') => {
                self.few.truncate(object.first);
                self.open.pop();
                Ok(Next::Separator)
            }
            Some(Level::Object(_)) => self.cursor.expected("a comma or the end of the object"),
        }
    }

    fn key(&mut self) -> Result<Next, JsonError> {
        let offset = self.cursor.position();
        let written = self.cursor.string()?;
        if let Some(Level::Object(object)) = self.open.last_mut() {
            object.key = written.inner;
            if !object.is_new(written.resolve(), &mut self.few) {
                let path = self.path();
                return Err(JsonError::DuplicateKey { path, offset });
            }
        }
        self.cursor.skip_space();
        if !self.cursor.take(b':') {
            return self.cursor.expected("a colon");
        }
        Ok(Next::Value)
    }

    /// Says where the walk is: the outermost steps, such as `layers[2].annotations.title`.
    fn path(&self) -> String {
        let mut path = String::new();
        for level in self.open.iter().take(PATH_STEPS) {
            match level {
                Level::List { position } => {
                    let _infallible = write!(path, "[{position}]");
                }
                Level::Object(object) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&clip(object.key, PATH_KEY_CHARS));
                }
            }
        }
        if self.open.len() > PATH_STEPS {
            path.push('…');
        }
        path
    }
}

impl<'a> Object<'a> {
    /// Remembers `key`; tells whether the object did not have it yet.
    fn is_new(&mut self, key: Cow<'a, str>, few: &mut Vec<Cow<'a, str>>) -> bool {
        if let Some(many) = &mut self.many {
            return many.insert(key);
        }
        if few.get(self.first..).unwrap_or_default().contains(&key) {
            return false;
        }
        few.push(key);
        if few.len() > self.first + FEW_KEYS {
            self.many = Some(few.drain(self.first..).collect());
        }
        true
    }
}
