//! Sessions that several servers share.

use serde_json::json;

use super::house::http;
use super::openid::{is_known, sign_in, sign_out, who};
use super::registry::{Link, PRIVATE, Registry};
use crate::service::{Authority, GroupsIn, Provider, Redis};

#[test]
fn case_b23_sessions_in_redis_hold_on_every_server_until_the_logout() {
    let Some(authority) = Authority::new() else {
        return;
    };
    let Some(provider) = Provider::start(GroupsIn::IdToken) else {
        return;
    };
    let Some(redis) = Redis::start() else { return };
    let start = || {
        Registry::start(Link::Plain, &authority, |home, address| {
            let mut http = http(Link::Plain, home, address);
            http["auth"]["openid"] = json!({"providers": {"oidc": provider.settings()}});
            http["auth"]["sessionDriver"] = redis.session_driver();
            http
        })
    };
    let (Some(one), Some(other)) = (start(), start()) else {
        return;
    };
    let mut browser = sign_in(&one);
    let person = who(&browser);
    let keys = redis.keys();
    assert!(
        !keys.is_empty()
            && keys
                .iter()
                .all(|key| key.starts_with("e2e:") || key.starts_with("e2e-")),
        "{keys:?}"
    );
    for registry in [&one, &other] {
        assert!(is_known(registry, &person), "{}", registry.address);
        assert_eq!(registry.reads(&person, PRIVATE), 200);
    }
    sign_out(&other, &mut browser);
    for registry in [&one, &other] {
        assert!(!is_known(registry, &person), "{}", registry.address);
        assert_eq!(registry.reads(&person, PRIVATE), 401);
    }
}
