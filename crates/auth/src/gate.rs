//! The methods by which callers are known.

use std::error::Error as StdError;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use http::{HeaderMap, header};

use crate::identity::Identity;

/// Lends what a request says of its sender.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The headers. They hold secrets, so nothing prints them.
    pub headers: &'a HeaderMap,
    /// The other end of the connection.
    pub peer: SocketAddr,
    /// The certificate of the client in DER, verified when the connection was made.
    pub certificate: Option<&'a [u8]>,
    /// The time of the request.
    pub now: SystemTime,
}

impl<'a> Evidence<'a> {
    /// Yields the one `Authorization` header, if there is one that says something.
    ///
    /// Compat: Basic credentials without user and password count as none.
    pub fn authorization(&self) -> Authorization<'a> {
        let mut values = self.headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Authorization::Absent;
        };
        if values.next().is_some() {
            return Authorization::Several;
        }
        let value = value.as_bytes();
        let (scheme, rest) = match value.iter().position(|byte| *byte == b' ') {
            Some(space) => value.split_at(space),
            None => (value, &[][..]),
        };
        let rest = rest.trim_ascii();
        let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
        match rest {
            [] if scheme.is_empty() => Authorization::Absent,
            b"Og==" if is("basic") => Authorization::Absent,
            rest if is("basic") => Authorization::Basic(rest),
            rest if is("bearer") => Authorization::Bearer(rest),
            _ => Authorization::Other,
        }
    }
}

impl fmt::Debug for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evidence")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// What the header `Authorization` carries, by its scheme in any case.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Authorization<'a> {
    /// No header, or one that says nothing.
    Absent,
    /// More than one: nobody can tell which one counts.
    Several,
    /// Basic credentials as they were sent, in base64.
    Basic(&'a [u8]),
    /// A token.
    Bearer(&'a [u8]),
    /// A scheme that no method reads.
    Other,
}

/// The credentials are not printed.
impl fmt::Debug for Authorization<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Several => "Several",
            Self::Basic(_) => "Basic",
            Self::Bearer(_) => "Bearer",
            Self::Other => "Other",
        })
    }
}

/// Says why credentials are not accepted.
#[derive(Debug)]
pub enum Refusal {
    /// They are wrong.
    Wrong,
    /// A token is malformed, expired, or not signed by somebody who may.
    InvalidToken,
    /// They could not be checked now: a directory, a store or another service failed.
    Failed(Box<dyn StdError + Send + Sync>),
}

/// Says what a method makes of a request.
#[derive(Debug)]
pub enum Verdict {
    /// The request carries nothing that the method reads: the next one is asked.
    Absent,
    /// The caller is known.
    Known(Identity),
    /// The request carries credentials of this method, and they are not accepted.
    Refused(Refusal),
}

/// Knows callers by one kind of credentials.
pub trait Authenticator: Send + Sync + fmt::Debug {
    /// Judges a request. Never writes to a store because of it.
    fn authenticate<'a>(&'a self, evidence: &'a Evidence<'a>) -> BoxFuture<'a, Verdict>;
}

/// Holds the methods that are on, in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    by_header: Arc<[Arc<dyn Authenticator>]>,
    by_other: Arc<[Arc<dyn Authenticator>]>,
}

impl Gate {
    /// Builds a gate without methods: everybody is anonymous.
    pub fn open() -> Self {
        Self::default()
    }

    /// Builds a gate of methods in their order: those that read `Authorization`, and those that are
    /// asked when there is no such header, such as sessions and certificates.
    pub fn new(
        by_header: Vec<Arc<dyn Authenticator>>,
        by_other: Vec<Arc<dyn Authenticator>>,
    ) -> Self {
        Self {
            by_header: by_header.into(),
            by_other: by_other.into(),
        }
    }

    /// Tells whether no method is on.
    pub fn is_open(&self) -> bool {
        self.by_header.is_empty() && self.by_other.is_empty()
    }

    /// Finds out who is calling. The first method that finds credentials of its kind decides: wrong
    /// ones never make a caller anonymous.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn identify(&self, evidence: &Evidence<'_>) -> Result<Identity, Refusal> {
        let authorization = evidence.authorization();
        let sent = authorization != Authorization::Absent && !self.by_header.is_empty();
        if sent && authorization == Authorization::Several {
            return Err(Refusal::Wrong);
        }
        let methods = if sent {
            &self.by_header
        } else {
            &self.by_other
        };
        for method in methods.iter() {
            match method.authenticate(evidence).await {
                Verdict::Absent => {}
                Verdict::Known(identity) => return Ok(identity),
                Verdict::Refused(refusal) => return Err(refusal),
            }
        }
        // A scheme that is off is no way in.
        if sent {
            return Err(Refusal::Wrong);
        }
        Ok(Identity::Anonymous)
    }
}

#[cfg(test)]
mod tests;
