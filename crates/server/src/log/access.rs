//! The line that each request leaves.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method};

use super::line::{Line, write_duration};
use super::secret::{MASK, is_secret, write_masked};
use crate::client_address::Client;

/// What the access log says of one request.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Who asked, if known.
    pub username: Option<&'a str>,
    /// Where the request came from.
    pub client: Client,
    /// The method.
    pub method: &'a Method,
    /// Path and query as they came; values of keys that carry secrets are masked.
    pub path: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// From the head of the request to the head of the answer, or what else the caller measured.
    pub latency: Duration,
    /// Bytes of the answer's body.
    pub body_size: u64,
    /// All headers of the request; those that carry secrets are masked.
    pub headers: &'a HeaderMap,
}

thread_local! {
    static LINE: RefCell<Line> = RefCell::default();
}

impl Access<'_> {
    /// Formats the line and hands it to `sink`.
    ///
    /// Compat: zot's fields in zot's order; latencies are real, and secrets in queries are masked.
    pub(crate) fn write(&self, at: SystemTime, sink: impl FnOnce(&[u8])) {
        LINE.with_borrow_mut(|line| {
            line.begin(at, "info", "HTTP API");
            line.str("module", "http");
            if let Some(username) = self.username {
                line.str("username", username);
            }
            line.str("component", "session");
            write_client(line, self.client);
            line.str("method", self.method.as_str());
            line.key("path");
            line.bytes().push(b'"');
            write_masked(line, self.path);
            line.bytes().push(b'"');
            line.key("statusCode");
            line.number(self.status.into());
            line.key("latency");
            line.bytes().push(b'"');
            write_duration(line.bytes(), self.latency);
            line.bytes().push(b'"');
            line.key("bodySize");
            line.number(self.body_size);
            line.key("headers");
            write_headers(line, self.headers);
            sink(line.end(concat!(file!(), ":", line!()), module_path!()));
        });
    }
}

/// Writes the address. Those of IPv4 are written by hand: the general way takes a tenth of the line.
fn write_client(line: &mut Line, client: Client) {
    let SocketAddr::V4(v4) = client.peer else {
        return line.display("clientIP", client);
    };
    if client.address != IpAddr::V4(*v4.ip()) {
        return line.display("clientIP", client);
    }
    line.key("clientIP");
    let mut mark = b'"';
    for octet in v4.ip().octets() {
        line.bytes().push(mark);
        mark = b'.';
        line.number(octet.into());
    }
    line.bytes().push(b':');
    line.number(v4.port().into());
    line.bytes().push(b'"');
}

/// Writes the headers as Go does: canonical names, each with a list of its values.
fn write_headers(line: &mut Line, headers: &HeaderMap) {
    let mut mark = b'{';
    for name in headers.keys() {
        line.bytes().push(mark);
        mark = b',';
        write_name(line.bytes(), name.as_str());
        let secret = is_secret(name.as_str());
        let mut mark = b'[';
        for value in headers.get_all(name) {
            line.bytes().push(mark);
            mark = b',';
            match value.to_str() {
                _ if secret => line.quoted(MASK),
                // An address, such as that of the page before a login's last step.
                Ok(text) if text.contains('?') => {
                    line.bytes().push(b'"');
                    write_masked(line, text);
                    line.bytes().push(b'"');
                }
                Ok(text) => line.quoted(text),
                Err(_) => line.quoted(&String::from_utf8_lossy(value.as_bytes())),
            }
        }
        line.bytes().push(b']');
    }
    if mark == b'{' {
        line.bytes().push(mark);
    }
    line.bytes().push(b'}');
}

/// Writes `user-agent` as `"User-Agent":`. Names of headers hold nothing that must be escaped.
fn write_name(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    let mut first = true;
    for &byte in name.as_bytes() {
        out.push(if first {
            byte.to_ascii_uppercase()
        } else {
            byte
        });
        first = byte == b'-';
    }
    out.extend_from_slice(b"\":");
}

#[cfg(test)]
mod tests;
