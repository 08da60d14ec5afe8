use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use auth::client::{Agent, Options};
use auth::login::{ClaimNames, LoginOptions};
use auth::origin::{Forwarded, Public, Returns, Scheme};
use auth::provider::{ProofOptions, Protocol, ProviderOptions};
use auth::session::{Profiles, SessionKeys, Sessions, StoredRecords};
use auth::{Authenticator, Evidence, Identity, User, Verdict};
use bytes::Bytes;
use ext::Caller;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use http::{HeaderMap, Method};
use meta::{MemoryStore, Meta, Rights};
use parking_lot::Mutex;
use registry::Clock;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::browser::{Secure, forget};
use super::super::logout::{self, LOGOUT};
use super::*;

const PEER: ([u8; 4], u16) = ([127, 0, 0, 1], 1);
const PROXY: ([u8; 4], u16) = ([10, 0, 0, 1], 1);

#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        ready(()).boxed()
    }
}

#[derive(Debug, Default)]
struct Book(Mutex<BTreeMap<String, Vec<String>>>);

impl Profiles for Book {
    fn groups<'a>(
        &'a self,
        user: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<String>>, meta::Error>> {
        ready(Ok(self.0.lock().get(user).cloned())).boxed()
    }

    fn note<'a>(
        &'a self,
        user: &'a str,
        groups: &'a [String],
        _: SystemTime,
    ) -> BoxFuture<'a, Result<(), meta::Error>> {
        self.0.lock().insert(user.to_owned(), groups.to_vec());
        ready(Ok(())).boxed()
    }
}

/// Starts a service that answers paths with JSON, one request for each connection.
async fn service() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let at = |path: &str| format!("{base}{path}");
    let replies = BTreeMap::from([
        ("/token", json!({"access_token": "t"})),
        (
            "/api/v3/user/emails",
            json!([{"email": "ann@x", "primary": true}]),
        ),
        ("/api/v3/user/orgs", json!([{"login": "org"}])),
        ("/api/v3/user/teams", json!([])),
        ("/keys", json!({"keys": []})),
        (
            "/.well-known/openid-configuration",
            json!({
                "issuer": base, "authorization_endpoint": at("/a"), "token_endpoint": at("/token"),
                "jwks_uri": at("/keys"), "end_session_endpoint": at("/end"),
            }),
        ),
    ]);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 8192];
            let length = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            let path = head.split([' ', '?']).nth(1).unwrap_or_default();
            let body = replies.get(path).map(Value::to_string).unwrap_or_default();
            let status = if body.is_empty() { 404 } else { 200 };
            let length = body.len();
            let text = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            stream.write_all(text.as_bytes()).await.unwrap();
        }
    });
    base
}

/// A registry whose services are all at one address.
fn browsers(base: &str, external: &str, secure: Secure) -> Arc<Browsers> {
    let option = |name: &str, protocol| ProviderOptions {
        name: name.to_owned(),
        protocol,
        client_id: "us".to_owned(),
        proof: ProofOptions::Secret("s".to_owned()),
        scopes: vec!["email".to_owned()],
    };
    let openid = |issuer: &str| Protocol::OpenId {
        issuer: issuer.to_owned(),
        claims: ClaimNames::default(),
    };
    let github = Protocol::GitHub {
        authorize_url: format!("{base}/a"),
        token_url: format!("{base}/token"),
        api_url: String::new(),
    };
    let options = LoginOptions {
        public: Public::new(external, Scheme::Http, "127.0.0.1", 8080),
        returns: Returns::new(["https://ui.example"]),
        providers: vec![
            option("github", github),
            option("oidc", openid(base)),
            option("gitlab", openid(&format!("{base}/nowhere"))),
        ],
    };
    let records = StoredRecords::new(Meta::new(Arc::new(MemoryStore::new())));
    let profiles: Arc<dyn Profiles> = Arc::new(Book::default());
    let keys = SessionKeys::default();
    let sessions = Sessions::new(Arc::new(records), Arc::clone(&profiles), &keys);
    let login = Login::new(options, sessions.signer(), &Agent::new(Options::default()));
    let outside = |headers: &HeaderMap, peer: SocketAddr| {
        let told = headers.get("x-forwarded-host")?.to_str().ok()?;
        let scheme = headers.get("x-forwarded-proto")?.to_str().ok()?;
        (peer == PROXY.into()).then(|| Forwarded {
            scheme: Scheme::named(scheme),
            host: Some(told.to_owned()),
        })
    };
    Arc::new(Browsers {
        sessions,
        profiles,
        login: Some(login),
        secure,
        outside: Arc::new(outside),
        clock: Arc::new(Still),
    })
}

/// An answer as it is compared: status, place to go to, cookies, body.
#[derive(Debug)]
struct Got {
    status: u16,
    location: String,
    cookies: Vec<String>,
    body: String,
}

impl Got {
    /// Yields the cookies as a browser sends them back.
    fn jar(&self) -> String {
        let pairs = self
            .cookies
            .iter()
            .filter_map(|cookie| cookie.split(';').next());
        pairs.collect::<Vec<_>>().join("; ")
    }
}

async fn ask(
    browsers: &Arc<Browsers>,
    target: &str,
    headers: &[(&'static str, &str)],
    peer: ([u8; 4], u16),
) -> Got {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let routes = [routes(browsers), logout::routes(browsers)].concat();
    let route = routes.iter().find(|route| route.owns(path)).unwrap();
    let mut request = Request {
        method: Method::POST,
        path: path.to_owned(),
        query: (!query.is_empty()).then(|| query.to_owned()),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        caller: Caller {
            identity: Identity::Anonymous,
            rights: Rights::everything(),
            admin: false,
            peer: peer.into(),
        },
    };
    for (name, value) in headers {
        request.headers.insert(*name, value.parse().unwrap());
    }
    let text = |headers: &HeaderMap, name| {
        let values = headers.get_all(name).iter();
        values
            .map(|value| value.to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    match route.handler.handle(request).await {
        Ok(response) => {
            assert_eq!(text(&response.headers, names::CACHE_CONTROL), ["no-store"]);
            let Content::Bytes(body) = response.content else {
                panic!()
            };
            Got {
                status: response.status.as_u16(),
                location: text(&response.headers, names::LOCATION).concat(),
                cookies: text(&response.headers, names::SET_COOKIE),
                body: String::from_utf8(body.to_vec()).unwrap(),
            }
        }
        Err(error) => Got {
            status: error.code.status(),
            location: String::new(),
            cookies: Vec::new(),
            body: error.to_json().to_string(),
        },
    }
}

fn parameter(location: &str, name: &'static str) -> String {
    let query = Query::new(location.split_once('?').map(|(_, query)| query));
    query.one(name).unwrap().unwrap_or_default().into_owned()
}

#[tokio::test]
async fn somebody_logs_in_and_out() {
    let base = service().await;
    let browsers = browsers(&base, "https://reg.example", Secure::ByAddress);
    for (target, status, location) in [
        ("", 201, ""),
        ("&callback_ui=/home", 302, "/home"),
        (
            "&callback_ui=https%3A%2F%2Fui.example%2Fhome",
            302,
            "https://ui.example/home",
        ),
        ("&callback_ui=%2F%2Fevil", 302, "/"),
    ] {
        let target = format!("{LOGIN}?provider=github{target}");
        let begun = ask(&browsers, &target, &[], PEER).await;
        assert_eq!(begun.status, 302);
        assert!(begun.location.starts_with(&format!("{base}/a?")));
        let rest = "; Path=/zot/auth/callback; Max-Age=600; HttpOnly; SameSite=Lax; Secure";
        assert!(begun.cookies[0].starts_with("statecookie=") && begun.cookies[0].ends_with(rest));

        let state = parameter(&begun.location, "state");
        let back = format!("{CALLBACK}/github?code=c&state={state}");
        let jar = begun.jar();
        let done = ask(&browsers, &back, &[("cookie", &jar)], PEER).await;
        assert_eq!(
            (done.status, done.location.as_str()),
            (status, location),
            "{done:?}"
        );
        let [session, user, state] = done.cookies.as_slice() else {
            panic!("{done:?}");
        };
        let rest = "; Path=/; Max-Age=7200; HttpOnly; SameSite=Lax; Secure";
        assert!(session.starts_with("session=") && session.ends_with(rest));
        assert_eq!(
            user,
            "user=ann@x; Path=/; Max-Age=7200; SameSite=Lax; Secure"
        );
        assert!(state.starts_with("statecookie=; ") && state.contains("Max-Age=0"));

        let jar = done.jar();
        assert_eq!(who(&browsers, &jar).await, "ann@x [\"org\"]");
        let out = ask(&browsers, LOGOUT, &[("cookie", &jar)], PEER).await;
        assert_eq!((out.status, out.body.as_str()), (200, "{}"));
        assert!(out.cookies[0].starts_with("session=; Path=/; Max-Age=0; HttpOnly"));
        assert_eq!(who(&browsers, &jar).await, "refused");
    }
}

async fn who(browsers: &Browsers, jar: &str) -> String {
    let mut headers = HeaderMap::new();
    headers.insert("cookie", jar.parse().unwrap());
    headers.insert("x-zot-api-client", "zot-ui".parse().unwrap());
    match browsers.sessions.authenticate(&evidence(&headers)).await {
        Verdict::Known(identity) => {
            let user = identity.user().unwrap();
            format!("{} {:?}", user.name, user.groups)
        }
        Verdict::Absent => "absent".to_owned(),
        Verdict::Refused(_) => "refused".to_owned(),
    }
}

fn evidence(headers: &HeaderMap) -> Evidence<'_> {
    Evidence {
        headers,
        peer: PEER.into(),
        certificate: None,
        now: Still.now(),
    }
}

#[tokio::test]
async fn what_is_refused() {
    let base = service().await;
    let browsers = browsers(&base, "https://reg.example", Secure::ByAddress);
    let begun = ask(&browsers, &format!("{LOGIN}?provider=github"), &[], PEER).await;
    let (state, jar) = (parameter(&begun.location, "state"), begun.jar());
    let with = |rest: &str| format!("{CALLBACK}/github?state={state}{rest}");
    for (target, status, body) in [
        (LOGIN.to_owned(), 400, "no such service"),
        (format!("{LOGIN}?provider=x"), 400, "no such service"),
        (
            format!("{LOGIN}?provider=github&provider=oidc"),
            400,
            "repeated",
        ),
        (
            format!("{LOGIN}?provider=gitlab"),
            503,
            "gitlab cannot be used to log in",
        ),
        (format!("{LOGIN}/x?provider=github"), 404, ""),
        (CALLBACK.to_owned(), 404, ""),
        (format!("{CALLBACK}/x?state=1&code=c"), 404, ""),
        (
            format!("{CALLBACK}/github?code=c"),
            401,
            "no login of this browser\n",
        ),
        (
            format!("{CALLBACK}/github?code=c&state=x"),
            401,
            "no login of this browser\n",
        ),
        (
            format!("{CALLBACK}/oidc?code=c&state={state}"),
            401,
            "no login of this browser\n",
        ),
        (with(""), 401, "no login of this browser\n"),
        (with("&code=c&code=d"), 400, "repeated"),
        (
            with("&error=access_denied"),
            500,
            "github answered access_denied\n",
        ),
        (
            with("&error=%0D%0A<script>"),
            500,
            "github answered an unknown error\n",
        ),
        (format!("{LOGOUT}/x"), 404, ""),
    ] {
        let got = ask(&browsers, &target, &[("cookie", &jar)], PEER).await;
        assert_eq!(got.status, status, "{target}: {got:?}");
        assert!(got.body.contains(body), "{target}: {got:?}");
        let has_session = got
            .cookies
            .iter()
            .any(|cookie| cookie.starts_with("session="));
        assert!(!has_session && got.location.is_empty(), "{target}: {got:?}");
    }
}

/// Headers count from the proxy that is trusted, and from nobody else.
#[tokio::test]
async fn case_a47_addresses_come_from_trusted_proxies() {
    let base = service().await;
    let told = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
    ];
    for (external, peer, want, secure) in [
        ("", PEER, "http://127.0.0.1:8080", false),
        ("", PROXY, "https://evil.example", true),
        ("https://reg.example/", PEER, "https://reg.example", true),
        ("https://reg.example/", PROXY, "https://reg.example", true),
    ] {
        let browsers = browsers(&base, external, Secure::ByAddress);
        let begun = ask(&browsers, &format!("{LOGIN}?provider=oidc"), &told, peer).await;
        let redirect = parameter(&begun.location, "redirect_uri");
        assert_eq!(redirect, format!("{want}/zot/auth/callback/oidc"));
        assert_eq!(begun.cookies[0].ends_with("; Secure"), secure);

        let ticket = browsers
            .sessions
            .open("ann", Some("oidc"), Still.now())
            .await
            .unwrap();
        let jar = format!("session={}", ticket.expose());
        let headers = [told.as_slice(), &[("cookie", &jar)]].concat();
        let out = ask(&browsers, LOGOUT, &headers, peer).await;
        let body: Value = serde_json::from_str(&out.body).unwrap();
        let url = body["endSessionUrl"].as_str().unwrap();
        assert!(url.starts_with(&format!("{base}/end?client_id=us&")));
        assert_eq!(
            parameter(url, "post_logout_redirect_uri"),
            format!("{want}/login")
        );
    }
}

#[tokio::test]
async fn a_logout_needs_no_session_and_no_service() {
    let browsers = browsers("http://127.0.0.1:1", "", Secure::Always);
    let ticket = browsers
        .sessions
        .open("ann", Some("oidc"), Still.now())
        .await
        .unwrap();
    let jar = format!("session={}", ticket.expose());
    for jar in ["", "session=junk", jar.as_str(), jar.as_str()] {
        let out = ask(&browsers, LOGOUT, &[("cookie", jar)], PEER).await;
        assert_eq!((out.status, out.body.as_str()), (200, "{}"), "{jar}");
        assert_eq!(out.cookies.len(), 2);
    }
    assert_eq!(who(&browsers, &jar).await, "refused");
}

#[tokio::test]
async fn case_a13_cookies_are_for_encrypted_connections_as_configured() {
    let table = [
        (Scheme::Https, None, true),
        (Scheme::Https, Some(false), true),
        (Scheme::Http, Some(true), true),
        (Scheme::Http, Some(false), false),
        (Scheme::Http, None, false),
    ];
    for (listening, configured, want) in table {
        let browsers = browsers("http://127.0.0.1:1", "", Secure::of(listening, configured));
        let mut headers = HeaderMap::new();
        headers.insert("x-zot-api-client", "zot-ui".parse().unwrap());
        let identity = |name: &str| {
            Identity::User(Arc::new(User::new(
                name,
                Vec::new(),
                auth::Method::Htpasswd,
            )))
        };
        let mut answer = HeaderMap::new();
        browsers
            .welcome(&evidence(&headers), &identity("a;b\r\u{e9}%"), &mut answer)
            .await;
        let cookies: Vec<_> = answer.get_all(names::SET_COOKIE).iter().collect();
        let [session, user] = cookies.as_slice() else {
            panic!("{cookies:?}");
        };
        assert!(session.is_sensitive() && session.to_str().unwrap().contains("; HttpOnly"));
        let rest = if want { "; Secure" } else { "" };
        let shown = format!("user=a%3Bb%0D%C3%A9%25; Path=/; Max-Age=7200; SameSite=Lax{rest}");
        assert_eq!(
            user.to_str().unwrap(),
            shown,
            "{listening:?} {configured:?}"
        );

        headers.clear();
        let mut answer = HeaderMap::new();
        browsers
            .welcome(&evidence(&headers), &identity("ann"), &mut answer)
            .await;
        assert!(answer.is_empty(), "no session for others");
    }
}

#[test]
fn a_useless_cookie_is_taken_away_from_the_interface() {
    for (cookie, client, want) in [
        ("session=x", "zot-ui", true),
        ("session=x", "zli", false),
        ("other=x", "zot-ui", false),
    ] {
        let mut request = HeaderMap::new();
        request.insert("cookie", cookie.parse().unwrap());
        request.insert("x-zot-api-client", client.parse().unwrap());
        let mut answer = HeaderMap::new();
        forget(&request, &mut answer);
        let set = answer
            .get(names::SET_COOKIE)
            .map(|value| value.to_str().unwrap());
        let begins =
            set.is_some_and(|set| set.starts_with("session=; Path=/; Expires=Thu, 01 Jan 1970"));
        assert_eq!(begins, want, "{cookie} {client}");
    }
}
