//! Globs over repository names.
//!
//! Compat: patterns mean what doublestar v4 makes of them, the library that zot matches names with,
//! because access rules, retention rules and mirror rules are written against it. The tests compare
//! 6,000 of its answers.
//!
//! | piece | matches |
//! |---|---|
//! | `*` | any run of characters within one path segment |
//! | `**` as a whole segment | any number of segments, none included: `repo/**` matches `repo` |
//! | `**` elsewhere | the same as `*` |
//! | `?` | one character, not `/` |
//! | `[a-z]`, `[!a]`, `[^a]` | one character of the class, or not of it; `/` too |
//! | `{a,b/*}` | one of the alternatives, which may nest and be empty |
//! | `\x` | the character `x` itself |
//!
//! A pattern is compiled once: its alternatives are written out, within a bound, and each becomes a
//! list of pieces. A match walks such a list and remembers two places to come back to, the last `*`
//! and the last `**/`, so that its cost is bounded by the lengths of name and pattern, never
//! exponential.

mod compile;

use std::fmt;

use compile::{Alternative, Piece};

/// A compiled pattern over repository names.
///
/// ```
/// # use oci::glob::RepoGlob;
/// let glob = RepoGlob::new("team/{app,lib}/**")?;
/// assert!(glob.matches("team/app"));
/// assert!(glob.matches("team/lib/x/y"));
/// assert!(!glob.matches("team/other"));
/// # Ok::<(), oci::glob::BadPattern>(())
/// ```
#[derive(Clone)]
pub struct RepoGlob {
    pattern: String,
    alternatives: Vec<Alternative>,
}

/// Why a pattern was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// A class or alternative is not closed, a closing brace has no opening one, a class is empty,
    /// or a backslash ends the text.
    #[error("glob pattern {0:?} is malformed")]
    Malformed(String),
    /// Written out, the alternatives take more than 65,536 characters.
    #[error("glob pattern {0:?} has too many alternatives")]
    TooLarge(String),
}

impl RepoGlob {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// [`BadPattern`] when the syntax is wrong anywhere in the pattern, or when it is too large.
    pub fn new(pattern: &str) -> Result<Self, BadPattern> {
        if !compile::is_valid(pattern) {
            return Err(BadPattern::Malformed(pattern.to_owned()));
        }
        match compile::alternatives(pattern) {
            Some(alternatives) => Ok(Self {
                pattern: pattern.to_owned(),
                alternatives,
            }),
            None => Err(BadPattern::TooLarge(pattern.to_owned())),
        }
    }

    /// Tells whether the whole name matches.
    pub fn matches(&self, name: &str) -> bool {
        self.alternatives
            .iter()
            .any(|alternative| Walk::new(alternative, name).matches())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }
}

impl fmt::Debug for RepoGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RepoGlob").field(&self.pattern).finish()
    }
}

impl fmt::Display for RepoGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

/// A place to come back to: the piece to go on with, and what was left of the name when it was
/// first tried.
#[derive(Clone, Copy)]
struct Retry<'a> {
    piece: usize,
    rest: &'a str,
}

/// One walk of a name along the pieces of one alternative.
struct Walk<'a> {
    alternative: &'a Alternative,
    piece: usize,
    rest: &'a str,
    star: Option<Retry<'a>>,
    segments: Option<Retry<'a>>,
}

impl<'a> Walk<'a> {
    fn new(alternative: &'a Alternative, name: &'a str) -> Self {
        Self {
            alternative,
            piece: 0,
            rest: name,
            star: None,
            segments: None,
        }
    }

    fn matches(mut self) -> bool {
        while let Some(c) = self.rest.chars().next() {
            let fits = match self.alternative.pieces.get(self.piece) {
                Some(Piece::Anything) => return true,
                Some(Piece::Star) => {
                    self.piece += 1;
                    self.star = Some(Retry {
                        piece: self.piece,
                        rest: self.rest,
                    });
                    continue;
                }
                Some(Piece::Segments) => {
                    self.piece += 1;
                    self.segments = Some(Retry {
                        piece: self.piece,
                        rest: self.rest,
                    });
                    // Compat: a new `**/` ends the choices of every `*` before it, and a new `*`
                    // those of the one before: this is why no more than two places are ever
                    // remembered.
                    self.star = None;
                    continue;
                }
                Some(piece) => piece.accepts(c),
                None => false,
            };
            if fits {
                self.piece += 1;
                self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
            } else if !self.retry() {
                return false;
            }
        }
        self.alternative
            .ends
            .get(self.piece)
            .copied()
            .unwrap_or(false)
    }

    /// Goes back to the last star and gives it one character more, or else to the last `**/` and
    /// gives it one segment more.
    fn retry(&mut self) -> bool {
        if let Some(Retry { piece, rest }) = self.star {
            let mut chars = rest.chars();
            if chars.next().is_some_and(|c| c != '/') {
                self.star = Some(Retry {
                    piece,
                    rest: chars.as_str(),
                });
                (self.piece, self.rest) = (piece, chars.as_str());
                return true;
            }
        }
        if let Some(Retry { piece, rest }) = self.segments
            && let Some((_, rest)) = rest.split_once('/')
        {
            self.segments = Some(Retry { piece, rest });
            (self.piece, self.rest) = (piece, rest);
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests;
