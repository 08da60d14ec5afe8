//! Many at once.

use std::sync::Arc;

use bytes::Bytes;
use oci::{Digest, RepoName};
use registry::{Error, Registry, layout};

use crate::ground::{Kind, World, noise, repo, source};
use crate::image::{CONFIG, by_digest, by_tag, image, request, type_of};

const BOTH: [Kind; 2] = [Kind::Disk, Kind::Memory];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_b76_many_pushes_move_one_tag() {
    for kind in BOTH {
        let world = World::on(kind);
        let name = repo("a");
        world.put_blob(&name, CONFIG).await.unwrap();
        let mut pushes = Vec::new();
        for number in 0..100_u64 {
            let (registry, name) = (Arc::clone(&world.registry), name.clone());
            pushes.push(tokio::spawn(async move {
                let layer = noise(number, 100);
                let digest = Digest::sha256(&layer);
                let mut data = source(&[&layer]);
                registry.put_blob(&name, &digest, &mut *data).await?;
                let raw = image(&[&layer]);
                registry
                    .put_manifest(&name, request(by_tag("t"), &raw))
                    .await?;
                Ok::<_, Error>(raw)
            }));
        }
        let mut raws = Vec::new();
        for push in pushes {
            raws.push(push.await.unwrap().unwrap());
        }
        let last = world.get(&name, &by_tag("t")).await.unwrap();
        assert!(raws.contains(&last));
        for raw in &raws {
            assert_eq!(world.get(&name, &by_digest(raw)).await.unwrap(), raw);
        }
        assert_eq!(world.listed(&name).await, (vec!["t".to_owned()], 99));
        let world = world.crash().await;
        assert_eq!(world.get(&name, &by_tag("t")).await.unwrap(), last);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_of_one_image_to_many_tags_and_repositories() {
    let world = World::on(Kind::Disk);
    let mut pushes = Vec::new();
    for number in 0..64 {
        let registry = Arc::clone(&world.registry);
        let name = repo(&format!("r{}", number % 8));
        pushes.push(tokio::spawn(async move {
            for blob in [CONFIG, b"shared layer"] {
                let mut data = source(&[blob]);
                registry
                    .put_blob(&name, &Digest::sha256(blob), &mut *data)
                    .await?;
            }
            let raw = image(&[b"shared layer"]);
            let tag = by_tag(&format!("t{number}"));
            registry.put_manifest(&name, request(tag, &raw)).await
        }));
    }
    for push in pushes {
        push.await.unwrap().unwrap();
    }
    for number in 0..8 {
        let name = repo(&format!("r{number}"));
        assert_eq!(world.tags(&name).await.len(), 8);
        assert_eq!(world.listed(&name).await.0.len(), 8);
    }
}

/// A push that is answered with success has its content, whatever else was deleted meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_against_deletes_of_the_same_content() {
    for kind in BOTH {
        let world = World::on(kind);
        let name = repo("a");
        let (raw, layer) = (image(&[b"layer"]), Digest::sha256(b"layer"));
        world.push(&name, "t", &[b"layer"]).await.unwrap();
        for _ in 0..60 {
            let mut tasks = Vec::new();
            for number in 0..2 {
                let (registry, name, raw) =
                    (Arc::clone(&world.registry), name.clone(), raw.clone());
                tasks.push(tokio::spawn(async move {
                    push_again(&registry, &name, &raw, &format!("t{number}")).await;
                }));
            }
            let (registry, here, raw2) = (Arc::clone(&world.registry), name.clone(), raw.clone());
            let deletes = tokio::spawn(async move {
                let all = registry::DeleteManifest::default();
                drop(
                    registry
                        .delete_manifest(&here, &by_digest(&raw2), all)
                        .await,
                );
                drop(registry.delete_blob(&here, &layer).await);
            });
            deletes.await.unwrap();
            for task in tasks {
                task.await.unwrap();
            }
            if let Ok(found) = world.get(&name, &by_digest(&raw)).await {
                assert_eq!(found, raw);
                assert_eq!(world.blob(&name, &layer).await.unwrap(), "layer");
                let key = layout::blob(&name, &Digest::sha256(&raw));
                assert_eq!(world.file(&key).await, Some(raw.clone()));
            } else {
                world.push(&name, "t", &[b"layer"]).await.unwrap();
            }
        }
    }
}

/// Pushes as clients do: look first, upload what is missing, try again when told what is missing.
async fn push_again(registry: &Registry, name: &RepoName, raw: &Bytes, tag: &str) {
    loop {
        for blob in [CONFIG, b"layer"] {
            let digest = Digest::sha256(blob);
            if registry.blob_info(name, &digest).await.is_err() {
                let mut data = source(&[blob]);
                registry.put_blob(name, &digest, &mut *data).await.unwrap();
            }
        }
        match registry.put_manifest(name, request(by_tag(tag), raw)).await {
            Ok(_) => return,
            Err(Error::BlobsMissing { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Mounts race with the delete of what they mount.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mounts_against_deletes() {
    for kind in BOTH {
        let world = World::on(kind);
        let from = repo("from");
        let digest = Digest::sha256(b"layer");
        for round in 0..50 {
            world.put_blob(&from, b"layer").await.unwrap();
            let to = repo(&format!("to{round}"));
            let mount = {
                let (registry, from, to) = (Arc::clone(&world.registry), from.clone(), to.clone());
                tokio::spawn(async move {
                    let all = meta::Rights::everything();
                    registry.mount_blob(&to, &digest, Some(&from), &all).await
                })
            };
            let deleted = world.registry.delete_blob(&from, &digest).await;
            deleted.unwrap();
            if mount.await.unwrap().unwrap() {
                assert_eq!(world.blob(&to, &digest).await.unwrap(), "layer");
            }
            assert!(world.blob(&from, &digest).await.is_err());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repository_comes_into_being_once() {
    for kind in BOTH {
        let world = World::on(kind);
        for round in 0..20 {
            let name = repo(&format!("r{round}/new"));
            let mut pushes = Vec::new();
            for number in 0..8 {
                let (registry, name) = (Arc::clone(&world.registry), name.clone());
                pushes.push(tokio::spawn(async move {
                    let raw = crate::image::index(&[]);
                    assert_eq!(type_of(&raw), oci::MediaType::OCI_INDEX);
                    let tag = by_tag(&format!("t{number}"));
                    registry.put_manifest(&name, request(tag, &raw)).await
                }));
            }
            for push in pushes {
                push.await.unwrap().unwrap();
            }
            assert_eq!(world.listed(&name).await.0.len(), 8);
        }
    }
}
