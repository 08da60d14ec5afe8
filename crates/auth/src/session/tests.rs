use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::ready;
use http::header;
use meta::{MemoryStore, Meta};

use super::*;

#[derive(Debug)]
struct Book(BTreeMap<&'static str, Vec<String>>);

impl Profiles for Book {
    fn groups<'a>(
        &'a self,
        user: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<String>>, meta::Error>> {
        if user == "broken" {
            return ready(Err(meta::Error::Closed)).boxed();
        }
        ready(Ok(self.0.get(user).cloned())).boxed()
    }

    fn note<'a>(
        &'a self,
        _: &'a str,
        _: &'a [String],
        _: SystemTime,
    ) -> BoxFuture<'a, Result<(), meta::Error>> {
        ready(Err(meta::Error::Closed)).boxed()
    }
}

fn meta() -> Meta {
    Meta::new(Arc::new(MemoryStore::new()))
}

fn sessions(meta: &Meta, hash: &[u8], encrypt: &[u8]) -> Sessions {
    let book = BTreeMap::from([("ann", vec!["dev".to_owned()]), ("bob", Vec::new())]);
    let keys = SessionKeys {
        hash: hash.to_vec(),
        encrypt: encrypt.to_vec(),
    };
    let records = Arc::new(StoredRecords::new(meta.clone()));
    Sessions::new(records, Arc::new(Book(book)), &keys)
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
}

fn from_interface(cookie: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(cookie::CLIENT, "zot-ui".parse().unwrap());
    if !cookie.is_empty() {
        headers.insert(header::COOKIE, cookie.parse().unwrap());
    }
    headers
}

fn evidence(headers: &HeaderMap, now: SystemTime) -> Evidence<'_> {
    Evidence {
        headers,
        peer: ([127, 0, 0, 1], 1).into(),
        certificate: None,
        now,
    }
}

async fn verdict(sessions: &Sessions, headers: &HeaderMap, now: SystemTime) -> String {
    match sessions.authenticate(&evidence(headers, now)).await {
        Verdict::Absent => "absent".to_owned(),
        Verdict::Known(identity) => {
            let user = identity.user().unwrap();
            assert_eq!(user.method, Method::Session);
            format!("{} {:?}", user.name, user.groups)
        }
        Verdict::Refused(Refusal::Wrong | Refusal::InvalidToken) => "wrong".to_owned(),
        Verdict::Refused(Refusal::Failed(_)) => "failed".to_owned(),
    }
}

#[tokio::test]
async fn a_cookie_counts_from_the_interface_alone() {
    let sessions = sessions(&meta(), b"", b"");
    let mut cookies = BTreeMap::new();
    for user in ["ann", "carl", "broken"] {
        let ticket = sessions.open(user, None, at(0)).await.unwrap();
        assert_eq!(format!("{ticket:?}"), "Ticket");
        cookies.insert(user, format!("session={}", ticket.expose()));
    }
    let ann = cookies["ann"].as_str();
    let bad = "session=0; ".to_owned() + ann;
    let table = [
        (ann, 0, "ann [\"dev\"]"),
        (ann, 7199, "ann [\"dev\"]"),
        (ann, 7200, "wrong"),
        (&*bad, 0, "ann [\"dev\"]"),
        (&cookies["carl"], 0, "wrong"),
        (&cookies["broken"], 0, "failed"),
        ("", 0, "absent"),
        ("session=", 0, "absent"),
        ("other=1", 0, "absent"),
        ("session=junk", 0, "wrong"),
    ];
    for (cookie, second, want) in table {
        let mut headers = from_interface(cookie);
        let got = verdict(&sessions, &headers, at(second)).await;
        assert_eq!(got, want, "{cookie} {second}");
        headers.remove(cookie::CLIENT);
        assert_eq!(verdict(&sessions, &headers, at(second)).await, "absent");
    }
}

/// Every character of a cookie matters.
#[tokio::test]
async fn case_a13_a_changed_cookie_is_refused() {
    let sessions = sessions(&meta(), b"", b"");
    let ticket = sessions.open("ann", None, at(0)).await.unwrap();
    let value = ticket.expose().to_owned();
    for position in 0..value.len() {
        let mut changed = value.clone().into_bytes();
        changed[position] = if changed[position] == b'0' {
            b'1'
        } else {
            b'0'
        };
        let cookie = format!("session={}", String::from_utf8(changed).unwrap());
        let got = verdict(&sessions, &from_interface(&cookie), at(0)).await;
        assert_eq!(got, "wrong", "{position}");
    }
    let (secret, signature) = value.split_at(64);
    for cut in [secret, signature, &value.repeat(2)] {
        let headers = from_interface(&format!("session={cut}"));
        assert_eq!(verdict(&sessions, &headers, at(0)).await, "wrong");
    }
}

/// A restart, and another server with the same keys, know the sessions; other keys do not.
#[tokio::test]
async fn case_a13_keys_decide_who_knows_a_session() {
    let meta = meta();
    let table = [
        ((&b""[..], &b""[..]), (&b""[..], &b""[..]), true),
        ((b"hash", b""), (b"hash", b""), true),
        ((b"hash", b"more"), (b"hash", b"more"), true),
        ((b"hash", b"more"), (b"hash", b""), false),
        ((b"hash", b""), (b"other", b""), false),
        ((b"", b""), (b"hash", b""), false),
    ];
    for ((hash, encrypt), (other_hash, other_encrypt), want) in table {
        let first = sessions(&meta, hash, encrypt);
        let ticket = first.open("bob", None, at(0)).await.unwrap();
        let headers = from_interface(&format!("session={}", ticket.expose()));
        let second = sessions(&meta, other_hash, other_encrypt);
        let known = verdict(&second, &headers, at(1)).await == "bob []";
        assert_eq!(known, want, "{hash:?} {encrypt:?} {other_hash:?}");
    }
}

#[tokio::test]
async fn case_b23_a_session_is_gone_after_the_logout() {
    let meta = meta();
    let sessions = sessions(&meta, b"", b"");
    let ticket = sessions.open("ann", Some("oidc"), at(0)).await.unwrap();
    let headers = from_interface(&format!("session={}", ticket.expose()));
    let ended = sessions.close(&headers, at(1)).await.unwrap().unwrap();
    assert_eq!(ended, Record::new("ann", Some("oidc"), at(0)));
    assert_eq!(verdict(&sessions, &headers, at(1)).await, "wrong");
    assert_eq!(sessions.close(&headers, at(1)).await.unwrap(), None);
    assert!(meta.sessions_of("ann", 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn case_a13_ended_records_are_dropped_in_slices() {
    let meta = meta();
    let sessions = sessions(&meta, b"", b"");
    for user in 0..SWEEP + 2 {
        sessions.open(&user.to_string(), None, at(0)).await.unwrap();
    }
    sessions.open("ann", None, at(1)).await.unwrap();
    let left = async || meta.sessions_ended(u64::MAX, 999).await.unwrap().len();
    assert!(!sessions.sweep(at(7199)).await.unwrap());
    assert_eq!(left().await, SWEEP + 3);
    assert!(sessions.sweep(at(7200)).await.unwrap());
    assert_eq!(left().await, 3);
    assert!(!sessions.sweep(at(7200)).await.unwrap());
    assert_eq!(left().await, 1);
}

#[tokio::test]
async fn a_user_has_so_many_sessions() {
    let meta = meta();
    let sessions = sessions(&meta, b"", b"");
    let first = sessions.open("ann", None, at(0)).await.unwrap();
    let second = sessions.open("ann", None, at(1)).await.unwrap();
    let of_bob = sessions.open("bob", None, at(0)).await.unwrap();
    for second in 2..=64 {
        sessions.open("ann", None, at(second)).await.unwrap();
    }
    assert_eq!(
        meta.sessions_of("ann", 99).await.unwrap().len(),
        MAX_PER_USER
    );
    for (ticket, want) in [
        (first, "wrong"),
        (second, "ann [\"dev\"]"),
        (of_bob, "bob []"),
    ] {
        let headers = from_interface(&format!("session={}", ticket.expose()));
        assert_eq!(verdict(&sessions, &headers, at(70)).await, want);
    }
}

/// Fault 37 of zot: a session for every call of the API.
#[tokio::test]
async fn case_n37_sessions_are_for_browsers_with_a_password() {
    let sessions = sessions(&meta(), b"", b"");
    let open = async |headers: &HeaderMap, name: &str, method| {
        let identity = Identity::User(Arc::new(User::new(name, Vec::new(), method)));
        let evidence = evidence(headers, at(0));
        sessions.open_for(&evidence, &identity).await.unwrap()
    };
    let browser = from_interface("");
    let other = HeaderMap::new();
    for (headers, method, want) in [
        (&browser, Method::Htpasswd, true),
        (&browser, Method::Ldap, true),
        (&browser, Method::ApiKey, false),
        (&browser, Method::Token, false),
        (&browser, Method::Session, false),
        (&other, Method::Htpasswd, false),
    ] {
        let got = open(headers, "ann", method).await;
        assert_eq!(got.is_some(), want, "{method:?}");
    }
    let evidence = evidence(&browser, at(0));
    let nobody = sessions.open_for(&evidence, &Identity::Anonymous).await;
    assert_eq!(nobody.unwrap(), None);

    let ticket = open(&browser, "ann", Method::Htpasswd).await.unwrap();
    let headers = from_interface(&format!("session={}", ticket.expose()));
    assert_eq!(open(&headers, "ann", Method::Htpasswd).await, None);
    assert!(open(&headers, "bob", Method::Htpasswd).await.is_some());
}

#[test]
fn keys_are_not_printed() {
    let keys = SessionKeys {
        hash: b"marker".to_vec(),
        encrypt: b"marker".to_vec(),
    };
    let records = Arc::new(StoredRecords::new(meta()));
    let signer = Signer::new(&keys, records);
    let shown = format!("{keys:?} {signer:?} {:?}", SharedKey([77; 32]));
    assert!(
        !shown.contains("marker") && !shown.contains("77"),
        "{shown}"
    );
}
