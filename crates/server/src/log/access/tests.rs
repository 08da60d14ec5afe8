use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

const MARK: &str = "s3cr3tm4rk";

fn access<'a>(path: &'a str, headers: &'a HeaderMap) -> Access<'a> {
    Access {
        username: Some("alice"),
        client: Client::direct(([127, 0, 0, 1], 4711).into()),
        method: &Method::GET,
        path,
        status: 200,
        latency: Duration::from_micros(1234),
        body_size: 42,
        headers,
    }
}

fn text(access: &Access<'_>) -> String {
    let mut text = String::new();
    access.write(SystemTime::UNIX_EPOCH, |line| {
        text = String::from_utf8(line.to_vec()).unwrap();
    });
    text
}

fn parsed(access: &Access<'_>) -> Value {
    serde_json::from_str(&text(access)).unwrap()
}

#[test]
fn a_line_holds_the_fields_of_zot_in_their_order() {
    let mut headers = HeaderMap::new();
    headers.append("user-agent", HeaderValue::from_static("curl/8"));
    headers.append("accept", HeaderValue::from_static("a/b"));
    headers.append("accept", HeaderValue::from_static("c/d"));
    headers.append(
        "authorization",
        HeaderValue::from_static("Basic s3cr3tm4rk"),
    );
    let line = parsed(&access("/v2/?n=1", &headers));
    let keys: Vec<_> = line.as_object().unwrap().keys().cloned().collect();
    let expected = "time level message module username component clientIP method path statusCode \
                    latency bodySize headers caller func goroutine";
    assert_eq!(keys, expected.split_whitespace().collect::<Vec<_>>());
    let expected = serde_json::json!({
        "User-Agent": ["curl/8"], "Accept": ["a/b", "c/d"], "Authorization": ["******"],
    });
    assert_eq!(line["headers"], expected);
    assert_eq!(line["clientIP"], "127.0.0.1:4711");
    assert_eq!(line["latency"], "1.234ms");
    assert_eq!(line["path"], "/v2/?n=1");
    assert_eq!(
        (&line["statusCode"], &line["bodySize"]),
        (&200.into(), &42.into())
    );
}

#[test]
fn who_is_unknown_has_no_name() {
    let headers = HeaderMap::new();
    let mut access = access("/", &headers);
    access.username = None;
    let line = parsed(&access);
    assert!(line.get("username").is_none());
    assert_eq!(line["headers"], serde_json::json!({}));
}

#[test]
fn secrets_in_queries_are_masked() {
    let headers = HeaderMap::new();
    for (path, expected) in [
        ("/v2/?digest=sha256:ab", "/v2/?digest=sha256:ab"),
        ("/a?token=x&n=1", "/a?token=******&n=1"),
        ("/a?n=1&ACCESS_TOKEN=x", "/a?n=1&ACCESS_TOKEN=******"),
        ("/a?%74oken=x", "/a?%74oken=******"),
        (
            "/a?X-Amz-Signature=x&code=y",
            "/a?X-Amz-Signature=******&code=******",
        ),
        ("/a?x;sig=x", "/a?x&sig=******"),
        ("/a?token=a=b", "/a?token=******"),
        ("/a?n=1?token=x#code=y", "/a?n=1&token=******&code=******"),
        ("/a?flag", "/a?flag"),
        ("/a?", "/a"),
    ] {
        assert_eq!(parsed(&access(path, &headers))["path"], expected);
    }
}

#[test]
fn case_a03_addresses_in_headers_are_masked_as_the_path_is() {
    let mut headers = HeaderMap::new();
    for name in ["referer", "x-original-uri", "x-forwarded-uri"] {
        let value = "https://r.example/zot/auth/callback/oidc?code=s3cr3tm4rk&state=s3cr3tm4rk&a=b";
        headers.append(name, HeaderValue::from_static(value));
    }
    headers.append("x-plain", HeaderValue::from_static("what?"));
    let line = parsed(&access("/", &headers));
    let masked = "https://r.example/zot/auth/callback/oidc?code=******&state=******&a=b";
    assert_eq!(line["headers"]["Referer"][0], masked);
    assert_eq!(line["headers"]["X-Plain"][0], "what");
    assert!(!line.to_string().contains(MARK), "{line}");
}

fn secret_headers() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("authorization".to_owned()),
        Just("proxy-authorization".to_owned()),
        Just("cookie".to_owned()),
        Just("set-cookie".to_owned()),
        "x-[a-z]{0,8}-token",
        "x-[a-z]{0,8}-secret-[a-z]{1,3}",
        "x-api-key",
    ]
}

proptest! {
    #[test]
    fn hostile_requests_leave_one_valid_line_without_secrets(
        path in "/\\PC{0,40}",
        key in "(access_|X-|)(TOKEN|token|Signature|secret|password)[a-z]{0,5}",
        value in proptest::collection::vec(any::<u8>(), 0..60),
        secret in secret_headers(),
        username in ".{0,20}",
    ) {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.append("x-plain", value);
        }
        let name = HeaderName::from_bytes(secret.as_bytes()).unwrap();
        headers.append(name.clone(), HeaderValue::from_static(MARK));
        headers.append(name, HeaderValue::from_static("again s3cr3tm4rk"));
        let path = format!("{path}?a=1&{key}={MARK}&{key}=x{MARK}");
        let mut access = access(&path, &headers);
        access.username = Some(&username);
        let text = text(&access);
        prop_assert!(!text.contains(MARK), "{text}");
        prop_assert_eq!(text.strip_suffix("}\n").is_some(), true);
        prop_assert_eq!(text.matches('\n').count(), 1);
        let line: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(line["username"].as_str().unwrap(), username);
    }
}
