use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use auth::User;
use http::HeaderValue;
use oci::{Digest, MediaType};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

fn audit() -> (TempDir, PathBuf, Audit) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit");
    let audit = Audit::open(&path).unwrap();
    (dir, path, audit)
}

fn lines(audit: &Audit, path: &Path) -> Vec<Value> {
    use std::io::Read as _;
    audit.flush();
    let mut text = String::new();
    let mut file = std::fs::File::open(path).unwrap();
    file.read_to_string(&mut text).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn ann() -> OnceLock<Identity> {
    let user = User::new("ann", Vec::new(), auth::Method::Htpasswd);
    OnceLock::from(Identity::User(Arc::new(user)))
}

struct Sent {
    method: Method,
    headers: HeaderMap,
    who: OnceLock<Identity>,
}

impl Sent {
    fn new(method: &str) -> Self {
        Self {
            method: method.parse().unwrap(),
            headers: HeaderMap::new(),
            who: OnceLock::new(),
        }
    }

    fn asked<'a>(&'a self, object: &'a str) -> Asked<'a> {
        Asked {
            client: Client::direct(([192, 0, 2, 1], 7).into()),
            method: &self.method,
            object,
            headers: &self.headers,
            who: &self.who,
        }
    }
}

#[test]
fn changes_and_refusals_are_written_down() {
    use Credentials::{Absent, Shown};
    let table = [
        ("PUT POST PATCH DELETE", "200 201 202 204", Absent, true),
        ("PUT POST PATCH DELETE", "401 403", Absent, true),
        (
            "PUT POST PATCH DELETE",
            "301 400 404 405 416 429 500",
            Shown,
            false,
        ),
        ("GET HEAD OPTIONS", "200 204 206 304 404", Shown, false),
        ("GET HEAD", "401 403", Shown, true),
        ("GET HEAD", "403", Absent, true),
        ("GET HEAD", "401", Absent, false),
    ];
    for (methods, statuses, credentials, expected) in table {
        for method in methods.split(' ') {
            for status in statuses.split(' ') {
                let status = StatusCode::from_bytes(status.as_bytes()).unwrap();
                let audited = is_audited(&method.parse().unwrap(), status, credentials);
                assert_eq!(audited, expected, "{method} {status} {credentials:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_line_has_the_fields_of_zot_in_their_order() {
    let (_dir, path, audit) = audit();
    let mut sent = Sent::new("PUT");
    let watch = audit.watch(sent.asked("/v2/r/manifests/t?tag=a&token=s3cr3tm4rk"));
    watch.finish(StatusCode::CREATED).await;
    sent.who = ann();
    audit
        .watch(sent.asked("/v2/r"))
        .finish(StatusCode::FORBIDDEN)
        .await;
    let lines = lines(&audit, &path);
    let keys: Vec<_> = lines[0].as_object().unwrap().keys().cloned().collect();
    let expected = "time level message component clientIP subject action object status caller func";
    assert_eq!(keys, expected.split(' ').collect::<Vec<_>>());
    let part = |line: &Value| {
        let keys = [
            "level",
            "message",
            "component",
            "clientIP",
            "subject",
            "action",
        ];
        keys.map(|key| line[key].as_str().unwrap().to_owned())
    };
    let common = ["info", "HTTP API Audit", "session", "192.0.2.1:7"];
    assert_eq!(part(&lines[0])[..4], common);
    assert_eq!(part(&lines[0])[4..], ["anonymous", "PUT"]);
    assert_eq!(lines[0]["object"], "/v2/r/manifests/t?tag=a&token=******");
    assert_eq!(
        (&lines[0]["status"], &lines[1]["status"]),
        (&json!(201), &json!(403))
    );
    assert_eq!(lines[1]["subject"], "ann");
}

#[tokio::test]
async fn credentials_are_seen_however_they_are_shown() {
    let (_dir, path, audit) = audit();
    let mut shown = Sent::new("GET");
    audit
        .watch(shown.asked("/0"))
        .finish(StatusCode::UNAUTHORIZED)
        .await;
    shown.who = ann();
    audit
        .watch(shown.asked("/1"))
        .finish(StatusCode::UNAUTHORIZED)
        .await;
    for (number, name) in ["authorization", "cookie"].into_iter().enumerate() {
        let mut shown = Sent::new("GET");
        let value = HeaderValue::from_static("s3cr3tm4rk");
        shown.headers.insert(name, value);
        let object = format!("/{}", number + 2);
        audit
            .watch(shown.asked(&object))
            .finish(StatusCode::UNAUTHORIZED)
            .await;
    }
    let lines = lines(&audit, &path);
    let objects: Vec<_> = lines
        .iter()
        .map(|line| line["object"].as_str().unwrap())
        .collect();
    assert_eq!(objects, ["/1", "/2", "/3"]);
    assert!(!format!("{lines:?}").contains("s3cr3tm4rk"));
}

#[tokio::test]
async fn requests_whose_client_is_gone_are_written_down_if_they_may_have_changed_something() {
    let (_dir, path, audit) = audit();
    for method in ["GET", "PUT", "DELETE"] {
        drop(audit.watch(Sent::new(method).asked("/v2/r")));
    }
    let lines = lines(&audit, &path);
    let seen: Vec<_> = lines
        .iter()
        .map(|line| (&line["action"], &line["status"]))
        .collect();
    assert_eq!(
        seen,
        [(&json!("PUT"), &json!(0)), (&json!("DELETE"), &json!(0))]
    );
}

#[tokio::test]
async fn removals_are_written_down_with_their_reasons() {
    let (_dir, path, audit) = audit();
    let (repo, tag) = ("a/b".parse().unwrap(), "v1".parse().unwrap());
    let mut removal = Removal {
        module: Module::Retention,
        message: "applied policy",
        dry_run: true,
        repo: &repo,
        media_type: &MediaType::OCI_MANIFEST,
        digest: Digest::sha256(b""),
        reference: Some(Reference::Tag(&tag)),
        pulled: Some(UNIX_EPOCH + Duration::from_secs(1)),
        pushed: None,
        reason: "didn't meet any tag retention rule",
    };
    audit.record(&removal).await;
    removal.module = Module::Gc;
    removal.reference = Some(Reference::Other("x"));
    removal.pulled = None;
    audit.record(&removal).await;
    let lines = lines(&audit, &path);
    let keys: Vec<_> = lines[0].as_object().unwrap().keys().cloned().collect();
    let expected = "time level message module dry-run repository mediaType digest tag \
                    lastPullTimestamp decision reason caller func";
    assert_eq!(keys, expected.split_whitespace().collect::<Vec<_>>());
    assert_eq!(
        lines[0]["lastPullTimestamp"],
        "1970-01-01T00:00:01.000000000Z"
    );
    assert_eq!(
        (&lines[0]["dry-run"], &lines[0]["tag"]),
        (&json!(true), &json!("v1"))
    );
    assert_eq!(
        (&lines[1]["module"], &lines[1]["reference"]),
        (&json!("gc"), &json!("x"))
    );
}

#[tokio::test]
async fn the_record_is_private_appended_to_and_follows_its_name() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, path, audit) = audit();
    let sent = Sent::new("DELETE");
    let write = |audit: &Audit| {
        let audit = audit.clone();
        let sent = &sent;
        async move {
            audit
                .watch(sent.asked("/"))
                .finish(StatusCode::ACCEPTED)
                .await;
        }
    };
    write(&audit).await;
    write(&Audit::open(&path).unwrap()).await;
    assert_eq!(lines(&audit, &path).len(), 2);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::rename(&path, dir.path().join("audit.1")).unwrap();
    write(&audit).await;
    assert_eq!(lines(&audit, &path).len(), 1);
    assert!(matches!(Audit::open(dir.path()), Err(LogError::Open(..))));
}

#[tokio::test]
async fn a_full_disk_stops_nobody() {
    let audit = Audit::open(Path::new("/dev/full")).unwrap();
    let sent = Sent::new("PUT");
    let object = "/".repeat(64 << 10);
    // Many times what may wait.
    for _ in 0..100 {
        audit
            .watch(sent.asked(&object))
            .finish(StatusCode::CREATED)
            .await;
    }
    audit.flush();
}
