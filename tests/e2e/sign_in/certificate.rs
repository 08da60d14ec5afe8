//! Callers who are known by their certificate.

use super::house::{CARRIER, House, OWNER};
use super::registry::{Link, PRIVATE, PUBLIC, Who};
use crate::scene::TAG;
use crate::service::Authority;

#[test]
fn case_b19_certificates_name_users_beside_every_other_method() {
    let Some(house) = House::start(Link::Tls) else {
        return;
    };
    let registry = &house.registry;
    let carrier = Who::Certificate(house.authority.client(CARRIER));
    let other = Who::Certificate(house.authority.client("mallory"));
    let table = [
        // who, reads the public part, reads, writes
        (&carrier, 200, 200, 403),
        (&other, 200, 403, 403),
        (&Who::Nobody, 200, 401, 401),
        (&Who::password(OWNER.0, OWNER.1), 200, 200, 202),
    ];
    for (who, public, read, write) in table {
        let found = (
            registry.reads(who, PUBLIC),
            registry.reads(who, PRIVATE),
            registry.writes(who, PRIVATE),
        );
        assert_eq!(found, (public, read, write), "{who:?}");
    }
    // who says a name means it, right or wrong
    let path = format!("/v2/{PRIVATE}/manifests/{TAG}");
    for (password, status) in [(OWNER.1, 200), ("wrong", 401)] {
        let named = ["--user", &format!("{}:{password}", OWNER.0)];
        for who in [&carrier, &other] {
            let answer = registry.ask_with(who, "GET", &path, &named);
            assert_eq!(answer.status, status, "{answer}");
        }
    }
}

#[test]
fn certificates_of_strangers_end_the_connection() {
    let Some(house) = House::start(Link::Tls) else {
        return;
    };
    let Some(stranger) = Authority::new() else {
        return;
    };
    let who = Who::Certificate(stranger.client(CARRIER));
    assert_eq!(
        house
            .registry
            .try_reads(&who, PUBLIC, &house.authority.cert()),
        0
    );
}
