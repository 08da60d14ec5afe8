//! Deleting tags, manifests and blobs: what goes, and what stays gone.

use meta::Rights;
use oci::{Digest, MediaType};
use registry::{Condition, DeleteManifest, Error, Matches, layout};

use crate::ground::{Kind, World, repo};
use crate::image::{CONFIG, by_digest, by_tag, descriptor, image, index, referrer};

const BOTH: [Kind; 2] = [Kind::Disk, Kind::Memory];

impl World {
    pub(crate) async fn delete(
        &self,
        repo: &oci::RepoName,
        reference: &oci::Reference,
    ) -> registry::Result<()> {
        let request = DeleteManifest::default();
        self.registry
            .delete_manifest(repo, reference, request)
            .await
    }
}

#[tokio::test]
async fn a_tag_goes_and_its_manifest_stays() {
    for kind in BOTH {
        let world = World::on(kind);
        let repo = repo("a");
        let raw = world.push(&repo, "t", &[b"layer"]).await.unwrap();
        world.delete(&repo, &by_tag("t")).await.unwrap();
        let check = async |world: &World| {
            let gone = world.get(&repo, &by_tag("t")).await;
            assert!(matches!(gone, Err(Error::ManifestUnknown(_))));
            assert_eq!(world.get(&repo, &by_digest(&raw)).await.unwrap(), raw);
            assert_eq!(world.listed(&repo).await, (Vec::new(), 1));
        };
        check(&world).await;
        let again = world.delete(&repo, &by_tag("t")).await;
        assert!(matches!(again, Err(Error::ManifestUnknown(_))));
        check(&world.crash().await).await;
    }
}

#[tokio::test]
async fn a_manifest_goes_with_all_its_tags() {
    for kind in BOTH {
        let world = World::on(kind);
        let repo = repo("a");
        let raw = world.push(&repo, "t1", &[b"layer"]).await.unwrap();
        world.put(&repo, by_tag("t2"), &raw).await.unwrap();
        world.push(&repo, "other", &[b"other"]).await.unwrap();
        let request = DeleteManifest {
            refuse_shared: true,
            condition: Condition::Always,
        };
        let all = by_digest(&raw);
        let refused = world.registry.delete_manifest(&repo, &all, request).await;
        assert!(matches!(refused, Err(Error::ManifestShared(_))));
        world.delete(&repo, &by_digest(&raw)).await.unwrap();
        assert_eq!(world.tags(&repo).await, ["other"]);
        let digest = Digest::sha256(&raw);
        assert_eq!(world.file(&layout::blob(&repo, &digest)).await, None);
        let world = world.crash().await;
        for reference in [by_tag("t1"), by_tag("t2"), by_digest(&raw)] {
            let gone = world.get(&repo, &reference).await;
            assert!(matches!(gone, Err(Error::ManifestUnknown(_))));
        }
        assert_eq!(world.listed(&repo).await, (vec!["other".to_owned()], 0));
        world.put(&repo, by_tag("back"), &raw).await.unwrap();
        assert_eq!(world.get(&repo, &by_tag("back")).await.unwrap(), raw);
    }
}

#[tokio::test]
async fn a_manifest_with_very_many_tags_goes_in_one_call() {
    let world = World::on(Kind::Memory);
    let repo = repo("a");
    let raw = world.push(&repo, "t", &[]).await.unwrap();
    for part in 0..40 {
        let tags = (0..500).map(|number| crate::image::tag(&format!("t{part}-{number}")));
        let push = registry::PutManifest {
            tags: tags.collect(),
            ..crate::image::request(by_digest(&raw), &raw)
        };
        world.registry.put_manifest(&repo, push).await.unwrap();
    }
    world.delete(&repo, &by_digest(&raw)).await.unwrap();
    assert_eq!(world.tags(&repo).await, Vec::<String>::new());
    assert_eq!(world.rows().count(meta::Table::Targets), 0);
}

#[tokio::test]
async fn conditions_guard_deletes() {
    let world = World::on(Kind::Memory);
    let repo = repo("a");
    let raw = world.push(&repo, "t", &[]).await.unwrap();
    let other = Digest::sha256(b"other");
    let delete = async |reference: &oci::Reference, matches| {
        let request = DeleteManifest {
            refuse_shared: false,
            condition: Condition::IfMatch(matches),
        };
        world
            .registry
            .delete_manifest(&repo, reference, request)
            .await
    };
    for reference in [by_tag("t"), by_digest(&raw)] {
        let refused = delete(&reference, Matches::Digests(vec![other])).await;
        assert!(matches!(refused, Err(Error::Precondition)));
    }
    assert_eq!(world.tags(&repo).await, ["t"]);
    let right = Matches::Digests(vec![other, Digest::sha256(&raw)]);
    delete(&by_tag("t"), right).await.unwrap();
}

#[tokio::test]
async fn what_is_unknown() {
    let world = World::on(Kind::Disk);
    let (here, nowhere) = (repo("a"), repo("b"));
    world.push(&here, "t", &[]).await.unwrap();
    let digest = Digest::sha256(b"nothing");
    let unknown = world.delete(&nowhere, &by_tag("t")).await;
    assert!(matches!(unknown, Err(Error::RepoUnknown(_))));
    for reference in [by_tag("u"), oci::Reference::Digest(digest)] {
        let unknown = world.delete(&here, &reference).await;
        assert!(matches!(unknown, Err(Error::ManifestUnknown(_))));
    }
    for repo in [&here, &nowhere] {
        let unknown = world.registry.delete_blob(repo, &digest).await;
        assert!(matches!(unknown, Err(Error::BlobUnknown(_))));
    }
    assert_eq!(world.file(&layout::marker(&nowhere)).await, None);
}

#[tokio::test]
async fn what_is_in_use_stays() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let child = world.push(&repo, "child", &[b"layer"]).await.unwrap();
    let list = index(&[&child]);
    world.put(&repo, by_tag("list"), &list).await.unwrap();
    let refused = world.delete(&repo, &by_digest(&child)).await;
    assert!(matches!(refused, Err(Error::ManifestInUse(_))));
    for blob in [CONFIG, b"layer", &child, &list] {
        let refused = world
            .registry
            .delete_blob(&repo, &Digest::sha256(blob))
            .await;
        assert!(matches!(refused, Err(Error::BlobInUse(_))), "{refused:?}");
    }
    world.delete(&repo, &by_tag("child")).await.unwrap();
    world.delete(&repo, &by_digest(&list)).await.unwrap();
    world.delete(&repo, &by_digest(&child)).await.unwrap();
    for blob in [CONFIG, b"layer"] {
        world
            .registry
            .delete_blob(&repo, &Digest::sha256(blob))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn what_an_unreadable_manifest_named_can_be_deleted_after_it() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let child = world.push(&repo, "child", &[b"layer"]).await.unwrap();
    let list = index(&[&child]);
    world.put(&repo, by_tag("list"), &list).await.unwrap();
    let world = world
        .restart_after(|root| {
            let key = layout::blob(&repo, &Digest::sha256(&list));
            crate::ground::overwrite(root.join(key.as_str()), "not what it was");
        })
        .await;
    world.delete(&repo, &by_digest(&list)).await.unwrap();
    world.delete(&repo, &by_digest(&child)).await.unwrap();
    let layer = Digest::sha256(b"layer");
    world.registry.delete_blob(&repo, &layer).await.unwrap();
}

#[tokio::test]
async fn a_subject_may_go_and_its_referrers_stay() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let subject = world.push(&repo, "t", &[]).await.unwrap();
    let subject = descriptor(&MediaType::OCI_MANIFEST, &subject);
    let note = referrer(&subject, "a/note", "x");
    world.put(&repo, by_digest(&note), &note).await.unwrap();
    world
        .delete(&repo, &oci::Reference::Digest(subject.digest))
        .await
        .unwrap();
    assert_eq!(world.get(&repo, &by_digest(&note)).await.unwrap(), note);
    world.delete(&repo, &by_digest(&note)).await.unwrap();
}

/// The same holds for blobs that have a row, that wait for their manifest, and after every stop.
#[tokio::test]
async fn case_b03_a_deleted_blob_stays_gone() {
    for kind in BOTH {
        for named in [false, true] {
            let world = World::on(kind);
            let (here, there) = (repo("a"), repo("b"));
            let digest = Digest::sha256(b"layer");
            for repo in [&here, &there] {
                let raw = world.push(repo, "t", &[b"layer"]).await.unwrap();
                if *repo == here {
                    world.delete(repo, &by_digest(&raw)).await.unwrap();
                    if !named {
                        world.registry.delete_blob(repo, &digest).await.unwrap();
                        world.put_blob(repo, b"layer").await.unwrap();
                    }
                }
            }
            world.registry.delete_blob(&here, &digest).await.unwrap();
            let all = Rights::everything();
            let check = async |world: &World| {
                let stat = world.registry.stat_blob(&here, &digest, &all).await;
                assert!(matches!(stat, Err(Error::BlobUnknown(_))));
                let get = world.registry.open_blob(&here, &digest, None).await;
                assert!(matches!(get, Err(Error::BlobUnknown(_))));
                assert_eq!(world.blob(&there, &digest).await.unwrap(), "layer");
            };
            check(&world).await;
            let world = world.restart().await;
            check(&world).await;
            let world = world.crash().await;
            check(&world).await;
            let mounted = world
                .registry
                .mount_blob(&here, &digest, Some(&there), &all);
            assert!(mounted.await.unwrap(), "on request it comes back");
            assert_eq!(world.blob(&here, &digest).await.unwrap(), "layer");
        }
    }
}

#[tokio::test]
async fn case_b99_a_manifest_deleted_in_one_repository_stays_in_another() {
    for kind in BOTH {
        let world = World::on(kind);
        let (here, there) = (repo("a"), repo("b"));
        let raw = world.push(&here, "t", &[b"layer"]).await.unwrap();
        world.push(&there, "t", &[b"layer"]).await.unwrap();
        let both = world.get(&here, &by_tag("t")).await.unwrap();
        assert_eq!(both, world.get(&there, &by_tag("t")).await.unwrap());
        world.delete(&here, &by_digest(&raw)).await.unwrap();
        let mut world = world;
        for stop in 0..3 {
            let gone = world.get(&here, &by_digest(&raw)).await;
            assert!(
                matches!(gone, Err(Error::ManifestUnknown(_))),
                "case A18 {stop}"
            );
            let blob = world
                .registry
                .stat_blob(&here, &Digest::sha256(&raw), &Rights::everything())
                .await;
            assert!(matches!(blob, Err(Error::BlobUnknown(_))), "{blob:?}");
            assert_eq!(world.get(&there, &by_digest(&raw)).await.unwrap(), raw);
            world = if stop == 0 {
                world.restart().await
            } else {
                world.crash().await
            };
        }
    }
}

#[tokio::test]
async fn statistics_go_with_their_manifest() {
    let world = World::on(Kind::Memory);
    let repo = repo("a");
    let raw = world.push(&repo, "t", &[]).await.unwrap();
    let digest = Digest::sha256(&raw);
    for _ in 0..3 {
        world.get(&repo, &by_tag("t")).await.unwrap();
    }
    world
        .registry
        .stat_manifest(&repo, &by_tag("t"))
        .await
        .unwrap();
    world.clock.advance(std::time::Duration::from_secs(10));
    crate::ground::eventually("pulls are counted", || async {
        let stats = world.registry.meta().stats(&repo, &digest).await.unwrap();
        stats.is_some_and(|found| found.value.pulls == 3)
    })
    .await;
    world.get(&repo, &by_tag("t")).await.unwrap();
    let world = world.restart().await;
    let stats = world.registry.meta().stats(&repo, &digest).await.unwrap();
    assert_eq!(stats.unwrap().value.pulls, 4, "a stop writes them too");
    world.get(&repo, &by_tag("t")).await.unwrap();
    world.delete(&repo, &by_digest(&raw)).await.unwrap();
    let world = world.restart().await;
    assert_eq!(world.rows().count(meta::Table::Stats), 0);
    let other = image(&[]);
    assert_eq!(other, raw, "the helper makes equal images of equal layers");
}
