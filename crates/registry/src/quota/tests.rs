use super::*;

fn repo(name: &str) -> RepoName {
    name.parse().unwrap()
}

fn counted(count: u64) -> Quota {
    let quota = Quota::default();
    let generation = quota.begin().unwrap();
    assert!(quota.end(count, generation, false));
    quota
}

fn claim<'a>(quota: &'a Quota, name: &str, limit: u64) -> Option<Claim<'a>> {
    match quota.claim(&repo(name), limit) {
        Asked::Claimed(claim) => Some(claim),
        Asked::Full => None,
        Asked::Unknown => panic!("not counted"),
    }
}

#[test]
fn a_place_is_taken_while_it_is_claimed_and_given_back() {
    let quota = counted(1);
    let first = claim(&quota, "a", 2).unwrap();
    assert!(claim(&quota, "b", 2).is_none());
    // Pushes to one repository share its place.
    let second = claim(&quota, "a", 2).unwrap();
    drop(first);
    assert!(claim(&quota, "b", 2).is_none());
    drop(second);
    claim(&quota, "b", 2).unwrap().settle();
    assert!(claim(&quota, "c", 2).is_none());
    assert!(claim(&quota, "c", 3).is_some());
    assert!(quota.state.lock().claims.is_empty());
}

#[test]
fn a_repository_counts_once_however_many_pushed_first() {
    let quota = counted(0);
    let (first, second) = (
        claim(&quota, "a", 9).unwrap(),
        claim(&quota, "a", 9).unwrap(),
    );
    first.settle();
    let state = || {
        let state = quota.state.lock();
        state.taken(state.count.unwrap())
    };
    assert_eq!(state(), 1);
    drop(second);
    assert_eq!(state(), 1);
}

#[test]
fn what_changes_during_a_walk_makes_it_worthless() {
    let quota = counted(0);
    let claim = claim(&quota, "a", 9).unwrap();
    quota.forget();
    assert!(matches!(quota.claim(&repo("b"), 9), Asked::Unknown));
    let generation = quota.begin().unwrap();
    claim.settle();
    assert!(!quota.end(5, generation, false));
    let generation = quota.begin().unwrap();
    quota.forget();
    assert!(!quota.end(6, generation, false));
    let generation = quota.begin().unwrap();
    assert!(quota.end(6, generation, false));
    assert_eq!(quota.begin(), None);
    assert_eq!(quota.state.lock().count, Some(6));
}

#[test]
fn the_last_walk_counts_rather_too_much() {
    let quota = counted(0);
    let claim = claim(&quota, "a", 9).unwrap();
    quota.forget();
    let generation = quota.begin().unwrap();
    claim.settle();
    assert!(quota.end(5, generation, true));
    assert_eq!(quota.state.lock().count, Some(6));
}
