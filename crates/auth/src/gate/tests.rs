use futures_util::FutureExt;
use http::HeaderValue;

use super::*;
use crate::identity::{Method, User};

/// Knows whoever sends its scheme; `None` stands for a method that reads something else.
#[derive(Debug)]
struct Scheme(Option<&'static str>, Answer);

#[derive(Clone, Copy, Debug)]
enum Answer {
    Absent,
    Known(&'static str),
    Refused,
}

impl Authenticator for Scheme {
    fn authenticate<'a>(&'a self, evidence: &'a Evidence<'a>) -> BoxFuture<'a, Verdict> {
        let reads = match (self.0, evidence.authorization()) {
            (None, _)
            | (Some("basic"), Authorization::Basic(_))
            | (Some("bearer"), Authorization::Bearer(_)) => true,
            (Some(_), _) => false,
        };
        let verdict = match self.1 {
            Answer::Known(name) if reads => {
                let user = User::new(name, Vec::new(), Method::Htpasswd);
                Verdict::Known(Identity::User(Arc::new(user)))
            }
            Answer::Refused if reads => Verdict::Refused(Refusal::Wrong),
            Answer::Absent | Answer::Known(_) | Answer::Refused => Verdict::Absent,
        };
        async move { verdict }.boxed()
    }
}

fn headers(values: &[&'static str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
    }
    headers
}

fn evidence(headers: &HeaderMap) -> Evidence<'_> {
    Evidence {
        headers,
        peer: ([127, 0, 0, 1], 1).into(),
        certificate: None,
        now: SystemTime::UNIX_EPOCH,
    }
}

fn identify(gate: &Gate, values: &[&'static str]) -> String {
    let headers = headers(values);
    match gate.identify(&evidence(&headers)).now_or_never().unwrap() {
        Ok(identity) => identity.name().unwrap_or("nobody").to_owned(),
        Err(_) => "refused".to_owned(),
    }
}

#[test]
fn the_scheme_picks_the_method() {
    let method = |scheme, answer| -> Arc<dyn Authenticator> { Arc::new(Scheme(scheme, answer)) };
    let gate = Gate::new(
        vec![
            method(Some("bearer"), Answer::Absent),
            method(Some("bearer"), Answer::Known("token")),
            method(Some("basic"), Answer::Refused),
            method(Some("basic"), Answer::Known("never")),
        ],
        vec![
            method(None, Answer::Absent),
            method(None, Answer::Known("certificate")),
        ],
    );
    let table: [(&[&'static str], &str); 8] = [
        (&[], "certificate"),
        (&[""], "certificate"),
        (&["Basic Og=="], "certificate"),
        (&["bEARER x"], "token"),
        (&["basic eDp5"], "refused"),
        (&["Basic"], "refused"),
        (&["Digest x"], "refused"),
        (&["Bearer x", "Bearer x"], "refused"),
    ];
    for (values, want) in table {
        assert_eq!(identify(&gate, values), want, "{values:?}");
    }
}

#[test]
fn without_methods_everybody_is_anonymous() {
    for values in [&["Basic eDp5"][..], &[], &["x", "y"]] {
        assert_eq!(identify(&Gate::open(), values), "nobody");
    }
    assert!(Gate::open().is_open());
}

#[test]
fn nothing_prints_credentials() {
    let headers = headers(&["Basic c2VjcmV0"]);
    let evidence = evidence(&headers);
    let text = format!("{evidence:?} {:?}", evidence.authorization());
    assert!(!text.contains("c2VjcmV0"), "{text}");
}
