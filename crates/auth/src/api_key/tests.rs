use std::time::Duration;

use meta::MemoryStore;

use super::*;
use crate::user::Users;
use crate::verified::VerifiedOptions;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

struct World {
    meta: Meta,
    keys: ApiKeys,
    users: Users,
}

fn world() -> World {
    let meta = Meta::new(Arc::new(MemoryStore::new()));
    let verified = Arc::new(Verified::new(VerifiedOptions::default()).unwrap());
    World {
        keys: ApiKeys::new(meta.clone(), Arc::clone(&verified)),
        users: Users::new(meta.clone(), verified),
        meta,
    }
}

fn ann() -> User {
    User::new("ann", vec!["dev".to_owned()], Method::Htpasswd)
}

fn new<'a>(owner: &'a User, scopes: &[&str], expires: Option<SystemTime>) -> NewKey<'a> {
    NewKey {
        owner,
        label: "ci".to_owned(),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        expires,
        agent: "curl",
        parent: None,
    }
}

impl World {
    async fn make(&self, owner: &User, scopes: &[&str], expires: Option<SystemTime>) -> Created {
        let created = self.keys.create(new(owner, scopes, expires), at(1)).await;
        created.unwrap()
    }

    async fn known(&self, key: &Created) -> Known {
        let checked = self.keys.check("ann", key.key.as_bytes(), at(5)).await;
        match checked.unwrap() {
            Checked::Known(known) => known,
            odd @ (Checked::Unknown | Checked::Wrong) => panic!("{odd:?}"),
        }
    }
}

#[tokio::test]
async fn a_key_is_its_owners_until_it_ends() {
    let world = world();
    let created = world.make(&ann(), &[], Some(at(200))).await;
    let (key, other) = (created.key.as_str(), format!("{PREFIX}{}", "0".repeat(32)));
    assert_eq!(key.len(), 36);
    assert!(key.starts_with("zak_"));
    let secret = key.strip_prefix(PREFIX).unwrap();
    assert!(!format!("{created:?}").contains(secret));

    let upper = format!("zak_{}", secret.to_uppercase());
    let table = [
        ("ann", key, 199, "known"),
        ("ann", key, 200, "wrong"),
        ("bob", key, 100, "wrong"),
        ("Ann", key, 100, "wrong"),
        ("ann", key.get(..35).unwrap(), 100, "unknown"),
        ("ann", secret, 100, "unknown"),
        ("ann", upper.as_str(), 100, "unknown"),
        ("ann", other.as_str(), 100, "unknown"),
        ("ann", "", 100, "unknown"),
    ];
    for (user, password, second, want) in table {
        let got = world.keys.check(user, password.as_bytes(), at(second));
        let got = match got.await.unwrap() {
            Checked::Known(known) => {
                assert_eq!(known.user.groups, ["dev"]);
                assert_eq!(known.user.method, Method::ApiKey);
                assert_eq!(known.expires, Some(at(200)));
                "known"
            }
            Checked::Wrong => "wrong",
            Checked::Unknown => "unknown",
        };
        assert_eq!(got, want, "{user} at {second}");
    }
    assert!(world.keys.find(key.as_bytes()).await.unwrap().is_some());

    // As zot names its own.
    let hash = digest::digest(&digest::SHA256, secret.as_bytes());
    let id: ApiKeyId = hash.as_ref().try_into().unwrap();
    assert!(world.meta.api_key(&id).await.unwrap().is_some());
}

#[tokio::test]
async fn scopes_narrow_keys_made_here_and_no_others() {
    let world = world();
    let created = world.make(&ann(), &["repository:a/**:pull"], None).await;
    let limit = world.known(&created).await.user.limit.clone().unwrap();
    assert_eq!(limit.mode, LimitMode::Narrow);
    let allows = |repo: &str, action| limit.allows(repo, action, at(2));
    assert!(allows("a/b", meta::Action::Read));
    assert!(!allows("a/b", meta::Action::Create));
    assert!(!allows("b", meta::Action::Read));

    let row = |scoping, scopes: &[&str]| ApiKeyRow {
        scoping,
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        ..created.row.clone()
    };
    for (row, want) in [
        (row(Scoping::Told, &["anything: at all"]), None),
        (row(Scoping::Enforced, &[]), None),
        (row(Scoping::Enforced, &["anything: at all"]), Some(0)),
    ] {
        let mut edit = Edit::relaxed();
        edit.put_api_key(&id_of(created.key.as_bytes()).unwrap(), &row);
        world.meta.write(edit).await.unwrap();
        let known = world.known(&created).await;
        let entries = known.user.limit.as_ref().map(|limit| limit.entries.len());
        assert_eq!(entries, want, "{row:?}");
    }
}

#[tokio::test]
async fn what_a_new_key_may_not_be() {
    let world = world();
    let owner = ann();
    let many = vec!["a"; SCOPES + 1];
    let table: [(&[&str], _, &str); 4] = [
        (&[], Some(at(100)), "the expiration date has passed"),
        (
            &["a", "b:c"],
            None,
            "scope 2 is neither \"repository:<pattern>:<actions>\" nor a pattern of repositories",
        ),
        (
            &["repository:a:fly"],
            None,
            "scope 1 has an action that is none of pull, push, delete, read, create, update, *",
        ),
        (&many, None, "more than 100 scopes"),
    ];
    for (scopes, expires, want) in table {
        let refused = world.keys.create(new(&owner, scopes, expires), at(100));
        assert_eq!(refused.await.unwrap_err().to_string(), want);
    }
    assert_eq!(world.keys.list("ann").await.unwrap(), []);
    for _ in 0..KEYS_OF_ONE {
        world.make(&owner, &[], None).await;
    }
    let refused = world.keys.create(new(&owner, &[], None), at(1)).await;
    assert!(matches!(refused, Err(ApiKeyError::TooMany)));
}

#[tokio::test]
async fn a_key_makes_none_that_may_do_more() {
    let world = world();
    let owner = ann();
    let scoped = world.make(&owner, &["a", "b"], Some(at(100))).await.row;
    let plain = world.make(&owner, &[], None).await.row;
    let told = ApiKeyRow {
        scoping: Scoping::Told,
        ..scoped.clone()
    };
    let none: &[&str] = &[];
    let table = [
        (&scoped, none, None, Some((&["a", "b"][..], 100))),
        (&scoped, &["b"], Some(at(50)), Some((&["b"], 50))),
        (&scoped, &["a"], Some(at(500)), Some((&["a"], 100))),
        (&scoped, &["c"], None, None),
        (&scoped, &["repository:a:pull"], None, None),
        (&plain, &["c"], None, Some((&["c"], 0))),
        (&told, &["c"], None, Some((&["c"], 100))),
    ];
    for (parent, scopes, expires, want) in table {
        let new = NewKey {
            parent: Some(parent),
            ..new(&owner, scopes, expires)
        };
        let made = world.keys.create(new, at(2)).await;
        match want {
            Some((names, seconds)) => {
                let row = made.unwrap().row;
                assert_eq!(row.scopes, names);
                assert_eq!(row.expires, seconds * 1_000_000_000);
            }
            None => assert!(matches!(made, Err(ApiKeyError::Exceeds))),
        }
    }
}

#[tokio::test]
async fn uses_are_counted_in_memory_and_written_together() {
    let world = world();
    let owner = ann();
    let one = world.make(&owner, &[], None).await;
    let two = world
        .make(&User::new("bob", Vec::new(), Method::Ldap), &[], None)
        .await;
    let usage = world.known(&one).await.usage.unwrap();
    usage.note(at(9));
    usage.note(at(7));
    let stored = async |key: &Created| {
        let id = id_of(key.key.as_bytes()).unwrap();
        let found = world.meta.api_key(&id).await.unwrap();
        found.map(|found| found.value.last_used / 1_000_000_000)
    };
    let listed = world.keys.list("ann").await.unwrap();
    assert_eq!(listed[0].last_used, 9_000_000_000);
    assert_eq!(stored(&one).await, Some(0));
    world.keys.flush().await.unwrap();
    assert_eq!((stored(&one).await, stored(&two).await), (Some(9), Some(0)));
    assert_eq!(world.keys.usages.lock().len(), 1, "still in use");

    // A use of a key that is removed at the same time does not bring it back.
    assert!(world.keys.revoke("ann", &one.row.uuid).await.unwrap());
    world.keys.watch(usage.id, 0).note(at(21));
    world.keys.flush().await.unwrap();
    assert_eq!(stored(&one).await, None);
    world.keys.flush().await.unwrap();
    assert!(world.keys.usages.lock().is_empty());
}

#[tokio::test]
async fn only_the_owner_removes_a_key() {
    let world = world();
    let created = world.make(&ann(), &[], None).await;
    let table = [
        ("bob", created.row.uuid.as_str(), false),
        ("ann", "unknown", false),
        ("ann", created.row.uuid.as_str(), true),
        ("ann", created.row.uuid.as_str(), false),
    ];
    for (owner, uuid, want) in table {
        assert_eq!(
            world.keys.revoke(owner, uuid).await.unwrap(),
            want,
            "{owner}"
        );
    }
    let checked = world.keys.check("ann", created.key.as_bytes(), at(2)).await;
    assert!(matches!(checked.unwrap(), Checked::Unknown));
}

#[tokio::test]
async fn a_user_goes_with_all_his_keys() {
    let world = world();
    let bob = User::new("bob", Vec::new(), Method::Ldap);
    let mut keys = Vec::new();
    for owner in [&ann(), &ann(), &bob] {
        keys.push(world.make(owner, &[], None).await);
    }
    world.users.remove("ann").await.unwrap();
    for (key, want) in keys.iter().zip([false, false, true]) {
        let found = world.keys.find(key.key.as_bytes()).await.unwrap();
        assert_eq!(found.is_some(), want);
    }
    assert_eq!(world.users.groups("ann").await.unwrap(), None);
    assert_eq!(world.keys.list("ann").await.unwrap(), []);
}
