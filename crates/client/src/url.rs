//! Addresses that print without their secrets.

use std::fmt;

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::Error;

/// What a form leaves as it is.
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_');

/// Holds a full `http` or `https` address.
///
/// `Display` and `Debug` leave the query out, which may hold secrets.
///
/// # Invariants
/// There is a host, and neither user nor password nor fragment.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url(Uri);

impl Url {
    /// Reads a full address.
    ///
    /// # Errors
    /// [`Error::Address`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.split('#').next().unwrap_or_default();
        let uri: Uri = text.parse().map_err(|_error| Error::Address)?;
        let is_web = uri.scheme() == Some(&Scheme::HTTP) || uri.scheme() == Some(&Scheme::HTTPS);
        let authority = uri.authority().map_or("", Authority::as_str);
        let host = uri.host().unwrap_or_default();
        if !is_web || host.is_empty() || authority.contains('@') {
            return Err(Error::Address);
        }
        Ok(Self(uri))
    }

    /// Reads what a header or a document at this address names, in full or relative to it.
    ///
    /// # Errors
    /// [`Error::Address`].
    pub fn join(&self, text: &str) -> Result<Self, Error> {
        if text.contains("://") && !text.starts_with(['/', '?']) {
            return Self::parse(text);
        }
        let scheme = self.scheme();
        if text.starts_with("//") {
            return Self::parse(&format!("{scheme}:{text}"));
        }
        let start = format!("{scheme}://{}", self.authority());
        let path = self.path();
        match text.chars().next() {
            Some('/') => Self::parse(&format!("{start}{text}")),
            Some('?') => Self::parse(&format!("{start}{path}{text}")),
            None | Some('#') => Ok(self.clone()),
            // `mailto:x` and the like lead nowhere
            Some(_)
                if text
                    .split(['/', '?'])
                    .next()
                    .is_some_and(|s| s.contains(':')) =>
            {
                Err(Error::Address)
            }
            Some(_) => {
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                Self::parse(&format!("{start}{folder}/{text}"))
            }
        }
    }

    /// Adds a path below this one, before any query; slashes at the seam count once.
    ///
    /// # Errors
    /// [`Error::Address`].
    pub fn below(&self, path: &str) -> Result<Self, Error> {
        let folder = self.path().trim_end_matches('/');
        let path = path.trim_start_matches('/');
        let query = self
            .query()
            .map_or_else(String::new, |query| format!("?{query}"));
        self.with_path(&format!("{folder}/{path}{query}"))
    }

    /// Replaces the query.
    ///
    /// # Errors
    /// [`Error::Address`].
    pub fn with_query(&self, query: &str) -> Result<Self, Error> {
        let path = self.path();
        if query.is_empty() {
            return self.with_path(path);
        }
        self.with_path(&format!("{path}?{query}"))
    }

    /// Yields `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.0.scheme_str().unwrap_or("http")
    }

    /// Tells whether the connection is encrypted.
    pub fn is_secure(&self) -> bool {
        self.0.scheme() == Some(&Scheme::HTTPS)
    }

    /// Yields the host as written; an IPv6 address has no brackets.
    pub fn host(&self) -> &str {
        let host = self.0.host().unwrap_or_default();
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Yields the port, that of the scheme where none is written.
    pub fn port(&self) -> u16 {
        let default = if self.is_secure() { 443 } else { 80 };
        self.0.port_u16().unwrap_or(default)
    }

    /// Yields host and port as written.
    pub fn authority(&self) -> &str {
        self.0.authority().map_or("", Authority::as_str)
    }

    /// Yields the path as it is sent.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// Yields the query as it is sent, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.0.query()
    }

    /// Tells whether scheme, host and port are the same: credentials for one are safe with the
    /// other.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.0.scheme() == other.0.scheme()
            && self.port() == other.port()
            && self.is_same_host(other)
    }

    /// Tells whether the hosts are the same, whatever the ports.
    pub fn is_same_host(&self, other: &Self) -> bool {
        self.host().eq_ignore_ascii_case(other.host())
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.0
    }

    fn with_path(&self, path: &str) -> Result<Self, Error> {
        let mut parts = self.0.clone().into_parts();
        let path: PathAndQuery = path.parse().map_err(|_error| Error::Address)?;
        parts.path_and_query = Some(path);
        Uri::from_parts(parts)
            .map(Self)
            .map_err(|_error| Error::Address)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, authority, path) = (self.scheme(), self.authority(), self.path());
        write!(f, "{scheme}://{authority}{path}")
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

/// Writes pairs as forms and queries do.
///
/// Spec: URL, application/x-www-form-urlencoded serializing.
pub fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        for (part, end) in [(name, "="), (value, "")] {
            for piece in utf8_percent_encode(part, FORM) {
                text.push_str(if piece == "%20" { "+" } else { piece });
            }
            text.push_str(end);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_full_web_addresses_only() {
        let table = [
            ("https://a.example/x?q=1#f", Some("https://a.example/x")),
            ("HTTP://a.example", Some("http://a.example/")),
            ("http://[::1]:5000/v2/", Some("http://[::1]:5000/v2/")),
            ("https://user:pw@a.example/", None),
            ("ftp://a.example/", None),
            ("file:///etc/passwd", None),
            ("/v2/", None),
            ("a.example", None),
            ("https://", None),
            ("https://a b/", None),
        ];
        for (text, want) in table {
            let got = Url::parse(text).ok().map(|url| url.to_string());
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn joins_as_redirects_need_it() {
        let base = Url::parse("https://a.example:444/x/y?q=1").unwrap();
        let table = [
            ("/z?k=2", Some("https://a.example:444/z?k=2")),
            ("z", Some("https://a.example:444/x/z")),
            ("?k", Some("https://a.example:444/x/y?k")),
            ("//b.example/z", Some("https://b.example/z")),
            ("http://b.example/z", Some("http://b.example/z")),
            (
                "/z?to=http://b.example/",
                Some("https://a.example:444/z?to=http://b.example/"),
            ),
            ("#here", Some("https://a.example:444/x/y?q=1")),
            ("file:///etc/passwd", None),
            ("mailto:x", None),
            ("http://u:p@b.example/", None),
        ];
        for (text, want) in table {
            let got = base.join(text).ok().map(|url| url.0.to_string());
            assert_eq!(got.as_deref(), want, "{text}");
        }
        let below = base.below("/.well-known/k").unwrap();
        assert_eq!(
            below.0.to_string(),
            "https://a.example:444/x/y/.well-known/k?q=1"
        );
    }

    #[test]
    fn tells_origins_apart() {
        let base = Url::parse("https://a.example/").unwrap();
        let table = [
            ("https://A.example:443/x", true, true),
            ("http://a.example/", false, true),
            ("https://a.example:444/", false, true),
            ("https://b.example/", false, false),
        ];
        for (text, origin, host) in table {
            let other = Url::parse(text).unwrap();
            assert_eq!(base.is_same_origin(&other), origin, "{text}");
            assert_eq!(base.is_same_host(&other), host, "{text}");
        }
    }

    #[test]
    fn neither_display_nor_debug_shows_a_query() {
        let url = Url::parse("https://a.example/x?token=marker").unwrap();
        assert!(!format!("{url} {url:?}").contains("marker"));
    }

    #[test]
    fn forms_are_encoded() {
        let text = form([("a b", "c&d=é"), ("x", "")]);
        assert_eq!(text, "a+b=c%26d%3D%C3%A9&x=");
        let url = Url::parse("http://a/x?old")
            .unwrap()
            .with_query(&text)
            .unwrap();
        assert_eq!(url.query(), Some(text.as_str()));
    }
}
