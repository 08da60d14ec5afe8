//! What comes back.

use std::fmt;
use std::io;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::error::Error;
use crate::url::Url;

/// Holds an answer, its body read.
#[derive(Clone)]
pub struct Response {
    /// Who answered, after any redirects.
    pub url: Url,
    /// The status.
    pub status: StatusCode,
    /// The headers. They may hold secrets, so nothing prints them.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// Demands success.
    ///
    /// # Errors
    /// [`Error::Status`] for any status but 2xx.
    pub fn success(self) -> Result<Self, Error> {
        if self.status.is_success() {
            return Ok(self);
        }
        Err(Error::Status {
            at: self.url,
            status: self.status,
        })
    }

    /// Reads the body as JSON, whatever its type is said to be.
    ///
    /// # Errors
    /// [`Error::Json`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // The text of the error may quote a value.
            let what = match error.classify() {
                Category::Io | Category::Syntax => "malformed",
                Category::Data => "of another shape",
                Category::Eof => "cut off",
            };
            let text = format!("{what} at line {} column {}", error.line(), error.column());
            Error::Json {
                at: self.url.clone(),
                source: io::Error::new(io::ErrorKind::InvalidData, text),
            }
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("url", &self.url)
            .field("status", &self.status)
            .field("length", &self.body.len())
            .finish_non_exhaustive()
    }
}
