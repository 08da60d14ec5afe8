//! Users of a directory.

use super::house::{OWNER, http, owner};
use super::registry::{Link, PRIVATE, PUBLIC, Registry, Who};
use crate::service::directory::{LONER, USER};
use crate::service::{Authority, Directory, Way};

#[test]
fn users_of_a_directory_come_in_with_their_groups() {
    let Some(authority) = Authority::new() else {
        return;
    };
    let Some(directory) = Directory::start(&authority) else {
        return;
    };
    for way in [Way::Plain, Way::StartTls, Way::Tls] {
        let registry = Registry::start(Link::Plain, &authority, |home, address| {
            let mut http = http(Link::Plain, home, address);
            http["auth"]["ldap"] = directory.settings(way, &authority);
            http
        });
        let Some(registry) = registry else { return };
        let table = [
            // name, password, reads the public part, reads, writes
            (USER.0, USER.1, 200, 200, 202),
            (LONER.0, LONER.1, 200, 403, 403),
            (OWNER.0, OWNER.1, 200, 200, 202),
            (USER.0, LONER.1, 401, 401, 401),
            (USER.0, "", 401, 401, 401),
            ("", USER.1, 401, 401, 401),
            ("nobody", USER.1, 401, 401, 401),
            // names are no filters
            ("l*", USER.1, 401, 401, 401),
            ("*", USER.1, 401, 401, 401),
            ("lara)(uid=*", USER.1, 401, 401, 401),
        ];
        for (name, password, public, read, write) in table {
            let who = Who::password(name, password);
            let found = (
                registry.reads(&who, PUBLIC),
                registry.reads(&who, PRIVATE),
                registry.writes(&who, PRIVATE),
            );
            assert_eq!(found, (public, read, write), "{way:?} {name} {password}");
        }
    }
}

#[test]
fn a_directory_that_is_gone_stops_its_own_users_alone() {
    let Some(authority) = Authority::new() else {
        return;
    };
    let Some(directory) = Directory::start(&authority) else {
        return;
    };
    let registry = Registry::start(Link::Plain, &authority, |home, address| {
        let mut http = http(Link::Plain, home, address);
        http["auth"]["ldap"] = directory.settings(Way::Plain, &authority);
        http
    });
    let Some(registry) = registry else { return };
    drop(directory);
    let user = Who::password(USER.0, USER.1);
    let status = registry.reads(&user, PUBLIC);
    assert!([401, 500, 503].contains(&status), "{status}");
    assert_eq!(registry.reads(&owner(), PRIVATE), 200);
    assert_eq!(registry.reads(&Who::Nobody, PUBLIC), 200);
}
