//! Handing tokens out, and exchanging those of others.
//!
//! Clients such as docker answer a Bearer challenge at a token service. [`Mint`] is one for callers
//! whom this server itself knows, the anonymous one included; [`Exchange`] takes identity tokens
//! that arrive as passwords; [`Upstream`] passes on what is for another service.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};

mod exchange;
mod mint;
mod upstream;
mod wanted;

pub use exchange::{Accepted, BrowserClient, Exchange, Exchanged};
pub use mint::{Mint, MintError, Minted};
pub use upstream::{InsecureHttp, Passed, Upstream, UpstreamError, is_form};
pub use wanted::Wanted;

/// The fields of a form that may hold a credential, in the order in which they are tried.
const FIELDS: [&str; 5] = [
    "password",
    "id_token",
    "access_token",
    "refresh_token",
    "token",
];

/// Yields the credentials in the form that a client sent; none when it sent no form.
///
/// # Errors
/// [`FormError`] when the body is announced as a form and is none.
pub fn form_credentials(headers: &HeaderMap, body: &[u8]) -> Result<Vec<String>, FormError> {
    if !is_form(headers) {
        return Ok(Vec::new());
    }
    let text = std::str::from_utf8(body).map_err(|_error| FormError)?;
    // Compat: Go refuses a stray per cent sign and a semicolon.
    let is_escape = |rest: &str| {
        let digits = rest.as_bytes().get(..2).unwrap_or_default();
        digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit)
    };
    if text.contains(';') || !text.split('%').skip(1).all(is_escape) {
        return Err(FormError);
    }
    let pairs = upstream::pairs(text);
    let mut found: Vec<String> = Vec::new();
    for field in FIELDS {
        for (_, value) in pairs.iter().filter(|(name, _)| name == field) {
            let value = value.trim();
            if !value.is_empty() && !found.iter().any(|other| other == value) {
                found.push(value.to_owned());
            }
        }
    }
    Ok(found)
}

/// The body is announced as a form and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is no form")]
pub struct FormError;

/// Writes a name and a password as the value of `Authorization`; nothing for a name that it cannot
/// carry.
///
/// Spec: RFC 7617, 2.
pub fn basic_header(user: &str, password: &str) -> Option<HeaderValue> {
    if user.is_empty() || user.contains(':') {
        return None;
    }
    let text = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
