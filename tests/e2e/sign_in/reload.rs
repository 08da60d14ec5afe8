//! Users and rights that change while the server runs.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};
use testkit::client::Home;

use super::house::{GUEST, OWNER, guest, http, owner, password_line};
use super::registry::{Link, PRIVATE, PUBLIC, Registry, Who};
use crate::service::Authority;

/// One who comes in later.
const NEWCOMER: (&str, &str) = ("dave", "dave's password");

/// How a file gets its new content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Swap {
    /// Written in place.
    Write,
    /// Replaced by another file.
    Rename,
}

fn put(home: &Home, name: &str, content: &str, swap: Swap) {
    if swap == Swap::Write {
        home.write(name, content);
        return;
    }
    let other = home.write(&format!("{name}.new"), content);
    fs::rename(other, home.join(name)).unwrap();
}

fn start() -> Option<Registry> {
    let authority = Authority::new()?;
    Home::new().client("htpasswd")?;
    Registry::start(Link::Plain, &authority, |home, address| {
        http(Link::Plain, home, address)
    })
}

/// Lines for the newcomer, and for the owner with another password.
fn other_users(home: &Home) -> String {
    let newcomer = password_line(home, NEWCOMER.0, NEWCOMER.1);
    newcomer + &password_line(home, OWNER.0, "another password")
}

/// Waits until [`other_users`] hold.
fn others_hold(registry: &Registry, how: &str) {
    let newcomer = Who::password(NEWCOMER.0, NEWCOMER.1);
    registry.until(how, 200, |it| it.reads(&newcomer, PUBLIC));
    let renewed = Who::password(OWNER.0, "another password");
    assert_eq!(registry.reads(&renewed, PRIVATE), 200, "{how}");
    assert_eq!(registry.reads(&owner(), PRIVATE), 401, "{how}");
    assert_eq!(registry.reads(&guest(), PUBLIC), 401, "{how}");
}

#[test]
fn users_change_with_their_file() {
    for swap in [Swap::Write, Swap::Rename] {
        let Some(registry) = start() else { return };
        // remembered, and yet forgotten with the file
        assert_eq!(registry.reads(&owner(), PRIVATE), 200);
        assert_eq!(registry.reads(&guest(), PUBLIC), 200);
        let users = other_users(&registry.home);
        put(&registry.home, "htpasswd", &users, swap);
        others_hold(&registry, &format!("{swap:?}"));
    }
}

#[test]
fn users_change_with_a_link_as_kubernetes_swaps_it() {
    let Some(authority) = Authority::new() else {
        return;
    };
    if Home::new().client("htpasswd").is_none() {
        return;
    }
    let registry = Registry::start(Link::Plain, &authority, |home, address| {
        let mut http = http(Link::Plain, home, address);
        let users = [OWNER, GUEST].map(|(user, password)| password_line(home, user, password));
        home.write("secret/..1/htpasswd", users.concat());
        symlink("..1", home.join("secret/..data")).unwrap();
        symlink("..data/htpasswd", home.join("secret/htpasswd")).unwrap();
        http["auth"]["htpasswd"]["path"] = json!(home.join("secret/htpasswd"));
        http
    });
    let Some(registry) = registry else { return };
    assert_eq!(registry.reads(&owner(), PRIVATE), 200);
    let home = &registry.home;
    home.write("secret/..2/htpasswd", other_users(home));
    symlink("..2", home.join("secret/..data_tmp")).unwrap();
    fs::rename(home.join("secret/..data_tmp"), home.join("secret/..data")).unwrap();
    fs::remove_dir_all(home.join("secret/..1")).unwrap();
    others_hold(&registry, "a link");
}

/// Yields the configuration with the guest as a reader of the private part.
fn opened(config: &Value) -> Value {
    let mut config = config.clone();
    let policies = "/http/accessControl/repositories/priv~1**/policies";
    let policies = config
        .pointer_mut(policies)
        .and_then(Value::as_array_mut)
        .unwrap();
    policies.push(json!({"users": [GUEST.0], "actions": ["read"]}));
    config
}

#[test]
fn rights_change_with_the_configuration() {
    for swap in [Swap::Write, Swap::Rename] {
        let Some(mut registry) = start() else { return };
        let old = registry.config().clone();
        assert_eq!(registry.reads(&guest(), PRIVATE), 403);
        let new = opened(&old).to_string();
        put(&registry.home, "config.json", &new, swap);
        registry.until("opened", 200, |it| it.reads(&guest(), PRIVATE));
        put(&registry.home, "config.json", &old.to_string(), swap);
        registry.until("closed", 403, |it| it.reads(&guest(), PRIVATE));

        // what cannot be read changes nothing
        put(&registry.home, "config.json", "{", swap);
        registry.wait_for_log("failed to reload config");
        assert_eq!(registry.reads(&guest(), PRIVATE), 403, "{swap:?}");
        assert_eq!(registry.reads(&owner(), PRIVATE), 200, "{swap:?}");
        put(&registry.home, "config.json", &new, swap);
        registry.until("opened again", 200, |it| it.reads(&guest(), PRIVATE));
    }
}

#[test]
fn rights_change_when_the_server_is_told_to_look() {
    let Some(mut registry) = start() else { return };
    let new = opened(registry.config()).to_string();
    put(&registry.home, "config.json", &new, Swap::Write);
    registry.hang_up();
    registry.until("opened", 200, |it| it.reads(&guest(), PRIVATE));
    assert_eq!(registry.reads(&owner(), PRIVATE), 200);
}

#[test]
fn everybody_is_let_in_when_access_control_goes_and_out_when_it_comes() {
    let Some(registry) = start() else { return };
    let old = registry.config().clone();
    let mut open = old.clone();
    open["http"]["accessControl"] = Value::Null;
    put(
        &registry.home,
        "config.json",
        &open.to_string(),
        Swap::Rename,
    );
    registry.until("open", 202, |it| it.writes(&guest(), PRIVATE));
    // nobody is anonymous where there is no rule for that
    assert_eq!(registry.reads(&Who::Nobody, PUBLIC), 401);
    put(
        &registry.home,
        "config.json",
        &old.to_string(),
        Swap::Rename,
    );
    registry.until("closed", 403, |it| it.writes(&guest(), PRIVATE));
    assert_eq!(registry.reads(&Who::Nobody, PUBLIC), 200);
}

#[test]
fn certificates_change_with_their_files() {
    let (Some(old), Some(new)) = (Authority::new(), Authority::new()) else {
        return;
    };
    let registry = Registry::start(Link::Tls, &old, |home, address| {
        http(Link::Tls, home, address)
    });
    let Some(registry) = registry else { return };
    let trusting = |authority: &Authority| {
        let cert = authority.cert();
        registry.try_reads(&owner(), PRIVATE, &cert)
    };
    assert_eq!((trusting(&old), trusting(&new)), (200, 0));
    let pair = new.server("registry");
    let tls = &registry.config()["http"]["tls"];
    for (from, to) in [(pair.key, &tls["key"]), (pair.cert, &tls["cert"])] {
        let to = to.as_str().unwrap();
        let beside = format!("{to}.new");
        fs::copy(from, &beside).unwrap();
        fs::rename(beside, to).unwrap();
    }
    registry.until("the new certificate", 200, |_| trusting(&new));
    assert_eq!(trusting(&old), 0);
}
