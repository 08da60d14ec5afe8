//! Those who sign tokens: a token service, and an issuer of identities on the loopback.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use auth::jwt::SigningKey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use registry::{Clock, SystemClock};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

/// The key of the token service.
pub(crate) const SERVICE_SEED: u8 = 1;
/// The key of the issuer.
pub(crate) const ISSUER_SEED: u8 = 2;
/// The key of nobody.
pub(crate) const OTHER_SEED: u8 = 3;

/// Yields the public half of a key.
pub(crate) fn jwk(seed: u8) -> Value {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let x = URL_SAFE_NO_PAD.encode(pair.public_key());
    json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x})
}

/// Signs claims that are good for an hour, unless they say themselves for how long.
pub(crate) fn token(seed: u8, mut claims: Value) -> String {
    if claims["exp"].is_null() {
        claims["exp"] = json!(seconds() + 3600);
    }
    let key = SigningKey::from_seed(&[seed; 32]).unwrap().with_kid("k");
    key.sign(&claims).unwrap()
}

/// Yields the time in seconds.
pub(crate) fn seconds() -> u64 {
    let since: Duration = SystemClock.now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs()
}

/// Starts an issuer that lives as long as the test, and yields its URL.
pub(crate) fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let own = url.clone();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            answer(&stream, &own);
        }
    });
    url
}

fn answer(mut stream: &TcpStream, url: &str) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    let _rest = lines.take_while(|line| !line.is_empty()).count();
    let body = if first.contains("/.well-known/openid-configuration ") {
        json!({"issuer": url, "jwks_uri": format!("{url}/keys"),
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token")})
    } else {
        json!({"keys": [jwk(ISSUER_SEED)]})
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // Whoever asked may have gone.
    let _ = stream.write_all((head + &body).as_bytes());
}
