//! What goes wrong with a request, by kind.

use std::error::Error as StdError;
use std::io;

use http::StatusCode;

use crate::url::Url;

/// A cause that is kept for the log.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Says why a request has no answer that can be used.
///
/// Addresses are printed without query; headers and bodies are not printed at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no full `http` or `https` address, or it carries a user or a password.
    #[error("the address is not a full http or https address without credentials")]
    Address,
    /// A header, or a setting of the agent, cannot be sent.
    #[error("the request to {at} is malformed")]
    Request {
        /// Where to.
        at: Url,
        /// The cause.
        #[source]
        source: Cause,
    },
    /// Certificates to trust are not readable, or there are none.
    #[error("no trusted certificates: {reason}")]
    Roots {
        /// What is wrong.
        reason: String,
    },
    /// A proxy of the environment has an address that cannot be used.
    #[error("the proxy of the environment for {at} has an unusable address")]
    Proxy {
        /// Where to.
        at: Url,
    },
    /// The name is unknown, or nobody listens, or the connection broke before the answer.
    #[error("cannot connect to {at}")]
    Connect {
        /// Where to.
        at: Url,
        /// The cause.
        #[source]
        source: Cause,
    },
    /// The other side did not prove who it is, or does not speak TLS.
    #[error("no secure connection to {at}")]
    Tls {
        /// Where to.
        at: Url,
        /// The cause.
        #[source]
        source: Cause,
    },
    /// The answer did not come in time.
    #[error("no answer in time from {at}")]
    Timeout {
        /// Where to.
        at: Url,
    },
    /// Somebody else named an address of this machine or its link.
    #[error("refused to ask {at}, a local address that another service named")]
    Local {
        /// Where to.
        at: Url,
    },
    /// The answer leads elsewhere than it may, or too often.
    #[error("refused to follow a redirect of {at}: {reason}")]
    Redirect {
        /// Who redirected.
        at: Url,
        /// Why it was not followed.
        reason: &'static str,
    },
    /// The answer is not HTTP.
    #[error("malformed answer from {at}")]
    Protocol {
        /// Where from.
        at: Url,
        /// The cause.
        #[source]
        source: Cause,
    },
    /// The body is longer than its limit.
    #[error("the answer of {at} is longer than {limit} bytes")]
    TooLarge {
        /// Where from.
        at: Url,
        /// The limit in bytes.
        limit: u64,
    },
    /// The body broke off.
    #[error("the answer of {at} broke off")]
    Body {
        /// Where from.
        at: Url,
        /// The cause.
        #[source]
        source: Cause,
    },
    /// The body is not the JSON that was asked for.
    #[error("the answer of {at} is not the JSON that was asked for")]
    Json {
        /// Where from.
        at: Url,
        /// The cause: a position and what was expected, never a value.
        #[source]
        source: io::Error,
    },
    /// The answer has another status than success.
    #[error("{at} answered {status}")]
    Status {
        /// Where from.
        at: Url,
        /// The status.
        status: StatusCode,
    },
    /// The process is about to stop.
    #[error("requests are not sent any more")]
    Stopped,
}

impl Error {
    /// Tells whether the same request may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Timeout { .. } | Self::Body { .. } => true,
            Self::Status { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Address
            | Self::Request { .. }
            | Self::Roots { .. }
            | Self::Proxy { .. }
            | Self::Tls { .. }
            | Self::Local { .. }
            | Self::Redirect { .. }
            | Self::Protocol { .. }
            | Self::TooLarge { .. }
            | Self::Json { .. }
            | Self::Stopped => false,
        }
    }
}
