use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use http::{HeaderMap, HeaderValue, header};
use meta::{Batch, Durability, MemoryStore, Meta, Row, Scan, Store, Table, WriteError};

use super::*;
use crate::api_key::NewKey;
use crate::gate::Refusal;
use crate::htpasswd::HtpasswdOptions;
use crate::ldap::{LdapOptions, Transport};
use crate::verified::{Busy, VerifiedOptions};

/// Password `secret`.
const ANN: &str = "ann:$2y$04$8otrwfABVoWHtxSG6ZUlAuQd.2i.0kat8YVwdh/f1zrds.5Ym54SC\n";

struct World {
    keys: Arc<ApiKeys>,
    users: Arc<Users>,
    basic: Arc<Basic>,
}

fn world_with(file: &str, directory: Option<Ldap>) -> World {
    world_on(Arc::new(MemoryStore::new()), file, directory)
}

fn world_on(store: Arc<dyn Store>, file: &str, directory: Option<Ldap>) -> World {
    let meta = Meta::new(store);
    let verified = Arc::new(Verified::new(VerifiedOptions::default()).unwrap());
    let keys = Arc::new(ApiKeys::new(meta.clone(), Arc::clone(&verified)));
    let users = Arc::new(Users::new(meta.clone(), Arc::clone(&verified)));
    let passwords = Htpasswd::new(file.as_bytes(), HtpasswdOptions::default()).unwrap();
    let parts = BasicParts {
        passwords: Some(Arc::new(passwords)),
        directory: directory.map(Arc::new),
        keys: Some(Arc::clone(&keys)),
        users: Some(Arc::clone(&users)),
    };
    World {
        keys,
        users,
        basic: Arc::new(Basic::new(parts, verified)),
    }
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

async fn verdict(basic: &Basic, sent: &str, second: u64) -> Verdict {
    let mut headers = HeaderMap::new();
    let value = HeaderValue::from_str(sent).unwrap();
    headers.insert(header::AUTHORIZATION, value);
    let evidence = Evidence {
        headers: &headers,
        peer: ([127, 0, 0, 1], 1).into(),
        certificate: None,
        now: at(second),
    };
    basic.authenticate(&evidence).await
}

fn sent(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

async fn told(world: &World, user: &str, password: &str, second: u64) -> String {
    match verdict(&world.basic, &sent(user, password), second).await {
        Verdict::Known(identity) => {
            let user = identity.user().unwrap();
            format!("{} by {:?}", user.name, user.method)
        }
        Verdict::Refused(Refusal::Wrong) => "wrong".to_owned(),
        odd @ (Verdict::Absent | Verdict::Refused(_)) => format!("{odd:?}"),
    }
}

#[test]
fn names_end_at_the_first_colon() {
    type Read<'a> = Option<(&'a str, &'a [u8])>;
    let table: [(&[u8], Read<'_>); 8] = [
        (b"ann:secret", Some(("ann", b"secret"))),
        (b"ann:a:b:", Some(("ann", b"a:b:"))),
        (b"ann:", Some(("ann", b""))),
        (b"ann:\xff\0", Some(("ann", b"\xff\0"))),
        ("\u{e4}:x".as_bytes(), Some(("\u{e4}", b"x"))),
        (b"ann", None),
        (b":secret", None),
        (b"\xff:x", None),
    ];
    for (plain, want) in table {
        let read = Credentials::read(STANDARD.encode(plain).as_bytes());
        let got = read
            .as_ref()
            .map(|c| (c.user.as_str(), c.password.as_slice()));
        assert_eq!(got, want, "{plain:?}");
    }
    for odd in ["YW5uOng", "YW5uOng=\n", "****", "YW5u-ng=", ""] {
        assert_eq!(Credentials::read(odd.as_bytes()), None, "{odd}");
    }
    let credentials = Credentials::read(b"YW5uOnNlY3JldA==").unwrap();
    assert!(!format!("{credentials:?}").contains("secret"));
}

#[tokio::test]
async fn passwords_and_keys_are_ways_in() {
    let world = world_with(ANN, None);
    let owner = User::new("bob", vec!["dev".to_owned()], Method::Session);
    let new = NewKey {
        owner: &owner,
        label: String::new(),
        scopes: Vec::new(),
        expires: Some(at(1000)),
        agent: "",
        parent: None,
    };
    let key = world.keys.create(new, at(1)).await.unwrap();
    let unknown = format!("zak_{}", "0".repeat(32));
    let table = [
        ("ann", "secret", 10, "ann by Htpasswd"),
        ("ann", "wrong", 10, "wrong"),
        ("ann", "", 10, "wrong"),
        ("eve", "secret", 10, "wrong"),
        ("bob", key.key.as_str(), 999, "bob by ApiKey"),
        ("bob", key.key.as_str(), 1000, "wrong"),
        ("ann", key.key.as_str(), 10, "wrong"),
        ("bob", unknown.as_str(), 10, "wrong"),
        ("ann", "secret", 11, "ann by Htpasswd"),
    ];
    for (user, password, second, want) in table {
        assert_eq!(
            told(&world, user, password, second).await,
            want,
            "{user} {second}"
        );
    }
    for odd in ["Basic", "Basic x", "Basic YW5u"] {
        let verdict = verdict(&world.basic, odd, 1).await;
        assert!(matches!(verdict, Verdict::Refused(Refusal::Wrong)), "{odd}");
    }
    let bearer = verdict(&world.basic, "Bearer x", 1).await;
    assert!(matches!(bearer, Verdict::Absent));

    // The login was noted, the failed ones were not; the use of the key was.
    assert!(world.users.groups("ann").await.unwrap().is_some());
    assert_eq!(world.users.groups("eve").await.unwrap(), None);
    let keys = world.keys.list("bob").await.unwrap();
    assert_eq!(keys[0].last_used, 999_000_000_000);
}

#[tokio::test]
async fn nobody_is_asked_where_all_is_off() {
    let verified = Arc::new(Verified::new(VerifiedOptions::default()).unwrap());
    let basic = Basic::new(BasicParts::default(), verified);
    let verdict = verdict(&basic, &sent("ann", "secret"), 1).await;
    assert!(matches!(verdict, Verdict::Absent));
    assert_eq!(basic.reload_passwords(ANN.as_bytes()).unwrap(), 0);
}

#[tokio::test]
async fn case_n6_a_new_password_file_counts_at_once() {
    let world = world_with(ANN, None);
    assert_eq!(told(&world, "ann", "secret", 1).await, "ann by Htpasswd");
    let huge = vec![b'\n'; crate::htpasswd::FILE_LIMIT + 1];
    assert!(world.basic.reload_passwords(&huge).is_err());
    assert_eq!(told(&world, "ann", "secret", 2).await, "ann by Htpasswd");
    assert_eq!(world.basic.reload_passwords(b"").unwrap(), 0);
    assert_eq!(told(&world, "ann", "secret", 3).await, "wrong");
    assert_eq!(world.basic.reload_passwords(ANN.as_bytes()).unwrap(), 1);
    assert_eq!(told(&world, "ann", "secret", 4).await, "ann by Htpasswd");
}

#[tokio::test]
async fn a_revoked_key_is_of_no_use_at_once() {
    let world = world_with(ANN, None);
    let owner = User::new("bob", Vec::new(), Method::Session);
    let new = NewKey {
        owner: &owner,
        label: String::new(),
        scopes: Vec::new(),
        expires: None,
        agent: "",
        parent: None,
    };
    let key = world.keys.create(new, at(1)).await.unwrap();
    assert_eq!(told(&world, "bob", &key.key, 2).await, "bob by ApiKey");
    assert!(world.keys.revoke("bob", &key.row.uuid).await.unwrap());
    assert_eq!(told(&world, "bob", &key.key, 3).await, "wrong");
}

/// Counts what is written.
#[derive(Debug)]
struct Counting(MemoryStore, AtomicUsize);

impl Store for Counting {
    fn get<'a>(
        &'a self,
        table: Table,
        key: &'a [u8],
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, meta::Error>> {
        self.0.get(table, key)
    }

    fn scan(&self, table: Table, scan: Scan) -> BoxFuture<'_, Result<Vec<Row>, meta::Error>> {
        self.0.scan(table, scan)
    }

    fn write(&self, batch: Batch) -> BoxFuture<'_, Result<(), WriteError>> {
        assert_eq!(batch.durability, Durability::Relaxed);
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.write(batch)
    }

    fn close(&self) -> BoxFuture<'_, Result<(), meta::Error>> {
        self.0.close()
    }
}

#[tokio::test]
async fn no_request_writes_because_it_was_authenticated() {
    let store = Arc::new(Counting(MemoryStore::new(), AtomicUsize::new(0)));
    let world = world_on(Arc::<Counting>::clone(&store), ANN, None);
    // The login at the first moment is written, and none after it: not even when the password is
    // checked again because the last check is old.
    for second in [1, 2, 299, 400, 800] {
        assert_eq!(
            told(&world, "ann", "secret", second).await,
            "ann by Htpasswd"
        );
        assert_eq!(told(&world, "ann", "wrong", second).await, "wrong");
    }
    assert_eq!(store.1.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_directory_that_is_down_is_no_wrong_password() {
    let options = LdapOptions {
        user_attribute: "uid".to_owned(),
        ..LdapOptions::new("127.0.0.1", 1, Transport::Plain)
    };
    let world = world_with(ANN, Some(Ldap::new(options).unwrap()));
    assert_eq!(told(&world, "ann", "secret", 1).await, "ann by Htpasswd");
    assert_eq!(told(&world, "bob", "", 1).await, "wrong");
    let failed = verdict(&world.basic, &sent("bob", "x"), 1).await;
    let Verdict::Refused(Refusal::Failed(error)) = failed else {
        panic!("{failed:?}");
    };
    let cause = error.source().unwrap().to_string();
    assert_eq!(cause, "no connection to the directory");
}

#[tokio::test]
async fn case_a48_a_thousand_wrong_logins_get_answers() {
    let world = world_with(ANN, None);
    let logins = (0..1000).map(|number| {
        let sent = sent("ann", &format!("wrong{number}"));
        let basic = Arc::clone(&world.basic);
        async move { verdict(&basic, &sent, 1).await }
    });
    let (mut wrong, mut busy) = (0, 0);
    for verdict in join_all(logins).await {
        match verdict {
            Verdict::Refused(Refusal::Wrong) => wrong += 1,
            Verdict::Refused(Refusal::Failed(error)) => {
                assert!(error.is::<Busy>());
                busy += 1;
            }
            Verdict::Refused(Refusal::InvalidToken) => panic!("there is none"),
            odd @ (Verdict::Absent | Verdict::Known(_)) => panic!("{odd:?}"),
        }
    }
    assert_eq!(wrong + busy, 1000);
    assert!(wrong >= 256 && busy > 0, "{wrong} {busy}");
    // The same password from everywhere is one check, so nobody is too many.
    let same = (0..1000).map(|_| told(&world, "ann", "secret", 1));
    let same = join_all(same).await;
    assert!(same.iter().all(|told| told == "ann by Htpasswd"));
}

#[tokio::test]
async fn case_n6_what_one_configuration_found_right_is_nothing_to_the_next() {
    let verified = Arc::new(Verified::new(VerifiedOptions::default()).unwrap());
    let basic = |file: &str| {
        let passwords = Htpasswd::new(file.as_bytes(), HtpasswdOptions::default()).unwrap();
        let parts = BasicParts {
            passwords: Some(Arc::new(passwords)),
            ..BasicParts::default()
        };
        Basic::new(parts, Arc::clone(&verified))
    };
    let (before, after) = (basic(ANN), basic(""));
    let ann = sent("ann", "secret");
    // A request that began under the old one may be judged after the new one is there.
    for second in [1, 2] {
        let old = verdict(&before, &ann, second).await;
        assert!(matches!(old, Verdict::Known(_)), "{old:?}");
        let new = verdict(&after, &ann, second).await;
        assert!(matches!(new, Verdict::Refused(Refusal::Wrong)), "{new:?}");
    }
}
