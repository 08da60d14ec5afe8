//! Callers whose credentials are for less than they may do.

use oci::glob::RepoGlob;

use super::*;
use crate::limit::{Actions, Limit, LimitEntry, LimitMode, Scope};

fn limit(mode: LimitMode, pattern: &str, actions: &[Action]) -> Limit {
    Limit {
        entries: vec![LimitEntry {
            scope: Scope::Matching(RepoGlob::new(pattern).unwrap()),
            actions: Actions::of(actions),
            expires: None,
        }],
        mode,
    }
}

#[test]
fn limits_narrow_or_replace_what_the_policy_gives() {
    let groups = words("g");
    let rules = policy(
        vec![entry(
            "a/**",
            &["ann | | read detectManifestCollision"],
            "",
            "",
        )],
        "root | | delete",
    );
    let narrow = limit(LimitMode::Narrow, "a/**", &[Read, Create]);
    let replace = limit(LimitMode::Replace, "b", &[Read, Create]);
    let policy_0 = r#"+repositories["a/**"].policies[0]"#;
    let credentials = "limits of the credentials";
    let (yes, no) = (format!("+{credentials}"), format!("-{credentials}"));
    let open = "+no access control";
    let entry = r#"-repositories["a/**"]"#;
    let table: [(&Policy, &str, &Limit, Action, &str, &str, bool); 10] = [
        (&rules, "ann", &narrow, Read, "a/x", policy_0, true),
        (&rules, "ann", &narrow, Create, "a/x", entry, true),
        (&rules, "ann", &narrow, Delete, "a/x", &no, true),
        (&rules, "root", &narrow, Delete, "a/x", &no, true),
        (&rules, "root", &narrow, Read, "b", &no, false),
        (&Policy::Open, "ann", &narrow, Create, "a/x", open, true),
        (&Policy::Open, "ann", &narrow, Read, "b", &no, false),
        (&rules, "nobody", &replace, Create, "b", &yes, true),
        (&rules, "ann", &replace, Read, "a/x", &no, false),
        (&Policy::Open, "ann", &replace, Read, "c", &no, false),
    ];
    for (policy, name, limit, action, repo, want, shown) in table {
        let who = Subject {
            name: Some(name),
            groups: &groups,
            limit: Some(limit),
            claims: None,
        };
        let repo = repo.parse().unwrap();
        let asked = Asked {
            repo: &repo,
            action,
            reference: "",
        };
        let decision = policy.judge(&who, &facts(), asked);
        let sign = if decision.is_allowed() { '+' } else { '-' };
        let got = format!("{sign}{}", decision.ground());
        assert_eq!(got, want, "{name} {action:?} {repo}");
        assert_eq!(policy.shows(&who, &facts(), &repo), shown, "{name} {repo}");
        let detects = name == "ann" && limit.mode == LimitMode::Narrow && repo.as_str() == "a/x";
        let open = policy.rules().is_none();
        assert_eq!(policy.detects_collision(&who, &repo), detects && !open);
    }
}
