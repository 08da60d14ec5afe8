use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::fixture::*;
use super::*;

fn header(algorithm: &str) -> String {
    json!({"alg": algorithm, "typ": "JWT"}).to_string()
}

fn set(jwk: &serde_json::Value) -> String {
    json!({"keys": [jwk]}).to_string()
}

#[test]
fn every_algorithm_with_every_form_of_its_key() {
    for algorithm in Algorithm::ALL {
        let signer = Signer::new(algorithm);
        let token = signer.token(&header(algorithm.as_str()), r#"{"sub":"me"}"#);
        let jwk = signer.jwk();
        let rsa = algorithm.as_str().contains('S') && signer.pem().as_deref() == Some(RSA_PKIX);
        let forms = [
            signer.pem(),
            signer.certificate(),
            rsa.then(|| RSA_PKCS1.to_owned()),
            Some(jwk.to_string()),
            Some(set(&jwk)),
        ];
        for form in forms.into_iter().flatten() {
            let key =
                Key::read(form.as_bytes()).unwrap_or_else(|e| panic!("{algorithm} {form}: {e}"));
            let read = Token::parse(token.as_bytes()).unwrap();
            assert_eq!(
                read.verify([&key]).unwrap().text("sub"),
                Some("me"),
                "{algorithm} {form}"
            );
        }
        // One bit of another message, and of another signature.
        let key = Key::read(jwk.to_string().as_bytes()).unwrap();
        let (front, signature) = token.rsplit_once('.').unwrap();
        let other = signer.token(&header(algorithm.as_str()), r#"{"sub":"you"}"#);
        let (other, _) = other.rsplit_once('.').unwrap();
        let mut flipped = decode(signature.as_bytes()).unwrap();
        flipped[9] ^= 1;
        let short = &flipped[..flipped.len() - 1];
        for (front, signature) in [
            (other, signature.to_owned()),
            (front, encode(&flipped)),
            (front, encode(short)),
            (front, String::new()),
        ] {
            let token = format!("{front}.{signature}");
            let result = Token::parse(token.as_bytes()).unwrap().verify([&key]);
            assert_eq!(result.unwrap_err(), TokenError::Signature, "{algorithm}");
        }
    }
}

#[test]
fn a_key_is_used_for_its_own_algorithms_only() {
    let signers: Vec<_> = Algorithm::ALL.map(|one| (one, Signer::new(one))).into();
    for (one, signer) in &signers {
        let key = Key::read(signer.jwk().to_string().as_bytes()).unwrap();
        for other in Algorithm::ALL {
            let family = |a: Algorithm| {
                if a.as_str().ends_with('A') {
                    "Ed"
                } else if a.as_str().starts_with('E') {
                    a.as_str()
                } else {
                    "RSA"
                }
            };
            assert_eq!(
                key.fits(other),
                family(*one) == family(other),
                "{one} {other}"
            );
            // Signed by the one, said to be the other.
            let token = signer.token(&header(other.as_str()), "{}");
            let result = Token::parse(token.as_bytes()).unwrap().verify([&key]);
            assert_eq!(result.is_ok(), *one == other, "{one} {other}");
        }
    }
    let mut jwk = Signer::new(Algorithm::Rs256).jwk();
    jwk["alg"] = json!("RS256");
    let key = Key::read(jwk.to_string().as_bytes()).unwrap();
    assert!(key.fits(Algorithm::Rs256) && !key.fits(Algorithm::Ps256));
}

type IsKind = fn(TokenError) -> bool;

#[test]
fn case_a43_hostile_tokens_are_refused_before_they_cost_anything() {
    use TokenError as E;
    let signer = Signer::new(Algorithm::EdDsa);
    let key = Key::read(signer.jwk().to_string().as_bytes()).unwrap();
    let of = |header: &str, claims: &str| signer.token(header, claims);
    let good = of(&header("EdDSA"), "{}");
    let malformed = |e| matches!(e, E::Malformed(_));
    let table: Vec<(String, IsKind)> = vec![
        (".".repeat(1_000_000), |e| e == E::TooLong),
        (".".repeat(MAX_LENGTH), malformed),
        (String::new(), malformed),
        ("a.b".to_owned(), malformed),
        (format!("{good}."), malformed),
        (format!("{good}.x"), malformed),
        (format!("{good}="), malformed),
        (format!(" {good}"), malformed),
        (good.replace('.', "%2E"), malformed),
        (of(r#"{"alg":"none"}"#, "{}"), |e| e == E::Algorithm),
        (of(r#"{"alg":"None"}"#, "{}"), |e| e == E::Algorithm),
        (of(r#"{"alg":"HS256"}"#, "{}"), |e| e == E::Algorithm),
        (of(r#"{"alg":"eddsa"}"#, "{}"), |e| e == E::Algorithm),
        (of(r#"{"alg":["EdDSA"]}"#, "{}"), |e| e == E::Algorithm),
        (of("{}", "{}"), |e| e == E::Algorithm),
        (
            of(r#"{"alg":"EdDSA","crit":["b64"],"b64":false}"#, "{}"),
            |e| e == E::Critical,
        ),
        (of(r#"{"alg":"EdDSA","crit":[]}"#, "{}"), |e| {
            e == E::Critical
        }),
        (of(r#"{"alg":"EdDSA","kid":1}"#, "{}"), malformed),
        (of(r#"{"alg":"RS256","alg":"EdDSA"}"#, "{}"), malformed),
        (of(r#"["EdDSA"]"#, "{}"), malformed),
        (of(r#"{"alg":"EdDSA"} x"#, "{}"), malformed),
        (of(&header("EdDSA"), r#"{"aud":"a","aud":"b"}"#), malformed),
        (of(&header("EdDSA"), r#"{"a":{"b":1,"b":2}}"#), malformed),
        (of(&header("EdDSA"), "[]"), malformed),
        (of(&header("EdDSA"), "x"), malformed),
        (of(&header("EdDSA"), &"[".repeat(5000)), malformed),
        (of(&header("RS256"), "{}"), |e| e == E::UnknownKey),
    ];
    for (text, is_kind) in table {
        let result = Token::parse(text.as_bytes()).and_then(|token| token.verify([&key]));
        let error = result.unwrap_err();
        let shown: String = text.chars().take(80).collect();
        assert!(is_kind(error), "{shown}: {error:?}");
    }
    assert!(
        Token::parse(good.as_bytes())
            .unwrap()
            .verify([&key])
            .is_ok()
    );
}

#[test]
fn wrong_keys_are_refused_with_a_reason() {
    let rsa = Signer::new(Algorithm::Rs256).jwk();
    let p256 = Signer::new(Algorithm::Es256).jwk();
    let with = |base: &serde_json::Value, name: &str, value: serde_json::Value| {
        let mut jwk = base.clone();
        jwk[name] = value;
        jwk.to_string()
    };
    let truncated = RSA_PKIX.lines().take(3).collect::<Vec<_>>().join("\n");
    let table: Vec<(String, &str)> = vec![
        (RSA_SHORT.to_owned(), "2048 to 8192 bits"),
        (RSA.to_owned(), "unsupported kind"),
        (truncated, "malformed"),
        (RSA_PKIX.replace("PUBLIC KEY", "SOMETHING"), "malformed"),
        (String::new(), "neither PEM nor JSON"),
        ("{".to_owned(), "no strict JSON"),
        (r#"{"keys":[]}"#.to_owned(), "exactly one key, not 0"),
        (
            json!({"keys": [rsa, p256]}).to_string(),
            "exactly one key, not 2",
        ),
        (r#"{"keys":{}}"#.to_owned(), "no key set"),
        (r#"{"keys":[1]}"#.to_owned(), "no object"),
        (r#"{"kty":"oct","k":"AAAA"}"#.to_owned(), "unsupported kind"),
        (with(&rsa, "use", json!("enc")), "unsupported kind"),
        (with(&rsa, "key_ops", json!(["sign"])), "unsupported kind"),
        (with(&rsa, "alg", json!("RSA-OAEP")), "unsupported kind"),
        (with(&rsa, "n", json!("AQAB")), "2048 to 8192 bits"),
        (
            with(&rsa, "n", json!(encode(&[0xff; 1025]))),
            "2048 to 8192 bits",
        ),
        (with(&rsa, "e", json!("AQ")), "malformed"),
        (with(&rsa, "e", json!("AA")), "malformed"),
        (with(&rsa, "e", json!(null)), "missing"),
        (with(&rsa, "n", json!("a+b=")), "no base64url"),
        (with(&p256, "x", json!("AAAA")), "wrong length"),
        (with(&p256, "crv", json!("P-384")), "wrong length"),
        (with(&p256, "crv", json!("secp256k1")), "unsupported kind"),
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#.to_owned(),
            "32 bytes",
        ),
        (
            r#"{"kty":"OKP","crv":"X25519","x":"AAAA"}"#.to_owned(),
            "unsupported kind",
        ),
        (format!("{{{}", " ".repeat(600_000)), "longer than"),
    ];
    for (text, part) in table {
        let error = Key::read(text.as_bytes()).unwrap_err().to_string();
        let shown: String = text.chars().take(60).collect();
        assert!(error.contains(part), "{shown}: {error}");
    }
}

#[test]
fn sets_leave_out_what_signs_no_token_and_find_keys_by_name() {
    let text = json!({"keys": [
        ed25519_jwk(1, "one"),
        {"kty": "oct", "k": "AAAA", "kid": "shared"},
        {"kty": "EC", "crv": "secp256k1", "kid": "coin"},
        7,
        ed25519_jwk(2, "two"),
        ed25519_jwk(3, "two"),
    ]});
    let keys = KeySet::read(text.to_string().as_bytes()).unwrap();
    assert_eq!(keys.len(), 3);
    let table = [
        (Some("one"), 1, true),
        (Some("one"), 2, false),
        (Some("two"), 3, true),
        (Some("three"), 1, false),
        (None, 3, true),
        (None, 4, false),
    ];
    for (kid, seed, want) in table {
        let mut signer = ed25519(seed);
        if let Some(kid) = kid {
            signer = signer.with_kid(kid);
        }
        let text = signer.sign(&json!({})).unwrap();
        let token = Token::parse(text.as_bytes()).unwrap();
        assert_eq!(token.kid(), kid);
        assert_eq!(
            token.verify(keys.for_token(&token)).is_ok(),
            want,
            "{kid:?} {seed}"
        );
    }
    let many: Vec<_> = (0..300).map(|_| ed25519_jwk(1, "x")).collect();
    assert!(KeySet::read(json!({"keys": many}).to_string().as_bytes()).is_err());
    assert!(KeySet::read(b"{}").is_err());
}

#[test]
fn times_are_checked_with_a_minute_of_leeway() {
    use TokenError as E;
    let table = [
        (json!({}), Expiry::Optional, None),
        (json!({}), Expiry::Required, Some(E::Expired)),
        (json!({"exp": null}), Expiry::Required, Some(E::Expired)),
        (json!({"exp": at(1)}), Expiry::Required, None),
        (json!({"exp": at(-59)}), Expiry::Optional, None),
        (json!({"exp": at(-60)}), Expiry::Optional, Some(E::Expired)),
        (json!({"exp": 1_000_000.5}), Expiry::Optional, None),
        (json!({"exp": -5}), Expiry::Optional, Some(E::Expired)),
        (json!({"exp": 1e300}), Expiry::Optional, None),
        (json!({"exp": u64::MAX}), Expiry::Optional, None),
        (json!({"nbf": at(60)}), Expiry::Optional, None),
        (json!({"nbf": at(61)}), Expiry::Optional, Some(E::NotYet)),
        (json!({"iat": at(60)}), Expiry::Optional, None),
        (json!({"iat": at(61)}), Expiry::Optional, Some(E::NotYet)),
        (json!({"iat": 1e300}), Expiry::Optional, Some(E::NotYet)),
    ];
    for (claims, expiry, want) in table {
        let read = Claims::new(claims.as_object().unwrap().clone());
        assert_eq!(read.check_times(now(), expiry).err(), want, "{claims}");
    }
    for name in ["exp", "nbf", "iat"] {
        let claims = json!({name: "1000000"});
        let read = Claims::new(claims.as_object().unwrap().clone());
        let result = read.check_times(now(), Expiry::Optional);
        assert!(matches!(result, Err(E::Malformed(_))), "{name}");
    }
    assert_eq!(LEEWAY, Duration::from_mins(1));
}

#[test]
fn case_b17_an_audience_is_a_text_or_a_list() {
    let table = [
        (json!({"aud": "zot"}), true),
        (json!({"aud": ["a", "zot"]}), true),
        (json!({"aud": ["a", 7, "zot"]}), true),
        (json!({"aud": "a"}), false),
        (json!({"aud": []}), false),
        (json!({"aud": {"zot": 1}}), false),
        (json!({"aud": 7}), false),
        (json!({}), false),
    ];
    for (claims, want) in table {
        let read = Claims::new(claims.as_object().unwrap().clone());
        assert_eq!(read.is_for(&["zot"]), want, "{claims}");
    }
}

#[test]
fn what_is_signed_here_holds_here() {
    for pem in [RSA, &rcgen::KeyPair::generate().unwrap().serialize_pem()] {
        let signer = SigningKey::from_pem(pem.as_bytes()).unwrap().with_kid("k");
        let token = signer.sign(&json!({"sub": "me"})).unwrap();
        let read = Token::parse(token.as_bytes()).unwrap();
        assert_eq!(
            (read.algorithm(), read.kid()),
            (signer.algorithm(), Some("k"))
        );
    }
    let signer = ed25519(1);
    let token = signer.sign(&json!({"sub": "me"})).unwrap();
    let read = Token::parse(token.as_bytes()).unwrap();
    assert!(read.verify([&signer.public().unwrap()]).is_ok());
    for wrong in ["", RSA_PKIX] {
        assert!(SigningKey::from_pem(wrong.as_bytes()).is_err());
    }
    let debug = format!("{signer:?} {read:?} {:?}", signer.public());
    assert!(!debug.contains(&token) && debug.len() < 300, "{debug}");
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let key = ed25519(1).public().unwrap();
        let _ = Token::parse(&bytes).and_then(|token| token.verify([&key]));
        let _ = Key::read(&bytes);
        let _ = KeySet::read(&bytes);
    }

    #[test]
    fn nor_do_parts_that_are_nearly_right(
        header in "\\{\"alg\":\"(RS256|ES512|EdDSA)\"(,\"kid\":\"[a-z]{0,3}\")?\\}",
        claims in "\\{(\"(exp|aud|iat)\":(-?[0-9]{1,20}(e[0-9]{1,3})?|\"x\"|\\[\\]|null))?\\}",
        signature in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let front = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
        let token = format!("{front}.{}", encode(&signature));
        for algorithm in [Algorithm::Rs256, Algorithm::Es512, Algorithm::EdDsa] {
            let key = Key::read(Signer::new(algorithm).jwk().to_string().as_bytes()).unwrap();
            if let Ok(token) = Token::parse(token.as_bytes()) {
                prop_assert!(token.verify([&key]).is_err());
                if let Ok(claims) = token.unverified() {
                    let _ = claims.check_times(now(), Expiry::Optional);
                }
            }
        }
    }

    #[test]
    fn damaged_keys_are_an_error_at_most(position in 0usize..400, byte in any::<u8>()) {
        for text in [RSA_PKIX, RSA_PKCS1, RSA_CERTIFICATE] {
            let mut text = text.as_bytes().to_vec();
            let length = text.len();
            text[position % length] = byte;
            let _ = Key::read(&text);
        }
    }
}
