use serde_json::{Value, json};

use super::*;
use crate::condition::mapping::{Mapping, MappingOptions};
use crate::issuer::IssuerCheck;
use crate::issuer::fixture::{FakeIssuer, Mode};
use crate::jwt::fixture::{at, ed25519, ed25519_jwk, now};

#[tokio::test]
async fn a_good_token_of_ours_is_found_and_a_bad_one_is_not_passed_on() {
    let fake = FakeIssuer::start(vec![ed25519_jwk(5, "k")]);
    let audiences = ["zot".to_owned()];
    let mapping = Mapping::compile(&MappingOptions::default()).unwrap();
    let workload = Workload::new(fake.issuer(IssuerCheck::Enforced), &audiences, mapping);
    let browser = BrowserClient {
        issuer: "https://login.example".to_owned(),
        client_id: "ui".to_owned(),
    };
    let exchange = Exchange::new(Arc::new([workload]), vec![browser]);
    let sign = |seed, claims: Value| ed25519(seed).with_kid("k").sign(&claims).unwrap();
    let claims = json!({"iss": fake.url, "sub": "s", "aud": "zot", "exp": at(90), "iat": at(-1)});
    let good = sign(5, claims.clone());
    let forged = sign(6, claims);
    let foreign = sign(5, json!({"iss": "https://a.example", "aud": "zot"}));
    let elsewhere = sign(5, json!({"iss": fake.url, "aud": "other"}));
    let ui = sign(5, json!({"iss": "https://login.example", "aud": ["ui"]}));
    let password = "hunter2";
    let accepted = |position| {
        Exchanged::Accepted(Accepted {
            position,
            expires_in: Duration::from_secs(90),
            issued_at: Some(now() - Duration::from_secs(1)),
        })
    };
    let table: Vec<(Vec<&str>, Exchanged)> = vec![
        (vec![], Exchanged::Foreign),
        (vec![password, &foreign, &elsewhere], Exchanged::Foreign),
        (vec![&good], accepted(0)),
        (vec![password, &forged, &good], accepted(2)),
        (vec![&forged, password], Exchanged::Refused),
        (vec![&ui], Exchanged::Refused),
        (vec![&ui, &good], accepted(1)),
        (
            vec![password; 8]
                .into_iter()
                .chain([good.as_str()])
                .collect(),
            Exchanged::Foreign,
        ),
    ];
    for (credentials, want) in table {
        assert_eq!(
            exchange.exchange(&credentials, now()).await,
            want,
            "{credentials:?}"
        );
    }
    fake.set(Mode::Down);
    let later = now() + Duration::from_hours(25);
    let fresh = sign(
        5,
        json!({"iss": fake.url, "sub": "s", "aud": "zot", "exp": at(99_999)}),
    );
    assert_eq!(
        exchange.exchange(&[&fresh], later).await,
        Exchanged::Refused
    );
}
