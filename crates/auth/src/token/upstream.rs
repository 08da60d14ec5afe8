//! The token service that requests are passed on to.

use std::fmt;

use bytes::Bytes;
use client::url::form;
use client::{Agent, Request, Url};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;

/// The longest answer in bytes that is passed back.
const MAX_ANSWER: u64 = 1024 * 1024;
/// The type of forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// Says why a request was not passed on.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The address of the service is no full `https` address, or `http` where that is allowed.
    #[error("the realm of the upstream token service is no full address of an allowed kind")]
    Address,
    /// It did not answer.
    #[error("the upstream token service cannot be asked")]
    Request(#[from] client::Error),
}

/// Holds a token request that is passed on.
#[derive(Clone, Copy)]
pub struct Passed<'a> {
    /// The method.
    pub method: &'a Method,
    /// The query as it was sent.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a Bytes,
}

/// Requests hold credentials, so nothing of them is printed.
impl fmt::Debug for Passed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passed").finish_non_exhaustive()
    }
}

/// Passes token requests on.
#[derive(Clone, Debug)]
pub struct Upstream {
    realm: Url,
    service: String,
    agent: Agent,
}

impl Upstream {
    /// Takes the address of the service, the name of this registry there, and what asks it.
    ///
    /// # Errors
    /// [`UpstreamError::Address`].
    pub fn new(
        realm: &str,
        service: impl Into<String>,
        insecure: InsecureHttp,
        agent: Agent,
    ) -> Result<Self, UpstreamError> {
        let realm = Url::parse(realm).map_err(|_error| UpstreamError::Address)?;
        if !realm.is_secure() && insecure == InsecureHttp::Refused {
            return Err(UpstreamError::Address);
        }
        Ok(Self {
            realm,
            service: service.into(),
            agent,
        })
    }

    /// Passes a request on, as one for the name of this registry there, and yields status, headers
    /// and body of the answer, of whatever kind it is. Redirects are answers too.
    ///
    /// What belongs to this registry alone (cookies) and to one connection alone stays behind, in
    /// both directions.
    ///
    /// Compat: zot passes cookies on.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn pass(
        &self,
        passed: Passed<'_>,
    ) -> Result<(StatusCode, HeaderMap, Bytes), UpstreamError> {
        let url = self.realm.with_query(&self.query(passed.query))?;
        let mut request = Request::new(passed.method.clone(), url).with_limit(MAX_ANSWER);
        request.headers = passable(passed.headers);
        if passed.method == Method::POST {
            request.body = Some(self.body(passed));
        }
        let response = self.agent.send(request).await?;
        let headers = passable(&response.headers);
        Ok((response.status, headers, response.body))
    }

    /// Parameters of the request replace those of the realm; `service` is ours to say.
    fn query(&self, query: &str) -> String {
        let own = pairs(self.realm.query().unwrap_or_default());
        let asked = pairs(query);
        let is_asked = |name: &str| asked.iter().any(|(other, _)| other == name);
        let kept = own.into_iter().filter(|(name, _)| !is_asked(name));
        let mut all: Vec<_> = kept.collect();
        all.extend(asked);
        self.with_service(&all)
    }

    fn body(&self, passed: Passed<'_>) -> Bytes {
        match std::str::from_utf8(passed.body) {
            Ok(text) if is_form(passed.headers) => self.with_service(&pairs(text)).into(),
            Ok(_) | Err(_) => passed.body.clone(),
        }
    }

    fn with_service(&self, pairs: &[(String, String)]) -> String {
        let kept = pairs.iter().filter(|(name, _)| name != "service");
        let service = [("service", self.service.as_str())];
        form(
            kept.map(|(name, value)| (name.as_str(), value.as_str()))
                .chain(service),
        )
    }
}

/// Says whether a service may be asked without encryption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InsecureHttp {
    /// It may not.
    #[default]
    Refused,
    /// It may.
    Allowed,
}

/// Tells whether headers announce a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = text.split(';').next().unwrap_or("").trim();
    kind.eq_ignore_ascii_case(FORM)
}

/// Reads pairs as forms and queries write them.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let decoded = |part: &str| {
        let part = part.replace('+', " ");
        percent_decode_str(&part).decode_utf8_lossy().into_owned()
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

/// Spec: RFC 9110, 7.6.1.
fn passable(headers: &HeaderMap) -> HeaderMap {
    const STAY: [&str; 13] = [
        "connection",
        "content-length",
        "cookie",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-zot-api-client",
    ];
    let named = headers.get_all(header::CONNECTION).iter();
    let named: Vec<String> = named
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let stays = |name: &HeaderName| {
        STAY.contains(&name.as_str()) || named.iter().any(|other| other == name.as_str())
    };
    let passed = headers.iter().filter(|(name, _)| !stays(name));
    let owned = |(name, value): (&HeaderName, &HeaderValue)| (name.clone(), value.clone());
    passed.map(owned).collect()
}

#[cfg(test)]
mod tests;
