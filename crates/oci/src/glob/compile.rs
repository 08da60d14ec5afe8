//! From the text of a pattern to its alternatives, and from each of those to pieces.

/// Most characters that the written-out alternatives of one pattern may take.
const MAX_EXPANDED: usize = 65_536;

/// A pattern without braces.
#[derive(Clone, Debug)]
pub(super) struct Alternative {
    pub(super) pieces: Vec<Piece>,
    /// For each piece, and for the end: whether a name may end before it.
    pub(super) ends: Vec<bool>,
}

/// What one step of a match looks at.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Literal(char),
    NotSlash,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// `*`: a run within the segment.
    Star,
    /// `**/`: any number of segments.
    Segments,
    /// `**` as the last segment.
    Anything,
}

impl Piece {
    /// Whether this piece stands for the character. The pieces that stand for runs never do.
    pub(super) fn accepts(&self, c: char) -> bool {
        match self {
            Self::Literal(literal) => *literal == c,
            Self::NotSlash => c != '/',
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
            Self::Star | Self::Segments | Self::Anything => false,
        }
    }
}

/// Checks the syntax of a whole pattern.
pub(super) fn is_valid(pattern: &str) -> bool {
    let mut depth = 0_usize;
    let mut rest = pattern;
    while let Some((c, after)) = first(rest) {
        rest = after;
        match c {
            '\\' => match first(rest) {
                Some((_, after)) => rest = after,
                None => return false,
            },
            '[' => match class(rest) {
                Some((_, after)) => rest = after,
                None => return false,
            },
            '{' => depth += 1,
            '}' if depth == 0 => return false,
            '}' => depth -= 1,
            _ => {}
        }
    }
    depth == 0
}

/// Writes out the alternatives of a valid pattern. None when they are too many.
pub(super) fn alternatives(pattern: &str) -> Option<Vec<Alternative>> {
    let mut done = Vec::new();
    let mut waiting = vec![Draft::new(pattern)];
    let mut size = 0;
    while let Some(mut draft) = waiting.pop() {
        size += draft.rest.len() + draft.pieces.len() + 1;
        if size > MAX_EXPANDED {
            return None;
        }
        match draft.read() {
            Some(Stop::End) => done.push(Alternative {
                pieces: draft.pieces,
                ends: draft.ends,
            }),
            Some(Stop::Group) => {
                let rest = std::mem::take(&mut draft.rest);
                let (branches, after) = branches(&rest);
                let with = |branch| Draft {
                    rest: format!("{branch}{after}"),
                    ..draft.clone()
                };
                waiting.extend(branches.into_iter().rev().map(with));
            }
            // Braces hid a fault from the check of the whole pattern: such an alternative never
            // matches.
            None => {}
        }
    }
    Some(done)
}

/// An alternative of which a part has been read. Compat: what has not been read still has its
/// braces, and a piece that looks ahead sees those: `**` before a brace is no whole segment.
#[derive(Clone)]
struct Draft {
    pieces: Vec<Piece>,
    ends: Vec<bool>,
    segment_start: bool,
    rest: String,
}

/// Why reading stopped.
enum Stop {
    End,
    /// The rest starts behind the brace that opens a group.
    Group,
}

impl Draft {
    fn new(pattern: &str) -> Self {
        let rest = pattern.to_owned();
        Self {
            pieces: Vec::new(),
            ends: Vec::new(),
            segment_start: true,
            rest,
        }
    }

    /// Reads pieces up to the next group or the end. None when a piece is malformed.
    fn read(&mut self) -> Option<Stop> {
        let text = std::mem::take(&mut self.rest);
        let mut rest = text.as_str();
        while let Some((c, after)) = first(rest) {
            let (piece, after) = match c {
                '{' => {
                    after.clone_into(&mut self.rest);
                    return Some(Stop::Group);
                }
                '*' => star(after, self.segment_start),
                '?' => (Piece::NotSlash, after),
                '[' => class(after)?,
                '\\' => {
                    let (literal, after) = first(after)?;
                    (Piece::Literal(literal), after)
                }
                literal => (Piece::Literal(literal), after),
            };
            self.ends.push(matches_nothing(rest));
            self.segment_start = matches!(piece, Piece::Literal('/') | Piece::Segments);
            self.pieces.push(piece);
            rest = after;
        }
        self.ends.push(true);
        Some(Stop::End)
    }
}

/// The alternatives of a group, read from behind its brace, and what follows the group. Compat:
/// classes do not protect commas and braces here.
fn branches(group: &str) -> (Vec<&str>, &str) {
    let mut found = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    let mut chars = group.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' | ',' if depth == 0 => {
                found.extend(group.get(start..at));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    (found, group.get(start..).unwrap_or_default())
}

/// One star or two, read from behind the first.
fn star(after_first: &str, segment_start: bool) -> (Piece, &str) {
    let Some(after) = after_first.strip_prefix('*') else {
        return (Piece::Star, after_first);
    };
    match after.strip_prefix('/') {
        Some(next) if segment_start => (Piece::Segments, next),
        None if segment_start && after.is_empty() => (Piece::Anything, after),
        _ => (Piece::Star, after),
    }
}

/// A class, read from behind its opening bracket to behind its closing one.
fn class(text: &str) -> Option<(Piece, &str)> {
    let inner = text.strip_prefix(['!', '^']);
    let negated = inner.is_some();
    let mut rest = inner.unwrap_or(text);
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut low = None;
    while let Some((c, after)) = first(rest) {
        if c == ']' {
            return (!ranges.is_empty()).then_some((Piece::Class { negated, ranges }, after));
        }
        let range_end = match low {
            Some(from) if c == '-' && !after.starts_with(']') => Some(from),
            _ => None,
        };
        let from = if range_end.is_some() { after } else { rest };
        let (end, after) = first(from.strip_prefix('\\').unwrap_or(from))?;
        ranges.push((range_end.unwrap_or(end), end));
        low = range_end.is_none().then_some(end);
        rest = after;
    }
    None
}

/// Whether the rest of a pattern matches a name that has ended.
fn matches_nothing(rest: &str) -> bool {
    matches!(rest, "" | "*" | "**" | "/**" | "**/" | "/**/")
}

fn first(text: &str) -> Option<(char, &str)> {
    let mut chars = text.chars();
    chars.next().map(|c| (c, chars.as_str()))
}
