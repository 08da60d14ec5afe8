//! Tokens: signed elsewhere, of a provider, and of the registry itself.

use serde_json::{Value, json};

use super::house::{AUDIENCE, House, SERVICE, guest, owner};
use super::registry::{Link, PRIVATE, PUBLIC, Registry, Who};
use crate::scene::TAG;
use crate::service::Signer;

/// Seconds since 1970 that lie far ahead.
const LATER: u64 = 4_102_444_800;

fn access(repo: &str, actions: &[&str]) -> Value {
    json!({"exp": LATER, "access": [{"type": "repository", "name": repo, "actions": actions}]})
}

#[test]
fn case_b17_tokens_allow_what_they_list_to_whom_they_are_addressed() {
    let Some(house) = House::start(Link::Plain) else {
        return;
    };
    let registry = &house.registry;
    let mut expired = access(PRIVATE, &["pull"]);
    expired["exp"] = 1.into();
    let for_service = |audience: Value| {
        let mut claims = access(PRIVATE, &["pull"]);
        claims["aud"] = audience;
        claims
    };
    let table = [
        // claims, reads the public part, reads, writes
        (access(PRIVATE, &["pull"]), 401, 200, 401),
        (for_service(json!(SERVICE)), 401, 200, 401),
        (for_service(json!(["other", SERVICE])), 401, 200, 401),
        (for_service(json!("other")), 401, 401, 401),
        (for_service(json!([])), 401, 401, 401),
        (access(PRIVATE, &["pull", "push"]), 401, 200, 202),
        (access(PRIVATE, &[]), 401, 401, 401),
        (access(PUBLIC, &["pull"]), 200, 401, 401),
        (json!({"exp": LATER}), 401, 401, 401),
        (expired, 401, 401, 401),
    ];
    let see = |who: &Who| {
        (
            registry.reads(who, PUBLIC),
            registry.reads(who, PRIVATE),
            registry.writes(who, PRIVATE),
        )
    };
    for (claims, public, read, write) in table {
        let who = Who::Token(house.signer.token(&claims));
        assert_eq!(see(&who), (public, read, write), "{claims}");
    }
    let Some(other) = Signer::new() else { return };
    let forged = Who::Token(other.token(&access(PRIVATE, &["pull"])));
    assert_eq!(see(&forged), (401, 401, 401));
}

#[test]
fn programs_come_in_with_tokens_of_a_provider() {
    let Some(house) = House::start(Link::Plain) else {
        return;
    };
    let registry = &house.registry;
    let robot = Who::Token(house.provider.token(AUDIENCE));
    assert_eq!(registry.reads(&robot, PRIVATE), 200);
    assert_eq!(registry.writes(&robot, PRIVATE), 403);
    let other = Who::Token(house.provider.token("urn:example:other"));
    assert_eq!(registry.reads(&other, PRIVATE), 401);
    assert_eq!(registry.reads(&other, PUBLIC), 401);
}

#[test]
fn case_b16_the_challenge_lists_every_method() {
    let Some(house) = House::start(Link::Plain) else {
        return;
    };
    let registry = &house.registry;
    let path = format!("/v2/{PRIVATE}/manifests/{TAG}");
    for agent in ["docker/28.2.2", "curl/8", "containers/5", "anything"] {
        let agent = ["--user-agent", agent];
        let answer = registry.ask_with(&Who::Nobody, "GET", &path, &agent);
        assert_eq!(answer.status, 401, "{answer}");
        let challenge = answer.all("www-authenticate").join(", ");
        assert!(challenge.contains("Basic realm="), "{challenge}");
        let token = format!("Bearer realm=\"{}/zot/auth/token\"", registry.origin());
        assert!(challenge.contains(&token), "{challenge}");
    }
}

/// Gets a token of the registry itself.
fn own_token(registry: &Registry, who: &Who, scope: &str) -> Who {
    let path = format!("/zot/auth/token?scope={scope}");
    let answer = registry.ask(who, "GET", &path);
    assert_eq!(answer.status, 200, "{answer}");
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    Who::Token(token)
}

#[test]
fn tokens_of_the_registry_hold_what_was_asked_for_and_no_more() {
    let Some(house) = House::start(Link::Plain) else {
        return;
    };
    let registry = &house.registry;
    let pull = format!("repository:{PRIVATE}:pull");
    let all = format!("repository:{PRIVATE}:pull,push");
    let public = format!("repository:{PUBLIC}:pull");
    let table = [
        // who, scope, reads the public part, reads, writes
        (owner(), &pull, 401, 200, 401),
        (owner(), &all, 401, 200, 202),
        (owner(), &public, 200, 401, 401),
        // the token would do, and the policy says no
        (guest(), &all, 401, 403, 403),
        (Who::Nobody, &public, 200, 401, 401),
        // it says no more than that nobody calls
        (Who::Nobody, &all, 200, 401, 401),
    ];
    for (who, scope, public, read, write) in table {
        let token = own_token(registry, &who, scope);
        let found = (
            registry.reads(&token, PUBLIC),
            registry.reads(&token, PRIVATE),
            registry.writes(&token, PRIVATE),
        );
        assert_eq!(found, (public, read, write), "{who:?} {scope}");
    }
    let wrong = Who::password("alice", "wrong");
    let answer = registry.ask(&wrong, "GET", &format!("/zot/auth/token?scope={pull}"));
    assert_eq!(answer.status, 401, "{answer}");
}
