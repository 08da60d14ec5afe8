//! How many requests a client may make: a bucket of tokens for each client and path.
//!
//! A bucket holds as many tokens as one second brings, and one at least. The table of buckets never
//! grows: a flood of keys takes the place of buckets that are full again, which count as never used,
//! or else of the one that will be full first, whose client then may do a little more than it should.
//! Nobody is refused because of others.
//!
//! Spec: core 17.3. Compat: zot's fields in every answer; key, rates and sizes of buckets are its own.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header as names};
use oci::{Error, ErrorCode};

use crate::client_address::Client;
use crate::respond::{self, Reply, Subject};

mod bucket;
mod table;

use bucket::{Bucket, Outcome};
use table::Table;

const LIMIT: HeaderName = HeaderName::from_static("x-rate-limit-limit");
const PERIOD: HeaderName = HeaderName::from_static("x-rate-limit-duration");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-rate-limit-request-forwarded-for");
const REMOTE: HeaderName = HeaderName::from_static("x-rate-limit-request-remote-addr");
const BUCKET: HeaderName = HeaderName::from_static("ratelimit-limit");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");

/// The longest time to stay away that a client is told, in seconds.
const LONGEST: u64 = 3600;

/// Lends what a request is counted by.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who asks.
    pub client: Client,
    /// The method.
    pub method: &'a Method,
    /// The path, without the query.
    pub path: &'a str,
}

/// The limits on requests per second, and how much each client has used of them.
#[derive(Debug)]
pub struct RateLimits {
    limiters: Vec<Limiter>,
    table: Table,
    begun: Instant,
}

#[derive(Debug)]
struct Limiter {
    rate: u64,
    /// The one that it counts; all when there is none.
    method: Option<String>,
    bucket: Bucket,
}

/// What the limits say of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    marks: Vec<Mark>,
    wait: Option<Duration>,
}

/// What one limiter says; those behind one that refuses say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    rate: u64,
    /// The tokens that are left; `None` when the limiter does not count the request.
    left: Option<u64>,
}

impl RateLimits {
    /// Sets the limits of a configuration up, with all buckets full; `None` when there is no limit.
    pub fn new(options: &config::RateLimit, now: Instant) -> Option<Self> {
        let limiter = |rate, method| Limiter {
            rate,
            method,
            bucket: Bucket::new(rate),
        };
        let all = options.rate.map(|rate| limiter(rate, None));
        let some = options.methods.iter();
        let some = some.map(|one| limiter(one.rate, Some(one.method.to_ascii_uppercase())));
        let limiters: Vec<_> = all.into_iter().chain(some).collect();
        (!limiters.is_empty()).then(|| Self {
            limiters,
            table: Table::new(),
            begun: now,
        })
    }

    /// Counts a request, in each limiter until one refuses it.
    pub fn judge(&self, asked: &Asked<'_>, now: Instant) -> Judgement {
        let now = now.saturating_duration_since(self.begun);
        let mut judgement = Judgement {
            marks: Vec::with_capacity(self.limiters.len()),
            wait: None,
        };
        for (index, limiter) in self.limiters.iter().enumerate() {
            let method = limiter.method.as_deref();
            let outcome = method
                .is_none_or(|method| method == asked.method.as_str())
                .then(|| {
                    let key = self.table.key(&(index, asked.client.network(), asked.path));
                    self.table.take(key, limiter.bucket, nanos(now))
                });
            judgement.marks.push(Mark {
                rate: limiter.rate,
                left: outcome.map(Outcome::left),
            });
            if let Some(Outcome::Refused { wait }) = outcome {
                judgement.wait = Some(Duration::from_nanos(wait));
                break;
            }
        }
        judgement
    }
}

impl Judgement {
    /// Tells whether the request must not be carried out.
    pub const fn is_refused(&self) -> bool {
        self.wait.is_some()
    }

    /// Adds the fields that every answer has, refused or not.
    ///
    /// `forwarded_for` is what the client or a proxy has sent, whoever that was: it is told what was
    /// heard.
    ///
    /// Compat: several limiters add several values.
    pub fn mark(&self, client: Client, forwarded_for: Option<&HeaderValue>, out: &mut HeaderMap) {
        let one = HeaderValue::from_static("1");
        for mark in &self.marks {
            out.append(LIMIT, text(&format!("{}.00", mark.rate)));
            out.append(PERIOD, one.clone());
            if let Some(sent) = forwarded_for.filter(|sent| !sent.is_empty()) {
                out.append(FORWARDED_FOR, sent.clone());
            }
            out.append(REMOTE, text(&client.peer.to_string()));
            if let Some(left) = mark.left {
                out.append(BUCKET, HeaderValue::from(mark.rate));
                out.append(RESET, one.clone());
                out.append(REMAINING, HeaderValue::from(left));
            }
        }
    }

    /// Yields the answer to a request that is refused: the list of errors under `/v2/`, text
    /// elsewhere.
    ///
    /// Compat: zot answers with text everywhere, and does not say when to come back.
    pub fn refusal(&self, subject: Subject<'_>) -> Option<Reply> {
        let wait = self.wait?;
        let mut reply = if is_api(subject.path) {
            let error = Error::new(ErrorCode::TooManyRequests);
            respond::error(&error.because("slow down"), subject)
        } else {
            Reply::text(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests")
        };
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let seconds = HeaderValue::from(seconds.clamp(1, LONGEST));
        reply.headers.insert(names::RETRY_AFTER, seconds);
        Some(reply)
    }
}

fn is_api(path: &str) -> bool {
    let rest = path.strip_prefix("/v2");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn text(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown"))
}

/// What keys are made of: the limiter, the client's network, the path.
type Key<'a> = (usize, IpAddr, &'a str);

#[cfg(test)]
mod tests;
