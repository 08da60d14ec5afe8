use super::fixture::{FakeIssuer, Mode};
use super::*;
use crate::jwt::fixture::{ed25519, ed25519_jwk, now};

fn token(seed: u8, kid: &str) -> String {
    ed25519(seed)
        .with_kid(kid)
        .sign(&serde_json::json!({}))
        .unwrap()
}

/// Whether the keys that are yielded for a token can check it.
async fn fits(issuer: &Issuer, text: &str, now: SystemTime) -> Result<bool, IssuerError> {
    let token = Token::parse(text.as_bytes()).unwrap();
    let keys = issuer.keys(&token, now).await?;
    Ok(token.verify(keys.for_token(&token)).is_ok())
}

fn after(seconds: u64) -> SystemTime {
    now() + Duration::from_secs(seconds)
}

/// Waits for what goes on beside the requests.
async fn settle(issuer: &Issuer) {
    let flight = issuer.0.state.lock().flight.clone();
    if let Some(flight) = flight {
        flight.await;
    }
}

#[tokio::test]
async fn keys_are_read_when_first_needed_and_again_for_a_new_name() {
    let fake = FakeIssuer::start(vec![ed25519_jwk(1, "one")]);
    let issuer = fake.issuer(IssuerCheck::Enforced);
    assert_eq!(fake.asked(), 0);
    assert!(fits(&issuer, &token(1, "one"), now()).await.unwrap());
    assert_eq!(fake.asked(), 2);
    assert!(fits(&issuer, &token(1, "one"), after(59)).await.unwrap());
    assert_eq!(fake.asked(), 2);

    fake.keys.lock().push(ed25519_jwk(2, "two"));
    // A moment after the last attempt an unknown name makes nobody ask, and later it does.
    let (new, other) = (token(2, "two"), token(2, "three"));
    assert!(!fits(&issuer, &new, after(9)).await.unwrap());
    assert_eq!(fake.asked(), 2);
    assert!(fits(&issuer, &new, after(10)).await.unwrap());
    assert_eq!(fake.asked(), 4);
    for _ in 0..20 {
        assert!(!fits(&issuer, &other, after(11)).await.unwrap());
    }
    assert_eq!(fake.asked(), 4);
}

#[tokio::test]
async fn stale_keys_serve_while_new_ones_are_read() {
    let fake = FakeIssuer::start(vec![ed25519_jwk(1, "one")]);
    let issuer = fake.issuer(IssuerCheck::Enforced);
    let text = token(1, "one");
    assert!(fits(&issuer, &text, now()).await.unwrap());
    fake.keys.lock().clear();
    // Answered at once with what is known, and the key has gone a moment later.
    let at_once = fits(&issuer, &text, after(61)).now_or_never();
    assert!(at_once.unwrap().unwrap());
    settle(&issuer).await;
    assert_eq!(fake.asked(), 4);
    assert!(!fits(&issuer, &text, after(62)).await.unwrap());
}

#[tokio::test]
async fn a_silent_issuer_holds_nobody_whose_key_is_known() {
    let fake = FakeIssuer::start(vec![ed25519_jwk(1, "one")]);
    let issuer = fake.issuer(IssuerCheck::Enforced);
    let text = token(1, "one");
    assert!(fits(&issuer, &text, now()).await.unwrap());
    fake.set(Mode::Silent);
    for seconds in [61, 62, 590] {
        let at_once = fits(&issuer, &text, after(seconds)).now_or_never();
        assert!(at_once.unwrap().unwrap(), "{seconds}");
    }
    settle(&issuer).await;
    // Old keys are waited for, and the last good ones serve for a day.
    assert!(fits(&issuer, &text, after(3600)).await.unwrap());
    let error = fits(&issuer, &text, after(24 * 3600)).await.unwrap_err();
    assert!(matches!(error, IssuerError::Request { .. }), "{error:?}");
}

#[tokio::test]
async fn requests_at_once_ask_once() {
    let fake = FakeIssuer::start(vec![ed25519_jwk(1, "one")]);
    let issuer = fake.issuer(IssuerCheck::Enforced);
    let text = token(1, "one");
    let many = (0..50).map(|_| fits(&issuer, &text, now()));
    let all = futures_util::future::join_all(many).await;
    assert!(all.into_iter().all(Result::unwrap));
    assert_eq!(fake.asked(), 2);
}

#[tokio::test]
async fn one_that_goes_away_stops_nobody_else() {
    let fake = FakeIssuer::start(vec![ed25519_jwk(1, "one")]);
    let issuer = fake.issuer(IssuerCheck::Enforced);
    let text = token(1, "one");
    assert!(fits(&issuer, &text, now()).now_or_never().is_none());
    assert!(fits(&issuer, &text, now()).await.unwrap());
    assert_eq!(fake.asked(), 2);
}

#[tokio::test]
async fn faults_say_what_is_wrong_and_are_not_repeated_at_once() {
    let table = [
        (Mode::Down, IssuerCheck::Enforced, Some("cannot be asked")),
        (Mode::Silent, IssuerCheck::Enforced, Some("cannot be asked")),
        (Mode::Other, IssuerCheck::Enforced, Some("somebody else")),
        (Mode::Other, IssuerCheck::Skipped, None),
        (Mode::Keyless, IssuerCheck::Enforced, Some("no jwks_uri")),
        (Mode::Local, IssuerCheck::Enforced, Some("cannot be asked")),
    ];
    for (mode, check, want) in table {
        let fake = FakeIssuer::start(vec![ed25519_jwk(1, "one")]);
        fake.set(mode);
        let issuer = fake.issuer(check);
        let text = token(1, "one");
        let got = fits(&issuer, &text, now()).await;
        let asked = fake.asked();
        match (got, want) {
            (Ok(fits), None) => assert!(fits, "{mode:?}"),
            (Err(error), Some(part)) => {
                let text = error.to_string();
                assert!(
                    text.contains(part) && text.contains("127.0.0.1"),
                    "{mode:?}: {text}"
                );
            }
            (got, want) => panic!("{mode:?}: {got:?}, not {want:?}"),
        }
        let _again = fits(&issuer, &text, after(9)).await;
        assert_eq!(fake.asked(), asked, "{mode:?}");
        fake.set(Mode::Up);
        assert!(fits(&issuer, &text, after(10)).await.unwrap(), "{mode:?}");
    }
    let agent = Agent::new(client::Options::default());
    for wrong in [
        "",
        "issuer.example",
        "ftp://x/",
        "https://u:p@x/",
        "https://x/?q",
    ] {
        let made = Issuer::new(wrong, IssuerCheck::Enforced, agent.clone());
        assert!(matches!(made, Err(IssuerError::Address(_))), "{wrong}");
    }
}

#[tokio::test]
async fn the_document_tells_endpoints_and_how_far_to_trust_them() {
    let fake = FakeIssuer::start(Vec::new());
    let document = fake
        .issuer(IssuerCheck::Enforced)
        .document(now())
        .await
        .unwrap();
    let trust = |name| document.endpoint(name).map(|(_, trust)| trust);
    assert_eq!(trust("token_endpoint"), Some(Trust::Configured));
    assert_eq!(trust("end_session_endpoint"), Some(Trust::Named));
    assert_eq!(trust("userinfo_endpoint"), None);
    assert_eq!(document.text("issuer"), Some(fake.url.as_str()));
}
