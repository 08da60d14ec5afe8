//! The rules of the contract, one by one, and some that hold for every policy.

mod laws;
mod limits;

use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method};
use meta::Action::{self, Create, Delete, Read, Update};

use super::*;
use crate::identity::User;

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Reads a grant from `users | groups | actions`.
fn grant(text: &str) -> Grant {
    let mut parts = text.split('|').map(words);
    let mut next = || parts.next().unwrap_or_default();
    Grant {
        users: next(),
        groups: next(),
        actions: next(),
        conditions: Vec::new(),
    }
}

fn entry(pattern: &str, policies: &[&str], default: &str, anonymous: &str) -> (String, Entry) {
    let entry = Entry {
        policies: policies.iter().map(|policy| grant(policy)).collect(),
        default: words(default),
        anonymous: words(anonymous),
    };
    (pattern.to_owned(), entry)
}

fn policy(repositories: Vec<(String, Entry)>, admin: &str) -> Policy {
    Policy::compile(&PolicyOptions {
        repositories,
        admin: grant(admin),
        ..PolicyOptions::default()
    })
    .unwrap()
}

/// Reads a caller from `name:group,group`; an empty text is an anonymous one.
fn caller(text: &str) -> Identity {
    if text.is_empty() {
        return Identity::Anonymous;
    }
    let (name, groups) = text.split_once(':').unwrap_or((text, ""));
    Identity::User(Arc::new(User::new(
        name.to_owned(),
        words(&groups.replace(',', " ")),
        crate::Method::Htpasswd,
    )))
}

fn facts() -> Facts {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let peer = ([192, 0, 2, 1], 4711).into();
    Facts::of(now, &Method::GET, &HeaderMap::new(), peer, None)
}

/// Decides; yields `+` or `-` and the rule.
fn decide(policy: &Policy, who: &str, action: Action, repo: &str) -> String {
    let asked = Asked {
        repo: &repo.parse().unwrap(),
        action,
        reference: "",
    };
    let who = caller(who);
    let facts = facts();
    let decision = policy.decide(&who, &facts, asked);
    let sign = if decision.is_allowed() { '+' } else { '-' };
    let rights = policy.rights(&who, || facts.clone());
    assert_eq!(rights.allows(asked.repo, action), decision.is_allowed());
    format!("{sign}{}", decision.ground())
}

fn check(policy: &Policy, table: &[(&str, Action, &str, &str)]) {
    for (who, action, repo, want) in table {
        let got = decide(policy, who, *action, repo);
        assert_eq!(got, *want, "{who:?} {action:?} {repo}");
    }
}

#[test]
fn an_open_policy_allows_everything() {
    for who in ["", "ann"] {
        for action in Action::ALL {
            assert_eq!(
                decide(&Policy::Open, who, action, "a/b"),
                "+no access control"
            );
        }
        assert!(Policy::Open.is_admin(&caller(who), facts));
        assert!(Policy::Open.may_read_metrics(&caller(who)));
    }
    let rights = Policy::Open.rights(&Identity::Anonymous, || unreachable!());
    assert!(!rights.detects_collision(&"a".parse().unwrap()));
}

#[test]
fn an_empty_policy_allows_nothing() {
    let nothing = policy(Vec::new(), "");
    for who in ["", "ann", "ann:g"] {
        for action in Action::ALL {
            let got = decide(&nothing, who, action, "a/b");
            assert_eq!(got, "-no matching pattern");
        }
        assert!(!nothing.is_admin(&caller(who), facts));
        assert!(!nothing.may_read_metrics(&caller(who)));
    }
}

#[test]
fn an_entry_gives_by_user_group_default_and_anonymous() {
    let rules = policy(
        vec![entry(
            "app",
            &[
                "bob | | read",
                "ann | devs | read create",
                " | ops devs | delete Update",
            ],
            "read push",
            "update",
        )],
        "root | wheel | create",
    );
    let p0 = r#"+repositories["app"].policies[0]"#;
    let p1 = r#"+repositories["app"].policies[1]"#;
    let p2 = r#"+repositories["app"].policies[2]"#;
    let default = r#"+repositories["app"].defaultPolicy"#;
    let anonymous = r#"+repositories["app"].anonymousPolicy"#;
    let none = r#"-repositories["app"]"#;
    check(
        &rules,
        &[
            ("bob", Read, "app", p0),
            ("bob:devs", Read, "app", p0),
            ("ann", Read, "app", p1),
            ("cy:x,devs", Create, "app", p1),
            ("cy:x,devs", Delete, "app", p2),
            ("cy:x", Read, "app", default),
            ("cy:x", Create, "app", none),
            // Users and groups are different names, and both are matched as they are.
            ("devs", Create, "app", none),
            ("Ann", Create, "app", none),
            ("cy:Devs", Create, "app", none),
            // What is not an action is nothing.
            ("cy:ops", Update, "app", none),
            // The anonymous policy is for nobody else.
            ("", Update, "app", anonymous),
            ("ann", Update, "app", none),
            ("", Read, "app", none),
            // Administrators, only for what the policy lists.
            ("root", Create, "app", "+adminPolicy"),
            ("root", Create, "elsewhere", "+adminPolicy"),
            ("root", Delete, "elsewhere", "-no matching pattern"),
            ("cy:wheel", Create, "app", "+adminPolicy"),
            ("root", Read, "app", default),
            ("", Create, "elsewhere", "-no matching pattern"),
        ],
    );
}

#[test]
fn a_caller_without_a_name_is_anonymous() {
    let rules = policy(
        vec![entry("a", &[" | g | delete"], "create", "read")],
        " | g | update",
    );
    let nameless = Identity::User(Arc::new(User::new(
        String::new(),
        words("g"),
        crate::Method::Htpasswd,
    )));
    let rights = rules.rights(&nameless, facts);
    for action in Action::ALL {
        let may = rights.allows(&"a".parse().unwrap(), action);
        assert_eq!(may, action == Read, "{action:?}");
    }
}

#[test]
fn the_longest_pattern_counts_alone() {
    let rules = policy(
        vec![
            entry("**", &[], "read", "read"),
            entry("team/**", &[], "create", ""),
            entry("team/ab*", &[], "update", ""),
            entry("team/app", &[], "delete", ""),
            entry("{x,yyyyyyyyyyyyyyyyyy}", &[], "read", ""),
            entry("x", &[], "create", ""),
            entry("tie/*", &[], "read", ""),
            entry("*/tie", &[], "create", ""),
        ],
        "",
    );
    let default =
        |sign: &str, pattern: &str| format!("{sign}repositories[{pattern:?}].defaultPolicy");
    let table = [
        ("other", Read, "**"),
        // `team/**` matches `team` itself.
        ("team", Create, "team/**"),
        ("team/x/y", Create, "team/**"),
        ("team/abc", Update, "team/ab*"),
        ("team/app", Delete, "team/app"),
        // Characters count, not what is more specific.
        ("x", Read, "{x,yyyyyyyyyyyyyyyyyy}"),
        // The first of two that are as long.
        ("tie/tie", Read, "tie/*"),
        ("a/tie", Create, "*/tie"),
    ];
    for (repo, action, pattern) in table {
        for asked in Action::ALL {
            let got = decide(&rules, "ann", asked, repo);
            if asked == action {
                assert_eq!(got, default("+", pattern), "{repo}");
            } else {
                assert_eq!(got, format!("-repositories[{pattern:?}]"), "{repo}");
            }
        }
    }
    // What the broad entry gives is gone.
    assert_eq!(
        decide(&rules, "", Read, "other"),
        "+repositories[\"**\"].anonymousPolicy"
    );
    assert_eq!(
        decide(&rules, "", Read, "team/x"),
        "-repositories[\"team/**\"]"
    );
}

#[test]
fn static_groups_match_in_any_case() {
    let rules = Policy::compile(&PolicyOptions {
        repositories: vec![entry("a", &[" | DEVS ops | read"], "", "")],
        admin: grant(" | Root | read"),
        groups: vec![
            ("Devs".to_owned(), words("ann bob ann")),
            ("ROOT".to_owned(), words("bob")),
            ("Ops".to_owned(), words("cy")),
        ],
        ..PolicyOptions::default()
    })
    .unwrap();
    let groups = |user: &str, own: &str| {
        let mut groups = words(own);
        rules.join_groups(user, &mut groups);
        groups.join(" ")
    };
    let table = [
        ("ann", "", "Devs devs", true, false),
        ("ann", "ldap devs", "ldap devs Devs", true, false),
        ("bob", "", "Devs devs ROOT root", true, true),
        ("cy", "", "Ops ops", true, false),
        ("Ann", "", "", false, false),
        // A group from elsewhere is matched as it is.
        ("dan", "devs", "devs", false, false),
        ("dan", "DEVS", "DEVS", true, false),
    ];
    for (user, own, joined, reads, admin) in table {
        let got = groups(user, own);
        assert_eq!(got, joined, "{user}");
        let who = caller(&format!("{user}:{}", got.replace(' ', ",")));
        let rights = rules.rights(&who, facts);
        let a = "a".parse().unwrap();
        assert_eq!(rights.allows(&a, Read), reads, "{user} {own}");
        assert_eq!(rules.is_admin(&who, facts), admin, "{user} {own}");
    }
    let mut none = Vec::new();
    Policy::Open.join_groups("ann", &mut none);
    assert!(none.is_empty());
}

#[test]
fn case_a33_lists_name_what_may_be_read_and_everything_to_administrators() {
    let rules = policy(
        vec![
            entry("a/**", &["ann | | read", "bob | | create"], "", ""),
            entry("b", &[], "read", ""),
            entry("c", &[], "", "read"),
        ],
        "root | | delete",
    );
    let table = [
        ("ann", "a/x b"),
        ("bob", "b"),
        ("", "c"),
        ("root", "a/x b c d"),
    ];
    for (who, want) in table {
        let rights = rules.rights(&caller(who), facts);
        let repos = ["a/x", "b", "c", "d"].into_iter();
        let shown: Vec<_> = repos
            .filter(|repo| rights.shows(&repo.parse().unwrap()))
            .collect();
        assert_eq!(shown.join(" "), want, "{who:?}");
    }
    // Shown is not readable.
    assert_eq!(decide(&rules, "root", Read, "c"), "-repositories[\"c\"]");
}

#[test]
fn collisions_are_detected_for_those_whom_a_list_names() {
    let rules = policy(
        vec![
            entry("a/**", &["ann | ops | detectManifestCollision"], "", ""),
            entry("a/bbb", &[], "detectManifestCollision delete", ""),
            entry(
                "a/ccc",
                &["root | | delete detectManifestCollision"],
                "",
                "detectManifestCollision",
            ),
        ],
        "root | | detectManifestCollision delete",
    );
    let table = [
        ("ann", "a/x", true),
        ("cy:ops", "a/x", true),
        ("cy", "a/x", false),
        ("cy", "a/bbb", true),
        ("", "a/bbb", false),
        ("", "a/ccc", true),
        ("ann", "a/ccc", false),
        ("root", "a/ccc", false),
        ("ann", "b", false),
    ];
    for (who, repo, want) in table {
        let rights = rules.rights(&caller(who), facts);
        let got = rights.detects_collision(&repo.parse().unwrap());
        assert_eq!(got, want, "{who:?} {repo}");
    }
}

#[test]
fn case_a09_metrics_are_for_those_who_are_named() {
    let compile = |users: &str, anonymous: &str| {
        Policy::compile(&PolicyOptions {
            admin: grant("root | | read"),
            metrics: MetricsReaders {
                users: words(users),
                anonymous: words(anonymous),
            },
            ..PolicyOptions::default()
        })
        .unwrap()
    };
    let table = [
        ("ann", "", "ann", true),
        ("ann", "", "bob", false),
        ("ann", "", "root", false),
        ("ann", "", "", false),
        ("", "", "ann", false),
        ("", "read", "", true),
        ("", "read", "ann", false),
        ("", "create", "", false),
    ];
    for (users, anonymous, who, want) in table {
        let rules = compile(users, anonymous);
        let got = rules.may_read_metrics(&caller(who));
        assert_eq!(got, want, "{users:?} {anonymous:?} {who:?}");
        assert_eq!(rules.has_anonymous_metrics(), anonymous == "read");
    }
}

#[test]
fn a_policy_knows_for_whom_it_is() {
    let table = [
        (policy(Vec::new(), ""), false, false),
        (policy(vec![entry("a", &[], "", "read")], ""), true, false),
        (policy(vec![entry("a", &[], "read", "")], ""), false, true),
        (
            policy(vec![entry("a", &["ann | | read"], "", "read")], ""),
            true,
            true,
        ),
        (policy(Vec::new(), "root | | read"), false, true),
        (Policy::Open, false, false),
    ];
    for (rules, anonymous, known) in table {
        assert_eq!(rules.has_anonymous_rights(), anonymous, "{rules:?}");
        assert_eq!(rules.has_known_rights(), known, "{rules:?}");
    }
}

#[test]
fn malformed_patterns_are_refused() {
    let error = Policy::compile(&PolicyOptions {
        repositories: vec![entry("a/[", &[], "", "")],
        ..PolicyOptions::default()
    })
    .unwrap_err();
    assert_eq!(error.to_string(), "failed to compile authorization pattern");
}
