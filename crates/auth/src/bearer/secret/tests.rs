use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use parking_lot::Mutex as Lock;

use super::*;
use crate::jwt::fixture::{RSA_PKIX, ed25519_jwk, now};

/// A service that answers with a status and a body, and keeps what it was asked.
#[derive(Clone)]
struct Service {
    url: Url,
    answer: Arc<Lock<(u16, String)>>,
    asked: Arc<Lock<Vec<String>>>,
}

fn serve() -> Service {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let service = Service {
        url,
        answer: Arc::default(),
        asked: Arc::default(),
    };
    let shared = service.clone();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(&stream);
            let mut text = String::new();
            while !text.ends_with("\r\n\r\n") && reader.read_line(&mut text).unwrap_or(0) > 0 {}
            let mut body = vec![0; r#"{"SecretId":"keys"}"#.len()];
            reader.read_exact(&mut body).unwrap();
            text.push_str(std::str::from_utf8(&body).unwrap());
            shared.asked.lock().push(text);
            let (status, body) = shared.answer.lock().clone();
            let head = format!(
                "HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {}",
                body.len()
            );
            let mut stream = &stream;
            let _sent = write!(stream, "{head}\r\n\r\n{body}");
        }
    });
    service
}

fn options(service: &Service) -> SecretOptions {
    SecretOptions {
        region: "eu-west-1".to_owned(),
        name: "keys".to_owned(),
        refresh: Duration::from_mins(1),
        endpoint: Some(service.url.clone()),
        access_key: "AKID".to_owned(),
        secret_key: "marker".to_owned(),
        session_token: Some("session".to_owned()),
    }
}

fn answer(service: &Service, status: u16, secret: &str) {
    *service.answer.lock() = (status, json!({ "SecretString": secret }).to_string());
}

async fn find(keys: &SecretKeys, kid: Option<&str>, seconds: u64) -> &'static str {
    let result = keys.find(kid, now() + Duration::from_secs(seconds)).await;
    match result {
        Ok(_) => "found",
        Err(VerifyError::Token(TokenError::UnknownKey)) => "unknown",
        Err(VerifyError::Keys(_)) => "failed",
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn keys_are_found_by_name_and_read_again_after_a_while() {
    let service = serve();
    let jwks = json!({"keys": [ed25519_jwk(1, "x")]}).to_string();
    answer(
        &service,
        200,
        &json!({"pem": RSA_PKIX, "set": jwks}).to_string(),
    );
    let keys = SecretKeys::new(options(&service), Agent::new(client::Options::default())).unwrap();
    assert_eq!(service.asked.lock().len(), 0);
    let table = [
        (Some("pem"), "found"),
        (Some("set"), "found"),
        (Some("x"), "unknown"),
        (None, "unknown"),
    ];
    for (kid, want) in table {
        assert_eq!(find(&keys, kid, 0).await, want, "{kid:?}");
    }
    assert_eq!(service.asked.lock().len(), 1);
    let asked = service.asked.lock()[0].to_ascii_lowercase();
    for part in [
        "post / http/1.1",
        "x-amz-target: secretsmanager.getsecretvalue",
        "x-amz-security-token: session",
        "authorization: aws4-hmac-sha256 credential=akid/19700112/eu-west-1/secretsmanager/aws4_request, \
         signedheaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, signature=",
        r#"{"secretid":"keys"}"#,
    ] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
    assert!(!format!("{keys:?}").contains("marker"));

    answer(&service, 200, &json!({"new": RSA_PKIX}).to_string());
    assert_eq!(find(&keys, Some("new"), 59).await, "unknown");
    assert_eq!(find(&keys, Some("new"), 60).await, "found");
    // The last good keys serve while the service is down.
    answer(&service, 500, "");
    assert_eq!(find(&keys, Some("new"), 120).await, "found");
    assert_eq!(find(&keys, Some("new"), 129).await, "found");
    assert_eq!(service.asked.lock().len(), 3);
}

#[tokio::test]
async fn faults_are_failures_and_not_repeated_at_once() {
    let table = [
        (400, "{}"),
        (200, "no JSON"),
        (200, r#"{"a":1}"#),
        (200, r#"{"a":"no key"}"#),
        (200, "{}"),
    ];
    for (status, secret) in table {
        let service = serve();
        answer(&service, status, secret);
        let keys = SecretKeys::new(options(&service), Agent::new(client::Options::default()));
        let keys = keys.unwrap();
        for seconds in [0, 9] {
            assert_eq!(find(&keys, Some("a"), seconds).await, "failed", "{secret}");
        }
        assert_eq!(service.asked.lock().len(), 1, "{secret}");
    }
    for region in ["", "a/b", "a.evil.example/"] {
        let wrong = SecretOptions {
            region: region.to_owned(),
            ..options(&serve())
        };
        let made = SecretKeys::new(wrong, Agent::new(client::Options::default()));
        assert!(matches!(made, Err(SecretError::Options)), "{region}");
    }
}
