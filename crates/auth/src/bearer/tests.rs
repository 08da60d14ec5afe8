use std::net::SocketAddr;

use http::{HeaderMap, HeaderValue, header};
use meta::Action;
use serde_json::{Value, json};

use super::*;
use crate::condition::mapping::{Mapping, MappingOptions};
use crate::issuer::IssuerCheck;
use crate::issuer::fixture::{FakeIssuer, Mode};
use crate::jwt::Key;
use crate::jwt::fixture::{at, ed25519, ed25519_jwk, now};
use crate::limit::LimitMode;
use crate::token::Wanted;

/// A verifier of tokens that the key of seed 1 has signed.
fn access(service: &str) -> AccessTokens {
    let jwk = ed25519_jwk(1, "k").to_string();
    let key = Key::read(jwk.as_bytes()).unwrap();
    AccessTokens::new(Keys::One(Arc::new(key)), service)
}

async fn ask(bearer: &Bearer, token: &str) -> Verdict {
    ask_at(bearer, token, now()).await
}

async fn ask_at(bearer: &Bearer, token: &str, now: SystemTime) -> Verdict {
    let mut headers = HeaderMap::new();
    let value = HeaderValue::from_str(&format!("bEaReR  {token}")).unwrap();
    headers.insert(header::AUTHORIZATION, value);
    let evidence = Evidence {
        headers: &headers,
        peer: SocketAddr::from(([127, 0, 0, 1], 1)),
        certificate: None,
        now,
    };
    bearer.authenticate(&evidence).await
}

fn known(verdict: Verdict) -> Identity {
    match verdict {
        Verdict::Known(identity) => identity,
        other @ (Verdict::Absent | Verdict::Refused(_)) => panic!("not known: {other:?}"),
    }
}

/// One word for a verdict, so that tables stay short.
fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Absent => "absent",
        Verdict::Known(_) => "known",
        Verdict::Refused(Refusal::Wrong) => "wrong",
        Verdict::Refused(Refusal::InvalidToken) => "invalid",
        Verdict::Refused(Refusal::Failed(_)) => "failed",
    }
}

#[tokio::test]
async fn case_b17_a_token_of_the_token_service_is_for_this_registry() {
    let sign = |claims: Value| ed25519(1).sign(&claims).unwrap();
    let table = [
        ("zot", json!({}), "known"),
        ("zot", json!({"aud": "zot"}), "known"),
        ("zot", json!({"aud": ["x", "zot"]}), "known"),
        ("zot", json!({"aud": null}), "known"),
        ("zot", json!({"aud": "x"}), "wrong"),
        ("zot", json!({"aud": ["x"]}), "wrong"),
        ("zot", json!({"aud": 7}), "wrong"),
        ("", json!({"aud": "x"}), "known"),
        ("zot", json!({"exp": at(-61)}), "invalid"),
        ("zot", json!({"nbf": at(61)}), "invalid"),
        (
            "zot",
            json!({"iss": "anybody", "exp": at(1), "iat": at(0)}),
            "known",
        ),
        ("zot", json!({"access": "x"}), "invalid"),
        ("zot", json!({"access": ["x"]}), "invalid"),
        ("zot", json!({"access": [{"type": 1}]}), "invalid"),
        ("zot", json!({"access": [{"actions": "pull"}]}), "invalid"),
        ("zot", json!({"access": [{"exp": "soon"}]}), "invalid"),
    ];
    for (service, claims, want) in table {
        let bearer = Bearer::new(Arc::default(), Some(access(service)));
        let verdict = ask(&bearer, &sign(claims.clone())).await;
        assert_eq!(word(&verdict), want, "{service} {claims}");
    }
    let bearer = Bearer::new(Arc::default(), Some(access("zot")));
    for text in ["x", "a.b.c", &ed25519(2).sign(&json!({})).unwrap()] {
        assert_eq!(word(&ask(&bearer, text).await), "invalid", "{text}");
    }
}

#[tokio::test]
async fn the_access_list_becomes_a_limit_that_decides_alone() {
    let claims = json!({"sub": "someone", "access": [
        {"type": "repository", "name": "a/b", "actions": ["pull", "push", "pull"]},
        {"type": "repository", "name": "c", "actions": ["delete", "fly"], "exp": at(10)},
        {"type": "repository", "name": "d", "actions": ["*"], "class": "image"},
        {"type": "registry", "name": "e", "actions": ["*"]},
        {"type": "repository", "name": "f"},
    ]});
    let bearer = Bearer::new(Arc::default(), Some(access("zot")));
    let identity = known(ask(&bearer, &ed25519(1).sign(&claims).unwrap()).await);
    // Compat: such callers count as anonymous in logs.
    assert_eq!(identity.name(), None);
    let limit = identity.user().unwrap().limit.clone().unwrap();
    assert_eq!(limit.mode, LimitMode::Replace);
    let table = [
        ("a/b", "RCU-"),
        ("a/bc", "----"),
        ("c", "---D"),
        ("d", "RCUD"),
        ("e", "----"),
        ("f", "----"),
    ];
    let all = [Action::Read, Action::Create, Action::Update, Action::Delete];
    for (repo, want) in table {
        for (action, letter) in all.into_iter().zip(want.chars()) {
            assert_eq!(
                limit.allows(repo, action, now()),
                letter != '-',
                "{repo} {action:?}"
            );
        }
    }
    let later = now() + std::time::Duration::from_secs(10);
    assert!(!limit.allows("c", Action::Delete, later));
}

#[tokio::test]
async fn case_n38_a_token_without_any_scope_is_a_valid_one() {
    let bearer = Bearer::new(Arc::default(), Some(access("zot")));
    for claims in [json!({}), json!({"access": null}), json!({"access": []})] {
        let identity = known(ask(&bearer, &ed25519(1).sign(&claims).unwrap()).await);
        let limit = identity.user().unwrap().limit.clone().unwrap();
        assert!(!limit.allows("a", Action::Read, now()), "{claims}");
    }
}

#[tokio::test]
async fn only_bearer_tokens_are_looked_at() {
    let bearer = Bearer::new(Arc::default(), Some(access("zot")));
    for value in ["Basic eDp5", "Bearer", "Digest x", ""] {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
        let evidence = Evidence {
            headers: &headers,
            peer: SocketAddr::from(([127, 0, 0, 1], 1)),
            certificate: None,
            now: now(),
        };
        let verdict = bearer.authenticate(&evidence).await;
        let want = if value == "Bearer" {
            "invalid"
        } else {
            "absent"
        };
        assert_eq!(word(&verdict), want, "{value}");
    }
}

fn workload(fake: &FakeIssuer, audience: &str) -> Workload {
    let audiences = [format!(" {audience} "), String::new()];
    let mapping = Mapping::compile(&MappingOptions::default()).unwrap();
    Workload::new(fake.issuer(IssuerCheck::Enforced), &audiences, mapping)
}

/// Claims that are good, with some replaced.
fn claims(fake: &FakeIssuer, change: &Value) -> Value {
    let mut claims =
        json!({"iss": fake.url, "sub": "pod", "aud": ["zot"], "exp": at(600), "iat": at(0)});
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

#[tokio::test]
async fn workloads_are_known_by_what_their_issuer_signed() {
    let fake = FakeIssuer::start(vec![ed25519_jwk(5, "k")]);
    let table = [
        (5, json!({}), "known"),
        (5, json!({"aud": "zot"}), "known"),
        (5, json!({"aud": "other"}), "wrong"),
        (5, json!({"aud": null}), "wrong"),
        (5, json!({"iss": "https://other.example"}), "wrong"),
        (5, json!({"exp": at(-60)}), "wrong"),
        (5, json!({"exp": null}), "wrong"),
        (5, json!({"nbf": at(61)}), "wrong"),
        (5, json!({"sub": null}), "wrong"),
        (6, json!({}), "wrong"),
    ];
    let bearer = Bearer::new(Arc::new([workload(&fake, "zot")]), None);
    for (seed, change, want) in table {
        let claims = claims(&fake, &change);
        let text = ed25519(seed).with_kid("k").sign(&claims).unwrap();
        let verdict = ask(&bearer, &text).await;
        assert_eq!(word(&verdict), want, "{claims}");
        if want == "known" {
            let identity = known(verdict);
            let name = format!("{}/pod", fake.url);
            assert_eq!(identity.name(), Some(name.as_str()));
            let user = identity.user().unwrap();
            assert_eq!(user.claims.as_deref(), Some(&claims));
            assert!(user.limit.is_none());
        }
    }
}

#[tokio::test]
async fn a_mapping_names_workloads_or_turns_them_away() {
    let fake = FakeIssuer::start(vec![ed25519_jwk(5, "k")]);
    let mapping = Mapping::compile(&MappingOptions {
        username: "claims.sub + '!'".to_owned(),
        groups: "[claims.sub]".to_owned(),
        validations: vec![("claims.sub != 'x'".to_owned(), "not you".to_owned())],
        ..MappingOptions::default()
    });
    let audiences = ["zot".to_owned()];
    let issuer = fake.issuer(IssuerCheck::Enforced);
    let workload = Workload::new(issuer, &audiences, mapping.unwrap());
    let bearer = Bearer::new(Arc::new([workload]), None);
    for (subject, want) in [("pod", "known"), ("x", "wrong")] {
        let claims = claims(&fake, &json!({"sub": subject}));
        let text = ed25519(5).with_kid("k").sign(&claims).unwrap();
        let verdict = ask(&bearer, &text).await;
        assert_eq!(word(&verdict), want, "{subject}");
        if let Verdict::Known(identity) = verdict {
            let groups = ["pod".to_owned()];
            assert_eq!(
                (identity.name(), identity.groups()),
                (Some("pod!"), &groups[..])
            );
        }
    }
}

#[tokio::test]
async fn everybody_is_asked_in_order_and_strangers_make_us_call_nobody() {
    let first = FakeIssuer::start(vec![ed25519_jwk(5, "k")]);
    let second = FakeIssuer::start(vec![ed25519_jwk(6, "k")]);
    let workloads: Arc<[Workload]> = Arc::new([workload(&first, "zot"), workload(&second, "zot")]);
    let bearer = Bearer::new(workloads, Some(access("zot")));
    let text = ed25519(6)
        .with_kid("k")
        .sign(&claims(&second, &json!({})))
        .unwrap();
    assert_eq!(word(&ask(&bearer, &text).await), "known");
    assert_eq!((first.asked(), second.asked()), (0, 2));
    let text = ed25519(1).sign(&json!({})).unwrap();
    assert_eq!(word(&ask(&bearer, &text).await), "known");
    assert_eq!((first.asked(), second.asked()), (0, 2));
    // The issuer is down: nobody can say that the token is bad.
    first.set(Mode::Down);
    let text = ed25519(5)
        .with_kid("k")
        .sign(&claims(&first, &json!({})))
        .unwrap();
    assert_eq!(word(&ask(&bearer, &text).await), "failed");
}

#[tokio::test]
async fn a_verified_token_is_remembered_until_it_ends_or_is_forgotten() {
    let fake = FakeIssuer::start(vec![ed25519_jwk(5, "k")]);
    let bearer = Bearer::new(Arc::new([workload(&fake, "zot")]), None);
    let claims = claims(&fake, &json!({"exp": at(100)}));
    let text = ed25519(5).with_kid("k").sign(&claims).unwrap();
    assert_eq!(word(&ask(&bearer, &text).await), "known");
    fake.keys.lock().clear();
    let after = |seconds| now() + std::time::Duration::from_secs(seconds);
    // With the leeway the token holds for 160 seconds, and the issuer's change is not seen.
    assert_eq!(word(&ask_at(&bearer, &text, after(159)).await), "known");
    assert_eq!(word(&ask_at(&bearer, &text, after(160)).await), "wrong");
}

#[tokio::test]
async fn tokens_of_this_server_are_asked_for_first() {
    let mint = Arc::new(Mint::new("zot", None).unwrap());
    let bearer = Bearer::new(Arc::default(), Some(access("zot"))).with_mint(Arc::clone(&mint));
    let user = crate::identity::User::new("me", vec![], crate::identity::Method::Htpasswd);
    let identity = Identity::User(Arc::new(user));
    let scopes = Wanted::read(["repository:a:pull"]);
    let text = mint.issue(&identity, &scopes, now()).unwrap().token;
    for _ in 0..2 {
        assert_eq!(known(ask(&bearer, &text).await).name(), Some("me"));
    }
    mint.revoke(now());
    assert_eq!(word(&ask(&bearer, &text).await), "invalid");
    let anonymous = mint.issue(
        &Identity::Anonymous,
        &scopes,
        now() + std::time::Duration::from_millis(1),
    );
    let identity = known(ask(&bearer, &anonymous.unwrap().token).await);
    assert!(identity.user().is_none());
}
