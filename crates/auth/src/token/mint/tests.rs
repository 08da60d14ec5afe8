use oci::glob::RepoGlob;

use super::*;
use crate::jwt::fixture::now;

fn user(limit: Option<Limit>) -> Identity {
    let mut user = User::new("me", vec!["g".to_owned()], Method::ApiKey);
    user.limit = limit.map(Arc::new);
    Identity::User(Arc::new(user))
}

fn verify(mint: &Mint, text: &str, now: SystemTime) -> Result<Identity, TokenError> {
    let token = Token::parse(text.as_bytes())?;
    assert!(mint.is_own(&token) || mint.kid != token.kid().unwrap_or_default());
    mint.verify(&token, text.as_bytes(), now)
}

#[test]
fn a_token_says_who_and_is_for_no_more_than_was_asked_and_allowed() {
    let grant = |scope, actions: &[Action]| LimitEntry {
        scope,
        actions: Actions::of(actions),
        expires: None,
    };
    let limited = || Limit {
        mode: LimitMode::Narrow,
        entries: vec![
            grant(
                Scope::Matching(RepoGlob::new("team/**").unwrap()),
                &[Action::Read],
            ),
            grant(Scope::Exactly("one".to_owned()), &[Action::Create]),
        ],
    };
    let table = [
        (false, "", "team/a", "----"),
        (false, "repository:team/a:pull", "team/a", "R---"),
        (false, "repository:team/a:pull", "team/b", "----"),
        (
            false,
            "repository:team/a:push,pull,delete",
            "team/a",
            "RCUD",
        ),
        (false, "registry:catalog:*", "any/thing", "R---"),
        (true, "repository:team/a:push,pull", "team/a", "R---"),
        (true, "repository:one:push,pull", "one", "-C--"),
        (true, "repository:two:pull", "two", "----"),
        (true, "repository:NOT/valid:pull", "two", "----"),
        (true, "registry:catalog:*", "team/a", "R---"),
        (true, "registry:catalog:*", "two", "----"),
    ];
    let mint = Mint::new("zot", None).unwrap();
    let all = [Action::Read, Action::Create, Action::Update, Action::Delete];
    for (is_limited, scopes, repo, want) in table {
        let caller = user(is_limited.then(limited));
        let made = mint.issue(&caller, &Wanted::read([scopes]), now()).unwrap();
        let identity = verify(&mint, &made.token, now()).unwrap();
        let user = identity.user().unwrap();
        assert_eq!(
            (user.name.as_str(), user.groups.as_slice()),
            ("me", &["g".to_owned()][..])
        );
        let limit = user.limit.as_deref().unwrap();
        assert_eq!(limit.mode, LimitMode::Narrow);
        for (action, letter) in all.into_iter().zip(want.chars()) {
            let got = limit.allows(repo, action, now());
            assert_eq!(
                got,
                letter != '-',
                "{is_limited} {scopes} {repo} {action:?}"
            );
        }
    }
}

#[test]
fn a_token_ends_by_time_by_revocation_and_with_its_mint() {
    let mint = Mint::new("zot", None).unwrap();
    let made = mint.issue(&user(None), &[], now()).unwrap();
    let later = |seconds| now() + Duration::from_secs(seconds);
    assert_eq!(made.expires_in, Duration::from_mins(5));
    assert!(verify(&mint, &made.token, later(359)).is_ok());
    assert_eq!(
        verify(&mint, &made.token, later(360)).unwrap_err(),
        TokenError::Expired
    );
    assert!(verify(&mint, &made.token, later(1)).is_ok());
    assert!(mint.recall(made.token.as_bytes(), later(1)).is_some());
    mint.revoke(later(10));
    assert!(mint.recall(made.token.as_bytes(), later(1)).is_none());
    assert_eq!(
        verify(&mint, &made.token, later(11)).unwrap_err(),
        TokenError::Expired
    );
    let made = mint.issue(&user(None), &[], later(11)).unwrap();
    assert!(verify(&mint, &made.token, later(11)).is_ok());

    let other = Mint::new("zot", None).unwrap();
    assert_eq!(
        verify(&other, &made.token, later(11)).unwrap_err(),
        TokenError::Signature
    );
    let twins = [
        Mint::new("zot", Some(&[7; 32])).unwrap(),
        Mint::new("zot", Some(&[7; 32])).unwrap(),
    ];
    let made = twins[0].issue(&Identity::Anonymous, &[], now()).unwrap();
    assert!(
        verify(&twins[1], &made.token, now())
            .unwrap()
            .user()
            .is_none()
    );
    let elsewhere = Mint::new("another", Some(&[7; 32])).unwrap();
    assert_eq!(
        verify(&elsewhere, &made.token, now()).unwrap_err(),
        TokenError::Audience
    );
}

#[test]
fn a_token_is_bounded_and_never_printed() {
    let mint = Mint::new("zot", None).unwrap();
    let many = (0..2000).map(|n| format!("group-{n}")).collect();
    let caller = Identity::User(Arc::new(User::new("me", many, Method::Ldap)));
    assert_eq!(
        mint.issue(&caller, &[], now()).unwrap_err(),
        MintError::TooLong
    );
    let made = mint.issue(&user(None), &[], now()).unwrap();
    let debug = format!("{made:?} {mint:?}");
    assert!(!debug.contains(&made.token), "{debug}");
}
