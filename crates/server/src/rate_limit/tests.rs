use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use proptest::prelude::*;

use super::*;
use crate::request_id::RequestIds;

const SECOND: u64 = 1_000_000_000;

fn limits(text: &str, now: Instant) -> Option<RateLimits> {
    let document = format!(r#"{{"http": {{"ratelimit": {text}}}}}"#);
    let loaded = config::parse(document.as_bytes(), config::Format::Json, "test").unwrap();
    RateLimits::new(&loaded.config.http.ratelimit.unwrap(), now)
}

fn client(peer: &str) -> Client {
    Client::direct(peer.parse::<SocketAddr>().unwrap())
}

fn asked<'a>(peer: &str, method: &'a Method, path: &'a str) -> Asked<'a> {
    Asked {
        client: client(peer),
        method,
        path,
    }
}

fn fields(judgement: &Judgement, forwarded: Option<&str>) -> Vec<String> {
    let sent = forwarded.map(|sent| HeaderValue::from_str(sent).unwrap());
    let mut headers = HeaderMap::new();
    judgement.mark(client("192.0.2.1:7"), sent.as_ref(), &mut headers);
    let lines = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
    lines.collect()
}

#[test]
fn there_are_no_limits_without_rates() {
    assert!(limits("{}", Instant::now()).is_none());
    assert!(limits(r#"{"methods":[]}"#, Instant::now()).is_none());
}

#[test]
fn clients_paths_and_methods_are_counted_apart() {
    let now = Instant::now();
    let limits = limits(r#"{"rate":1,"methods":[{"method":"put","rate":1}]}"#, now).unwrap();
    let (get, put) = (Method::GET, Method::PUT);
    // Whether each request in turn is let in.
    let table = [
        ("192.0.2.1:1", &get, "/v2/", 0, true),
        ("192.0.2.1:2", &get, "/v2/", 0, false),
        ("[::ffff:192.0.2.1]:2", &get, "/v2/", 0, false),
        ("192.0.2.1:2", &put, "/v2/", 0, false),
        ("192.0.2.1:2", &get, "/v2/a", 0, true),
        ("192.0.2.2:1", &get, "/v2/", 0, true),
        ("192.0.2.2:1", &get, "/v2/", 1, true),
        ("[2001:db8::1]:1", &get, "/v2/", 0, true),
        ("[2001:db8::ffff:1]:1", &get, "/v2/", 0, false),
        ("[2001:db8:0:1::1]:1", &get, "/v2/", 0, true),
        ("192.0.2.9:1", &put, "/v2/", 0, true),
        ("192.0.2.9:1", &put, "/v2/", 1, true),
    ];
    for (peer, method, path, seconds, let_in) in table {
        let now = now + Duration::from_secs(seconds);
        let judgement = limits.judge(&asked(peer, method, path), now);
        assert_eq!(!judgement.is_refused(), let_in, "{peer} {method} {path}");
    }
}

#[test]
fn a_method_may_have_less_than_all_have() {
    let now = Instant::now();
    let limits = limits(r#"{"rate":10,"methods":[{"method":"PUT","rate":2}]}"#, now).unwrap();
    let let_in = |method: &Method| {
        let judgement = limits.judge(&asked("192.0.2.1:1", method, "/v2/"), now);
        !judgement.is_refused()
    };
    let puts: Vec<_> = (0..3).map(|_| let_in(&Method::PUT)).collect();
    assert_eq!(puts, [true, true, false]);
    // Those that were refused were counted among all the same, as each limiter stands for itself.
    let gets = (0..20).filter(|_| let_in(&Method::GET)).count();
    assert_eq!(gets, 7);
}

#[test]
fn answers_have_the_fields_of_zot() {
    let now = Instant::now();
    let limits = limits(r#"{"rate":5,"methods":[{"method":"PUT","rate":1}]}"#, now).unwrap();
    let get = limits.judge(&asked("192.0.2.1:7", &Method::GET, "/v2/"), now);
    let expected = [
        "x-rate-limit-limit: 5.00",
        "x-rate-limit-limit: 1.00",
        "x-rate-limit-duration: 1",
        "x-rate-limit-duration: 1",
        "x-rate-limit-request-forwarded-for: 10.1.1.1",
        "x-rate-limit-request-forwarded-for: 10.1.1.1",
        "x-rate-limit-request-remote-addr: 192.0.2.1:7",
        "x-rate-limit-request-remote-addr: 192.0.2.1:7",
        "ratelimit-limit: 5",
        "ratelimit-reset: 1",
        "ratelimit-remaining: 4",
    ];
    assert_eq!(fields(&get, Some("10.1.1.1")), expected);
    let put = || limits.judge(&asked("192.0.2.1:7", &Method::PUT, "/v2/"), now);
    let left = |judgement| {
        let fields = fields(judgement, None);
        let left = fields.iter().filter(|field| field.contains("remaining"));
        left.map(|field| field.rsplit(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let (first, second) = (put(), put());
    assert_eq!(
        (left(&first), first.is_refused()),
        (vec!["3".into(), "0".into()], false)
    );
    assert_eq!(
        (left(&second), second.is_refused()),
        (vec!["2".into(), "0".into()], true)
    );
}

#[tokio::test]
async fn refusals_are_lists_of_errors_under_v2_and_text_elsewhere() {
    let now = Instant::now();
    let limits = limits(r#"{"rate":0}"#, now).unwrap();
    for (path, start, kind) in [
        (
            "/v2/a/tags/list",
            "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\"",
            "application/json",
        ),
        ("/v2", "{\"errors\"", "application/json"),
        ("/v2x", "Too Many Requests", "text/plain; charset=utf-8"),
        ("/livez", "Too Many Requests", "text/plain; charset=utf-8"),
    ] {
        let asked = asked("192.0.2.1:7", &Method::GET, path);
        let id = RequestIds::new().of(&HeaderMap::new());
        let subject = Subject {
            id: &id,
            method: asked.method,
            path,
        };
        assert!(
            limits.judge(&asked, now).refusal(subject).is_none(),
            "{path}"
        );
        let reply = limits.judge(&asked, now).refusal(subject).unwrap();
        assert_eq!(reply.status, 429);
        assert_eq!(reply.headers[names::CONTENT_TYPE], kind);
        let seconds: u64 = reply.headers[names::RETRY_AFTER]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(seconds >= 1, "{seconds}");
        let body: Bytes = reply.body.collect().await.unwrap().to_bytes();
        assert!(body.starts_with(start.as_bytes()), "{body:?}");
    }
}

#[test]
fn the_wait_is_told_in_whole_seconds() {
    let now = Instant::now();
    for (rate, after, expected) in [(1, 0, 1), (100, 0, 1), (1, 999_999_999, 1)] {
        let limits = limits(&format!(r#"{{"rate":{rate}}}"#), now).unwrap();
        let asked = asked("192.0.2.1:7", &Method::GET, "/");
        let later = now + Duration::from_nanos(after);
        for _ in 0..rate {
            assert!(!limits.judge(&asked, now).is_refused());
        }
        let id = RequestIds::new().of(&HeaderMap::new());
        let subject = Subject {
            id: &id,
            method: asked.method,
            path: asked.path,
        };
        let wait = limits.judge(&asked, later).refusal(subject);
        assert_eq!(
            wait.map(|reply| reply.headers[names::RETRY_AFTER].clone()),
            Some(expected.into())
        );
    }
}

/// The bucket as it is usually told: so many tokens, more of them as time goes by.
struct Model {
    /// Nanoseconds' worth.
    tokens: u64,
    at: u64,
}

impl Model {
    fn take(&mut self, rate: u64, now: u64) -> Option<u64> {
        let (interval, size) = (SECOND / rate, rate);
        let come = self.tokens + (now - self.at);
        (self.tokens, self.at) = (come.min(interval * size), now);
        self.tokens = self.tokens.checked_sub(interval)?;
        Some(self.tokens / interval)
    }
}

fn is_taken(bucket: Bucket, full: u64, now: u64) -> bool {
    matches!(bucket.take(full, now).1, Outcome::Taken { .. })
}

proptest! {
    #[test]
    fn buckets_are_those_of_the_model(
        rate in 1_u64..2000,
        steps in proptest::collection::vec((0_u64..3, 0_u64..SECOND), 1..200),
    ) {
        let (bucket, mut full, mut now) = (Bucket::new(rate), 0, 0);
        let mut model = Model { tokens: SECOND / rate * rate, at: 0 };
        for (seconds, nanos) in steps {
            now += nanos / rate.max(1) * (1 + seconds);
            let (after, outcome) = bucket.take(full, now);
            full = after;
            let left = match outcome {
                Outcome::Taken { left } => Some(left),
                Outcome::Refused { wait } => {
                    // It is the shortest wait that helps.
                    prop_assert!(is_taken(bucket, full, now + wait));
                    prop_assert!(!is_taken(bucket, full, now + wait - 1));
                    None
                }
            };
            prop_assert_eq!(left, model.take(rate, now));
        }
    }

    #[test]
    fn no_rate_or_time_overflows(rate: u64, full: u64, now: u64) {
        let (after, outcome) = Bucket::new(rate).take(full, now);
        let is_taken = outcome == Outcome::Taken { left: outcome.left() };
        prop_assert!(is_taken && after >= now || !is_taken && after == full);
    }
}

#[test]
fn a_flood_of_keys_takes_no_room_and_refuses_nobody() {
    let begun = Instant::now();
    let limits = limits(r#"{"rate":2}"#, begun).unwrap();
    let places = limits.table.len();
    let (get, mut refused) = (Method::GET, 0);
    for number in 0..4 * places {
        let path = format!("/v2/{number}");
        // All within half a second: no bucket is full again meanwhile.
        let now = begun + Duration::from_micros(u64::try_from(number).unwrap());
        refused += usize::from(
            limits
                .judge(&asked("192.0.2.6:1", &get, &path), now)
                .is_refused(),
        );
    }
    assert_eq!((refused, limits.table.len()), (0, places));
    // One who is new is let in, and one who is over the limit does not get far because of the flood.
    let mut greedy = 0;
    for number in 0..2 * places {
        let now = begun + Duration::from_millis(300);
        let path = format!("/other/{number}");
        limits.judge(&asked("192.0.2.6:1", &get, &path), now);
        greedy += usize::from(
            !limits
                .judge(&asked("192.0.2.7:1", &get, "/v2/"), now)
                .is_refused(),
        );
    }
    assert!((2..100).contains(&greedy), "{greedy}");
}
