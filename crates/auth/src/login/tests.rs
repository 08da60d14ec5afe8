use std::time::Duration;

use serde_json::json;

use super::fixture::*;
use super::*;
use crate::jwt::fixture::{RSA, RSA_PKCS1, RSA_PKIX, ed25519, ed25519_jwk};
use crate::jwt::{Expiry, Key, Token};
use crate::provider::ProofOptions;

mod github;

#[tokio::test]
async fn somebody_logs_in() {
    let service = Service::openid().await;
    let login = login(&service, &secret());
    let begun = begin(&login, "oidc", "https://ui.example/home")
        .await
        .unwrap();
    let (at, _) = begun.location.split_once('?').unwrap();
    assert_eq!(at, format!("{}/authorize", service.base));
    let query = query(&begun.location);
    let redirect = "https://reg.example/zot/auth/callback/oidc";
    for (key, want) in [
        ("own", "1"),
        ("response_type", "code"),
        ("client_id", "us"),
        ("redirect_uri", redirect),
        ("scope", "openid email groups"),
    ] {
        assert_eq!(query[key], want, "{key}");
    }
    assert_eq!(query.len(), 7, "and state and nonce: {:?}", query.keys());

    service.hand_out(&query["nonce"], &json!({}));
    let logged_in = finish(&login, "oidc", &begun).await.unwrap();
    assert_eq!(logged_in.person.name, "ann@x");
    assert_eq!(logged_in.target.as_deref(), Some("https://ui.example/home"));

    let asked = service.seen("/token").remove(0);
    let want = ["authorization_code", redirect, "code-s3cr3tm4rk"];
    let names = ["grant_type", "redirect_uri", "code"];
    assert_eq!(names.map(|name| asked.form[name].as_str()), want);
    assert_eq!(asked.form.len(), 3);
    // us:secret-s3cr3tm4rk%2B
    assert_eq!(
        asked.authorization,
        "Basic dXM6c2VjcmV0LXMzY3IzdG00cmslMkI="
    );
    let told = service.seen("/userinfo").remove(0).authorization;
    assert_eq!(told, format!("Bearer access-{MARKER}"));
}

#[tokio::test]
async fn case_b21_names_and_groups_come_from_both() {
    let service = Service::openid().await;
    let login = login(&service, &secret());
    let logged_in = round(&login, &service, &json!({"groups": ["b", "a"]})).await;
    assert_eq!(logged_in.unwrap().person.groups, ["a", "b"]);
    service.set("/userinfo", &json!({"sub": "1", "groups": ["c", "a"]}));
    let person = round(&login, &service, &json!({"groups": "b"}))
        .await
        .unwrap()
        .person;
    assert_eq!(
        (person.name.as_str(), person.groups.join(",")),
        ("token@x", "a,b,c".to_owned())
    );
    let nameless = round(&login, &service, &json!({"email": ""})).await;
    assert!(matches!(nameless, Err(LoginError::Nameless { .. })));
}

#[tokio::test]
async fn identity_tokens_must_hold() {
    let service = Service::openid().await;
    let login = login(&service, &secret());
    for (claims, want) in [
        (json!({"iss": "https://other"}), "another issuer"),
        (json!({"aud": "them"}), "another audience"),
        (json!({"aud": ["us", "them"]}), "another audience"),
        (json!({"azp": "them"}), "another audience"),
        (json!({"exp": 1_699_999_000_u64}), "expired"),
        (json!({"exp": null}), "expired"),
        (json!({"iat": 1_700_009_000_u64}), "not valid yet"),
        (json!({"nonce": "other"}), "of another login"),
        (json!({"nonce": null}), "of another login"),
        (json!({"sub": "2"}), "two people"),
    ] {
        let error = round(&login, &service, &claims).await.unwrap_err();
        let text = shown(&error);
        assert!(matches!(error, LoginError::Failed { .. }), "{claims}");
        assert!(text.contains(want), "{claims}: {text}");
    }
    round(
        &login,
        &service,
        &json!({"aud": ["us", "them"], "azp": "us"}),
    )
    .await
    .unwrap();

    for (token, want) in [
        (
            ed25519(2).with_kid("one").sign(&json!({})).unwrap(),
            "signature",
        ),
        (
            ed25519(1).with_kid("two").sign(&json!({})).unwrap(),
            "no key",
        ),
        (format!("{MARKER}.e30.e30"), "malformed"),
    ] {
        let begun = begin(&login, "oidc", "").await.unwrap();
        service.hand_out_token(&token);
        let text = shown(&finish(&login, "oidc", &begun).await.unwrap_err());
        assert!(text.contains(want), "{text}");
    }
}

#[tokio::test]
async fn answers_belong_to_the_browser_that_asked() {
    let service = Service::openid().await;
    let login = login(&service, &secret());
    let (begun, other) = (
        begin(&login, "oidc", "").await.unwrap(),
        begin(&login, "oidc", "").await.unwrap(),
    );
    let query = query(&begun.location);
    service.hand_out(&query["nonce"], &json!({}));
    let (state, cookie) = (query["state"].as_str(), begun.cookie.as_str());
    let both = format!("{}; statecookie={cookie}", other.cookie);
    let late = now() + pending::LIFE;
    for (provider, state, cookie, at, want) in [
        ("oidc", "", cookie, now(), "no login"),
        ("oidc", "x", cookie, now(), "no login"),
        ("oidc", state, "", now(), "no login"),
        ("oidc", state, other.cookie.as_str(), now(), "no login"),
        ("github", state, cookie, now(), "no login"),
        ("gitlab", state, cookie, now(), "no such service"),
        ("oidc", state, cookie, late, "no login"),
        ("oidc", state, both.as_str(), now(), ""),
    ] {
        let answer = Answer {
            provider,
            state,
            code: Some("c"),
            ..Answer::default()
        };
        let finished = login.finish(answer, &browser(cookie), at).await;
        let text = finished.as_ref().err().map(shown).unwrap_or_default();
        assert!(
            text.contains(want) && finished.is_ok() == want.is_empty(),
            "{provider}: {text}"
        );
    }
}

#[tokio::test]
async fn an_answer_has_a_code_of_the_service() {
    let service = Service::openid().await;
    let login = login(&service, &secret());
    let begun = begin(&login, "oidc", "").await.unwrap();
    let query = query(&begun.location);
    let (state, cookie) = (query["state"].as_str(), begun.cookie.as_str());
    let answer = |code, error, issuer| {
        let provider = "oidc";
        let answer = Answer {
            provider,
            state,
            code,
            error,
            issuer,
        };
        let (login, headers) = (&login, browser(cookie));
        async move { shown(&login.finish(answer, &headers, now()).await.unwrap_err()) }
    };
    assert!(answer(None, None, None).await.contains("no login"));
    assert!(answer(Some(""), None, None).await.contains("no login"));
    assert!(
        answer(None, Some("access_denied"), None)
            .await
            .contains("answered access_denied")
    );
    assert!(
        answer(None, Some(MARKER), None)
            .await
            .contains("answered an unknown error")
    );
    assert!(
        answer(Some("c"), None, Some("https://evil"))
            .await
            .contains("another issuer")
    );
}

#[tokio::test]
async fn without_a_secret_the_login_proves_itself() {
    for (proof, document, want) in [
        (ProofOptions::Nothing, json!({}), true),
        (ProofOptions::Secret(String::new()), json!({}), true),
        (secret(), json!({}), false),
        (
            secret(),
            json!({"code_challenge_methods_supported": ["plain", "S256"]}),
            true,
        ),
        (
            secret(),
            json!({"code_challenge_methods_supported": ["plain"]}),
            false,
        ),
    ] {
        let service = Service::openid().await;
        service.document(&document);
        let login = login(&service, &proof);
        let begun = begin(&login, "oidc", "").await.unwrap();
        let query = query(&begun.location);
        service.hand_out(&query["nonce"], &json!({}));
        finish(&login, "oidc", &begun).await.unwrap();
        let asked = service.seen("/token").remove(0);
        assert_eq!(
            query.get("code_challenge_method").map(String::as_str),
            want.then_some("S256")
        );
        let verifier = asked.form.get("code_verifier");
        let challenge = verifier.map(|verifier| {
            use base64::Engine;
            let hash = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
            base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(hash)
        });
        assert_eq!(
            challenge.as_ref(),
            query.get("code_challenge"),
            "{proof:?} {document}"
        );
        assert_eq!(verifier.is_some(), want);
        let names_us = matches!(proof, ProofOptions::Secret(secret) if !secret.is_empty());
        assert_eq!(asked.authorization.is_empty(), !names_us);
        assert_eq!(asked.form.contains_key("client_id"), !names_us);
    }
}

#[tokio::test]
async fn a_secret_goes_into_the_form_where_the_header_is_not_known() {
    let service = Service::openid().await;
    let methods = |list| json!({"token_endpoint_auth_methods_supported": list});
    for (document, in_form) in [
        (methods(json!(["client_secret_post"])), true),
        (
            methods(json!(["client_secret_post", "client_secret_basic"])),
            false,
        ),
        (methods(json!(["private_key_jwt"])), false),
    ] {
        service.document(&document);
        round(&login(&service, &secret()), &service, &json!({}))
            .await
            .unwrap();
        let asked = service.seen("/token").pop().unwrap();
        let told = asked.form.get("client_secret").map(String::as_str);
        assert_eq!(told, in_form.then_some("secret-s3cr3tm4rk+"), "{document}");
        assert_eq!(asked.authorization.is_empty(), in_form);
    }
}

/// Takes a key of PKCS#1 out of the envelope of PKCS#8.
fn pkcs1_of(pem: &str) -> String {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = BASE64_STANDARD.decode(lines).unwrap();
    let (begin, end) = ["BEGIN", "END"]
        .map(|mark| format!("-----{mark} RSA PRIVATE KEY-----"))
        .into();
    format!("{begin}\n{}\n{end}\n", BASE64_STANDARD.encode(&der[26..]))
}

#[tokio::test]
async fn a_private_key_proves_who_we_are() {
    let wrapped = json!({"type": "x", "keyId": "k1", "key": RSA}).to_string();
    let ec = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let of_ec = Key::read(ec.public_key_pem().as_bytes()).unwrap();
    let of_rsa = Key::read(RSA_PKIX.as_bytes()).unwrap();
    for (text, key, kid) in [
        (RSA.to_owned(), &of_rsa, None),
        (pkcs1_of(RSA), &of_rsa, None),
        (wrapped, &of_rsa, Some("k1")),
        (ec.serialize_pem(), &of_ec, None),
    ] {
        let service = Service::openid().await;
        let login = login(&service, &ProofOptions::Key(text.into_bytes()));
        round(&login, &service, &json!({})).await.unwrap();
        let asked = service.seen("/token").remove(0);
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        assert_eq!(asked.form["client_assertion_type"], kind);
        let token = Token::parse(asked.form["client_assertion"].as_bytes()).unwrap();
        assert_eq!(token.kid(), kid);
        let claims = token.verify([key]).unwrap();
        claims.check_times(now(), Expiry::Required).unwrap();
        assert_eq!((claims.issuer(), claims.text("sub")), ("us", Some("us")));
        assert!(claims.is_for(&[&service.base]) && claims.text("jti").is_some());
    }
    let service = Service::openid().await;
    for odd in [
        "",
        "{}",
        RSA_PKCS1,
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    ] {
        let login = login(&service, &ProofOptions::Key(odd.as_bytes().to_vec()));
        let error = begin(&login, "oidc", "").await.unwrap_err();
        assert!(shown(&error).contains("the key is neither PEM"), "{odd}");
        assert_eq!(login.check(now()).await.len(), 2);
    }
}

/// A service that is set up wrongly keeps its users out and nobody else, and says why.
#[tokio::test]
async fn case_b93_a_wrong_setting_is_told_and_healed() {
    let service = Service::bare().await;
    let login = login(&service, &secret());
    let at = format!("{}/.well-known/openid-configuration", service.base);
    let elsewhere = json!({"issuer": "https://other.example"});
    let local = json!({"jwks_uri": "http://127.0.0.2:1/k"});
    let no_token = json!({"token_endpoint": null});
    service.set("/keys", &json!({"keys": []}));
    for (minute, (document, want)) in (0..).zip([
        (None, format!("{at} answered 404")),
        (
            Some(&elsewhere),
            format!("issuer {} describes itself wrongly", service.base),
        ),
        (
            Some(&local),
            "refused to ask http://127.0.0.2:1/k".to_owned(),
        ),
        (Some(&no_token), "no proper token_endpoint".to_owned()),
    ]) {
        if let Some(document) = document {
            service.document(document);
        }
        let now = now() + Duration::from_mins(minute);
        let faults = login.check(now).await;
        let [(name, fault)] = faults.as_slice() else {
            panic!("{faults:?}");
        };
        assert_eq!(name, "oidc");
        let told = chain(fault);
        assert!(told.contains(&want), "{told}");
        assert!(begin(&login, "github", "").await.is_ok());
        let wish = Wish {
            provider: "oidc",
            target: "",
            forwarded: None,
            now,
        };
        let error = login.begin(wish).await.unwrap_err();
        assert!(matches!(error, LoginError::Unavailable { .. }));
        assert!(shown(&error).contains(&want), "{error:?}");
    }
    service.document(&json!({}));
    let later = now() + Duration::from_hours(1);
    let wish = Wish {
        provider: "oidc",
        target: "",
        forwarded: None,
        now: later,
    };
    login.begin(wish).await.unwrap();
    assert!(login.check(later).await.is_empty());
}

#[tokio::test]
async fn new_keys_of_an_issuer_are_found() {
    let service = Service::openid().await;
    service.set("/keys", &json!({"keys": [ed25519_jwk(2, "two")]}));
    let login = login(&service, &secret());
    let begun = begin(&login, "oidc", "").await.unwrap();
    service.set("/keys", &json!({"keys": [ed25519_jwk(1, "one")]}));
    service.hand_out(&query(&begun.location)["nonce"], &json!({}));
    let early = finish(&login, "oidc", &begun).await.unwrap_err();
    assert!(
        shown(&early).contains("no key"),
        "the issuer was asked a moment ago"
    );
    let later = now() + Duration::from_secs(30);
    finish_at(&login, "oidc", &begun, later).await.unwrap();
    assert_eq!(service.seen("/keys").len(), 2);
}

#[tokio::test]
async fn what_the_service_refuses_fails_the_login() {
    let service = Service::openid().await;
    let login = login(&service, &secret());
    let refusal = format!("{{\"error\":\"invalid_grant\",\"error_description\":\"{MARKER}\"}}");
    for (path, status, body, want) in [
        ("/token", 400, refusal.as_str(), "answered invalid_grant"),
        ("/token", 200, refusal.as_str(), "answered invalid_grant"),
        ("/token", 500, MARKER, "answered 500"),
        ("/token", 200, "{}", "is not the JSON"),
        (
            "/token",
            200,
            "{\"access_token\":\"a\"}",
            "no identity token",
        ),
        ("/userinfo", 403, MARKER, "answered 403"),
        ("/userinfo", 200, "[]", "is not the JSON"),
        ("/userinfo", 200, "{\"email\":\"a@x\"}", "two people"),
    ] {
        let begun = begin(&login, "oidc", "").await.unwrap();
        service.hand_out(&query(&begun.location)["nonce"], &json!({}));
        service.set_with(path, status, "", body);
        let text = shown(&finish(&login, "oidc", &begun).await.unwrap_err());
        assert!(text.contains(want), "{path} {body}: {text}");
    }
    service.document(&json!({"userinfo_endpoint": null}));
    let logged_in = round(&fixture::login(&service, &secret()), &service, &json!({})).await;
    assert_eq!(logged_in.unwrap().person.name, "token@x");
}

#[tokio::test]
async fn a_session_ends_at_the_service_too() {
    let service = Service::openid().await;
    let back = "client_id=us&post_logout_redirect_uri=https%3A%2F%2Freg.example%2Flogin";
    for (document, want) in [
        (json!({}), Some(format!("{}/end?{back}", service.base))),
        (
            json!({"end_session_endpoint": "https://x/e?a=b"}),
            Some(format!("https://x/e?a=b&{back}")),
        ),
        (json!({"end_session_endpoint": "/end"}), None),
        (json!({"end_session_endpoint": null}), None),
    ] {
        service.document(&document);
        let login = login(&service, &secret());
        assert_eq!(login.end_session("oidc", None, now()).await, want);
        assert_eq!(login.end_session("github", None, now()).await, None);
        assert_eq!(login.end_session("gone", None, now()).await, None);
        assert!(login.is_secure(None));
    }
}

/// Also faults 29 of zot.
#[tokio::test]
async fn case_a07_targets_are_judged_when_a_login_begins() {
    let service = Service::openid().await;
    let login = login(&service, &secret());
    let long = format!("/{}", "a".repeat(pending::MAX_TEXT));
    for (target, want) in [
        ("", None),
        ("/home", Some("/home")),
        ("https://reg.example/home", Some("https://reg.example/home")),
        ("//evil", Some("/")),
        ("https://evil", Some("/")),
        (long.as_str(), Some("/")),
    ] {
        let begun = begin(&login, "oidc", target).await.unwrap();
        service.hand_out(&query(&begun.location)["nonce"], &json!({}));
        let logged_in = finish(&login, "oidc", &begun).await.unwrap();
        assert_eq!(logged_in.target.as_deref(), want, "{target}");
        assert_eq!(format!("{begun:?}"), "Begun");
    }
}
