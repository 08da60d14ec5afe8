//! The query of a request, read once and strictly.

use std::borrow::Cow;
use std::fmt;

use oci::{Error, ErrorCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The most parameters that are looked at; a request has no use for more.
const MAX_PARAMETERS: usize = 256;

/// What may stand in a value as it is.
const PLAIN: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'/')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Lends the parameters of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// Takes the text behind the question mark.
    pub fn new(text: Option<&'a str>) -> Self {
        Self(text.unwrap_or_default())
    }

    /// Yields the values of a parameter, decoded, in their order. What is not UTF-8 is replaced.
    pub fn all(self, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
        let pairs = self.0.split('&').take(MAX_PARAMETERS);
        pairs.filter_map(move |pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (!pair.is_empty() && decoded(key) == name).then(|| decoded(value))
        })
    }

    /// Yields a parameter that may be given once.
    ///
    /// # Errors
    /// `ParameterInvalid` when it is given more than once.
    pub fn one(self, name: &'static str) -> Result<Option<Cow<'a, str>>, Error> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(invalid(name, "parameter is repeated"));
        }
        Ok(first)
    }
}

/// Yields the error that names a parameter.
pub fn invalid(name: &'static str, reason: impl fmt::Display) -> Error {
    Error::new(ErrorCode::ParameterInvalid)
        .with("parameter", name)
        .with("reason", reason)
}

/// Writes a value so that it can stand in a query.
pub fn encoded(value: &str) -> impl fmt::Display {
    utf8_percent_encode(value, &PLAIN)
}

fn decoded(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return percent_decode_str(&spaced)
            .decode_utf8_lossy()
            .into_owned()
            .into();
    }
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_parameters() {
        let query = Query::new(Some("n=1&tag=a&tag=b%2Fc&x&&e=&s=a+b%20c&%6e2=y"));
        let all = |name| query.all(name).collect::<Vec<_>>();
        assert_eq!(all("tag"), ["a", "b/c"]);
        assert_eq!(all("n"), ["1"]);
        assert_eq!(all("x"), [""]);
        assert_eq!(all("e"), [""]);
        assert_eq!(all("s"), ["a b c"]);
        assert_eq!(all("n2"), ["y"]);
        assert_eq!(all(""), Vec::<String>::new());
        assert_eq!(query.one("n").unwrap().as_deref(), Some("1"));
        assert_eq!(query.one("absent").unwrap(), None);
        assert!(query.one("tag").is_err());
    }

    #[test]
    fn survives_odd_queries() {
        for text in ["", "&", "=", "%", "%zz=%", "a=%ff", "?", "a=b=c"] {
            let query = Query::new(Some(text));
            let _ = query.all("a").count();
        }
        let query = Query::new(Some("a=b=c"));
        assert_eq!(query.one("a").unwrap().as_deref(), Some("b=c"));
    }

    #[test]
    fn encodes_what_it_reads() {
        for value in ["v1.0", "a b", "a/b:c+d&e=f", "ü", "%41"] {
            let text = format!("x={}", encoded(value));
            let query = Query::new(Some(&text));
            assert_eq!(query.one("x").unwrap().as_deref(), Some(value), "{text}");
        }
    }
}
