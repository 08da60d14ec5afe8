//! Who is let in, and what the others are told.

use auth::policy::{Entry, PolicyOptions};
use auth::{
    Authenticator, Authorization, Evidence, Gate, Method as SignIn, Policy, Refusal, User, Verdict,
};
use futures_util::future::BoxFuture;

use super::*;
use crate::challenge::{Challenges, TokenService};
use crate::snapshot::{Entry as Way, Snapshot};

/// Knows `Basic YW5uOg==` as ann; every other password is wrong.
#[derive(Debug)]
struct Ann;

impl Authenticator for Ann {
    fn authenticate<'a>(&'a self, evidence: &'a Evidence<'a>) -> BoxFuture<'a, Verdict> {
        let verdict = match evidence.authorization() {
            Authorization::Basic(b"YW5uOg==") => {
                let user = User::new("ann", Vec::new(), SignIn::Htpasswd);
                Verdict::Known(Identity::User(Arc::new(user)))
            }
            Authorization::Basic(b"ZmFpbHM6") => Verdict::Refused(Refusal::Failed("down".into())),
            Authorization::Basic(_) => Verdict::Refused(Refusal::Wrong),
            Authorization::Bearer(b"nobody") => Verdict::Known(Identity::Anonymous),
            Authorization::Absent
            | Authorization::Several
            | Authorization::Bearer(_)
            | Authorization::Other => Verdict::Absent,
        };
        async move { verdict }.boxed()
    }
}

/// Two repositories: `pub` is for everybody, `priv` for those who are known.
fn mixed() -> Policy {
    let entry = |default: &[&str], anonymous: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Entry {
            default: owned(default),
            anonymous: owned(anonymous),
            ..Entry::default()
        }
    };
    let options = PolicyOptions {
        repositories: vec![
            ("pub/**".to_owned(), entry(&["read"], &["read"])),
            ("priv/**".to_owned(), entry(&["read"], &[])),
        ],
        ..PolicyOptions::default()
    };
    Policy::compile(&options).unwrap()
}

fn guarded(policy: Policy, way: Way) -> Server {
    let snapshot = Snapshot {
        gate: Gate::new(vec![Arc::new(Ann)], Vec::new()),
        policy,
        entry: way,
        challenges: Challenges {
            basic: Some("home".to_owned()),
            tokens: TokenService::Own {
                service: String::new(),
            },
        },
        ..Snapshot::open(Settings::default())
    };
    Server::of(snapshot, Fixed::default())
}

const ANN: (&str, &str) = ("authorization", "Basic YW5uOg==");
const WRONG: (&str, &str) = ("authorization", "Basic YW5uOng=");
const FAILS: (&str, &str) = ("authorization", "Basic ZmFpbHM6");
const TOKEN: (&str, &str) = ("authorization", "Bearer nobody");
const UI: (&str, &str) = ("x-zot-api-client", "zot-ui");

#[tokio::test]
async fn case_b14_n28_clients_learn_at_the_door_that_some_content_needs_credentials() {
    let by_policy = || guarded(mixed(), Way::ByPolicy);
    let all = || guarded(Policy::Open, Way::ByPolicy);
    let nobody = || guarded(mixed(), Way::Nobody);
    let (base, catalog) = ("GET /v2/", "GET /v2/_catalog");
    let (shared, own) = ("GET /v2/pub/a/tags/list", "GET /v2/priv/a/tags/list");
    let table = [
        (by_policy(), base, None, 401),
        (by_policy(), base, Some(UI), 200),
        (by_policy(), base, Some(TOKEN), 200),
        (by_policy(), base, Some(ANN), 200),
        (by_policy(), base, Some(WRONG), 401),
        (by_policy(), base, Some(FAILS), 503),
        (by_policy(), catalog, None, 200),
        (by_policy(), shared, None, 404),
        (by_policy(), shared, Some(TOKEN), 404),
        (by_policy(), shared, Some(WRONG), 401),
        (by_policy(), own, None, 401),
        (by_policy(), own, Some(TOKEN), 401),
        (by_policy(), own, Some(ANN), 404),
        (by_policy(), "DELETE /v2/priv/a/manifests/t", Some(ANN), 403),
        (all(), base, None, 401),
        (all(), own, None, 401),
        (all(), own, Some(ANN), 404),
        (nobody(), shared, None, 401),
        (nobody(), "OPTIONS /v2/", None, 204),
        (nobody(), "GET /livez", Some(WRONG), 200),
    ];
    for (server, line, header, want) in table {
        let headers = Vec::from_iter(header);
        let answer = server.send(line, &headers, "").await;
        assert_eq!(answer.status, want, "{line} {header:?}");
    }
}

#[tokio::test]
async fn case_b16_every_refusal_says_with_what_to_come_back() {
    let server = guarded(mixed(), Way::ByPolicy);
    let bearer = r#"Bearer realm="http://r.example:1/zot/auth/token",service="r.example:1""#;
    let table = [
        (
            "GET /v2/",
            None,
            format!(r#"{bearer},scope="", Basic realm="home""#),
        ),
        (
            "GET /v2/priv/a/manifests/t",
            None,
            format!(r#"{bearer},scope="repository:priv/a:pull", Basic realm="home""#),
        ),
        (
            "PUT /v2/priv/a/manifests/t",
            Some(WRONG),
            format!(r#"{bearer},scope="repository:priv/a:pull,push", Basic realm="home""#),
        ),
        (
            "DELETE /v2/priv/a/manifests/t",
            Some(ANN),
            format!(r#"{bearer},scope="repository:priv/a:delete", Basic realm="home""#),
        ),
        ("GET /v2/", Some(ANN), "basic realm=home".to_owned()),
        ("GET /v2/priv/a/manifests/t", Some(UI), String::new()),
        ("GET /v2/", Some(UI), String::new()),
        ("GET /v2/pub/a/tags/list", None, String::new()),
    ];
    for (line, header, want) in table {
        let mut headers = vec![("host", "r.example:1")];
        headers.extend(header);
        let answer = server.send(line, &headers, "").await;
        assert_eq!(answer.header("www-authenticate"), want, "{line} {header:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn case_n37_only_wrong_credentials_wait() {
    let mut snapshot = Snapshot::open(Settings::default());
    snapshot.gate = Gate::new(vec![Arc::new(Ann)], Vec::new());
    snapshot.fail_delay = std::time::Duration::from_secs(3);
    let server = Server::of(snapshot, Fixed::default());
    for (header, want) in [(None, 0), (Some(ANN), 0), (Some(WRONG), 3)] {
        let begun = tokio::time::Instant::now();
        let headers = Vec::from_iter(header);
        server.send("GET /v2/", &headers, "").await;
        assert_eq!(begun.elapsed().as_secs(), want, "{header:?}");
    }
}

#[tokio::test]
async fn case_a19_without_the_right_to_delete_nothing_is_deleted() {
    let server = guarded(mixed(), Way::ByPolicy);
    let digest = format!("sha256:{}", "0".repeat(64));
    let upload = "00000000-0000-4000-8000-000000000000";
    for path in [
        "manifests/t".to_owned(),
        format!("manifests/{digest}"),
        format!("blobs/{digest}"),
        format!("blobs/uploads/{upload}"),
    ] {
        for repo in ["pub/a", "priv/a", "other"] {
            let line = format!("DELETE /v2/{repo}/{path}");
            assert_eq!(server.send(&line, &[ANN], "").await.status, 403, "{line}");
            assert_eq!(server.send(&line, &[], "").await.status, 401, "{line}");
        }
    }
}
