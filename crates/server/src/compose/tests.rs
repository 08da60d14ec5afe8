//! Whole configurations, put to work.

use std::path::Path;
use std::time::SystemTime;

use auth::{Evidence, Identity, Refusal};
use config::{Format, parse};
use http::{HeaderMap, HeaderValue, header};
use meta::MemoryStore;
use registry::SystemClock;
use tempfile::TempDir;

use super::*;
use crate::challenge::TokenService;

struct Place {
    dir: TempDir,
    composer: Composer,
}

impl Place {
    fn new() -> Self {
        let meta = Meta::new(Arc::new(MemoryStore::new()));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let base = Base {
            meta: &meta,
            clock: &clock,
            records: Arc::new(StoredRecords::new(meta.clone())),
            environment: Environment::default(),
        };
        Self {
            dir: TempDir::new().unwrap(),
            composer: Composer::new(&Config::built_in(), base).unwrap(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a file for a test")]
    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).unwrap();
    }

    /// Builds a snapshot of `http`, in which `@` stands for the folder.
    fn compose(&mut self, http: &str) -> Result<Snapshot, ComposeError> {
        let config = read(self.dir.path(), http);
        self.composer.compose(&config)
    }
}

fn read(folder: &Path, http: &str) -> Config {
    let http = http.replace('@', folder.to_str().unwrap());
    let text = format!(r#"{{"storage":{{"rootDirectory":"/srv/r"}},"http":{{{http}}}}}"#);
    parse(text.as_bytes(), Format::Json, "test").unwrap().config
}

async fn who(snapshot: &Snapshot, authorization: &'static str) -> Result<Identity, Refusal> {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::AUTHORIZATION,
        HeaderValue::from_static(authorization),
    );
    let evidence = Evidence {
        headers: &headers,
        peer: ([127, 0, 0, 1], 1).into(),
        certificate: None,
        now: SystemTime::UNIX_EPOCH,
    };
    snapshot.gate.identify(&evidence).await
}

/// `ann` with the password `pw`, at the lowest cost.
const ANN: &str = "ann:$2y$04$QQWfgRCwIxvW2R.fOl2xxuSPKHom/aymSMETH3UEcT8ZXpYmhiSNS\n";
/// A public key that nobody has the other half of.
const KEY: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAUtus5UzbEoQ0WXbcnjDfL43Oy9LbbGVafJE9+tD+etc=\n-----END PUBLIC KEY-----\n";

const BASIC_ANN: &str = "Basic YW5uOnB3";

#[tokio::test]
async fn case_a27_no_account_exists_that_nobody_made() {
    let mut place = Place::new();
    let open = place.compose("").unwrap();
    assert!(open.gate.is_open() && open.routes.is_empty() && open.challenges.is_empty());
    place.put("users", "");
    let empty = place
        .compose(r#""auth":{"htpasswd":{"path":"@/users"}}"#)
        .unwrap();
    for authorization in ["Basic YWRtaW46YWRtaW4=", "Basic YWRtaW46", BASIC_ANN] {
        let found = who(&empty, authorization).await;
        assert!(matches!(found, Err(Refusal::Wrong)), "{authorization}");
    }
    assert!(!empty.admits_anonymous());
}

#[tokio::test]
async fn the_token_service_is_ours_where_clients_need_one() {
    let mut place = Place::new();
    place.put("users", ANN);
    place.put("key", KEY);
    let (users, apikey) = (r#""htpasswd":{"path":"@/users"}"#, r#""apikey":true"#);
    let token = r#""bearer":{"realm":"https://a.example/t","service":"s","cert":"@/key"}"#;
    let only = token.replace('}', r#","exclusive":true}"#);
    let mixed = r#","accessControl":{"repositories":{"p/**":{"anonymousPolicy":["read"],"defaultPolicy":["read"]}}}"#;
    let own = |service: &str| TokenService::Own {
        service: service.to_owned(),
    };
    let named = || TokenService::Named {
        realm: "https://a.example/t".to_owned(),
        service: "s".to_owned(),
    };
    let table = [
        (users.to_owned(), "", Some(""), TokenService::None),
        (users.to_owned(), mixed, Some(""), own("")),
        (
            format!("{users},{apikey}"),
            "",
            Some(""),
            TokenService::None,
        ),
        (token.to_owned(), "", None, named()),
        (format!("{users},{token}"), "", Some(""), own("s")),
        (format!("{users},{only}"), mixed, None, named()),
    ];
    for (auth, access, basic, tokens) in table {
        let snapshot = place
            .compose(&format!(r#""auth":{{{auth}}}{access}"#))
            .unwrap();
        let challenges = &snapshot.challenges;
        assert_eq!(challenges.basic.as_deref(), basic, "{auth}");
        assert_eq!(challenges.tokens, tokens, "{auth} {access}");
        let known = who(&snapshot, BASIC_ANN).await;
        assert_eq!(known.is_ok(), basic.is_some(), "{auth}");
    }
}

#[tokio::test]
async fn what_cannot_be_built_leaves_everything_as_it_was() {
    let mut place = Place::new();
    place.put("users", ANN);
    let users = r#""auth":{"htpasswd":{"path":"@/users"}}"#;
    let limited = format!(r#"{users},"ratelimit":{{"rate":5}}"#);
    let first = place.compose(&limited).unwrap();
    assert!(who(&first, BASIC_ANN).await.is_ok());
    for wrong in [
        r#""auth":{"htpasswd":{"path":"@/nobody"}}"#,
        r#""auth":{"htpasswd":{"path":"@/users"},"bearer":{"realm":"r","service":"s","cert":"@/users"}}"#,
        r#""auth":{"htpasswd":{"path":"@/users"}},"accessControl":{"repositories":{"a":{"policies":[{"users":["u"],"actions":["read"],"conditions":[{"expression":"1 +"}]}]}}}"#,
    ] {
        assert!(place.compose(wrong).is_err(), "{wrong}");
    }
    assert!(who(&first, BASIC_ANN).await.is_ok());
    // Buckets go on as full as they are, unless the limits have changed.
    let again = place.compose(&limited).unwrap();
    let same = |one: &Snapshot, other: &Snapshot| match (&one.rates, &other.rates) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        _ => false,
    };
    assert!(same(&first, &again));
    let wider = place.compose(&limited.replace('5', "6")).unwrap();
    assert!(!same(&first, &wider));
    // A password that is gone counts no more, though it was found right a moment ago.
    place.put("users", "");
    let gone = place.compose(users).unwrap();
    assert!(matches!(who(&gone, BASIC_ANN).await, Err(Refusal::Wrong)));
}
