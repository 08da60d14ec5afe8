//! Pages of lists: what a request asks for, and where the next page is.

use std::borrow::Cow;
use std::fmt::Write as _;

use http::HeaderValue;
use oci::Error;

use crate::header;
use crate::query::{Query, encoded, invalid};

/// The most entries of one answer where nothing else is configured; more are linked to.
pub const MAX_ENTRIES: usize = 10_000;

/// Says what is done with an `n` that is no number from 0 up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OddCount {
    /// It is refused.
    Refused,
    /// It counts as absent.
    Ignored,
}

/// Says which part of a list a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest<'a> {
    /// How many entries at most.
    pub limit: usize,
    /// The entry before the first one. It need not exist.
    pub after: Option<Cow<'a, str>>,
}

impl<'a> PageRequest<'a> {
    /// Reads the parameters `n` and `last`; no page has more than `max` entries.
    ///
    /// # Errors
    /// `ParameterInvalid` when one is repeated, or when `n` is odd and that is refused.
    ///
    /// Spec: distribution 1.1, Listing Tags.
    pub fn read(query: Query<'a>, odd: OddCount, max: usize) -> Result<Self, Error> {
        let limit = match (read_count(query), odd) {
            (Ok(limit), _) => limit.unwrap_or(max).min(max),
            (Err(_), OddCount::Ignored) => max,
            (Err(error), OddCount::Refused) => return Err(error),
        };
        let after = query.one("last")?;
        Ok(Self { limit, after })
    }

    /// Yields the value of `Link` for the page after the entry `last`.
    ///
    /// `path` is that of the list. `more` is kept in the query as it is.
    pub fn link(&self, path: &str, last: &str, more: &str) -> HeaderValue {
        let mut link = format!("<{path}?n={}&last={}", self.limit, encoded(last));
        if !more.is_empty() {
            let _ = write!(link, "&{more}");
        }
        link.push_str(">; rel=\"next\"");
        header::of_text(&link)
    }
}

fn read_count(query: Query<'_>) -> Result<Option<usize>, Error> {
    let Some(text) = query.one("n")? else {
        return Ok(None);
    };
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid("n", "not a number of entries"));
    }
    Ok(Some(text.parse().unwrap_or(usize::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(text: &str, odd: OddCount) -> Option<usize> {
        let query = Query::new(Some(text));
        PageRequest::read(query, odd, MAX_ENTRIES)
            .ok()
            .map(|page| page.limit)
    }

    #[test]
    fn case_a16_counts_are_bounded() {
        let table = [
            ("", Some(10_000), Some(10_000)),
            ("n=0", Some(0), Some(0)),
            ("n=7", Some(7), Some(7)),
            ("n=10001", Some(10_000), Some(10_000)),
            ("n=2147483647", Some(10_000), Some(10_000)),
            ("n=99999999999999999999999", Some(10_000), Some(10_000)),
            ("n=-1", None, Some(10_000)),
            ("n=abc", None, Some(10_000)),
            ("n=1e9", None, Some(10_000)),
            ("n=%2B1", None, Some(10_000)),
            ("n=", None, Some(10_000)),
            ("n=1&n=2", None, Some(10_000)),
        ];
        for (text, refused, ignored) in table {
            assert_eq!(limit(text, OddCount::Refused), refused, "{text}");
            assert_eq!(limit(text, OddCount::Ignored), ignored, "{text}");
        }
        assert_eq!(limit("last=a&last=b", OddCount::Ignored), None);
    }

    #[test]
    fn links_are_escaped() {
        let page = PageRequest {
            limit: 2,
            after: None,
        };
        let link = page.link("/v2/a/tags/list", "a&b>", "");
        let want = "</v2/a/tags/list?n=2&last=a%26b%3E>; rel=\"next\"";
        assert_eq!(link, want);
        let link = page.link("/x", "b", "artifactType=c");
        assert_eq!(link, "</x?n=2&last=b&artifactType=c>; rel=\"next\"");
    }
}
