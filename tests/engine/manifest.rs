//! Manifests: in and out.

use std::sync::Arc;

use bytes::Bytes;
use oci::{Algorithm, Digest, MediaType, Reference};
use registry::{Condition, Error, Matches, Options, PutManifest, Sparse, layout};
use serde_json::json;

use crate::ground::{Kind, Setup, World, repo};
use crate::image::{
    CONFIG, by_digest, by_tag, bytes, descriptor, image, image_value, index, request, tag,
};

const BOTH: [Kind; 2] = [Kind::Disk, Kind::Memory];

#[tokio::test]
async fn an_image_goes_in_and_comes_out() {
    for kind in BOTH {
        let world = World::on(kind);
        let repo = repo("team/app");
        let raw = world.push(&repo, "1.0", &[b"layer"]).await.unwrap();
        assert_eq!(world.get(&repo, &by_tag("1.0")).await.unwrap(), raw);
        assert_eq!(world.get(&repo, &by_digest(&raw)).await.unwrap(), raw);
        let layer = Digest::sha256(b"layer");
        assert_eq!(world.blob(&repo, &layer).await.unwrap(), "layer");
        let info = world.registry.blob_info(&repo, &layer).await.unwrap();
        assert_eq!(info.media_type, MediaType::OCI_LAYER);
        assert_eq!(world.tags(&repo).await, ["1.0"]);
        assert_eq!(world.listed(&repo).await, (vec!["1.0".to_owned()], 0));
        let world = world.restart().await;
        assert_eq!(world.get(&repo, &by_tag("1.0")).await.unwrap(), raw);
        let world = world.crash().await;
        assert_eq!(world.get(&repo, &by_tag("1.0")).await.unwrap(), raw);
    }
}

#[tokio::test]
async fn every_type_is_kept_as_it_was_pushed() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    for blob in [CONFIG, b"layer"] {
        world.put_blob(&repo, blob).await.unwrap();
    }
    let oci_image = image(&[b"layer"]);
    let docker_image = bytes(&json!({
        "schemaVersion": 2,
        "mediaType": MediaType::DOCKER_MANIFEST.as_str(),
        "config": descriptor(&MediaType::DOCKER_CONFIG, CONFIG),
        "layers": [descriptor(&MediaType::DOCKER_LAYER, b"layer")],
    }));
    let docker_list = bytes(&json!({
        "schemaVersion": 2,
        "mediaType": MediaType::DOCKER_LIST.as_str(),
        "manifests": [descriptor(&MediaType::DOCKER_MANIFEST, &docker_image)],
    }));
    let cache = bytes(&json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_INDEX.as_str(),
        "manifests": [
            descriptor(&MediaType::OCI_LAYER, b"layer"),
            descriptor(&MediaType::new("application/vnd.buildkit.cacheconfig.v0"), CONFIG),
        ],
    }));
    for (name, raw) in [
        ("oci", &oci_image),
        ("docker", &docker_image),
        ("list", &docker_list),
        ("index", &index(&[&oci_image, &docker_image])),
        ("case-b72-cache", &cache),
    ] {
        let media_type = crate::image::type_of(raw);
        world.put(&repo, by_tag(name), raw).await.unwrap();
        for reference in [by_tag(name), by_digest(raw)] {
            let content = world
                .registry
                .get_manifest(&repo, &reference)
                .await
                .unwrap();
            assert_eq!(
                (content.raw, content.info.media_type),
                (raw.clone(), media_type.clone())
            );
        }
    }
}

#[tokio::test]
async fn case_b68_a_layer_listed_four_times_and_an_old_schema() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let raw = world
        .push(&repo, "t", &[b"x", b"x", b"x", b"x"])
        .await
        .unwrap();
    assert_eq!(world.get(&repo, &by_tag("t")).await.unwrap(), raw);
    let old = Bytes::from_static(br#"{"schemaVersion":1,"name":"a","tag":"t","fsLayers":[]}"#);
    for media_type in [MediaType::DOCKER_SCHEMA1, MediaType::DOCKER_SCHEMA1_SIGNED] {
        let request = PutManifest {
            reference: by_tag("old"),
            tags: Vec::new(),
            media_type,
            raw: old.clone(),
            by: None,
            condition: Condition::Always,
            rights: meta::Rights::everything(),
        };
        let refused = world.registry.put_manifest(&repo, request).await;
        assert!(
            matches!(refused, Err(Error::ManifestInvalid { .. })),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn missing_blobs_are_named_and_nothing_is_visible() {
    for sparse in [Sparse::Indexes, Sparse::Anything] {
        let world = World::new(Setup {
            sparse,
            ..Setup::on(Kind::Disk)
        });
        let repo = repo("a");
        world.put_blob(&repo, b"here").await.unwrap();
        let raw = image(&[b"here", b"gone", b"away", b"gone"]);
        let pushed = world.put(&repo, by_tag("t"), &raw).await;
        if sparse == Sparse::Anything {
            assert_eq!(world.get(&repo, &by_tag("t")).await.unwrap(), raw);
            continue;
        }
        let Err(Error::BlobsMissing { missing, .. }) = pushed else {
            panic!("{pushed:?}");
        };
        let expected = [CONFIG, b"gone", b"away"].map(Digest::sha256);
        assert_eq!(missing, expected);
        for reference in [by_tag("t"), by_digest(&raw)] {
            let absent = world.get(&repo, &reference).await;
            assert!(matches!(absent, Err(Error::ManifestUnknown(_))));
        }
        assert_eq!(world.tags(&repo).await, Vec::<String>::new());
        assert_eq!(world.listed(&repo).await, (Vec::new(), 0));
        world.registry.set_options(Options {
            sparse: Sparse::Anything,
            ..Options::default()
        });
        world.put(&repo, by_tag("t"), &raw).await.unwrap();
    }
}

#[tokio::test]
async fn a_blob_of_another_size_than_its_descriptor_is_missing() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    for blob in [CONFIG, b"layer"] {
        world.put_blob(&repo, blob).await.unwrap();
    }
    let mut value = image_value(&[b"layer"]);
    value["layers"][0]["size"] = 4.into();
    let refused = world.put(&repo, by_tag("t"), &bytes(&value)).await;
    assert!(matches!(refused, Err(Error::BlobsMissing { missing, .. })
        if missing == [Digest::sha256(b"layer")]));
}

#[tokio::test]
async fn foreign_layers_and_children_may_be_elsewhere() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    world.put_blob(&repo, CONFIG).await.unwrap();
    let mut value = image_value(&[]);
    value["layers"] = json!([descriptor(&MediaType::OCI_FOREIGN_LAYER, b"far away")]);
    let raw = bytes(&value);
    world.put(&repo, by_tag("foreign"), &raw).await.unwrap();
    let absent = image(&[b"nobody has this"]);
    let list = index(&[&raw, &absent]);
    world.put(&repo, by_tag("list"), &list).await.unwrap();
    assert_eq!(world.get(&repo, &by_tag("list")).await.unwrap(), list);
    let child = world.get(&repo, &by_digest(&absent)).await;
    assert!(matches!(child, Err(Error::ManifestUnknown(_))));
    assert_eq!(world.get(&repo, &by_digest(&raw)).await.unwrap(), raw);
}

#[tokio::test]
async fn digests_of_every_algorithm() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    for blob in [CONFIG, b"layer"] {
        world.put_blob(&repo, blob).await.unwrap();
    }
    let raw = image(&[b"layer"]);
    for algorithm in [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
        let digest = Digest::of(algorithm, &raw);
        let mut push = request(Reference::Digest(digest), &raw);
        push.tags = vec![tag(algorithm.name())];
        let outcome = world.registry.put_manifest(&repo, push).await.unwrap();
        assert_eq!(outcome.digest, digest);
        let by_name = by_tag(algorithm.name());
        let content = world.registry.get_manifest(&repo, &by_name).await.unwrap();
        assert_eq!(content.info.digest, digest);
        let wrong = Reference::Digest(Digest::of(algorithm, b"other"));
        let refused = world.put(&repo, wrong, &raw).await;
        assert!(matches!(refused, Err(Error::ManifestMismatch { .. })));
    }
    let world = world.lose_rows().await;
    for algorithm in [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
        let by_name = by_tag(algorithm.name());
        let content = world.registry.get_manifest(&repo, &by_name).await.unwrap();
        assert_eq!(content.info.digest, Digest::of(algorithm, &raw));
    }
}

#[tokio::test]
async fn tags_of_a_push_by_digest_come_all_or_none() {
    let world = World::on(Kind::Memory);
    let repo = repo("a");
    world.push(&repo, "t1", &[b"old"]).await.unwrap();
    world.put_blob(&repo, b"layer").await.unwrap();
    let raw = image(&[b"layer"]);
    let push = |names: &[&str]| PutManifest {
        tags: names.iter().map(|name| tag(name)).collect(),
        ..request(by_digest(&raw), &raw)
    };
    let mut with_odd = push(&["t1", "t2"]);
    with_odd.tags.push(oci::Tag::stored("a:b").unwrap());
    let refused = world.registry.put_manifest(&repo, with_odd).await;
    assert!(matches!(refused, Err(Error::TagInvalid(_))));
    world.rows().fault_after(0, crate::row_store::Fault::Fail);
    world
        .registry
        .put_manifest(&repo, push(&["t1", "t2"]))
        .await
        .unwrap_err();
    assert_eq!(world.tags(&repo).await, ["t1"]);
    let pushed = world
        .registry
        .put_manifest(&repo, push(&["t1", "t2", "t2", "t3"]))
        .await;
    assert_eq!(pushed.unwrap().digest, Digest::sha256(&raw));
    for name in ["t1", "t2", "t3"] {
        assert_eq!(world.get(&repo, &by_tag(name)).await.unwrap(), raw);
    }
    let (names, bare) = world.listed(&repo).await;
    assert_eq!(
        (names, bare),
        (vec!["t1".into(), "t2".into(), "t3".into()], 1)
    );
}

#[tokio::test]
async fn conditions() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let first = world.push(&repo, "t", &[b"1"]).await.unwrap();
    world.put_blob(&repo, b"2").await.unwrap();
    let second = image(&[b"2"]);
    let (one, two) = (Digest::sha256(&first), Digest::sha256(&second));
    let put = |name: &str, condition| PutManifest {
        condition,
        ..request(by_tag(name), &second)
    };
    let some = |digests: &[Digest]| Matches::Digests(digests.to_vec());
    let refused = [
        ("t", Condition::IfMatch(some(&[two]))),
        ("t", Condition::IfMatch(some(&[]))),
        ("t", Condition::IfNoneMatch(Matches::Any)),
        ("t", Condition::IfNoneMatch(some(&[two, one]))),
        ("new", Condition::IfMatch(Matches::Any)),
        ("new", Condition::IfMatch(some(&[one]))),
    ];
    for (name, condition) in refused {
        let outcome = world
            .registry
            .put_manifest(&repo, put(name, condition))
            .await;
        assert!(matches!(outcome, Err(Error::Precondition)), "{outcome:?}");
        assert_eq!(world.get(&repo, &by_tag("t")).await.unwrap(), first);
    }
    let accepted = [
        ("t", Condition::IfMatch(some(&[two, one]))),
        ("t", Condition::IfMatch(Matches::Any)),
        ("t", Condition::IfNoneMatch(some(&[one]))),
        ("new", Condition::IfNoneMatch(Matches::Any)),
    ];
    for (name, condition) in accepted {
        world
            .registry
            .put_manifest(&repo, put(name, condition))
            .await
            .unwrap();
        assert_eq!(world.get(&repo, &by_tag(name)).await.unwrap(), second);
    }
}

#[tokio::test]
async fn case_b01_an_overwritten_tag_leaves_its_manifest_readable_by_digest() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let old = world.push(&repo, "t", &[b"old"]).await.unwrap();
    let new = world.push(&repo, "t", &[b"new"]).await.unwrap();
    let check = async |world: &World| {
        assert_eq!(world.get(&repo, &by_tag("t")).await.unwrap(), new);
        assert_eq!(world.get(&repo, &by_digest(&old)).await.unwrap(), old);
        assert_eq!(world.listed(&repo).await, (vec!["t".to_owned()], 1));
    };
    check(&world).await;
    let world = world.restart().await;
    check(&world).await;
    let world = world.lose_rows().await;
    check(&world).await;
}

#[tokio::test]
async fn a_push_repairs_a_manifest_whose_file_is_gone_or_wrong() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let raw = world.push(&repo, "t", &[b"layer"]).await.unwrap();
    let path = world
        .root()
        .join(layout::blob(&repo, &Digest::sha256(&raw)).as_str());
    let mut wrong = raw.to_vec();
    wrong[10] ^= 1;
    let mut world = world;
    for damage in [None, Some(&raw[..10]), Some(&wrong[..])] {
        world = world
            .restart_after(|_| match damage {
                None => std::fs::remove_file(&path).unwrap(),
                Some(left) => crate::ground::overwrite(&path, left),
            })
            .await;
        let damaged = world.get(&repo, &by_tag("t")).await;
        assert!(damaged.is_err(), "{damaged:?}");
        world.put(&repo, by_tag("t"), &raw).await.unwrap();
        assert_eq!(
            world
                .file(&layout::blob(&repo, &Digest::sha256(&raw)))
                .await,
            Some(raw.clone())
        );
        assert_eq!(world.get(&repo, &by_tag("t")).await.unwrap(), raw);
    }
}

#[tokio::test]
async fn a_push_does_not_rely_on_a_blob_whose_file_is_gone() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let raw = world.push(&repo, "t", &[b"layer"]).await.unwrap();
    let digest = Digest::sha256(b"layer");
    let path = world.root().join(layout::blob(&repo, &digest).as_str());
    for damage in [None, Some(&b"lay"[..])] {
        match damage {
            None => std::fs::remove_file(&path).unwrap(),
            Some(left) => crate::ground::overwrite(&path, left),
        }
        for name in ["t", "other"] {
            let refused = world.put(&repo, by_tag(name), &raw).await;
            assert!(
                matches!(refused, Err(Error::BlobsMissing { ref missing, .. })
                if *missing == [digest]),
                "{name} {refused:?}"
            );
        }
        world.put_blob(&repo, b"layer").await.unwrap();
        world.put(&repo, by_tag("t"), &raw).await.unwrap();
        assert_eq!(world.blob(&repo, &digest).await.unwrap(), "layer");
    }
}

#[tokio::test]
async fn every_name_that_a_repository_may_have() {
    let deep = "a/b/c/d/e/f/g/h";
    let long = format!("{}/x", "r".repeat(253));
    let names = [
        "a",
        "a/b",
        deep,
        "myblobs",
        "x/blobs-1/y",
        "my.uploads",
        "blobs",
        long.as_str(),
    ];
    let mut world = World::on(Kind::Disk);
    let mut raws = Vec::new();
    for name in names {
        raws.push(
            world
                .push(&repo(name), "t", &[name.as_bytes()])
                .await
                .unwrap(),
        );
    }
    for round in 0..3 {
        let all = meta::Rights::everything();
        let page = world.registry.list_repos(&all, None, 100).await.unwrap();
        let mut sorted = names.to_vec();
        sorted.sort_unstable();
        let listed: Vec<_> = page.items.iter().map(oci::RepoName::as_str).collect();
        assert_eq!(listed, sorted, "{round}");
        for (name, raw) in names.iter().zip(&raws) {
            assert_eq!(world.get(&repo(name), &by_tag("t")).await.unwrap(), raw);
        }
        world = if round == 0 {
            world.restart().await
        } else {
            world.lose_rows().await
        };
    }
}

#[tokio::test]
async fn events_tell_what_happened() {
    use parking_lot::Mutex;
    use registry::{Event, EventSink, Hooks};

    #[derive(Debug, Default)]
    struct Log(Mutex<Vec<String>>);
    impl EventSink for Log {
        fn publish(&self, event: &Event) {
            let line = match event {
                Event::RepoCreated(repo) => format!("created {repo}"),
                Event::ImageUpdated { reference, .. } => format!("updated {reference}"),
                Event::ImageDeleted { reference, .. } => format!("deleted {reference}"),
                Event::ImageRefused { reference, .. } => format!("refused {reference}"),
            };
            self.0.lock().push(line);
        }
    }

    let world = World::on(Kind::Memory);
    let log = Arc::new(Log::default());
    world.registry.set_hooks(Hooks {
        sinks: vec![Arc::<Log>::clone(&log)],
        ..Hooks::default()
    });
    let repo = repo("a");
    let raw = world.push(&repo, "t", &[]).await.unwrap();
    world.put(&repo, by_tag("t"), &raw).await.unwrap();
    world.put(&repo, by_tag("u"), &raw).await.unwrap();
    let request = registry::DeleteManifest::default();
    world
        .registry
        .delete_manifest(&repo, &by_tag("u"), request.clone())
        .await
        .unwrap();
    world
        .registry
        .delete_manifest(&repo, &by_digest(&raw), request)
        .await
        .unwrap();
    let digest = Digest::sha256(&raw);
    let expected = [
        "created a".to_owned(),
        "updated t".to_owned(),
        "updated u".to_owned(),
        "deleted u".to_owned(),
        "deleted t".to_owned(),
        format!("deleted {digest}"),
    ];
    assert_eq!(*log.0.lock(), expected);
}
