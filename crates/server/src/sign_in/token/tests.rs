use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use auth::client::{Agent, Options};
use auth::condition::mapping::{Mapping, MappingOptions};
use auth::issuer::{Issuer, IssuerCheck};
use auth::jwt::{SigningKey, Token};
use auth::token::InsecureHttp;
use auth::workload::Workload;
use auth::{Authenticator, User, Verdict};
use bytes::Bytes;
use ext::{Caller, Content};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Method;
use meta::Rights;
use serde_json::Value;

use super::*;

#[derive(Debug)]
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

/// Knows `me` by `right`; a directory fails for `broken`.
#[derive(Debug)]
struct Passwords;

impl Authenticator for Passwords {
    fn authenticate<'a>(&'a self, evidence: &'a Evidence<'a>) -> BoxFuture<'a, Verdict> {
        let verdict = match evidence.authorization() {
            Authorization::Basic(sent) => match Credentials::read(sent) {
                Some(sent) if sent.password == b"ri+ght" => {
                    let user = User::new(sent.user, Vec::new(), auth::Method::Htpasswd);
                    Verdict::Known(Identity::User(Arc::new(user)))
                }
                Some(sent) if sent.password == b"broken" => {
                    Verdict::Refused(Refusal::Failed("marker".into()))
                }
                _ => Verdict::Refused(Refusal::Wrong),
            },
            Authorization::Absent
            | Authorization::Several
            | Authorization::Bearer(_)
            | Authorization::Other => Verdict::Absent,
        };
        async move { verdict }.boxed()
    }
}

/// The key pair of RFC 8037, appendix A.
const SEED: [u8; 32] = [
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];
const JWKS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// Answers every request as `answer` makes it of the first line.
fn serve(answer: impl Fn(&str) -> String + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            let _rest = lines.take_while(|line| !line.is_empty()).count();
            stream.write_all(answer(&first).as_bytes()).ok();
        }
    });
    at
}

fn ok(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn agent() -> Agent {
    Agent::new(Options::default())
}

fn endpoint(upstream: Option<Upstream>) -> TokenEndpoint {
    TokenEndpoint {
        exchange: Exchange::new(Arc::default(), Vec::new()),
        mint: Some(Arc::new(Mint::new("here", None).unwrap())),
        anonymous: Anonymous::Served,
        passwords: Gate::new(vec![Arc::new(Passwords)], Vec::new()),
        upstream,
        realm: "zot".to_owned(),
        clock: Arc::new(Fixed),
    }
}

fn get(query: &str, authorization: &[&str]) -> Request {
    let mut headers = HeaderMap::new();
    for value in authorization {
        headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    Request {
        method: Method::GET,
        path: TOKEN_PATH.to_owned(),
        query: Some(query.to_owned()),
        headers,
        body: Bytes::new(),
        caller: Caller {
            identity: Identity::Anonymous,
            rights: Rights::everything(),
            admin: false,
            peer: SocketAddr::from(([127, 0, 0, 1], 1)),
        },
    }
}

fn post(form: &'static str) -> Request {
    let mut request = get("", &[]);
    request.method = Method::POST;
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers.insert(header::CONTENT_TYPE, kind);
    request.body = Bytes::from_static(form.as_bytes());
    request
}

fn basic(user: &str, password: &str) -> String {
    let value = basic_header(user, password).unwrap();
    value.to_str().unwrap().to_owned()
}

/// Sends a request along the route, and yields status, headers and body.
async fn send(endpoint: TokenEndpoint, request: Request) -> (u16, HeaderMap, Value) {
    let routes = routes(Arc::new(endpoint));
    let response = routes[0].handler.handle(request).await.unwrap();
    assert_eq!(response.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(response.headers[header::PRAGMA], "no-cache");
    let Content::Bytes(body) = response.content else {
        panic!("a stream");
    };
    let body = serde_json::from_slice(&body).unwrap_or_default();
    (response.status.as_u16(), response.headers, body)
}

#[tokio::test]
async fn names_and_passwords_become_tokens_and_so_does_nobody() {
    let right = basic("me", "ri+ght");
    let table = [
        (get("scope=repository:a:pull", &[&right]), 200, Some("me")),
        (get("", &[]), 200, None),
        (
            get("scope=repository:a:pull+repository:b:pull", &[]),
            200,
            None,
        ),
        (
            post("grant_type=password&username=me&password=ri%2Bght&scope=repository:a:pull"),
            200,
            Some("me"),
        ),
        (post("scope=repository:a:pull"), 200, None),
        (get("", &[&basic("me", "wrong")]), 401, None),
        (get("", &["Basic !"]), 401, None),
        (post("username=me&password=wrong"), 401, None),
        (post("password=ri%2Bght"), 401, None),
        (post("grant_type=refresh_token&refresh_token=x"), 401, None),
        (get("", &[&basic("me", "broken")]), 500, None),
        (get("", &[&right, &right]), 401, None),
        (post("password=%zz"), 400, None),
    ];
    for (request, status, name) in table {
        let shown = format!("{request:?} {:?}", request.body);
        let endpoint = endpoint(None);
        let mint = endpoint.mint.clone().unwrap();
        let (got, _, body) = send(endpoint, request).await;
        assert_eq!(got, status, "{shown}: {body}");
        assert!(!body.to_string().contains("marker"), "{body}");
        if status != 200 {
            assert!(body["errors"][0]["code"].is_string(), "{shown}: {body}");
            continue;
        }
        assert_eq!(body["token"], body["access_token"]);
        assert_eq!(
            (&body["expires_in"], &body["issued_at"]),
            (&300.into(), &"1970-01-12T13:46:40Z".into())
        );
        let text = body["token"].as_str().unwrap();
        let token = Token::parse(text.as_bytes()).unwrap();
        let identity = mint.verify(&token, text.as_bytes(), Fixed.now()).unwrap();
        assert_eq!(identity.name(), name, "{shown}");
    }
}

#[tokio::test]
async fn without_a_mint_or_an_anonymous_policy_credentials_are_asked_for() {
    let right = basic("me", "ri+ght");
    let closed = TokenEndpoint {
        anonymous: Anonymous::Refused,
        ..endpoint(None)
    };
    let foreign = TokenEndpoint {
        mint: None,
        realm: "a \"b\"".to_owned(),
        ..endpoint(None)
    };
    let table = [
        (closed, get("", &[]), "Basic realm=\"zot\""),
        (foreign, get("", &[&right]), "Basic realm=\"a b\""),
    ];
    for (endpoint, request, challenge) in table {
        let (status, headers, body) = send(endpoint, request).await;
        assert_eq!(
            (status, &body["errors"][0]["code"]),
            (401, &"UNAUTHORIZED".into())
        );
        assert_eq!(headers[header::WWW_AUTHENTICATE], challenge);
    }
}

#[tokio::test]
async fn what_is_not_ours_is_passed_on() {
    let at = serve(|first| {
        let head =
            "HTTP/1.1 403 No\r\nX-Up: 1\r\nAccess-Control-Allow-Origin: *\r\nConnection: close";
        let body = json!({ "asked": first }).to_string();
        format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    });
    let upstream = || {
        Upstream::new(
            &format!("http://{at}/t"),
            "up",
            InsecureHttp::Allowed,
            agent(),
        )
        .unwrap()
    };
    for authorization in [vec![], vec![basic("me", "wrong")]] {
        let authorization: Vec<&str> = authorization.iter().map(String::as_str).collect();
        let request = get("service=here&scope=repository:a:pull", &authorization);
        let closed = TokenEndpoint {
            anonymous: Anonymous::Refused,
            ..endpoint(Some(upstream()))
        };
        let (status, headers, body) = send(closed, request).await;
        assert_eq!(
            (status, &headers["x-up"]),
            (403, &HeaderValue::from_static("1"))
        );
        assert!(!headers.contains_key("access-control-allow-origin"));
        assert_eq!(
            body["asked"],
            "GET /t?scope=repository%3Aa%3Apull&service=up HTTP/1.1"
        );
    }
    // Where everybody has something, nobody in particular needs no other service.
    let (status, headers, _) = send(endpoint(Some(upstream())), get("", &[])).await;
    assert_eq!((status, headers.get("x-up")), (200, None));
    let (status, ..) = send(
        endpoint(Some(upstream())),
        get("", &[&basic("me", "ri+ght")]),
    )
    .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_service_that_is_gone_is_said_to_be() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gone = Upstream::new(
        &format!("http://{closed}/"),
        "up",
        InsecureHttp::Allowed,
        agent(),
    )
    .unwrap();
    let request = get("", &[&basic("me", "wrong")]);
    let (status, _, body) = send(endpoint(Some(gone)), request).await;
    assert_eq!(
        (status, &body["errors"][0]["code"]),
        (502, &"UNSUPPORTED".into())
    );
    assert_eq!(
        body["errors"][0]["detail"]["reason"],
        "failed to proxy token request"
    );
}

#[tokio::test]
async fn an_identity_token_is_its_own_exchange() {
    let (sender, receiver) = std::sync::mpsc::channel::<String>();
    let url = std::sync::OnceLock::new();
    let at = serve(move |first| {
        let url = url.get_or_init(|| receiver.recv().unwrap());
        if first.contains("openid-configuration") {
            ok(&json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string())
        } else {
            ok(JWKS)
        }
    });
    let url = format!("http://{at}");
    sender.send(url.clone()).unwrap();
    let issuer = Issuer::new(url.as_str(), IssuerCheck::Enforced, agent()).unwrap();
    let mapping = Mapping::compile(&MappingOptions::default()).unwrap();
    let workloads: Arc<[Workload]> =
        Arc::new([Workload::new(issuer, &["zot".to_owned()], mapping)]);
    let sign = |exp: u64| {
        let claims = json!({"iss": url, "sub": "pod", "aud": "zot", "exp": exp, "iat": 999_999});
        SigningKey::from_seed(&SEED).unwrap().sign(&claims).unwrap()
    };
    for (exp, status) in [(1_000_090, 200), (900_000, 401)] {
        let text = sign(exp);
        let endpoint = TokenEndpoint {
            exchange: Exchange::new(Arc::clone(&workloads), Vec::new()),
            ..endpoint(None)
        };
        let (got, _, body) = send(endpoint, get("", &[&basic("any", &text)])).await;
        assert_eq!(got, status, "{body}");
        if status == 200 {
            assert_eq!(
                body,
                json!({"token": text, "access_token": text, "expires_in": 90,
                "issued_at": "1970-01-12T13:46:39Z"})
            );
        }
    }
}
