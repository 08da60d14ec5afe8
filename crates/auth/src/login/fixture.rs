//! A service to log in at, in this process: it says what tests want it to say.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use client::{Agent, Options};
use http::{HeaderMap, header};
use meta::{MemoryStore, Meta};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{Answer, Begun, LoggedIn, Login, LoginError, LoginOptions, Wish};
use crate::jwt::fixture::{ed25519, ed25519_jwk};
use crate::login::ClaimNames;
use crate::origin::{Public, Returns, Scheme};
use crate::provider::{ProofOptions, Protocol, ProviderOptions};
use crate::session::{SessionKeys, Signer, StoredRecords};

/// Stands in every secret that is sent, by us and by the service.
pub(super) const MARKER: &str = "s3cr3tm4rk";

pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// A request that the service got.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) target: String,
    pub(super) authorization: String,
    pub(super) form: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
struct Reply {
    status: u16,
    headers: String,
    body: String,
}

#[derive(Debug)]
pub(super) struct Service {
    pub(super) base: String,
    replies: Mutex<BTreeMap<String, Reply>>,
    seen: Mutex<Vec<Seen>>,
}

impl Service {
    /// Starts a service that answers 404.
    pub(super) async fn bare() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = Arc::new(Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            replies: Mutex::default(),
            seen: Mutex::default(),
        });
        let server = Arc::clone(&service);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&server).serve(stream));
            }
        });
        service
    }

    /// Starts one that speaks `OpenID Connect`.
    pub(super) async fn openid() -> Arc<Self> {
        let service = Self::bare().await;
        service.document(&json!({}));
        service.set("/keys", &json!({"keys": [ed25519_jwk(1, "one")]}));
        service.set("/userinfo", &json!({"sub": "1", "email": "ann@x"}));
        service
    }

    /// Says what the issuer is, but for some fields.
    pub(super) fn document(&self, other: &Value) {
        let base = &self.base;
        let mut document = json!({
            "issuer": base,
            "authorization_endpoint": format!("{base}/authorize?own=1"),
            "token_endpoint": format!("{base}/token"),
            "jwks_uri": format!("{base}/keys"),
            "userinfo_endpoint": format!("{base}/userinfo"),
            "end_session_endpoint": format!("{base}/end"),
        });
        merge(&mut document, other);
        self.set("/.well-known/openid-configuration", &document);
    }

    pub(super) fn set(&self, path: &str, body: &Value) {
        self.set_with(path, 200, "", &body.to_string());
    }

    pub(super) fn set_with(&self, path: &str, status: u16, headers: &str, body: &str) {
        let reply = Reply {
            status,
            headers: headers.to_owned(),
            body: body.to_owned(),
        };
        self.replies.lock().insert(path.to_owned(), reply);
    }

    /// Has tokens handed out, the identity token with these claims besides the usual ones.
    pub(super) fn hand_out(&self, nonce: &str, claims: &Value) {
        let mut all = json!({
            "iss": self.base, "aud": "us", "sub": "1", "nonce": nonce,
            "iat": 1_700_000_000_u64, "exp": 1_700_000_300_u64, "email": "token@x",
        });
        merge(&mut all, claims);
        let token = ed25519(1).with_kid("one").sign(&all).unwrap();
        self.hand_out_token(&token);
    }

    pub(super) fn hand_out_token(&self, token: &str) {
        let access = format!("access-{MARKER}");
        let tokens = json!({"access_token": access, "token_type": "Bearer", "id_token": token});
        self.set("/token", &tokens);
    }

    pub(super) fn seen(&self, path: &str) -> Vec<Seen> {
        let seen = self.seen.lock();
        let at = seen
            .iter()
            .filter(|seen| seen.target.split('?').next() == Some(path));
        at.cloned().collect()
    }

    fn reply(&self, target: &str) -> Option<Reply> {
        let replies = self.replies.lock();
        let path = target.split('?').next().unwrap_or_default();
        replies.get(target).or_else(|| replies.get(path)).cloned()
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        while let Some(seen) = read(&mut stream).await {
            let path = seen.target.clone();
            self.seen.lock().push(seen);
            let found = self.reply(&path);
            let (status, headers, body) = match found {
                Some(reply) => (reply.status, reply.headers, reply.body),
                None => (404, String::new(), String::new()),
            };
            let length = body.len();
            let text =
                format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
            if stream.write_all(text.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut seen = Seen::default();
    let mut length = 0;
    let mut line = String::new();
    while stream.read_line(&mut line).await.ok()? > 2 {
        if seen.target.is_empty() {
            seen.target = line.split(' ').nth(1)?.to_owned();
        }
        let (name, value) = line.split_once(": ").unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "authorization" => seen.authorization = value.trim().to_owned(),
            _ => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    seen.form = pairs(std::str::from_utf8(&body).unwrap());
    (!seen.target.is_empty()).then_some(seen)
}

/// Reads a query or a form.
pub(super) fn pairs(text: &str) -> BTreeMap<String, String> {
    let plain = |text: &str| {
        let bytes = text.replace('+', " ").into_bytes();
        let mut plain = Vec::new();
        let mut rest = bytes.as_slice();
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            if let (b'%', [high, low, after @ ..]) = (first, after) {
                plain.extend(hex::decode([*high, *low]).unwrap());
                rest = after;
            } else {
                plain.push(*first);
            }
        }
        String::from_utf8(plain).unwrap()
    };
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(key, value)| (plain(key), plain(value)))
        .collect()
}

fn merge(into: &mut Value, other: &Value) {
    for (key, value) in other.as_object().unwrap() {
        into[key] = value.clone();
    }
}

/// A registry with two services: `oidc` and `github`.
pub(super) fn login(service: &Service, proof: &ProofOptions) -> Login {
    let base = &service.base;
    let options = |name: &str, protocol| ProviderOptions {
        name: name.to_owned(),
        protocol,
        client_id: "us".to_owned(),
        proof: proof.clone(),
        scopes: vec!["email".to_owned(), "groups".to_owned()],
    };
    let openid = Protocol::OpenId {
        issuer: base.clone(),
        claims: ClaimNames::default(),
    };
    let github = Protocol::GitHub {
        authorize_url: format!("{base}/authorize"),
        token_url: format!("{base}/token"),
        api_url: String::new(),
    };
    let options = LoginOptions {
        public: Public::new("https://reg.example/", Scheme::Http, "0.0.0.0", 8080),
        returns: Returns::new(["https://ui.example"]),
        providers: vec![options("oidc", openid), options("github", github)],
    };
    let records = StoredRecords::new(Meta::new(Arc::new(MemoryStore::new())));
    let signer = Signer::new(&SessionKeys::default(), Arc::new(records));
    Login::new(options, Arc::new(signer), &Agent::new(Options::default()))
}

pub(super) fn secret() -> ProofOptions {
    ProofOptions::Secret(format!("secret-{MARKER}+"))
}

pub(super) async fn begin(
    login: &Login,
    provider: &str,
    target: &str,
) -> Result<Begun, LoginError> {
    let wish = Wish {
        provider,
        target,
        forwarded: None,
        now: now(),
    };
    login.begin(wish).await
}

pub(super) fn query(location: &str) -> BTreeMap<String, String> {
    pairs(location.split_once('?').unwrap().1)
}

pub(super) fn browser(cookie: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let cookie = format!("a=1; statecookie={cookie}");
    headers.insert(header::COOKIE, cookie.parse().unwrap());
    headers
}

/// Answers a login that has begun, as the service would.
pub(super) async fn finish(
    login: &Login,
    provider: &str,
    begun: &Begun,
) -> Result<LoggedIn, LoginError> {
    finish_at(login, provider, begun, now()).await
}

pub(super) async fn finish_at(
    login: &Login,
    provider: &str,
    begun: &Begun,
    now: SystemTime,
) -> Result<LoggedIn, LoginError> {
    let query = query(&begun.location);
    let code = format!("code-{MARKER}");
    let answer = Answer {
        provider,
        state: &query["state"],
        code: Some(&code),
        ..Answer::default()
    };
    login.finish(answer, &browser(&begun.cookie), now).await
}

/// Logs in from the beginning to the end; the identity token has these claims.
pub(super) async fn round(
    login: &Login,
    service: &Service,
    claims: &Value,
) -> Result<LoggedIn, LoginError> {
    let begun = begin(login, "oidc", "/home").await?;
    service.hand_out(&query(&begun.location)["nonce"], claims);
    finish(login, "oidc", &begun).await
}

/// Yields an error as a log would print it, with all its causes.
pub(super) fn shown(error: &LoginError) -> String {
    format!("{error:?}: {}", chain(error))
}

pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error:?}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    assert!(!text.contains(MARKER), "{text}");
    text
}
