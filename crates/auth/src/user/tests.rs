use std::time::Duration;

use meta::MemoryStore;

use super::*;
use crate::verified::VerifiedOptions;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn groups(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[tokio::test]
async fn a_login_is_written_when_it_says_something_new() {
    let meta = Meta::new(Arc::new(MemoryStore::new()));
    let verified = Arc::new(Verified::new(VerifiedOptions::default()).unwrap());
    let users = Users::new(meta.clone(), Arc::clone(&verified));
    assert_eq!(users.groups("ann").await.unwrap(), None);
    // What comes with a login, when, and the times of the row after it.
    let table: [(&[&str], u64, (u64, u64)); 5] = [
        (&["a"], 1, (1, 1)),
        (&["a"], 2, (1, 1)),
        (&["a", "b"], 3, (1, 3)),
        (&[], 4, (1, 4)),
        (&[], 5, (1, 4)),
    ];
    for (names, second, (created, changed)) in table {
        let names = groups(names);
        users.note("ann", &names, at(second)).await.unwrap();
        let row = meta.user("ann").await.unwrap().unwrap().value;
        let want = UserRow {
            groups: names,
            created: created * 1_000_000_000,
            changed: changed * 1_000_000_000,
        };
        assert_eq!(row, want, "{second}");
    }

    // Another process has been here; what this one knows is enough for it.
    let again = Users::new(meta.clone(), verified);
    again.note("ann", &[], at(9)).await.unwrap();
    let row = meta.user("ann").await.unwrap().unwrap().value;
    assert_eq!(row.changed, 4_000_000_000);
}

#[tokio::test]
async fn a_login_without_news_does_not_touch_the_store() {
    let meta = Meta::new(Arc::new(MemoryStore::new()));
    let verified = Arc::new(Verified::new(VerifiedOptions::default()).unwrap());
    let users = Users::new(meta.clone(), verified);
    users.note("ann", &[], at(1)).await.unwrap();
    meta.close().await.unwrap();
    users.note("ann", &[], at(2)).await.unwrap();
    assert!(users.note("ann", &groups(&["new"]), at(3)).await.is_err());
    let mut edit = Edit::relaxed();
    edit.put_user("x", &UserRow::default());
    assert!(meta.write(edit).await.is_err());
}
