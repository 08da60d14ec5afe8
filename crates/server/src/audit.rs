//! The record of who changed what, and of who was refused: a file of its own, in zot's form.
//!
//! ```text
//! {"time":"…","level":"info","message":"HTTP API Audit","component":"session","clientIP":"…","subject":"ann","action":"PUT","object":"/v2/r/manifests/t","status":201,…}
//! ```
//!
//! - What is written down is decided by [`is_audited`]. `log.level` does not matter.
//! - The line is in the queue before the answer goes out. When the disk is slow, the request waits
//!   for room in the queue, without holding a thread up: nothing that was done goes unwritten.
//! - When the file cannot be written, as on a full disk, requests go on: a registry that stops
//!   because of its audit is one more thing to attack. The lost lines are counted, the log says why at
//!   once, and the file says how many as soon as it can.
//! - A request whose client has gone is written down with status 0: it may have been carried out.
//!
//! Spec: core 16.3, 12.4.

use std::path::Path;
use std::sync::OnceLock;
use std::time::SystemTime;

use auth::Identity;
use http::{HeaderMap, Method, StatusCode, header as names};

use crate::client_address::Client;
use crate::log::line::Line;
use crate::log::secret::write_masked;
use crate::log::{self, Class, LogError, Sink};

mod removal;

pub use removal::{Module, Reference, Removal};

/// The file of the record; clones share it.
#[derive(Clone, Debug)]
pub struct Audit(Sink);

/// Lends what is known of a request when it comes in.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who asks.
    pub client: Client,
    /// The method.
    pub method: &'a Method,
    /// Path and query as they came; values of keys that carry secrets are masked.
    pub object: &'a str,
    /// The headers, which tell whether credentials were shown.
    pub headers: &'a HeaderMap,
    /// Who is calling, once that is known.
    pub who: &'a OnceLock<Identity>,
}

impl Audit {
    /// Opens the record. A file that is new can be read by its owner only.
    ///
    /// # Errors
    /// `Open`, `Writer`.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let output = log::open(path)?;
        let complain = |error: &std::io::Error| {
            let error: &(dyn std::error::Error + 'static) = error;
            tracing::error!(error, "audit lines are lost");
        };
        let sink = Sink::start(output, Some(complain)).map_err(LogError::Writer)?;
        Ok(Self(sink))
    }

    /// Begins to watch a request.
    pub const fn watch<'a>(&'a self, asked: Asked<'a>) -> Watch<'a> {
        Watch {
            audit: self,
            asked,
            status: 0,
            is_done: false,
        }
    }

    /// Writes down that something was removed, or would have been, on no request.
    ///
    /// # Cancel safety
    /// A call that is dropped has written the line or not.
    pub async fn record(&self, removal: &Removal<'_>) {
        let mut line = Line::default();
        let whole = removal.write(&mut line, now());
        self.0.append_vital(whole).await;
    }

    /// Waits until everything is written.
    pub fn flush(&self) {
        self.0.flush();
    }
}

/// A request that is under way. One that is dropped unfinished is written down as such.
#[derive(Debug)]
pub struct Watch<'a> {
    audit: &'a Audit,
    asked: Asked<'a>,
    status: u16,
    is_done: bool,
}

impl Watch<'_> {
    /// Writes down how a request ended, if that is worth it. To be called before the answer goes out.
    ///
    /// # Cancel safety
    /// A call that is dropped has written the line all the same.
    pub async fn finish(mut self, status: StatusCode) {
        self.status = status.as_u16();
        if is_audited(self.asked.method, status, self.shown()) {
            let line = self.line(now());
            self.audit.0.append_vital(&line).await;
        }
        self.is_done = true;
    }

    fn shown(&self) -> Credentials {
        let headers = self.asked.headers;
        let named = self.asked.who.get().is_some_and(|who| who.name().is_some());
        let sent =
            headers.contains_key(names::AUTHORIZATION) || headers.contains_key(names::COOKIE);
        if named || sent {
            Credentials::Shown
        } else {
            Credentials::Absent
        }
    }

    /// Compat: zot's fields in zot's order.
    fn line(&self, at: SystemTime) -> Vec<u8> {
        let asked = &self.asked;
        let mut line = Line::default();
        line.begin(at, "info", "HTTP API Audit");
        line.str("component", "session");
        line.display("clientIP", asked.client);
        let subject = asked.who.get().and_then(Identity::name);
        line.str("subject", subject.unwrap_or("anonymous"));
        line.str("action", asked.method.as_str());
        line.key("object");
        line.bytes().push(b'"');
        write_masked(&mut line, asked.object);
        line.bytes().push(b'"');
        line.raw("status", self.status);
        line.end_audit(concat!(file!(), ":", line!()), module_path!())
            .to_vec()
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.is_done && (changes(self.asked.method) || self.status != 0) {
            // Nobody is left who could wait: without room the line counts as dropped.
            let line = self.line(now());
            self.audit.0.append(&line, Class::Access);
        }
    }
}

/// Tells whether a request came with anything to know its sender by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// It did, right or wrong.
    Shown,
    /// It did not.
    Absent,
}

/// Tells whether a request is written down: changes that were made, and whatever was refused.
///
/// A read without credentials that is answered with 401 is not: every client begins that way, and
/// nobody was refused anything yet.
///
/// Compat: zot writes down changes answered with 200, 201 and 202, so no cancelled upload, and no
/// refusal.
pub fn is_audited(method: &Method, status: StatusCode, credentials: Credentials) -> bool {
    match status {
        StatusCode::FORBIDDEN => true,
        StatusCode::UNAUTHORIZED => changes(method) || credentials == Credentials::Shown,
        _ => changes(method) && status.is_success(),
    }
}

fn changes(method: &Method) -> bool {
    let methods = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    methods.contains(method)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a record carries the time of the wall"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests;
