//! Conditions in policies.

use http::{HeaderMap, Method};
use meta::Action;

use crate::identity::{Identity, User};
use crate::policy::{
    Asked, ConditionText, Decision, Entry, Facts, Grant, Policy, PolicyOptions, TlsVersion,
};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn grant(user: &str, actions: &[&str], conditions: &[(&str, &str)]) -> Grant {
    let conditions = conditions
        .iter()
        .map(|(expression, message)| ConditionText {
            expression: (*expression).to_owned(),
            message: (*message).to_owned(),
        });
    Grant {
        users: vec![user.to_owned()],
        groups: Vec::new(),
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        conditions: conditions.collect(),
    }
}

fn policy(policies: Vec<Grant>, admin: Grant) -> Policy {
    let entry = Entry {
        policies,
        ..Entry::default()
    };
    Policy::compile(&PolicyOptions {
        repositories: vec![("prod/**".to_owned(), entry)],
        admin,
        ..PolicyOptions::default()
    })
    .unwrap()
}

fn facts(tls: Option<TlsVersion>) -> Facts {
    let mut headers = HeaderMap::new();
    headers.insert("user-agent", "docker/29".parse().unwrap());
    headers.insert("x-forwarded-for", "192.0.2.7, 10.0.0.1".parse().unwrap());
    let now = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    let peer = ([10, 0, 0, 5], 4711).into();
    Facts::of(now, &Method::GET, &headers, peer, tls)
}

fn ann() -> Identity {
    Identity::User(std::sync::Arc::new(User::new(
        "ann".to_owned(),
        vec!["devs".to_owned()],
        crate::Method::Htpasswd,
    )))
}

/// Decides for a user; yields `+` or `-`, the rule, and what the user is told.
fn decide(policy: &Policy, action: Action, reference: &str) -> String {
    let asked = Asked {
        repo: &"prod/api".parse().unwrap(),
        action,
        reference,
    };
    match policy.decide(&ann(), &facts(Some(TlsVersion::V1_3)), asked) {
        Decision::Allowed(ground) => format!("+{ground}"),
        Decision::Denied(denial) => {
            let told = denial.reason.unwrap_or("nothing");
            let failed = if denial.failure.is_some() {
                ", failed"
            } else {
                ""
            };
            format!("-{}: {told}{failed}", denial.ground)
        }
    }
}

#[test]
fn conditions_see_the_request() {
    let table = [
        r#"req.time < timestamp("2099-12-31T23:59:59Z")"#,
        r#"req.time > timestamp("2020-01-01T00:00:00Z")"#,
        r#"req.method == "GET" && req.userAgent == "docker/29""#,
        r#"req.action == "read" && req.repository == "prod/api""#,
        r#"req.repository.startsWith("prod/")"#,
        r#"req.reference == "v1.2.3" && req.referenceType == "tag""#,
        r#"req.tag == "v1.2.3" && req.digest == """#,
        r#"req.user.username == "ann" && req.user.groups == ["devs"]"#,
        "!req.auth.anonymous && !req.auth.admin",
        r#"req.client.ip == "10.0.0.5" && size(req.client.forwardedFor) > 0 && req.client.forwardedFor[0] == "192.0.2.7""#,
        r#"req.tls.enabled && req.tls.version == "1.3""#,
        "!has(req.claims.email) && size(req.claims) == 0",
        r#"req.action != "update" || req.tag != "stable""#,
        r#"req.referenceType != "digest""#,
    ];
    for expression in table {
        let policy = policy(
            vec![grant("ann", &["read"], &[(expression, "no")])],
            Grant::default(),
        );
        let got = decide(&policy, Action::Read, "v1.2.3");
        assert_eq!(
            got, r#"+repositories["prod/**"].policies[0]"#,
            "{expression}"
        );
    }
}

#[test]
fn digests_and_claims_are_seen() {
    let digest =
        r#"req.referenceType == "digest" && req.digest.startsWith("sha256:") && req.tag == """#;
    let policy = policy(
        vec![grant("ann", &["read"], &[(digest, "")])],
        Grant::default(),
    );
    assert!(decide(&policy, Action::Read, DIGEST).starts_with('+'));
    assert!(decide(&policy, Action::Read, "v1").starts_with('-'));
    assert!(decide(&policy, Action::Read, "").starts_with('-'));

    let claims = serde_json::json!({"email_verified": true, "roles": ["prod-pusher"]});
    let request = |claims| {
        super::Request {
            facts: &facts(None),
            repo: "a",
            action: "read",
            reference: "",
            user: None,
            groups: &[],
            admin: false,
            claims,
        }
        .into_value()
    };
    let expression = r#"req.claims.email_verified == true && "prod-pusher" in req.claims.roles"#;
    let condition = super::Condition::compile(expression, "").unwrap();
    assert_eq!(condition.holds(&request(Some(&claims))), Ok(true));
    assert!(condition.holds(&request(None)).is_err());
    let plain = "req.auth.anonymous && !req.tls.enabled && req.tls.version == ''";
    let plain = super::Condition::compile(plain, "").unwrap();
    assert_eq!(plain.holds(&request(None)), Ok(true));
}

#[test]
fn a_false_condition_says_why_and_a_broken_one_does_not() {
    let (yes, no, broken) = ("true", "req.tag == 'x'", "req.nope");
    let nobody = Grant::default;
    let read = |conditions: &[(&str, &str)]| grant("ann", &["read"], conditions);
    let root = |conditions: &[(&str, &str)]| grant("ann", &["read"], conditions);
    let p0 = r#"repositories["prod/**"].policies[0]"#;
    let p1 = r#"repositories["prod/**"].policies[1]"#;
    let table = [
        (
            vec![read(&[(yes, "a"), (no, "b")])],
            nobody(),
            format!("-{p0}: b"),
        ),
        (
            vec![read(&[(no, "a"), (no, "b")])],
            nobody(),
            format!("-{p0}: a"),
        ),
        (vec![read(&[(no, "")])], nobody(), format!("-{p0}: nothing")),
        (
            vec![read(&[(broken, "a")])],
            nobody(),
            format!("-{p0}: nothing, failed"),
        ),
        (
            vec![read(&[("req.tag", "a")])],
            nobody(),
            format!("-{p0}: nothing, failed"),
        ),
        // The last of several counts, and any that holds is enough.
        (
            vec![read(&[(no, "a")]), read(&[(no, "b")])],
            nobody(),
            format!("-{p1}: b"),
        ),
        (
            vec![read(&[(no, "a")]), read(&[(no, "")])],
            nobody(),
            format!("-{p1}: a"),
        ),
        (
            vec![read(&[(no, "a")]), read(&[(yes, "b")])],
            nobody(),
            format!("+{p1}"),
        ),
        // What administrators are told counts more.
        (
            vec![read(&[(no, "a")])],
            root(&[(no, "root")]),
            "-adminPolicy: root".to_owned(),
        ),
        (
            vec![read(&[(no, "a")])],
            root(&[(no, "")]),
            "-adminPolicy: a".to_owned(),
        ),
        (
            vec![read(&[(no, "a")])],
            root(&[(yes, "")]),
            "+adminPolicy".to_owned(),
        ),
    ];
    for (at, (policies, admin, want)) in table.into_iter().enumerate() {
        let policy = policy(policies, admin);
        assert_eq!(decide(&policy, Action::Read, "t"), want, "{at}");
    }
}

#[test]
fn lists_and_the_rank_of_administrators() {
    let never = ("false", "never");
    let policy = policy(vec![grant("ann", &["read"], &[never])], Grant::default());
    let rights = policy.rights(&ann(), || facts(None));
    let repo = "prod/api".parse().unwrap();
    assert!(rights.shows(&repo) && !rights.allows(&repo, Action::Read));
    let refusal = rights.judge(&repo, Action::Read, "t").unwrap_err();
    assert_eq!(refusal.reason.as_deref(), Some("never"));

    let admin = |condition: &str| {
        let admin = grant("ann", &["read"], &[(condition, "")]);
        let policy = self::policy(Vec::new(), admin);
        let rank = policy.is_admin(&ann(), || facts(None));
        (rank, policy.rights(&ann(), || facts(None)).shows(&repo))
    };
    assert_eq!(admin("!req.tls.enabled && req.auth.admin"), (true, true));
    assert_eq!(admin("req.tls.enabled"), (false, true));
    assert_eq!(admin("req.nope"), (false, true));
}

#[test]
fn a_condition_that_does_not_compile_is_named() {
    let compile = |policies, admin| {
        let entry = Entry {
            policies,
            ..Entry::default()
        };
        let options = PolicyOptions {
            repositories: vec![("p".to_owned(), entry)],
            admin,
            ..PolicyOptions::default()
        };
        let error = Policy::compile(&options).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap();
        format!("{error}: {cause}")
    };
    let good = grant("ann", &["read"], &[("true", "")]);
    let bad = grant("ann", &["read"], &[("true", ""), ("this is wrong", "")]);
    let wrong = "condition[1]: failed to parse the CEL expression 'this is wrong': ERROR: \
                 <input>:1:6: Syntax error: unexpected 'is'";
    let error = compile(vec![good, bad.clone()], Grant::default());
    assert_eq!(error, format!(r#"repositories["p"].policies[1]: {wrong}"#));
    let error = compile(Vec::new(), bad);
    assert_eq!(error, format!("adminPolicy: {wrong}"));
}
