//! What a handler is given and what it yields.

use std::error::Error as StdError;
use std::fmt;
use std::net::SocketAddr;

use auth::Identity;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use meta::Rights;

/// Says who is calling and what they may do.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is.
    pub identity: Identity,
    /// What they may do in repositories; listings demand it.
    pub rights: Rights,
    /// Whether they are an administrator. Without access control everybody is.
    pub admin: bool,
    /// The other end of the connection.
    pub peer: SocketAddr,
}

/// Holds a request to a route of an extension, its body read.
#[derive(Clone)]
pub struct Request {
    /// The method, one of those that the route answers.
    pub method: Method,
    /// The path as it was sent.
    pub path: String,
    /// The query as it was sent, without the question mark.
    pub query: Option<String>,
    /// The headers. They hold secrets, so nothing prints them.
    pub headers: HeaderMap,
    /// The body, no longer than the route's limit.
    pub body: Bytes,
    /// Who is calling.
    pub caller: Caller,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

/// Carries the body of an answer.
pub enum Content {
    /// All of it.
    Bytes(Bytes),
    /// Pieces as they come; an error, or another length in bytes than announced, cuts the answer off.
    Stream {
        /// The length of all pieces in bytes.
        length: u64,
        /// The pieces.
        stream: BoxStream<'static, Result<Bytes, Box<dyn StdError + Send + Sync>>>,
    },
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => f.debug_tuple("Bytes").field(&bytes.len()).finish(),
            Self::Stream { length, .. } => write!(f, "Stream({length})"),
        }
    }
}

/// Holds the answer of an extension. CORS headers are added by the server.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers, without `Content-Length`.
    pub headers: HeaderMap,
    /// The body.
    pub content: Content,
}

impl Response {
    /// Answers with a status and nothing else.
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            content: Content::Bytes(Bytes::new()),
        }
    }

    /// Answers 200 with JSON text.
    pub fn json(body: impl Into<Bytes>) -> Self {
        Self::with_type(HeaderValue::from_static("application/json"), body)
    }

    /// Answers 200 with a body of a type.
    pub fn with_type(content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        let mut response = Self::empty(StatusCode::OK);
        response.headers.insert(header::CONTENT_TYPE, content_type);
        response.content = Content::Bytes(body.into());
        response
    }
}
