//! Ranges of bytes, as requests ask for them and as uploads send them.

use std::fmt;

/// The most ranges that one request may ask for.
pub const MAX_RANGES: usize = 16;

/// Spans bytes from `first` to `last`, both included, so never none.
///
/// # Invariants
/// `first` is not after `last`, and `last` is below the largest number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Range {
    first: u64,
    last: u64,
}

impl Range {
    /// Builds a range; `None` when `last` comes before `first` or is the largest number.
    pub const fn new(first: u64, last: u64) -> Option<Self> {
        if first > last || last == u64::MAX {
            return None;
        }
        Some(Self { first, last })
    }

    /// Yields the position of the first byte.
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// Yields the position of the last byte.
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// Yields the number of bytes, at least one.
    #[expect(clippy::len_without_is_empty, reason = "a range is never empty")]
    pub const fn len(&self) -> u64 {
        self.last - self.first + 1
    }

    /// Yields the value of `Content-Range` in an answer, such as `bytes 0-9/20`.
    ///
    /// Spec: RFC 9110, section 14.4.
    pub fn to_content_range(&self, size: u64) -> String {
        format!("bytes {}-{}/{size}", self.first, self.last)
    }
}

/// Writes `first-last`, as uploads send and answer it.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// Says that a header `Range` cannot be met (`416`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("range cannot be met by content of {size} bytes")]
pub struct Unsatisfiable {
    /// The size of the content in bytes.
    pub size: u64,
}

impl Unsatisfiable {
    /// Yields the value of `Content-Range` in the answer, such as `bytes */20`.
    ///
    /// Spec: RFC 9110, section 14.4.
    pub fn to_content_range(&self) -> String {
        format!("bytes */{}", self.size)
    }
}

/// Reads the header `Range` of downloads.
#[derive(Debug)]
pub enum ByteRanges {}

impl ByteRanges {
    /// Reads what parts of content of `size` bytes a request asks for.
    ///
    /// Yields at least one range; they are in order, do not touch, and end within the content.
    ///
    /// # Errors
    /// [`Unsatisfiable`] as soon as one part is malformed or starts behind the content, when there
    /// are more than [`MAX_RANGES`], when the unit is not bytes, and for empty content.
    ///
    /// Spec: RFC 9110, section 14.2. Compat: zot refuses the whole header where the standard would
    /// let the other parts stand or ignore it.
    pub fn parse(header: &str, size: u64) -> Result<Vec<Range>, Unsatisfiable> {
        read_all(header, size).ok_or(Unsatisfiable { size })
    }
}

fn read_all(header: &str, size: u64) -> Option<Vec<Range>> {
    let (unit, set) = header.trim_matches([' ', '\t']).split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") || set.split(',').count() > MAX_RANGES {
        return None;
    }
    let specs = set.split(',').map(|spec| spec.trim_matches([' ', '\t']));
    let mut ranges = specs
        .map(|spec| read_one(spec, size))
        .collect::<Option<Vec<_>>>()?;
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| merge(kept, *next));
    Some(ranges)
}

fn read_one(spec: &str, size: u64) -> Option<Range> {
    let end = size.checked_sub(1)?;
    let (first, last) = spec.split_once('-')?;
    if first.is_empty() {
        let length = saturating_number(last)?;
        return Range::new(size.saturating_sub(length), end);
    }
    let first = saturating_number(first)?;
    if last.is_empty() {
        return Range::new(first, end);
    }
    let last = saturating_number(last)?;
    // The order counts before the end is cut off: `9-5` is malformed whatever the size.
    if first > last {
        return None;
    }
    Range::new(first, last.min(end))
}

/// Extends `kept` by `next`, which does not start before it, if they touch.
fn merge(kept: &mut Range, next: Range) -> bool {
    let touches = next.first <= kept.last + 1;
    if touches {
        kept.last = kept.last.max(next.last);
    }
    touches
}

/// Reads digits; a number too large for the type counts as the largest, which is behind any content.
fn saturating_number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

/// Says that a header `Content-Range` of an upload is malformed (`416`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("content range is not of the form <first>-<last>")]
pub struct ContentRangeError;

/// Reads the header `Content-Range` of uploads.
#[derive(Debug)]
pub enum ContentRange {}

impl ContentRange {
    /// Reads `<first>-<last>`: digits only, no unit, no size.
    ///
    /// # Errors
    /// [`ContentRangeError`] for any other form, for a range that ends before it starts and for
    /// numbers that do not fit.
    ///
    /// Spec: distribution 1.1, Pushing a blob in chunks. Compat: zot refuses the form with a unit.
    pub fn parse(header: &str) -> Result<Range, ContentRangeError> {
        let (first, last) = header.split_once('-').ok_or(ContentRangeError)?;
        let numbers = saturating_number(first).zip(saturating_number(last));
        numbers
            .and_then(|(first, last)| Range::new(first, last))
            .ok_or(ContentRangeError)
    }
}

#[cfg(test)]
mod tests;
