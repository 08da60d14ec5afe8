use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::fake::{Fake, Part};

async fn records(prefix: &str) -> (Arc<Fake>, RedisRecords) {
    let fake = Fake::start(Part::Server, None).await;
    let settings = json!({"addr": fake.address.to_string(), "keyprefix": prefix});
    let settings = settings.as_object().unwrap();
    let settings = settings.iter().map(|(key, value)| (key.as_str(), value));
    let (options, _) = RedisOptions::read(settings).unwrap();
    (fake, RedisRecords::new(&options).unwrap())
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
}

#[tokio::test]
async fn case_b23_records_are_kept_and_dropped() {
    for (prefix, key) in [("", "01"), ("zotsession", "zotsession:01")] {
        let (fake, records) = records(prefix).await;
        let id = [1; 32];
        assert_eq!(records.get(&id).await.unwrap(), None);
        let record = Record {
            groups: Some(vec!["dev".to_owned()]),
            ..Record::new("ann", Some("oidc"), at(0))
        };
        records.put(&id, &record).await.unwrap();
        assert_eq!(records.get(&id).await.unwrap(), Some(record));
        let key = format!("{key}{}", "01".repeat(31));
        assert_eq!(fake.texts().keys().collect::<Vec<_>>(), [&key]);
        let set = fake.seen(&format!("SET {key}"));
        assert!(set[0].ends_with(" PX 7200000"), "{set:?}");
        // Scripts count what begins as keys of sessions do.
        let beside = records.list("ann");
        assert!(
            prefix.is_empty() || !beside.starts_with(&format!("{prefix}:")),
            "{beside}"
        );
        assert_eq!(fake.count(&records.list("ann")), 1);

        records.remove(&id).await.unwrap();
        records.remove(&id).await.unwrap();
        assert_eq!(records.get(&id).await.unwrap(), None);
        assert_eq!(
            (fake.texts().len(), fake.count(&records.list("ann"))),
            (0, 0)
        );
        assert_eq!(records.sweep(at(9), 9).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn the_oldest_sessions_of_a_user_end() {
    let (fake, records) = records("p").await;
    let id = |number: u8| [number; 32];
    let (most, extra) = (u8::try_from(MAX_PER_USER).unwrap(), 3);
    let ended = Record::new("ann", None, at(0) - auth::session::LIFE);
    records.put(&id(255), &ended).await.unwrap();
    for number in 0..most + extra {
        let record = Record::new("ann", None, at(number.into()));
        records.put(&id(number), &record).await.unwrap();
    }
    assert_eq!(fake.count(&records.list("ann")), MAX_PER_USER);
    for (number, want) in [(0, false), (extra - 1, false), (extra, true), (most, true)] {
        let kept = records.get(&id(number)).await.unwrap().is_some();
        assert_eq!(kept, want, "{number}");
    }
}

#[tokio::test]
async fn all_servers_sign_with_the_first_key() {
    let (fake, records) = records("p").await;
    for byte in [1, 2] {
        let shared = records.key(&SharedKey([byte; 32])).await.unwrap();
        assert_eq!(shared, SharedKey([1; 32]));
    }
    fake.put("p-session-key", "odd");
    assert!(records.key(&SharedKey([1; 32])).await.is_err());
}

#[tokio::test]
async fn what_others_wrote_is_no_session() {
    let (fake, records) = records("").await;
    fake.put(&"01".repeat(32), "\u{1}gob");
    assert_eq!(records.get(&[1; 32]).await.unwrap(), None);
    records.remove(&[1; 32]).await.unwrap();
    assert!(fake.texts().is_empty());
}

#[tokio::test]
async fn a_redis_that_is_away_fails_the_call() {
    let (fake, records) = records("p").await;
    fake.break_next(99);
    assert!(records.get(&[1; 32]).await.is_err());
}
