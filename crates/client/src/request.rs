//! What is sent.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Serialize;

use crate::error::Error;
use crate::url::{Url, form};

/// The limit of a body in bytes where a request sets none.
pub const DEFAULT_LIMIT: u64 = 1024 * 1024;

/// Says which redirects are followed. Those of requests with a body are not, in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redirects {
    /// None: the answer is the redirect.
    #[default]
    None,
    /// So many, while scheme, host and port stay the same.
    SameHost(u8),
    /// So many, wherever they lead but to local addresses and from `https` to `http`. Another host
    /// gets neither credentials nor cookies.
    Anywhere(u8),
}

/// Says who named the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The configuration: any address is fine.
    #[default]
    Configured,
    /// Another service: addresses of this machine and its link are refused, unless the agent allows
    /// them.
    Named,
}

/// Describes a request.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The target.
    pub url: Url,
    /// The headers. They hold secrets, so nothing prints them.
    pub headers: HeaderMap,
    /// The body, if the request has one.
    pub body: Option<Bytes>,
    /// Which redirects are followed.
    pub redirects: Redirects,
    /// Who named the target.
    pub trust: Trust,
    /// The longest body in bytes that is read.
    pub limit: u64,
}

impl Request {
    /// Starts with a method and a target.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            redirects: Redirects::None,
            trust: Trust::Configured,
            limit: DEFAULT_LIMIT,
        }
    }

    /// Asks for a target.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// Sends a form.
    pub fn form<'a>(url: Url, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let text = HeaderValue::from_static("application/x-www-form-urlencoded");
        Self::new(Method::POST, url).with_body(text, form(pairs))
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// [`Error::Request`] when the value has no JSON.
    pub fn json(url: Url, value: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(value).map_err(|source| Error::Request {
            at: url.clone(),
            source: source.into(),
        })?;
        let text = HeaderValue::from_static("application/json");
        Ok(Self::new(Method::POST, url).with_body(text, body))
    }

    /// Gives the request a body of a type.
    #[must_use]
    pub fn with_body(mut self, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        self.headers.insert(header::CONTENT_TYPE, content_type);
        self.body = Some(body.into());
        self
    }

    /// Sets a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets who named the target.
    #[must_use]
    pub fn with_trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Sets which redirects are followed.
    #[must_use]
    pub fn with_redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = redirects;
        self
    }

    /// Sets the longest body in bytes that is read.
    #[must_use]
    pub fn with_limit(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("redirects", &self.redirects)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}
