use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

use super::*;
use crate::identity::Method;

const LIFE: Duration = Duration::from_mins(5);

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn verified() -> Arc<Verified> {
    let options = VerifiedOptions {
        life: LIFE,
        count: 100,
    };
    Arc::new(Verified::new(options).unwrap())
}

fn known(name: &str, expires: Option<SystemTime>) -> Known {
    Known {
        user: Arc::new(User::new(name, Vec::new(), Method::Htpasswd)),
        expires,
        usage: None,
    }
}

async fn remember(verified: &Arc<Verified>, name: &str, expires: Option<SystemTime>) -> Mark {
    let mark = verified.mark(0, name.as_bytes());
    let outcome = Outcome::Known(known(name, expires));
    let check = || async { outcome }.boxed();
    verified.check(mark, at(1000), check).await;
    mark
}

#[tokio::test]
async fn right_ones_are_remembered_for_a_while() {
    let verified = verified();
    let forever = remember(&verified, "ann", None).await;
    let brief = remember(&verified, "bob", Some(at(1010))).await;
    let table = [
        (forever, 1000, true),
        (forever, 1299, true),
        (forever, 1300, false),
        (forever, 999, false),
        (brief, 1009, true),
        (brief, 1010, false),
        (verified.mark(0, b"eve"), 1000, false),
    ];
    for (mark, second, want) in table {
        assert_eq!(verified.get(&mark, at(second)).is_some(), want, "{second}");
    }
    let known = verified.get(&forever, at(1000)).unwrap();
    assert_eq!(known.user.name, "ann");
}

#[tokio::test]
async fn wrong_ones_are_not_remembered() {
    let verified = verified();
    let (mark, checks) = (verified.mark(0, b"x"), AtomicUsize::new(0));
    for outcome in [Outcome::Wrong, Outcome::Busy, Outcome::Wrong] {
        let check = || {
            checks.fetch_add(1, Ordering::Relaxed);
            async { outcome }.boxed()
        };
        let outcome = verified.check(mark, at(1), check).await;
        assert!(outcome.into_result().is_err());
        assert!(verified.get(&mark, at(1)).is_none());
    }
    assert_eq!(checks.into_inner(), 3);
    assert!(verified.flights.lock().is_empty());
}

#[tokio::test]
async fn what_is_forgotten_is_gone() {
    let verified = verified();
    let (ann, bob) = (
        remember(&verified, "ann", None).await,
        remember(&verified, "bob", None).await,
    );
    let known = |mark| verified.get(mark, at(1000)).is_some();
    verified.forget_user("ann");
    assert_eq!((known(&ann), known(&bob)), (false, true));
    verified.forget_all();
    assert_eq!((known(&ann), known(&bob)), (false, false));
}

#[tokio::test]
async fn a_check_that_began_before_is_not_remembered() {
    for forget in [Verified::forget_all, |verified: &Verified| {
        verified.forget_user("ann");
    }] {
        let verified = verified();
        let mark = verified.mark(0, b"ann");
        let (go, gone) = oneshot::channel::<()>();
        let check = || {
            async {
                gone.await.unwrap();
                Outcome::Known(known("ann", None))
            }
            .boxed()
        };
        let flight = verified.flight(mark, at(1), check);
        forget(&verified);
        go.send(()).unwrap();
        assert!(flight.await.into_result().is_ok());
        assert!(verified.get(&mark, at(1)).is_none());
    }
}

#[tokio::test]
async fn those_who_come_at_once_share_one_check() {
    let verified = verified();
    let (mark, checks) = (verified.mark(0, b"ann"), AtomicUsize::new(0));
    let (go, gone) = oneshot::channel::<()>();
    let mut gone = Some(gone);
    let mut flights: Vec<_> = (0..10)
        .map(|_| {
            verified.flight(mark, at(1), || {
                checks.fetch_add(1, Ordering::Relaxed);
                let gone = gone.take().unwrap();
                async {
                    gone.await.unwrap();
                    Outcome::Wrong
                }
                .boxed()
            })
        })
        .collect();
    // The one who came first goes away: the others still get their answer.
    drop(flights.remove(0));
    go.send(()).unwrap();
    for flight in flights {
        assert!(matches!(flight.await, Outcome::Wrong));
    }
    assert_eq!(checks.into_inner(), 1);
}

#[tokio::test]
async fn a_check_that_nobody_waits_for_leaves_nothing() {
    let verified = verified();
    let mark = verified.mark(0, b"ann");
    drop(verified.flight(mark, at(1), || std::future::pending().boxed()));
    assert!(verified.flights.lock().is_empty());
}

#[test]
fn marks_depend_on_the_key_and_tell_nothing() {
    let (one, two) = (verified(), verified());
    assert_eq!(one.mark(0, b"a"), one.mark(0, b"a"));
    assert_ne!(one.mark(0, b"a"), one.mark(0, b"b"));
    assert_ne!(one.mark(0, b"a"), one.mark(1, b"a"));
    assert_ne!(one.mark(0, b"a"), two.mark(0, b"a"));
    assert_eq!(format!("{:?}", one.mark(0, b"a")), "Mark");
}
