//! Stores that fail at every step: the caller is told, nothing half-done shows, and the same push
//! works once the fault is gone.

use std::time::Duration;

use bytes::Bytes;
use oci::{Digest, RepoName};
use registry::{Dedupe, Error};
use storage::{Effect, ErrorKind, Loss, Operation, Rule};

use crate::ground::{Kind, Setup, World, eventually, repo};
use crate::image::{CONFIG, by_digest, by_tag, image};
use crate::row_store::Fault;

const LAYERS: [&[u8]; 2] = [b"first layer", b"second layer"];

fn faults() -> Vec<Effect> {
    vec![
        Effect::Fail(ErrorKind::Full),
        Effect::Fail(ErrorKind::Io),
        Effect::Fail(ErrorKind::Denied),
        Effect::LoseAnswer(ErrorKind::Io),
        Effect::Short {
            bytes: 3,
            kind: ErrorKind::Full,
        },
    ]
}

/// An image and a tag that were there before, and must stay as they are.
async fn before(world: &World, name: &RepoName) -> Bytes {
    world.push(name, "t", &[b"old"]).await.unwrap()
}

async fn check_before(world: &World, name: &RepoName, old: &Bytes) {
    assert_eq!(world.get(name, &by_digest(old)).await.unwrap(), old);
    let layer = Digest::sha256(b"old");
    assert_eq!(world.blob(name, &layer).await.unwrap(), "old");
}

/// Checks that a push has happened or not, and not by half.
async fn check_whole(world: &World, name: &RepoName, old: &Bytes, new: &Bytes) {
    let tagged = world.get(name, &by_tag("t")).await.unwrap();
    let is_new = world.get(name, &by_digest(new)).await.is_ok();
    assert_eq!(tagged == new, is_new, "tag and digest go together");
    assert!(tagged == new || tagged == old);
    if is_new {
        for blob in LAYERS {
            let digest = Digest::sha256(blob);
            assert_eq!(world.blob(name, &digest).await.unwrap(), blob);
        }
    }
    check_before(world, name, old).await;
}

#[tokio::test]
async fn case_b60_every_call_of_the_driver_may_fail() {
    let new = image(&LAYERS);
    for commit in [false, true] {
        for dedupe in [Dedupe::On, Dedupe::Off] {
            for effect in faults() {
                let mut failures = 0;
                // Goes on until a push meets no fault any more.
                for step in 0.. {
                    let world = World::new(Setup {
                        dedupe,
                        commit,
                        ..Setup::on(Kind::Memory)
                    });
                    let name = repo("team/app");
                    let old = before(&world, &name).await;
                    // What another repository holds is linked.
                    world.push(&repo("other"), "t", &LAYERS[..1]).await.unwrap();
                    let fault = world.fail_at(effect.clone(), step);
                    let pushed = world.push(&name, "t", &LAYERS).await;
                    let left = !fault.was_met(&world).await;
                    check_whole(&world, &name, &old, &new).await;
                    if pushed.is_err() {
                        failures += 1;
                    }
                    world.faults.clear();
                    world.push(&name, "t", &LAYERS).await.unwrap();
                    assert_eq!(world.get(&name, &by_tag("t")).await.unwrap(), new);
                    let world = world.power_cut(Loss::Changes).await;
                    assert_eq!(world.get(&name, &by_tag("t")).await.unwrap(), new);
                    check_whole(&world, &name, &old, &new).await;
                    if left {
                        break;
                    }
                }
                assert!(failures > 5, "{effect:?} {failures}");
            }
        }
    }
}

#[tokio::test]
async fn one_kind_of_call_fails_for_a_while() {
    let new = image(&LAYERS);
    let kinds = [
        Operation::Append,
        Operation::Commit,
        Operation::Link,
        Operation::Persist,
        Operation::Put,
        Operation::Rename,
    ];
    for operation in kinds {
        for kind in [Kind::Disk, Kind::Memory] {
            for error in [ErrorKind::Full, ErrorKind::Io] {
                let world = World::on(kind);
                let name = repo("team/app");
                let old = before(&world, &name).await;
                world.push(&repo("other"), "t", &LAYERS[..1]).await.unwrap();
                world.faults.add(Rule::on(operation, Effect::Fail(error)));
                for _ in 0..3 {
                    let pushed = world.push(&name, "t", &LAYERS).await;
                    if matches!(operation, Operation::Rename) {
                        // A push renames nothing.
                        pushed.unwrap();
                        break;
                    }
                    assert!(
                        matches!(pushed, Err(Error::Storage(_))),
                        "{operation} {pushed:?}"
                    );
                    check_whole(&world, &name, &old, &new).await;
                }
                world.faults.clear();
                world.push(&name, "t", &LAYERS).await.unwrap();
                assert_eq!(world.get(&name, &by_tag("t")).await.unwrap(), new);
                assert_eq!(world.listed(&name).await, (vec!["t".to_owned()], 1));
            }
        }
    }
}

#[tokio::test]
async fn every_write_of_rows_may_fail() {
    let new = image(&LAYERS);
    for lose_answer in [false, true] {
        let mut failures = 0;
        for step in 0..6 {
            let world = World::on(Kind::Memory);
            let name = repo("team/app");
            let old = before(&world, &name).await;
            let fault = if lose_answer {
                Fault::LoseAnswer
            } else {
                Fault::Fail
            };
            world.rows().fault_after(step, fault);
            failures += usize::from(world.push(&name, "t", &LAYERS).await.is_err());
            check_whole(&world, &name, &old, &new).await;
            world.rows().clear_faults();
            world.push(&name, "t", &LAYERS).await.unwrap();
            assert_eq!(world.get(&name, &by_tag("t")).await.unwrap(), new);
            world.clock.advance(Duration::from_secs(1));
            let expected = (vec!["t".to_owned()], 1);
            eventually("the file tells", || async {
                world.listed(&name).await == expected
            })
            .await;
            let world = world.power_cut(Loss::Bytes).await;
            check_whole(&world, &name, &old, &new).await;
        }
        assert!(failures > 0);
    }
}

#[tokio::test]
async fn a_first_push_may_fail_at_every_step() {
    for effect in faults() {
        for step in 0.. {
            let world = World::on(Kind::Memory);
            let name = repo("brand/new");
            let fault = world.fail_at(effect.clone(), step);
            let pushed = world.push(&name, "t", &LAYERS).await;
            let left = !fault.was_met(&world).await;
            world.faults.clear();
            if pushed.is_err() {
                world.push(&name, "t", &LAYERS).await.unwrap();
            }
            let world = world.power_cut(Loss::Changes).await;
            assert_eq!(
                world.get(&name, &by_tag("t")).await.unwrap(),
                image(&LAYERS)
            );
            for blob in LAYERS.iter().chain([&CONFIG]) {
                let digest = Digest::sha256(blob);
                assert_eq!(world.blob(&name, &digest).await.unwrap(), *blob);
            }
            if left {
                break;
            }
        }
    }
}

#[tokio::test]
async fn deletes_may_fail_at_every_step() {
    for effect in faults() {
        for step in 0.. {
            let world = World::on(Kind::Memory);
            let name = repo("a");
            let old = before(&world, &name).await;
            let layer = Digest::sha256(b"old");
            let fault = world.fail_at(effect.clone(), step);
            let manifest = world.delete(&name, &by_digest(&old)).await;
            let gone = world.get(&name, &by_digest(&old)).await.is_err();
            assert!(gone || manifest.is_err());
            assert_eq!(world.get(&name, &by_tag("t")).await.is_err(), gone);
            let blob = world.registry.delete_blob(&name, &layer).await;
            let left = !fault.was_met(&world).await;
            world.faults.clear();
            if blob.is_ok() {
                assert!(world.blob(&name, &layer).await.is_err());
            }
            world.push(&name, "again", &[b"old"]).await.unwrap();
            check_before(&world, &name, &old).await;
            let world = world.power_cut(Loss::Bytes).await;
            check_before(&world, &name, &old).await;
            assert_eq!(world.get(&name, &by_tag("again")).await.unwrap(), old);
            if left {
                break;
            }
        }
    }
}
