use serde_json::json;

use super::*;

fn read(settings: &Value) -> Result<(RedisOptions, Vec<String>), OptionsError> {
    let settings = settings.as_object().unwrap();
    RedisOptions::read(settings.iter().map(|(key, value)| (key.as_str(), value)))
}

fn tcp(host: &str, port: u16) -> ConnectionAddr {
    ConnectionAddr::Tcp(host.to_owned(), port)
}

#[test]
fn places() {
    let two = || vec![tcp("a", 1), tcp("b", 2)];
    let tls = ConnectionAddr::TcpTls {
        host: "a".to_owned(),
        port: 6379,
        insecure: false,
        tls_params: None,
    };
    let table = [
        (json!({}), Place::Server(tcp("localhost", 6379))),
        (json!({"url": "redis://a:1"}), Place::Server(tcp("a", 1))),
        (
            json!({"URL": "rediss://a/2", "addr": "x:1"}),
            Place::Server(tls),
        ),
        (
            json!({"url": "redis://a:1?addr=b:2"}),
            Place::Cluster(two()),
        ),
        (
            json!({"url": "redis://[::1]:1"}),
            Place::Server(tcp("::1", 1)),
        ),
        (
            json!({"url": "", "addr": ":7"}),
            Place::Server(tcp("localhost", 7)),
        ),
        (json!({"addr": ["a:1", "b:2"]}), Place::Cluster(two())),
        (json!({"addr": "a:1 b:2"}), Place::Cluster(two())),
        (json!({"addr": ["a:1"]}), Place::Server(tcp("a", 1))),
        (
            json!({"addr": ["a:1", "b:2"], "master_name": ""}),
            Place::Cluster(two()),
        ),
        (
            json!({"addr": ["a:1", "b:2"], "master_name": "m"}),
            Place::Sentinels {
                nodes: two(),
                master: "m".to_owned(),
            },
        ),
    ];
    for (settings, want) in table {
        let (options, ignored) = read(&settings).unwrap();
        assert_eq!(options.place, want, "{settings}");
        assert_eq!(ignored, Vec::<String>::new(), "{settings}");
    }
    for (settings, want) in [
        (json!({"url": "http://a"}), OptionsError::Url),
        (json!({"url": "redis://a:x"}), OptionsError::Url),
        (json!({"url": "redis://a/x"}), OptionsError::Url),
        (json!({"url": "nonsense"}), OptionsError::Url),
        (json!({"addr": "a"}), OptionsError::Address),
        (json!({"addr": "a:x"}), OptionsError::Address),
    ] {
        assert_eq!(read(&settings).unwrap_err(), want, "{settings}");
    }
}

#[test]
fn a_url_says_who_logs_in() {
    let url = "redis://us%40er:p%2Bw+%26%25@h:1/3?protocol=2&client_name=c&max_retries=-1";
    let settings = json!({"url": url, "username": "other", "db": 9, "keyprefix": ""});
    let (options, _) = read(&settings).unwrap();
    assert_eq!(options.account.user.as_deref(), Some("us@er"));
    assert_eq!(options.account.password.as_deref(), Some("p+w+&%"));
    assert_eq!((options.db, options.limits.retries), (3, 0));
    assert_eq!(options.protocol, ProtocolVersion::RESP2);
    assert_eq!(options.names.client.as_deref(), Some("c"));
    assert_eq!(options.key("x"), "x");
    let (options, _) = read(&json!({"url": "redis://:pw@h"})).unwrap();
    assert_eq!(options.account.user, None);
    assert_eq!(options.account.password.as_deref(), Some("pw"));
}

#[test]
fn all_settings_are_read() {
    let settings = json!({
        "name": "redis", "addr": "a:1", "username": "u", "password": "marker",
        "sentinel_username": "su", "sentinel_password": "marker", "db": "4", "protocol": 2,
        "max_retries": "5", "min_retry_backoff": "1ms", "max_retry_backoff": 2_000_000,
        "dial_timeout": "2s", "read_timeout": "-1", "write_timeout": "9s", "pool_size": 7,
        "disable_identity": "true", "identity_suffix": "s", "read_only": true, "pool_fifo": true,
        "odd": 1, "client_name": ["x"],
    });
    let (options, mut ignored) = read(&settings).unwrap();
    ignored.sort();
    assert_eq!(ignored, ["client_name", "odd"]);
    assert_eq!(options.key("x"), "zotsession:x");
    let millis = Duration::from_millis;
    let want = Limits {
        dial: Some(millis(2000)),
        answer: None,
        retries: 5,
        rest: (millis(1), millis(2)),
        at_once: 7,
    };
    assert_eq!(options.limits, want);
    let (usual, _) = read(&json!({"pool_size": 0})).unwrap();
    let want = Limits {
        dial: Some(millis(5000)),
        answer: Some(millis(3000)),
        retries: 3,
        rest: (millis(8), millis(512)),
        at_once: 64,
    };
    assert_eq!(usual.limits, want);
    assert!(options.names.hidden && options.db == 4);
    assert!(!format!("{options:?}").contains("marker"));
}
