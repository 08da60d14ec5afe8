//! What sends requests.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use tokio::sync::Semaphore;

use crate::engine::{Engines, Way, explain};
use crate::error::Error;
use crate::local::{LocalTargets, is_local_host};
use crate::proxy::{Choice, Proxies};
use crate::request::{Redirects, Request, Trust};
use crate::response::Response;
use crate::roots::Roots;
use crate::url::Url;

/// Says how requests are sent.
#[derive(Clone, Debug)]
pub struct Options {
    /// The certificates that are trusted.
    pub roots: Roots,
    /// The proxies.
    pub proxies: Proxies,
    /// The longest time for a connection.
    pub connect_timeout: Duration,
    /// The longest time for a request, its body included.
    pub total_timeout: Duration,
    /// What `User-Agent` says.
    pub user_agent: String,
    /// How many requests [`Agent::send`] has under way at once, each on a blocking thread.
    pub permits: usize,
    /// Whether addresses that other services name may be local.
    pub local_targets: LocalTargets,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            roots: Roots::System,
            proxies: Proxies::none(),
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(15),
            user_agent: "holdfast".to_owned(),
            permits: 8,
            local_targets: LocalTargets::Refuse,
        }
    }
}

/// Sends requests. Clones share connections and permits.
#[derive(Clone)]
pub struct Agent(Arc<Inner>);

struct Inner {
    options: Options,
    engines: Engines,
    permits: Arc<Semaphore>,
}

impl Agent {
    /// Makes an agent. Nothing is read or connected until the first request.
    pub fn new(options: Options) -> Self {
        let permits = options.permits.clamp(1, Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner {
            options,
            engines: Engines::default(),
            permits: Arc::new(Semaphore::new(permits)),
        }))
    }

    /// Sends a request on a blocking thread, when one of the permits is free.
    ///
    /// Waiting for a permit takes no longer than a request may.
    ///
    /// # Errors
    /// As [`Agent::send_blocking`].
    ///
    /// # Cancel safety
    /// A request that has begun goes on and keeps its permit; nobody reads its answer.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        let permits = Arc::clone(&self.0.permits);
        let waited = tokio::time::timeout(self.0.options.total_timeout, permits.acquire_owned());
        let permit = match waited.await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_closed)) => return Err(Error::Stopped),
            Err(_elapsed) => return Err(Error::Timeout { at: request.url }),
        };
        let agent = self.clone();
        let work = tokio::task::spawn_blocking(move || {
            let result = agent.send_blocking(request);
            drop(permit);
            result
        });
        work.await.unwrap_or(Err(Error::Stopped))
    }

    /// Sends a request and reads its answer, on this thread.
    ///
    /// # Errors
    /// [`Error`]; a status that is no success is none of them.
    pub fn send_blocking(&self, request: Request) -> Result<Response, Error> {
        let mut request = request;
        let mut left = match request.redirects {
            Redirects::None => 0,
            Redirects::SameHost(hops) | Redirects::Anywhere(hops) => hops,
        };
        loop {
            let response = self.once(&request)?;
            let Some(target) = target(&request, &response)? else {
                return Ok(response);
            };
            if left == 0 {
                return Err(Error::Redirect {
                    at: request.url,
                    reason: "too many",
                });
            }
            left -= 1;
            request = follow(request, target);
        }
    }

    fn once(&self, request: &Request) -> Result<Response, Error> {
        let inner = &self.0;
        let at = &request.url;
        let guarded =
            request.trust == Trust::Named && inner.options.local_targets == LocalTargets::Refuse;
        if guarded && is_local_host(at.host()) {
            return Err(Error::Local { at: at.clone() });
        }
        let proxy = inner.options.proxies.choose(at);
        let way = Way {
            proxy,
            guarded: guarded && proxy == Choice::Direct,
            secure: at.is_secure(),
        };
        let engine = inner.engines.get(way, &inner.options, at)?;
        let response = run(&engine, request).map_err(|error| explain(error, at))?;
        let (parts, body) = response.into_parts();
        Ok(Response {
            url: at.clone(),
            status: parts.status,
            headers: parts.headers,
            body: read(body, request)?,
        })
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Agent").field(&self.0.options).finish()
    }
}

fn run(engine: &ureq::Agent, request: &Request) -> Result<http::Response<ureq::Body>, ureq::Error> {
    let mut head = http::Request::new(());
    *head.method_mut() = request.method.clone();
    *head.uri_mut() = request.url.uri().clone();
    *head.headers_mut() = request.headers.clone();
    match &request.body {
        Some(body) => engine.run(head.map(|()| body.as_ref())),
        None => engine.run(head),
    }
}

fn read(body: ureq::Body, request: &Request) -> Result<Bytes, Error> {
    let at = || request.url.clone();
    let too_large = || Error::TooLarge {
        at: at(),
        limit: request.limit,
    };
    let is_head = request.method == Method::HEAD;
    if !is_head
        && body
            .content_length()
            .is_some_and(|length| length > request.limit)
    {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let mut reader = body.into_reader().take(request.limit.saturating_add(1));
    reader
        .read_to_end(&mut bytes)
        .map_err(|error| broken(&error, at()))?;
    if u64::try_from(bytes.len()).map_or(true, |length| length > request.limit) {
        return Err(too_large());
    }
    Ok(bytes.into())
}

fn broken(error: &io::Error, at: Url) -> Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    if let Some(ureq::Error::Timeout(_)) = inner {
        return Error::Timeout { at };
    }
    Error::Body {
        at,
        source: error.kind().to_string().into(),
    }
}

/// Yields where an answer leads, if it is to be followed.
fn target(request: &Request, response: &Response) -> Result<Option<Url>, Error> {
    let is_asked = request.redirects != Redirects::None
        && matches!(request.method, Method::GET | Method::HEAD)
        && matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let Some(location) = response.headers.get(header::LOCATION).filter(|_| is_asked) else {
        return Ok(None);
    };
    let refused = |reason| Error::Redirect {
        at: request.url.clone(),
        reason,
    };
    let text = location.to_str().unwrap_or_default();
    let joined = request.url.join(text);
    let target = joined.map_err(|_error| refused("it is no http or https address"))?;
    let is_same = target.is_same_origin(&request.url);
    if matches!(request.redirects, Redirects::SameHost(_)) && !is_same {
        return Err(refused("it leads to another host"));
    }
    if request.url.is_secure() && !target.is_secure() {
        return Err(refused("it leads out of encryption"));
    }
    Ok(Some(target))
}

fn follow(mut request: Request, target: Url) -> Request {
    if !target.is_same_origin(&request.url) {
        request.trust = Trust::Named;
        request.headers = without_credentials(&request.headers);
    }
    request.url = target;
    request
}

/// Only what says in which form the answer is wanted goes to another host: who knows which other
/// header is a secret?
fn without_credentials(headers: &HeaderMap) -> HeaderMap {
    let harmless = [
        header::ACCEPT,
        header::ACCEPT_ENCODING,
        header::RANGE,
        header::IF_RANGE,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::USER_AGENT,
    ];
    let mut kept = HeaderMap::new();
    for name in harmless {
        for value in headers.get_all(&name) {
            kept.append(&name, value.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests;
