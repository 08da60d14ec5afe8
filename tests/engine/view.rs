//! `index.json`: what it says, when it is written, and whose it is.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use oci::index::IndexFile;
use oci::{Digest, MediaType, RepoName};
use registry::{PutManifest, layout};
use storage::{Driver, Effect, ErrorKind, Gate, Keys, Operation, Rule};

use crate::ground::{Kind, Setup, World, eventually, repo};
use crate::image::{by_digest, by_tag, descriptor, image, request, tag};
use crate::row_store::Fault;

const BOTH: [Kind; 2] = [Kind::Disk, Kind::Memory];

/// More tags than fit into a small file.
const MANY: usize = 600;

async fn push_many(world: &World, repo: &RepoName) -> Bytes {
    let raw = world.push(repo, "first", &[]).await.unwrap();
    let tags = (0..MANY).map(|number| tag(&format!("t{number}")));
    let push = PutManifest {
        tags: tags.collect(),
        ..request(by_digest(&raw), &raw)
    };
    world.registry.put_manifest(repo, push).await.unwrap();
    raw
}

async fn lists(world: &World, repo: &RepoName, names: &[&str]) -> bool {
    let (listed, _) = world.listed(repo).await;
    names.iter().all(|name| listed.iter().any(|it| it == name))
}

#[tokio::test]
async fn it_lists_tags_in_order_and_then_what_has_none() {
    for kind in BOTH {
        let world = World::on(kind);
        let repo = repo("a");
        let raw = world.push(&repo, "b", &[]).await.unwrap();
        world.put(&repo, by_tag("a"), &raw).await.unwrap();
        let bare = world.push(&repo, "gone", &[b"bare"]).await.unwrap();
        world.delete(&repo, &by_tag("gone")).await.unwrap();
        let entry = |raw: &[u8]| descriptor(&MediaType::OCI_MANIFEST, raw);
        let expected = IndexFile {
            manifests: vec![
                entry(&raw).with_ref_name(&tag("a")),
                entry(&raw).with_ref_name(&tag("b")),
                entry(&bare),
            ],
        };
        assert_eq!(world.index(&repo).await, expected);
        let raw = world.file(&layout::index(&repo)).await.unwrap();
        assert_eq!(raw, expected.to_bytes());
        let marker = world.file(&layout::marker(&repo)).await.unwrap();
        assert_eq!(marker, oci::index::LAYOUT_CONTENT);
    }
}

#[tokio::test]
async fn a_new_repository_has_an_empty_one() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    world.put_blob(&repo, b"x").await.unwrap();
    assert_eq!(world.listed(&repo).await, (Vec::new(), 0));
}

#[tokio::test]
async fn a_large_one_is_written_behind_once_for_all() {
    for kind in BOTH {
        let world = World::on(kind);
        let repo = repo("a");
        let raw = push_many(&world, &repo).await;
        let before = world.faults.stat(&layout::index(&repo)).await.unwrap();
        assert!(before.size > 64 * 1024);
        for name in ["x", "y", "z"] {
            world.put(&repo, by_tag(name), &raw).await.unwrap();
        }
        world.delete(&repo, &by_tag("x")).await.unwrap();
        let behind = world.faults.stat(&layout::index(&repo)).await.unwrap();
        assert_eq!(behind, before);
        world.clock.advance(Duration::from_secs(1));
        eventually("the file catches up", || lists(&world, &repo, &["y", "z"])).await;
        assert!(!lists(&world, &repo, &["x"]).await);
        // The writer starts again with the next change.
        world.put(&repo, by_tag("again"), &raw).await.unwrap();
        world.clock.advance(Duration::from_secs(1));
        eventually("it does so again", || lists(&world, &repo, &["again"])).await;
    }
}

#[tokio::test]
async fn a_large_one_is_written_at_the_stop_and_after_a_crash() {
    for kind in BOTH {
        let world = World::on(kind);
        let repo = repo("a");
        let raw = push_many(&world, &repo).await;
        world.put(&repo, by_tag("x"), &raw).await.unwrap();
        assert!(!lists(&world, &repo, &["x"]).await);
        let world = world.restart().await;
        assert!(lists(&world, &repo, &["x"]).await);
        world.put(&repo, by_tag("y"), &raw).await.unwrap();
        world.delete(&repo, &by_tag("x")).await.unwrap();
        let world = world.crash().await;
        assert!(!lists(&world, &repo, &["y"]).await);
        world.discovered().await;
        world.clock.advance(Duration::from_secs(1));
        eventually("the file catches up", || lists(&world, &repo, &["y"])).await;
        assert!(!lists(&world, &repo, &["x"]).await);
        assert_eq!(world.tags(&repo).await.len(), MANY + 2);
    }
}

#[tokio::test]
async fn a_small_one_that_could_not_be_written_catches_up() {
    for commit in [false, true] {
        let world = World::new(Setup {
            commit,
            ..Setup::on(Kind::Memory)
        });
        let repo = repo("a");
        let raw = world.push(&repo, "t", &[]).await.unwrap();
        let full = Rule::on(Operation::Put, Effect::Fail(ErrorKind::Full));
        world
            .faults
            .add(full.keys(Keys::EndWith("index.json".into())).times(1));
        let pushed = world.put(&repo, by_tag("u"), &raw).await;
        assert_eq!(pushed.is_err(), commit, "{pushed:?}");
        assert!(!lists(&world, &repo, &["u"]).await);
        world.clock.advance(Duration::from_secs(1));
        eventually("the file catches up", || lists(&world, &repo, &["t", "u"])).await;
    }
}

/// Between the file and the row that tells of it, the file is ours all the same.
#[tokio::test]
async fn a_file_of_ours_is_never_taken_for_somebody_elses() {
    for fails in [false, true] {
        let world = World::on(Kind::Memory);
        let repo = repo("a");
        let raw = world.push(&repo, "t", &[]).await.unwrap();
        world.put(&repo, by_tag("u"), &raw).await.unwrap();
        let gate = Gate::closed();
        let effect = if fails {
            Effect::Fail(ErrorKind::Io)
        } else {
            Effect::Wait(gate.clone())
        };
        let index = Keys::Is(layout::index(&repo));
        world
            .faults
            .add(Rule::on(Operation::Persist, effect).keys(index).times(1));
        world.clock.advance(Duration::from_secs(2));
        if fails {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        } else {
            gate.arrived(1).await;
        }
        world.delete(&repo, &by_tag("t")).await.unwrap();
        assert_eq!(world.tags(&repo).await, ["u"]);
        gate.open();
        world.delete(&repo, &by_tag("u")).await.unwrap();
        assert_eq!(world.tags(&repo).await, Vec::<String>::new());
        let world = world.restart().await;
        assert_eq!(world.tags(&repo).await, Vec::<String>::new());
        assert_eq!(world.listed(&repo).await, (Vec::new(), 1));
        assert_eq!(world.rows().count(meta::Table::Ahead), 0);
    }
}

#[tokio::test]
async fn rows_and_file_settle() {
    let world = World::on(Kind::Memory);
    for name in ["a", "b", "c"] {
        world.push(&repo(name), "t", &[]).await.unwrap();
    }
    assert_eq!(world.rows().count(meta::Table::Ahead), 3);
    let full = Rule::on(Operation::Persist, Effect::Fail(ErrorKind::Full));
    world
        .faults
        .add(full.keys(Keys::Is(layout::index(&repo("b")))).times(2));
    for marks in [1, 1, 0] {
        world.clock.advance(Duration::from_secs(2));
        eventually("marks go", || async {
            world.rows().count(meta::Table::Ahead) == marks
        })
        .await;
        tokio::task::yield_now().await;
    }
}

fn add_foreign(file: &mut IndexFile, name: &str, raw: &[u8]) {
    let entry = descriptor(&MediaType::OCI_MANIFEST, raw);
    file.manifests.push(entry.with_ref_name(&tag(name)));
}

#[tokio::test]
async fn a_foreign_change_while_we_run_is_taken_in() {
    for kind in BOTH {
        let world = World::on(kind);
        let repo = repo("a");
        let ours = world.push(&repo, "ours", &[]).await.unwrap();
        let foreign = image(&[b"foreign"]);
        let put = async |key: storage::Key, data: Bytes| {
            world.faults.put(&key, data).await.unwrap();
        };
        for blob in [&foreign[..], b"foreign"] {
            let key = layout::blob(&repo, &Digest::sha256(blob));
            put(key, Bytes::copy_from_slice(blob)).await;
        }
        let mut file = world.index(&repo).await;
        add_foreign(&mut file, "foreign", &foreign);
        // A tag that we have is ours to move.
        let moved = descriptor(&MediaType::OCI_MANIFEST, &foreign);
        file.manifests[0] = moved.with_ref_name(&tag("ours"));
        put(layout::index(&repo), file.to_bytes().into()).await;
        world.push(&repo, "next", &[]).await.unwrap();
        let mut tags = world.tags(&repo).await;
        tags.sort();
        assert_eq!(tags, ["foreign", "next", "ours"]);
        assert_eq!(world.get(&repo, &by_tag("foreign")).await.unwrap(), foreign);
        assert_eq!(world.get(&repo, &by_tag("ours")).await.unwrap(), ours);
        assert_eq!(world.listed(&repo).await.0, ["foreign", "next", "ours"]);
        let layer = Digest::sha256(b"foreign");
        assert_eq!(world.blob(&repo, &layer).await.unwrap(), "foreign");
    }
}

#[tokio::test]
async fn a_file_that_was_deleted_or_broken_is_written_anew() {
    for kind in BOTH {
        let mut world = World::on(kind);
        let repo = repo("a");
        let raw = world.push(&repo, "t", &[]).await.unwrap();
        for (number, broken) in [None, Some(""), Some("{"), Some("[]")]
            .into_iter()
            .enumerate()
        {
            let key = layout::index(&repo);
            match broken {
                None => world.faults.delete(&key).await.unwrap(),
                Some(text) => drop(world.faults.put(&key, text.into()).await.unwrap()),
            }
            if number % 2 == 0 {
                world = world.restart().await;
            }
            let name = format!("n{number}");
            world.put(&repo, by_tag(&name), &raw).await.unwrap();
            assert!(lists(&world, &repo, &["t", &name]).await, "{broken:?}");
            assert_eq!(world.tags(&repo).await.len(), number + 2);
        }
    }
}

/// Whoever pushed has gone; what was begun is carried to its end all the same.
#[tokio::test]
async fn a_push_whose_client_has_gone_is_carried_out() {
    for operation in [Some(Operation::Persist), Some(Operation::Put), None] {
        let world = World::on(Kind::Memory);
        let repo = repo("a");
        let raw = world.push(&repo, "t", &[]).await.unwrap();
        let gate = Gate::closed();
        match operation {
            Some(it) => world.faults.add(Rule::on(it, Effect::Wait(gate.clone()))),
            None => world.rows().fault_after(0, Fault::Wait(gate.clone())),
        }
        let push = {
            let (registry, repo) = (Arc::clone(&world.registry), repo.clone());
            let push = request(by_tag("u"), &raw);
            tokio::spawn(async move { registry.put_manifest(&repo, push).await })
        };
        gate.arrived(1).await;
        push.abort();
        assert!(push.await.unwrap_err().is_cancelled());
        gate.open();
        eventually("the file tells", || lists(&world, &repo, &["t", "u"])).await;
        assert_eq!(world.tags(&repo).await, ["t", "u"]);
    }
}

#[tokio::test]
async fn a_delete_whose_client_has_gone_is_carried_out() {
    let world = World::on(Kind::Memory);
    let repo = repo("a");
    let digest = world.put_blob(&repo, b"blob").await.unwrap();
    let gate = Gate::closed();
    let delete = Rule::on(Operation::Delete, Effect::Wait(gate.clone()));
    world
        .faults
        .add(delete.keys(Keys::Is(layout::blob(&repo, &digest))));
    let delete = {
        let (registry, repo) = (Arc::clone(&world.registry), repo.clone());
        tokio::spawn(async move { registry.delete_blob(&repo, &digest).await })
    };
    gate.arrived(1).await;
    delete.abort();
    assert!(delete.await.unwrap_err().is_cancelled());
    let upload = {
        let (registry, repo) = (Arc::clone(&world.registry), repo.clone());
        tokio::spawn(async move {
            let mut data = crate::ground::source(&[b"blob"]);
            registry.put_blob(&repo, &digest, &mut *data).await
        })
    };
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(
        !upload.is_finished(),
        "it waits for the delete that goes on"
    );
    gate.open();
    upload.await.unwrap().unwrap();
    assert_eq!(world.blob(&repo, &digest).await.unwrap(), "blob");
}

#[tokio::test]
async fn a_stop_waits_for_what_is_being_carried_out() {
    let world = World::on(Kind::Memory);
    let repo = repo("new/repository");
    let raw = crate::image::index(&[]);
    let gate = Gate::closed();
    world
        .faults
        .add(Rule::on(Operation::Put, Effect::Wait(gate.clone())).times(1));
    let push = {
        let (registry, repo) = (Arc::clone(&world.registry), repo.clone());
        let push = request(by_tag("t"), &raw);
        tokio::spawn(async move { registry.put_manifest(&repo, push).await })
    };
    gate.arrived(1).await;
    push.abort();
    let stop = {
        let registry = Arc::clone(&world.registry);
        tokio::spawn(async move { registry.close().await })
    };
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!stop.is_finished());
    gate.open();
    stop.await.unwrap().unwrap();
    assert_eq!(world.listed(&repo).await, (vec!["t".to_owned()], 0));
}

/// After a crash the file may be one that we wrote but that no row tells of.
#[tokio::test]
async fn a_file_that_the_rows_have_outrun_brings_nothing_back() {
    for kind in BOTH {
        let world = World::on(kind);
        let repo = repo("a");
        push_many(&world, &repo).await;
        // Written, and not settled yet.
        assert!(lists(&world, &repo, &["t0"]).await);
        world.delete(&repo, &by_tag("t0")).await.unwrap();
        let mut world = world;
        for late in [false, true] {
            world = world.crash().await;
            if late {
                world.discovered().await;
                world.clock.advance(Duration::from_secs(1));
                eventually("the file catches up", || async {
                    !lists(&world, &repo, &["t0"]).await
                })
                .await;
            } else {
                world.put_blob(&repo, b"x").await.unwrap();
                world.push(&repo, "next", &[b"x"]).await.unwrap();
            }
            let tags = world.tags(&repo).await;
            assert!(!tags.contains(&"t0".to_owned()));
        }
    }
}
