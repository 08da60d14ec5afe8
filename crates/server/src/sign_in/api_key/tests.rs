use std::time::Duration;

use auth::{Identity, Users, Verified, VerifiedOptions};
use ext::{Caller, Content, Cors};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue};
use meta::{MemoryStore, Meta, Rights};
use serde_json::{Value, json};

use super::*;

/// It is always 2026-01-02T03:04:05.6Z.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_323_045_600)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        std::future::pending().boxed()
    }
}

struct World {
    users: Users,
    route: ExtensionRoute,
}

fn world() -> World {
    let meta = Meta::new(Arc::new(MemoryStore::new()));
    let verified = Arc::new(Verified::new(VerifiedOptions::default()).unwrap());
    let keys = Arc::new(ApiKeys::new(meta.clone(), Arc::clone(&verified)));
    World {
        route: routes(keys, Arc::new(Still)).remove(0),
        users: Users::new(meta, verified),
    }
}

fn user(name: &str, method: Method) -> Identity {
    Identity::User(Arc::new(User::new(name, vec!["dev".to_owned()], method)))
}

fn ann() -> Identity {
    user("ann", Method::Session)
}

/// Somebody who came with a key, which allows little where `limited`.
fn with_key(limited: bool) -> Identity {
    let mut user = User::new("ann", Vec::new(), Method::ApiKey);
    user.limit = limited.then(|| {
        Arc::new(auth::Limit {
            mode: auth::LimitMode::Narrow,
            entries: Vec::new(),
        })
    });
    Identity::User(Arc::new(user))
}

impl World {
    /// Yields status and body, or the error's status and message.
    async fn ask(
        &self,
        verb: &Verb,
        query: Option<&str>,
        identity: &Identity,
        (body, key): (&str, &str),
    ) -> (u16, String) {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static("curl/8"));
        if !key.is_empty() {
            let plain = format!("ann:{key}");
            let value = format!("Basic {}", base64_of(plain.as_bytes()));
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        let answer = self.route.handler.handle(Request {
            method: verb.clone(),
            path: PATH.to_owned(),
            query: query.map(str::to_owned),
            headers,
            body: body.as_bytes().to_vec().into(),
            caller: Caller {
                identity: identity.clone(),
                rights: Rights::everything(),
                admin: false,
                peer: ([127, 0, 0, 1], 1).into(),
            },
        });
        match answer.await {
            Ok(response) => {
                let Content::Bytes(body) = response.content else {
                    panic!("a stream");
                };
                let body = String::from_utf8(body.to_vec()).unwrap();
                (response.status.as_u16(), body)
            }
            Err(error) => (error.code.status(), error.to_string()),
        }
    }

    async fn post(&self, identity: &Identity, body: &str, key: &str) -> (u16, String) {
        self.ask(&Verb::POST, None, identity, (body, key)).await
    }

    async fn list(&self, identity: &Identity) -> Value {
        let (status, body) = self.ask(&Verb::GET, None, identity, ("", "")).await;
        assert_eq!(status, 200);
        serde_json::from_str(&body).unwrap()
    }

    async fn delete(&self, identity: &Identity, query: Option<&str>, key: &str) -> u16 {
        self.ask(&Verb::DELETE, query, identity, ("", key)).await.0
    }
}

/// Enough of base64 for names and keys.
fn base64_of(plain: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in plain.chunks(3) {
        let byte = |at: usize| usize::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let c = char::from(DIGITS[bits >> (18 - 6 * digit) & 63]);
            text.push(if digit > chunk.len() { '=' } else { c });
        }
    }
    text
}

#[test]
fn the_route_is_that_of_zot() {
    let route = world().route;
    assert_eq!(route.prefix, "/zot/auth/apikey");
    assert_eq!(route.answers().to_string(), "GET,POST,DELETE,OPTIONS");
    assert_eq!((route.cors, route.body_limit), (Cors::Browser, 8192));
    assert_eq!(route.access, Access::Authenticated);
}

#[tokio::test]
async fn a_key_is_made_listed_and_revoked() {
    let world = world();
    assert_eq!(world.list(&ann()).await, json!({"apiKeys": []}));
    let body = r#"{"label":"ci","scopes":["repository:a/**:pull"],"expirationDate":"2026-02-01T01:00:00.000+01:00","admin":true}"#;
    let (status, text) = world.post(&ann(), body, "").await;
    assert_eq!(status, 201);
    let mut made: Value = serde_json::from_str(&text).unwrap();
    let key = made["apiKey"].as_str().unwrap().to_owned();
    let uuid = made["uuid"].as_str().unwrap().to_owned();
    assert_eq!((key.len(), uuid.len()), (36, 36));
    let want = json!({
        "createdAt": "2026-01-02T03:04:05.6Z",
        "expirationDate": "2026-02-01T00:00:00Z",
        "isExpired": false,
        "creatorUa": "curl/8",
        "generatedBy": "manual",
        "lastUsed": "0001-01-01T00:00:00Z",
        "label": "ci",
        "scopes": ["repository:a/**:pull"],
        "uuid": uuid,
        "apiKey": key,
    });
    assert_eq!(made, want);
    assert!(text.starts_with(r#"{"createdAt":"#), "{text}");
    // The groups that the key will have.
    let groups = world.users.groups("ann").await.unwrap();
    assert_eq!(groups, Some(vec!["dev".to_owned()]));

    made.as_object_mut().unwrap().remove("apiKey");
    assert_eq!(world.list(&ann()).await, json!({"apiKeys": [made]}));
    assert_eq!(
        world.list(&user("bob", Method::Ldap)).await,
        json!({"apiKeys": []})
    );

    let query = format!("id={uuid}");
    assert_eq!(
        world
            .delete(&user("bob", Method::Ldap), Some(&query), "")
            .await,
        200
    );
    assert_eq!(
        world.list(&ann()).await["apiKeys"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for _ in 0..2 {
        assert_eq!(world.delete(&ann(), Some(&query), "").await, 200);
        assert_eq!(world.list(&ann()).await, json!({"apiKeys": []}));
    }
}

#[tokio::test]
async fn what_is_asked_for_may_be_little_or_wrong() {
    let world = world();
    let never = r#""expirationDate":"0001-01-01T00:00:00Z""#;
    let table = [
        ("{}", 201, never),
        ("null", 201, never),
        (
            r#"{"label":null,"scopes":null,"expirationDate":""}"#,
            201,
            r#""scopes":null"#,
        ),
        (
            r#"{"label":"x","scopes":["repo1","repo2"]}"#,
            201,
            r#"["repo1","repo2"]"#,
        ),
        ("", 400, ""),
        ("{", 400, ""),
        ("[]", 400, ""),
        (r#"{"scopes":"x"}"#, 400, ""),
        (r#"{"expirationDate":"tomorrow"}"#, 400, ""),
        (r#"{"expirationDate":"2026-01-02"}"#, 400, ""),
        (r#"{"expirationDate":"2026-01-02T03:04:05Z"}"#, 400, ""),
        (r#"{"expirationDate":"0001-01-01T00:00:00Z"}"#, 400, ""),
        (
            r#"{"expirationDate":"9999-01-01T00:00:00Z"}"#,
            201,
            r#""isExpired":false"#,
        ),
        (
            r#"{"scopes":["repository:a:fly"]}"#,
            400,
            "scope 1 has an action that is none of pull, push, delete, read, create, update, *",
        ),
    ];
    for (body, status, part) in table {
        let (got, text) = world.post(&ann(), body, "").await;
        assert_eq!(got, status, "{body}: {text}");
        assert!(text.contains(part), "{body}: {text}");
        assert!(!part.is_empty() || text.is_empty(), "{body}: {text}");
    }
    for (query, want) in [
        (None, 400),
        (Some(""), 400),
        (Some("id=a&id=b"), 400),
        (Some("id="), 200),
        (Some("id=a"), 200),
    ] {
        assert_eq!(world.delete(&ann(), query, "").await, want, "{query:?}");
    }
}

#[tokio::test]
async fn nobody_in_particular_has_no_keys() {
    let world = world();
    for identity in [Identity::Anonymous, user("", Method::Token)] {
        for verb in [Verb::GET, Verb::POST, Verb::DELETE] {
            let answer = world.ask(&verb, Some("id=a"), &identity, ("{}", "")).await;
            assert_eq!(answer.0, 401, "{verb}");
        }
    }
    for method in [Method::Token, Method::Workload] {
        let (status, text) = world.post(&user("ann", method), "{}", "").await;
        assert_eq!(status, 403);
        assert!(text.ends_with("a token makes no keys"), "{text}");
    }
}

#[tokio::test]
async fn a_key_makes_none_that_may_do_more_and_revokes_itself_alone() {
    let world = world();
    let body = r#"{"scopes":["a","b"],"expirationDate":"2026-02-01T00:00:00Z"}"#;
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let parent = parse(&world.post(&ann(), body, "").await.1);
    let other = parse(&world.post(&ann(), "{}", "").await.1);
    let key = parent["apiKey"].as_str().unwrap();
    let caller = with_key(true);

    let (status, text) = world.post(&caller, "{}", key).await;
    let child = parse(&text);
    assert_eq!(status, 201);
    assert_eq!(child["scopes"], parent["scopes"]);
    assert_eq!(child["expirationDate"], parent["expirationDate"]);
    assert_eq!(world.post(&caller, r#"{"scopes":["c"]}"#, key).await.0, 403);
    assert_eq!(world.post(&caller, "{}", "zak_unknown").await.0, 401);
    assert_eq!(world.post(&caller, "{}", "").await.0, 401);

    let id = |value: &Value| format!("id={}", value["uuid"].as_str().unwrap());
    assert_eq!(world.delete(&caller, Some(&id(&other)), key).await, 403);
    assert_eq!(world.delete(&caller, Some(&id(&child)), key).await, 403);
    assert_eq!(world.delete(&caller, Some(&id(&parent)), key).await, 200);
    assert_eq!(world.post(&caller, "{}", key).await.0, 401);
    assert_eq!(
        world.delete(&with_key(false), Some(&id(&child)), "").await,
        200
    );
    let left = world.list(&ann()).await;
    assert_eq!(left["apiKeys"][0]["uuid"], other["uuid"]);
}

#[tokio::test]
async fn case_a30_fields_that_are_not_the_callers_to_set_change_nothing() {
    let world = world();
    let body = json!({
        "label": "mine", "uuid": "x", "apiKey": "zak_0", "generatedBy": "root", "owner": "root",
        "isExpired": true, "createdAt": "2001-01-01T00:00:00Z", "groups": ["admins"],
    });
    let (status, _) = world.post(&ann(), &body.to_string(), "").await;
    assert_eq!(status, 201);
    let list = world.list(&ann()).await;
    let key = &list["apiKeys"][0];
    assert_eq!(
        (&key["label"], &key["generatedBy"], &key["isExpired"]),
        (&json!("mine"), &json!("manual"), &json!(false))
    );
    assert_ne!(key["uuid"], "x");
    assert_eq!(key["createdAt"].as_str().unwrap().get(..4), Some("2026"));
    let root = world.list(&user("root", Method::Session)).await;
    assert_eq!(root["apiKeys"], json!([]));
}
