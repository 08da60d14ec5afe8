use serde_json::{Value as Json, json};

use super::*;
use crate::fake::{Fake, Part};

fn redis(settings: &Json) -> Redis {
    let settings = settings.as_object().unwrap();
    let settings = settings.iter().map(|(key, value)| (key.as_str(), value));
    let (options, ignored) = RedisOptions::read(settings).unwrap();
    assert_eq!(ignored, Vec::<String>::new());
    Redis::new(&options).unwrap()
}

#[tokio::test]
async fn every_place_answers() {
    let server = Fake::start(Part::Server, None).await;
    for part in [Part::Server, Part::Sentinel(server.address), Part::Cluster] {
        let fake = Fake::start(part, None).await;
        let address = fake.address.to_string();
        let settings = match part {
            Part::Server => json!({"addr": address, "client_name": "n"}),
            Part::Sentinel(_) => json!({"addr": [address], "master_name": "main"}),
            Part::Cluster => json!({"url": format!("redis://{address}?addr={address}")}),
        };
        let keeper = if part == Part::Sentinel(server.address) {
            &server
        } else {
            &fake
        };
        let redis = redis(&settings);
        let value = redis.send(redis::cmd("SET").arg("k").arg("v")).await;
        assert_eq!(value.unwrap(), Value::Okay, "{part:?}");
        assert_eq!(keeper.texts()["k"], "v", "{part:?}");
        let named = fake.seen("CLIENT SETNAME n").len();
        assert_eq!(named, usize::from(part == Part::Server));
    }
}

#[tokio::test]
async fn case_a03_a_password_is_sent_and_not_shown() {
    let fake = Fake::start(Part::Server, Some("marker")).await;
    let right = redis(&json!({"url": format!("redis://ann:marker@{}/2", fake.address)}));
    right.ping().await.unwrap();
    assert_eq!(fake.seen("AUTH"), ["AUTH ann marker"]);
    assert_eq!(fake.seen("SELECT"), ["SELECT 2"]);

    let wrong = redis(&json!({"url": format!("redis://ann:marker2@{}", fake.address)}));
    let refused = wrong.ping().await.unwrap_err();
    let shown = format!("{wrong:?} {right:?} {refused:?} {refused}");
    assert!(!shown.contains("marker"), "{shown}");
    // A refusal is not passing: nobody is asked again and again.
    assert_eq!(fake.seen("AUTH").len(), 2);
}

#[tokio::test]
async fn a_broken_connection_is_made_again() {
    let fake = Fake::start(Part::Server, None).await;
    let rest = "1ms";
    let redis = redis(&json!({
        "addr": fake.address.to_string(), "max_retries": 2, "disable_identity": true,
        "min_retry_backoff": rest, "max_retry_backoff": rest,
    }));
    redis.ping().await.unwrap();
    for (broken, want) in [(1, true), (2, true), (3, false), (0, true)] {
        fake.break_next(broken);
        assert_eq!(redis.ping().await.is_ok(), want, "{broken}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let silent = redis(&json!({
        "addr": address, "read_timeout": "20ms", "write_timeout": "20ms", "dial_timeout": "20ms",
        "max_retries": -1,
    }));
    assert!(matches!(silent.ping().await, Err(Error::Server(_))));
    drop(listener);
    let gone = redis(&json!({"addr": address, "max_retries": -1}));
    assert!(matches!(gone.ping().await, Err(Error::Server(_))));
}

#[tokio::test]
async fn many_share_one_connection() {
    let fake = Fake::start(Part::Server, None).await;
    let redis = redis(&json!({"addr": fake.address.to_string(), "pool_size": 2}));
    let pings = (0..50).map(|_| redis.ping());
    for done in futures_util::future::join_all(pings).await {
        done.unwrap();
    }
    assert_eq!(fake.seen("PING").len(), 50);
    assert_eq!(fake.seen("CLIENT SETINFO LIB-NAME").len(), 1);
}
