//! Mounts: with and without `from`, by a look, and by nobody who may not.

use std::sync::Arc;

use meta::{Action, Rights};
use oci::{Digest, RepoName};
use registry::{Dedupe, Error, layout};

use crate::ground::{Kind, Setup, World, repo};
use crate::image::by_digest;

const BOTH: [Kind; 2] = [Kind::Disk, Kind::Memory];

/// Allows reading and creating in the repositories listed.
#[derive(Debug)]
struct Lists {
    read: &'static [&'static str],
    create: &'static [&'static str],
}

impl meta::Rule for Lists {
    fn allows(&self, repo: &RepoName, action: Action) -> bool {
        match action {
            Action::Read => self.read.contains(&repo.as_str()),
            Action::Create => self.create.contains(&repo.as_str()),
            Action::Update | Action::Delete => false,
        }
    }
}

fn rights(read: &'static [&'static str], create: &'static [&'static str]) -> Rights {
    Rights::by(Arc::new(Lists { read, create }))
}

#[tokio::test]
async fn a_blob_is_mounted_whether_or_not_a_manifest_names_it() {
    for kind in BOTH {
        for dedupe in [Dedupe::On, Dedupe::Off] {
            for named in [false, true] {
                let world = World::new(Setup {
                    dedupe,
                    ..Setup::on(kind)
                });
                let from = repo("from");
                let digest = world.put_blob(&from, b"layer").await.unwrap();
                if named {
                    world.push(&from, "t", &[b"layer"]).await.unwrap();
                }
                let all = Rights::everything();
                for (to, from) in [("b", Some(&from)), ("c/d", None)] {
                    let to = repo(to);
                    let mounted = world.registry.mount_blob(&to, &digest, from, &all).await;
                    assert!(mounted.unwrap(), "{kind:?} {dedupe:?} {named} {to}");
                    assert_eq!(world.blob(&to, &digest).await.unwrap(), "layer");
                    world.push(&to, "t", &[b"layer"]).await.unwrap();
                }
            }
        }
    }
}

#[tokio::test]
async fn case_b67_a_mount_from_where_nothing_is_says_no() {
    let world = World::on(Kind::Disk);
    let (here, there) = (repo("a"), repo("no/such/repo"));
    let digest = world.put_blob(&here, b"layer").await.unwrap();
    let all = Rights::everything();
    let to = repo("b");
    for (digest, from) in [
        (digest, Some(&there)),
        (Digest::sha256(b"nothing"), Some(&here)),
        (Digest::sha256(b"nothing"), None),
    ] {
        let mounted = world.registry.mount_blob(&to, &digest, from, &all).await;
        assert!(!mounted.unwrap());
    }
    for unknown in [&to, &there] {
        assert_eq!(
            world.file(&layout::marker(unknown)).await,
            None,
            "{unknown}"
        );
    }
}

/// What the caller may not read might as well not be there, on every way in.
#[tokio::test]
async fn case_a01_nothing_of_a_forbidden_repository_shows() {
    for kind in BOTH {
        let world = World::on(kind);
        let (from, to) = (repo("a"), repo("b"));
        let digest = world.put_blob(&from, b"secret").await.unwrap();
        world.push(&from, "t", &[b"secret"]).await.unwrap();
        for (rights, may) in [
            (rights(&["b"], &["b"]), false),
            (rights(&["a", "b"], &["a"]), false),
            (rights(&[], &[]), false),
            (rights(&["a", "b"], &["b"]), true),
        ] {
            let stat = world.registry.stat_blob(&to, &digest, &rights).await;
            if may {
                assert_eq!(stat.unwrap().size, 6);
                break;
            }
            assert!(matches!(stat, Err(Error::BlobUnknown(_))));
            for from in [Some(&from), None] {
                let mounted = world.registry.mount_blob(&to, &digest, from, &rights).await;
                assert!(!mounted.unwrap(), "case B65");
            }
            let open = world.registry.open_blob(&to, &digest, None).await;
            assert!(matches!(open, Err(Error::BlobUnknown(_))));
            assert_eq!(world.file(&layout::marker(&to)).await, None);
        }
    }
}

#[tokio::test]
async fn a_get_never_mounts() {
    let world = World::on(Kind::Disk);
    let digest = world.put_blob(&repo("a"), b"layer").await.unwrap();
    let to = repo("b");
    let open = world.registry.open_blob(&to, &digest, None).await;
    assert!(matches!(open, Err(Error::BlobUnknown(_))));
    assert_eq!(world.file(&layout::marker(&to)).await, None);
}

#[tokio::test]
async fn stores_do_not_mount_from_each_other() {
    for kind in BOTH {
        let setup = Setup {
            routed: Some("far"),
            ..Setup::on(kind)
        };
        let world = World::new(setup);
        let (near, far) = (repo("near"), repo("far/app"));
        let digest = world.put_blob(&near, b"layer").await.unwrap();
        let all = Rights::everything();
        for from in [Some(&near), None] {
            let mounted = world.registry.mount_blob(&far, &digest, from, &all).await;
            assert!(!mounted.unwrap());
        }
        let stat = world.registry.stat_blob(&far, &digest, &all).await;
        assert!(matches!(stat, Err(Error::BlobUnknown(_))));
        world.put_blob(&far, b"layer").await.unwrap();
        assert_eq!(world.blob(&far, &digest).await.unwrap(), "layer");
        let other = repo("far/other");
        let mounted = world.registry.mount_blob(&other, &digest, None, &all);
        assert!(mounted.await.unwrap());
    }
}

/// A file that a power cut brought back after its delete may be torn: a mount must not believe it.
#[tokio::test]
async fn a_mount_does_not_trust_a_file_that_lies_there_already() {
    let world = World::on(Kind::Disk);
    let (from, to) = (repo("a"), repo("b"));
    let digest = world.put_blob(&from, b"layer").await.unwrap();
    world.put_blob(&to, b"layer").await.unwrap();
    world.registry.delete_blob(&to, &digest).await.unwrap();
    let path = world.root().join(layout::blob(&to, &digest).as_str());
    crate::ground::overwrite(&path, "LAYER");
    let all = Rights::everything();
    let mounted = world
        .registry
        .mount_blob(&to, &digest, Some(&from), &all)
        .await;
    if mounted.unwrap() {
        assert_eq!(world.blob(&to, &digest).await.unwrap(), "layer");
    }
    world.put_blob(&to, b"layer").await.unwrap();
    assert_eq!(world.blob(&to, &digest).await.unwrap(), "layer");
}

#[tokio::test]
async fn a_manifest_file_is_not_mounted_as_a_blob() {
    let world = World::on(Kind::Disk);
    let (from, to) = (repo("a"), repo("b"));
    let raw = world.push(&from, "t", &[]).await.unwrap();
    let digest = Digest::sha256(&raw);
    let all = Rights::everything();
    for from in [Some(&from), None] {
        let mounted = world.registry.mount_blob(&to, &digest, from, &all).await;
        assert!(!mounted.unwrap());
    }
    let unknown = world.get(&to, &by_digest(&raw)).await;
    assert!(matches!(unknown, Err(Error::RepoUnknown(_))));
}
