//! The errors that clients see.

use std::error::Error as StdError;
use std::fmt;

use serde_json::{Map, Value};

/// Names what went wrong, as clients read it.
///
/// Spec: distribution 1.1, Error Codes. The last two rows of the table are ours: the specification
/// has no code for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The blob is not in the repository.
    BlobUnknown,
    /// The upload cannot be used as asked.
    BlobUploadInvalid,
    /// There is no such upload session.
    BlobUploadUnknown,
    /// The upload does not continue where it stands (`416`).
    RangeInvalid,
    /// The digest is malformed or is not that of the content.
    DigestInvalid,
    /// The manifest names content that the repository does not hold.
    ManifestBlobUnknown,
    /// The manifest is not a valid one.
    ManifestInvalid,
    /// The manifest is of a type that is not accepted (`415`).
    ManifestTypeInvalid,
    /// The body is larger than accepted (`413`).
    SizeExceeded,
    /// Too many tags were given in one request (`414`).
    TooManyTags,
    /// There is no such manifest.
    ManifestUnknown,
    /// The repository name is malformed.
    NameInvalid,
    /// There is no such repository.
    NameUnknown,
    /// The length is not that of the content.
    SizeInvalid,
    /// Credentials are needed.
    Unauthorized,
    /// The caller may not do this.
    Denied,
    /// The content is in use (`405`).
    InUse,
    /// The operation is not supported.
    Unsupported,
    /// A parameter of the request is malformed (`400`).
    ParameterInvalid,
    /// The route or resource does not exist (`404`).
    NotFound,
    /// The state that the caller relied on has changed (`409`).
    Conflict,
    /// An `If-Match` precondition does not hold (`412`).
    PreconditionFailed,
    /// The caller sends too much.
    TooManyRequests,
    /// The request took too long to arrive (`408`).
    Timeout,
    /// There is no room left (`507`).
    StorageFull,
    /// The server is shutting down or overloaded (`503`).
    Unavailable,
    /// Something failed here (`500`).
    Internal,
}

/// One row of the code table.
struct Row(&'static str, u16, &'static str);

impl ErrorCode {
    const fn row(self) -> Row {
        match self {
            Self::BlobUnknown => Row("BLOB_UNKNOWN", 404, "blob unknown to registry"),
            Self::BlobUploadInvalid => Row("BLOB_UPLOAD_INVALID", 400, "blob upload invalid"),
            Self::BlobUploadUnknown => Row(
                "BLOB_UPLOAD_UNKNOWN",
                404,
                "blob upload unknown to registry",
            ),
            Self::RangeInvalid => Row("BLOB_UPLOAD_INVALID", 416, "blob upload invalid"),
            Self::DigestInvalid => Row(
                "DIGEST_INVALID",
                400,
                "provided digest did not match uploaded content",
            ),
            Self::ManifestBlobUnknown => {
                Row("MANIFEST_BLOB_UNKNOWN", 404, "blob unknown to registry")
            }
            Self::ManifestInvalid => Row("MANIFEST_INVALID", 400, "manifest invalid"),
            Self::ManifestTypeInvalid => Row("MANIFEST_INVALID", 415, "manifest invalid"),
            Self::SizeExceeded => Row("MANIFEST_INVALID", 413, "manifest invalid"),
            Self::TooManyTags => Row("MANIFEST_INVALID", 414, "manifest invalid"),
            Self::ManifestUnknown => Row("MANIFEST_UNKNOWN", 404, "manifest unknown"),
            Self::NameInvalid => Row("NAME_INVALID", 404, "invalid repository name"),
            Self::NameUnknown => Row("NAME_UNKNOWN", 404, "repository name not known to registry"),
            Self::SizeInvalid => Row(
                "SIZE_INVALID",
                400,
                "provided length did not match content length",
            ),
            Self::Unauthorized => Row("UNAUTHORIZED", 401, "authentication required"),
            Self::Denied => Row("DENIED", 403, "requested access to the resource is denied"),
            Self::InUse => Row("DENIED", 405, "requested access to the resource is denied"),
            Self::Unsupported => Row("UNSUPPORTED", 405, "the operation is unsupported"),
            Self::ParameterInvalid => Row("UNSUPPORTED", 400, "the operation is unsupported"),
            Self::NotFound => Row("UNSUPPORTED", 404, "the operation is unsupported"),
            Self::Conflict => Row("MANIFEST_INVALID", 409, "manifest invalid"),
            Self::PreconditionFailed => Row("MANIFEST_INVALID", 412, "manifest invalid"),
            Self::TooManyRequests => Row("TOOMANYREQUESTS", 429, "too many requests"),
            Self::Timeout => Row("UNAVAILABLE", 408, "the request took too long"),
            Self::StorageFull => Row("UNAVAILABLE", 507, "no space left for the content"),
            Self::Unavailable => Row("UNAVAILABLE", 503, "the service is unavailable"),
            Self::Internal => Row("UNKNOWN", 500, "unknown error"),
        }
    }

    /// Yields the text of field `code`.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Yields the HTTP status.
    pub const fn status(self) -> u16 {
        self.row().1
    }

    /// Yields the text of field `message`.
    pub const fn message(self) -> &'static str {
        self.row().2
    }

    /// Yields the text of `detail.description`: what the code means in general.
    pub const fn description(self) -> &'static str {
        match self {
            Self::BlobUnknown | Self::ManifestBlobUnknown => {
                "the repository does not hold content with this digest"
            }
            Self::BlobUploadInvalid => "the upload met an error and cannot go on as asked",
            Self::BlobUploadUnknown => "the upload was cancelled, finished, or never started",
            Self::RangeInvalid => "the range does not continue the upload where it stands",
            Self::DigestInvalid => "the digest is malformed or is not that of the content",
            Self::ManifestInvalid => "the manifest did not pass validation",
            Self::ManifestTypeInvalid => "the media type of the manifest is not accepted",
            Self::SizeExceeded => "the body is larger than the limit",
            Self::TooManyTags => "the request names more tags than one request may",
            Self::ManifestUnknown => "the repository has no manifest under this reference",
            Self::NameInvalid => "the repository name is malformed or reserved",
            Self::NameUnknown => "the registry has no repository of this name",
            Self::SizeInvalid => "the declared length is not that of the content",
            Self::Unauthorized => "the request carries no valid credentials",
            Self::Denied => "the caller has no right to do this",
            Self::InUse => "the content is referenced and cannot be deleted",
            Self::Unsupported => "the operation is not supported here",
            Self::ParameterInvalid => "a parameter of the request is missing or malformed",
            Self::NotFound => "there is nothing at this address",
            Self::Conflict => "the operation conflicts with the present state",
            Self::PreconditionFailed => "the precondition of the request does not hold",
            Self::TooManyRequests => "the caller has reached a limit",
            Self::Timeout => "the request stopped making progress",
            Self::StorageFull => "the storage has no room for the content",
            Self::Unavailable => "the server cannot take the request now",
            Self::Internal => "the request failed for a reason on the server's side",
        }
    }
}

/// One failure: what the client is told, and what the log is told.
///
/// `detail` is sent; `source` is logged and never sent.
#[derive(Debug)]
pub struct Error {
    /// Names the failure.
    pub code: ErrorCode,
    /// What is wrong in this case, as part of the message: most clients show their users no more.
    pub reason: Option<String>,
    /// More for the client: a JSON object of strings or lists of strings.
    pub detail: Map<String, Value>,
    /// More for the log.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Starts with a code alone.
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            reason: None,
            detail: Map::new(),
            source: None,
        }
    }

    /// Adds what is wrong in this case to the message.
    #[must_use]
    pub fn because(mut self, reason: impl fmt::Display) -> Self {
        self.reason = Some(reason.to_string());
        self
    }

    /// Adds a detail for the client.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.detail
            .insert(key.to_owned(), Value::String(value.to_string()));
        self
    }

    /// Adds a list as a detail for the client.
    #[must_use]
    pub fn with_list<T: fmt::Display>(mut self, key: &str, values: &[T]) -> Self {
        let list = values
            .iter()
            .map(|value| Value::String(value.to_string()))
            .collect();
        self.detail.insert(key.to_owned(), Value::Array(list));
        self
    }

    /// Adds the cause, for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Yields the error as an entry of the body's `errors` list; `detail` always has a `description`.
    ///
    /// Spec: distribution 1.1, Error Codes.
    pub fn to_json(&self) -> Value {
        let mut detail = Map::new();
        detail.insert("description".to_owned(), self.code.description().into());
        detail.extend(
            self.detail
                .iter()
                .map(|(key, value)| (key.clone(), value.clone())),
        );
        let mut entry = Map::new();
        entry.insert("code".to_owned(), self.code.as_str().into());
        entry.insert("message".to_owned(), self.to_string().into());
        entry.insert("detail".to_owned(), Value::Object(detail));
        Value::Object(entry)
    }

    /// Yields the whole body: `{"errors":[…]}`.
    pub fn to_body(&self) -> Vec<u8> {
        let mut body = Map::new();
        body.insert("errors".to_owned(), Value::Array(vec![self.to_json()]));
        Value::Object(body).to_string().into_bytes()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.message())?;
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

#[cfg(test)]
mod tests;
