//! A disk that fails for a while.

use super::disk::{Disk, Fault, coin};
use super::*;

const FAULTS: [Fault; 4] = [Fault::Full, Fault::Write, Fault::Flush, Fault::All];

/// A key that is far from the others, so that it lies in another page.
const FIRST: &[u8] = b"";

fn is_expected(error: &WriteError, fault: Fault) -> bool {
    let full = matches!(error, WriteError::Store(Error::Full(_)));
    let failed = matches!(error, WriteError::Store(Error::Backend(_)));
    if fault == Fault::Full { full } else { failed }
}

#[test]
fn a_look_for_room_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let place = PathPlace(folder.path().join("rows"));
    place.check_room().unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let place = PathPlace(folder.path().join("no folder").join("rows"));
    place.check_room().unwrap_err();
}

#[tokio::test]
async fn a_full_disk_is_read_and_heals() {
    let disk = Disk::default();
    let (store, _) = open(&disk);
    fill(&store, 2000).await;
    disk.fail(Fault::Full);
    for round in 0..50_u8 {
        let error = store.write(batch(&[(b"new", &[round])])).await.unwrap_err();
        assert!(is_expected(&error, Fault::Full), "{error:?}");
        assert_eq!(count(&store).await, 2000, "reads go on");
    }
    assert_eq!(disk.opened(), 2, "one failure, one new start");
    disk.fail(Fault::None);
    store.write(batch(&[(b"new", b"1")])).await.unwrap();
    assert_eq!(get(&store, b"new").await.unwrap(), b"1");
    store.close().await.unwrap();

    let (store, opened) = open(&disk);
    assert!(opened.clean);
    assert_eq!(count(&store).await, 2001);
}

/// Where rows can be overwritten but not added, a batch does not cost a new start each.
#[tokio::test]
async fn a_disk_without_room_to_grow() {
    let disk = Disk::default();
    let (store, _) = open(&disk);
    disk.fail(Fault::Grow);
    let value = vec![7; 100_000];
    let mut written = 0;
    for key in 0..u8::MAX {
        match store.write(batch(&[(&[key], &value)])).await {
            Ok(()) => written += 1,
            Err(error) => assert!(is_expected(&error, Fault::Full), "{error:?}"),
        }
    }
    assert_eq!(count(&store).await, written);
    assert_eq!(disk.opened(), 2, "one failure, one new start");
    disk.fail(Fault::None);
    store.write(batch(&[(b"new", &value)])).await.unwrap();
}

#[tokio::test]
async fn a_disk_that_is_full_from_the_start() {
    let disk = Disk::default();
    let (store, _) = open(&disk);
    fill(&store, 100).await;
    drop(store);
    for created in [false, true] {
        let disk = if created {
            Disk::default()
        } else {
            disk.clone()
        };
        disk.fail(Fault::Full);
        let (store, opened) = open(&disk);
        assert_eq!(
            opened,
            Opened {
                clean: created,
                created
            }
        );
        let error = store.write(batch(&[(b"new", b"1")])).await.unwrap_err();
        assert!(is_expected(&error, Fault::Full), "{error:?}");
        assert_eq!(count(&store).await, if created { 0 } else { 100 });
        disk.fail(Fault::None);
        store.write(batch(&[(b"new", b"1")])).await.unwrap();
        drop(store);
        assert!(!open(&disk).1.clean);
    }
}

/// Lets each single step of a commit fail, in every way. Whatever was answered stays, what was
/// under way happened wholly or not at all, and the store works again without a restart.
#[tokio::test]
async fn every_step_of_a_commit_fails() {
    for fault in FAULTS {
        for step in 0.. {
            let disk = Disk::default();
            let (store, _) = open(&disk);
            fill(&store, 60).await;
            store.write(batch(&[(b"a", b"1")])).await.unwrap();
            store
                .write(relaxed(batch(&[(b"a", b"2"), (b"r", b"1")])))
                .await
                .unwrap();

            disk.fail_after(step, fault);
            let outcome = store.write(batch(&[(b"a", b"3"), (FIRST, b"3")])).await;
            if !disk.has_failed() {
                assert!(step > 3, "a commit has steps");
                outcome.unwrap();
                break;
            }
            if let Err(error) = &outcome {
                assert!(is_expected(error, fault), "{fault:?} at {step}: {error:?}");
            }
            if fault != Fault::All {
                check(&store, outcome.is_ok()).await;
            }
            disk.fail(Fault::None);
            let seen = check(&store, outcome.is_ok()).await;
            store.write(batch(&[(b"c", b"4")])).await.unwrap();
            assert_eq!(check(&store, outcome.is_ok()).await, seen);

            // What is answered after the failure is as durable as ever.
            let (after, _) = open(&disk.cut_power(|| false));
            assert_eq!(get(&after, b"c").await.unwrap(), b"4");
            assert_eq!(check(&after, outcome.is_ok()).await, seen);
            assert_eq!(count(&after).await, count(&store).await);
        }
    }
}

/// Lets the power be cut at each step in which a store that could not write finds back: what was
/// answered before is there.
#[tokio::test]
async fn every_step_of_healing_is_cut() {
    for step in 0.. {
        let disk = Disk::default();
        let (store, _) = open(&disk);
        fill(&store, 60).await;
        store.write(batch(&[(b"a", b"1")])).await.unwrap();
        disk.fail_after(1, Fault::Write);
        let failed = store.write(batch(&[(b"a", b"2"), (FIRST, b"2")])).await;
        failed.unwrap_err();

        disk.fail(Fault::None);
        disk.fail_after(step, Fault::All);
        let healed = store.write(batch(&[(b"c", b"3")])).await.is_ok();
        for seed in 1..20 {
            let (after, _) = open(&disk.cut_power(coin(seed)));
            let rows = (get(&after, b"a").await, get(&after, FIRST).await);
            let whole = match (rows.0.as_deref(), rows.1.as_deref()) {
                (Some(b"1"), None) => 61,
                (Some(b"2"), Some(b"2")) => 62,
                other => panic!("{other:?} at {step}, seed {seed}"),
            };
            let last = get(&after, b"c").await;
            assert!(!healed || last.is_some(), "answered at {step}, seed {seed}");
            assert_eq!(count(&after).await, whole + usize::from(last.is_some()));
        }
        if !disk.has_failed() {
            assert!(step > 6, "healing has steps");
            break;
        }
    }
}

/// Demands that the last batch happened wholly or not at all; tells which.
async fn check(store: &EmbeddedStore, answered: bool) -> bool {
    let rows = (get(store, b"a").await.unwrap(), get(store, FIRST).await);
    let happened = match (rows.0.as_slice(), rows.1.as_deref()) {
        (b"3", Some(b"3")) => true,
        (b"2", None) => false,
        other => panic!("half of a batch: {other:?}"),
    };
    assert!(happened || !answered, "an answered batch is gone");
    assert_eq!(get(store, b"r").await.unwrap(), b"1");
    happened
}

#[tokio::test]
async fn relaxed_rows_outlive_a_failure() {
    let disk = Disk::default();
    let (store, _) = open(&disk);
    store.write(batch(&[(b"a", b"0")])).await.unwrap();
    for round in 0..20_u8 {
        store
            .write(relaxed(batch(&[(b"a", &[round])])))
            .await
            .unwrap();
        disk.fail(Fault::Full);
        store.write(batch(&[(b"b", &[round])])).await.unwrap_err();
        assert_eq!(get(&store, b"a").await.unwrap(), [round]);
        disk.fail(Fault::None);
        store
            .write(relaxed(batch(&[(b"c", &[round])])))
            .await
            .unwrap();
        assert_eq!(get(&store, b"a").await.unwrap(), [round]);
    }
}

/// Relaxed rows are kept in memory until a flush, so their amount is bounded by one.
#[tokio::test]
async fn many_relaxed_rows_become_durable() {
    let disk = Disk::default();
    let (store, _) = open(&disk);
    let value = vec![7; 100_000];
    for round in 0..30_u8 {
        store
            .write(relaxed(batch(&[(&[round], &value)])))
            .await
            .unwrap();
    }
    let (after, _) = open(&disk.cut_power(|| false));
    let kept = count(&after).await;
    assert!((10..30).contains(&kept), "{kept} rows");
}

#[tokio::test]
async fn reads_heal() {
    let disk = Disk::default();
    let (store, _) = open(&disk);
    fill(&store, 2000).await;
    disk.fail(Fault::All);
    let scan = Scan {
        limit: 2000,
        ..Scan::default()
    };
    let failed = store.scan(Table::Tags, scan.clone()).await;
    assert!(matches!(failed, Err(Error::Backend(_))), "{failed:?}");
    disk.fail(Fault::None);
    assert_eq!(store.scan(Table::Tags, scan).await.unwrap().len(), 2000);
    store.write(batch(&[(b"new", b"1")])).await.unwrap();
}

#[tokio::test]
async fn a_failed_group_leaves_conflicts_to_be_found_again() {
    let disk = Disk::default();
    let (store, _) = open(&disk);
    let create = |value: &[u8]| {
        let mut create = batch(&[(b"a", value)]);
        let key = b"a".to_vec();
        create.checks.push(Check {
            table: Table::Tags,
            key,
            value: None,
        });
        create
    };
    disk.fail(Fault::Full);
    let writes = tokio::join!(store.write(create(b"1")), store.write(create(b"2")));
    assert!(writes.0.is_err() && writes.1.is_err());
    disk.fail(Fault::None);
    let writes = tokio::join!(store.write(create(b"1")), store.write(create(b"2")));
    assert_eq!(
        usize::from(writes.0.is_ok()) + usize::from(writes.1.is_ok()),
        1
    );
}

#[tokio::test]
async fn a_close_that_fails_says_so() {
    let disk = Disk::default();
    let (store, _) = open(&disk);
    disk.fail(Fault::Full);
    let closed = store.close().await;
    assert!(matches!(closed, Err(Error::Full(_))), "{closed:?}");
    let read = store.get(Table::Tags, b"a").await;
    assert!(matches!(read, Err(Error::Closed)), "{read:?}");
    disk.fail(Fault::None);
    assert!(!open(&disk).1.clean);
}
