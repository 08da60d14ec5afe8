//! What holds for every policy.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

const ACTIONS: [&str; 5] = [
    "read",
    "create",
    "update",
    "delete",
    "detectManifestCollision",
];
const PATTERNS: [&str; 8] = ["**", "a", "a/**", "a/*", "*", "{a,b}/**", "**/b", "a/b/c"];
const REPOS: [&str; 6] = ["a", "b", "a/b", "a/b/c", "b/b", "c"];

fn actions() -> impl Strategy<Value = Vec<String>> {
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    subsequence(ACTIONS.to_vec(), 0..=3).prop_map(owned)
}

fn some(names: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    subsequence(names.to_vec(), 0..=names.len()).prop_map(owned)
}

fn any_grant() -> impl Strategy<Value = Grant> {
    (some(&["ann", "bob"]), some(&["g", "h"]), actions()).prop_map(|(users, groups, actions)| {
        Grant {
            users,
            groups,
            actions,
            conditions: Vec::new(),
        }
    })
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let policies = proptest::collection::vec(any_grant(), 0..3);
    (policies, actions(), actions()).prop_map(|(policies, default, anonymous)| Entry {
        policies,
        default,
        anonymous,
    })
}

fn any_options() -> impl Strategy<Value = PolicyOptions> {
    let patterns = subsequence(PATTERNS.to_vec(), 0..=PATTERNS.len());
    let entries = proptest::collection::vec(any_entry(), PATTERNS.len());
    (patterns, entries, any_grant()).prop_map(|(patterns, entries, admin)| PolicyOptions {
        repositories: patterns
            .into_iter()
            .map(str::to_owned)
            .zip(entries)
            .collect(),
        admin,
        ..PolicyOptions::default()
    })
}

fn who() -> impl Strategy<Value = Identity> {
    select(vec!["", "ann", "bob", "cy", "ann:h", "cy:g", "cy:g,h"]).prop_map(caller)
}

/// What a caller may do in a repository, and whether its name is shown.
fn powers(options: &PolicyOptions, who: &Identity, repo: &str) -> (Vec<Action>, bool) {
    let policy = Policy::compile(options).unwrap();
    let rights = policy.rights(who, facts);
    let repo = repo.parse().unwrap();
    let mut may = Action::ALL.to_vec();
    may.retain(|action| rights.allows(&repo, *action));
    (may, rights.shows(&repo))
}

proptest! {
    #[test]
    fn a_longer_pattern_replaces(options in any_options(), who in who(), entry in any_entry(), at in 0..REPOS.len()) {
        // Longer than any other, and it matches one repository only.
        let repo = REPOS[at];
        let pattern = format!("{{{repo},{repo},{repo},{repo}}}");
        let alone = PolicyOptions {
            repositories: vec![(repo.to_owned(), entry.clone())],
            admin: options.admin.clone(),
            ..PolicyOptions::default()
        };
        let mut more = options.clone();
        more.repositories.push((pattern, entry));
        for other in REPOS {
            let want = if other == repo { &alone } else { &options };
            prop_assert_eq!(powers(&more, &who, other), powers(want, &who, other));
        }
    }

    #[test]
    fn the_anonymous_policy_never_helps_a_user(options in any_options(), who in who()) {
        let mut without = options.clone();
        for (_, entry) in &mut without.repositories {
            entry.anonymous.clear();
        }
        for repo in REPOS {
            if matches!(who, Identity::Anonymous) {
                prop_assert_eq!(powers(&without, &who, repo), (Vec::new(), false));
            } else {
                prop_assert_eq!(powers(&without, &who, repo), powers(&options, &who, repo));
            }
        }
    }

    #[test]
    fn what_no_list_names_is_denied(options in any_options(), who in who(), action in select(Action::ALL.to_vec())) {
        let mut without = options;
        let clear = |actions: &mut Vec<String>| actions.retain(|name| name != action.as_str());
        clear(&mut without.admin.actions);
        for (_, entry) in &mut without.repositories {
            clear(&mut entry.default);
            clear(&mut entry.anonymous);
            for policy in &mut entry.policies {
                clear(&mut policy.actions);
            }
        }
        for repo in REPOS {
            prop_assert!(!powers(&without, &who, repo).0.contains(&action));
        }
    }

    #[test]
    fn what_may_be_read_is_shown(options in any_options(), who in who()) {
        for repo in REPOS {
            let (may, shown) = powers(&options, &who, repo);
            prop_assert!(shown || !may.contains(&Read));
        }
    }

    #[test]
    fn the_look_ahead_changes_nothing(pattern in "[ab/*?{},\\[\\]\\\\-]{0,8}", repo in "[ab]{1,2}(/[ab]{1,2}){0,3}") {
        if let Ok(glob) = oci::glob::RepoGlob::new(&pattern) {
            let options = PolicyOptions {
                repositories: vec![entry(&pattern, &[], "read", "")],
                ..PolicyOptions::default()
            };
            let (may, _) = powers(&options, &caller("ann"), &repo);
            prop_assert_eq!(may == [Read], glob.matches(&repo), "{} {}", pattern, repo);
        }
    }
}
