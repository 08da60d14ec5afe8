//! Answers, and the one place where an error becomes one.

use std::error::Error as StdError;

use http::header::{self as names, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};
use oci::{Error, ErrorCode};
use tracing::{error, warn};

use crate::body::Body;
use crate::header;
use crate::request_id::RequestId;

/// Room for the headers of nearly every answer.
const HEADERS: usize = 14;

/// Holds an answer while it is put together.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers; `Content-Length` follows from the body.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

impl Reply {
    /// Starts with a status and no body.
    pub fn new(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::with_capacity(HEADERS),
            body: Body::empty(),
        }
    }

    /// Answers 200 with JSON text.
    pub fn json(text: Vec<u8>) -> Self {
        Self::new(StatusCode::OK)
            .with(names::CONTENT_TYPE, header::JSON)
            .with_body(Body::full(text))
    }

    /// Answers with a status and text.
    ///
    /// Compat: browsers are told not to guess the type, as zot's router does.
    pub fn text(status: StatusCode, text: &'static str) -> Self {
        let nosniff = HeaderValue::from_static("nosniff");
        Self::new(status)
            .with(names::CONTENT_TYPE, header::TEXT)
            .with(names::X_CONTENT_TYPE_OPTIONS, nosniff)
            .with_body(Body::full(text))
    }

    /// Sets a header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Yields the response to a request of `method`, with its length said and no body where none
    /// belongs.
    ///
    /// Spec: RFC 9110, sections 8.6 and 9.3.2.
    pub fn into_response(mut self, method: &Method) -> Response<Body> {
        let bodiless = matches!(
            self.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
        if !bodiless && !self.headers.contains_key(names::CONTENT_LENGTH) {
            let length = HeaderValue::from(self.body.left());
            self.headers.insert(names::CONTENT_LENGTH, length);
        }
        if bodiless || method == Method::HEAD {
            self.body = Body::empty();
        }
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// Says which request an error belongs to, for the log.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The identifier of the request.
    pub id: &'a RequestId,
    /// Its method.
    pub method: &'a Method,
    /// Its path.
    pub path: &'a str,
}

/// Turns an error into the answer that tells of it, and logs the cause if there is one.
///
/// Spec: distribution 1.1, Error Codes.
pub fn error(error: &Error, subject: Subject<'_>) -> Reply {
    let status =
        StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(source) = error.source.as_deref() {
        log(error.code, status, source, subject);
    }
    let mut reply = Reply::json(error.to_body());
    reply.status = status;
    if matches!(
        error.code,
        ErrorCode::TooManyRequests | ErrorCode::Unavailable
    ) {
        let soon = HeaderValue::from_static("1");
        reply.headers.insert(names::RETRY_AFTER, soon);
    }
    reply
}

/// Answers a request whose handler panicked.
pub fn panicked(panic: &(dyn std::any::Any + Send), subject: Subject<'_>) -> Reply {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    error!(
        request_id = %subject.id,
        method = %subject.method,
        path = subject.path,
        traceback = text.unwrap_or("no text"),
        "panic recovered"
    );
    error(&Error::new(ErrorCode::Internal), subject)
}

fn log(
    code: ErrorCode,
    status: StatusCode,
    source: &(dyn StdError + 'static),
    subject: Subject<'_>,
) {
    let Subject { id, method, path } = subject;
    let (code, status) = (code.as_str(), status.as_u16());
    if status >= 500 {
        error!(request_id = %id, %method, path, code, status, error = source, "request failed");
    } else {
        warn!(request_id = %id, %method, path, code, status, error = source, "request refused");
    }
}
