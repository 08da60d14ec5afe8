//! Upload sessions: every way in, and what is left when one breaks off.

use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use oci::{Algorithm, Digest, RepoName};
use registry::{Dedupe, Error, FinishUpload, Registry, SourceError, UploadId, layout};
use storage::{Effect, ErrorKind, Gate, Operation, Rule};

use crate::ground::{Kind, Setup, World, eventually, noise, nothing, repo, source};

const BOTH: [Kind; 2] = [Kind::Disk, Kind::Memory];

async fn start(world: &World, repo: &RepoName) -> UploadId {
    let started = world.registry.start_upload(repo, Algorithm::Sha256).await;
    started.unwrap()
}

async fn append(
    world: &World,
    repo: &RepoName,
    id: &UploadId,
    at: Option<u64>,
    data: &[u8],
) -> registry::Result<u64> {
    let mut data = source(&[data]);
    world.registry.append_upload(repo, id, at, &mut *data).await
}

async fn finish(
    world: &World,
    repo: &RepoName,
    id: &UploadId,
    digest: Digest,
) -> registry::Result<()> {
    let ending = FinishUpload { at: None, digest };
    let mut rest = nothing();
    world
        .registry
        .finish_upload(repo, id, ending, &mut *rest)
        .await
}

#[tokio::test]
async fn every_way_in_stores_the_same_bytes() {
    for kind in BOTH {
        let world = World::on(kind);
        for (seed, length) in [0, 1, 100, 40_000, 256 * 1024, 3_000_000]
            .into_iter()
            .enumerate()
        {
            let data = noise(seed.try_into().unwrap(), length);
            for algorithm in [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
                let digest = Digest::of(algorithm, &data);
                for way in 0..4 {
                    let repo = repo(&format!("way{way}"));
                    push(&world, &repo, &data, digest, way).await;
                    assert_eq!(world.blob(&repo, &digest).await.unwrap(), data);
                    assert_eq!(world.leftovers(&repo).await, Vec::<String>::new());
                }
            }
        }
    }
}

async fn push(world: &World, repo: &RepoName, data: &[u8], digest: Digest, way: usize) {
    let registry = &world.registry;
    let algorithm = digest.algorithm();
    let pieces: Vec<&[u8]> = data.chunks(70_001).collect();
    match way {
        0 => {
            let mut whole = source(&pieces);
            registry.put_blob(repo, &digest, &mut *whole).await.unwrap();
        }
        1 => {
            let id = registry.start_upload(repo, algorithm).await.unwrap();
            let mut whole = source(&[data]);
            let ending = FinishUpload {
                at: Some(0),
                digest,
            };
            let finished = registry.finish_upload(repo, &id, ending, &mut *whole);
            finished.await.unwrap();
        }
        2 => {
            // The session starts with the usual hash whatever the digest turns out to be.
            let id = start(world, repo).await;
            let mut at = 0;
            for piece in pieces {
                let mut piece = source(&[piece]);
                let size = registry.append_upload(repo, &id, Some(at), &mut *piece);
                at = size.await.unwrap();
            }
            finish(world, repo, &id, digest).await.unwrap();
        }
        _ => {
            let id = registry.start_upload(repo, algorithm).await.unwrap();
            let mut whole = source(&pieces);
            let size = registry.append_upload(repo, &id, None, &mut *whole);
            assert_eq!(size.await.unwrap(), u64::try_from(data.len()).unwrap());
            finish(world, repo, &id, digest).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_session_goes_on_after_a_stop() {
    for kind in BOTH {
        for crash in [false, true] {
            let world = World::on(kind);
            let repo = repo("a/b");
            let data = noise(1, 500_000);
            let id = start(&world, &repo).await;
            append(&world, &repo, &id, Some(0), &data[..200_000])
                .await
                .unwrap();
            let world = if crash {
                world.crash().await
            } else {
                world.restart().await
            };
            assert_eq!(
                world.registry.upload_size(&repo, &id).await.unwrap(),
                200_000
            );
            append(&world, &repo, &id, Some(200_000), &data[200_000..])
                .await
                .unwrap();
            let digest = Digest::sha256(&data);
            finish(&world, &repo, &id, digest).await.unwrap();
            assert_eq!(world.blob(&repo, &digest).await.unwrap(), data);
        }
    }
}

#[tokio::test]
async fn a_wrong_offset_is_refused_and_named() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let id = start(&world, &repo).await;
    append(&world, &repo, &id, Some(0), b"0123456789")
        .await
        .unwrap();
    for at in [0, 9, 11, u64::MAX] {
        let refused = append(&world, &repo, &id, Some(at), b"x").await;
        assert!(
            matches!(refused, Err(Error::UploadOffset { size: 10 })),
            "{at}"
        );
        let ending = FinishUpload {
            at: Some(at),
            digest: Digest::sha256(b"0123456789"),
        };
        let mut rest = nothing();
        let refused = world.registry.finish_upload(&repo, &id, ending, &mut *rest);
        assert!(matches!(
            refused.await,
            Err(Error::UploadOffset { size: 10 })
        ));
    }
    assert_eq!(
        append(&world, &repo, &id, Some(10), b"ab").await.unwrap(),
        12
    );
}

#[tokio::test]
async fn case_b74_chunks_with_and_without_offsets_mix() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let data = noise(7, 2 << 20);
    let id = start(&world, &repo).await;
    append(&world, &repo, &id, None, &data[..1 << 20])
        .await
        .unwrap();
    append(&world, &repo, &id, Some(1 << 20), &data[1 << 20..])
        .await
        .unwrap();
    finish(&world, &repo, &id, Digest::sha256(&data))
        .await
        .unwrap();
}

#[tokio::test]
async fn unknown_sessions() {
    let world = World::on(Kind::Disk);
    let (here, there) = (repo("a"), repo("b"));
    let id = start(&world, &here).await;
    let stranger: UploadId = "6b3c9a93-af5d-473f-a4ff-9710022185cd".parse().unwrap();
    let digest = Digest::sha256(b"");
    for (repo, id) in [(&there, id), (&here, stranger)] {
        let registry = &world.registry;
        for outcome in [
            registry.upload_size(repo, &id).await.map(drop),
            append(&world, repo, &id, None, b"x").await.map(drop),
            finish(&world, repo, &id, digest).await,
            registry.cancel_upload(repo, &id).await,
        ] {
            assert!(
                matches!(outcome, Err(Error::UploadUnknown(_))),
                "{outcome:?}"
            );
        }
    }
    world.registry.cancel_upload(&here, &id).await.unwrap();
    let gone = append(&world, &here, &id, None, b"x").await;
    assert!(matches!(gone, Err(Error::UploadUnknown(_))));
    assert_eq!(world.leftovers(&here).await, Vec::<String>::new());
}

#[tokio::test]
async fn one_writer_at_a_time() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let id = start(&world, &repo).await;
    let gate = Gate::closed();
    world
        .faults
        .add(Rule::on(Operation::Append, Effect::Wait(gate.clone())));
    let registry = Arc::clone(&world.registry);
    let first = {
        let (registry, repo) = (Arc::clone(&registry), repo.clone());
        tokio::spawn(async move {
            let mut data = source(&[b"first"]);
            registry.append_upload(&repo, &id, None, &mut *data).await
        })
    };
    gate.arrived(1).await;
    for at in [None, Some(0), Some(5)] {
        let second = append(&world, &repo, &id, at, b"second").await;
        assert!(matches!(second, Err(Error::UploadBusy(_))), "{second:?}");
    }
    let cancelled = registry.cancel_upload(&repo, &id).await;
    assert!(matches!(cancelled, Err(Error::UploadBusy(_))));
    gate.open();
    assert_eq!(first.await.unwrap().unwrap(), 5);
    finish(&world, &repo, &id, Digest::sha256(b"first"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_request_that_is_dropped_leaves_a_session_that_goes_on() {
    for kind in BOTH {
        let world = World::on(kind);
        let repo = repo("a");
        let data = noise(3, 2_500_000);
        let id = start(&world, &repo).await;
        let gate = Gate::closed();
        world.faults.add(
            Rule::on(Operation::Append, Effect::Wait(gate.clone()))
                .after(1)
                .times(1),
        );
        let request = {
            let (registry, repo) = (Arc::clone(&world.registry), repo.clone());
            let pieces: Vec<_> = data.chunks(65_536).map(Bytes::copy_from_slice).collect();
            tokio::spawn(async move {
                let mut data = stream::iter(pieces).map(Ok::<_, SourceError>);
                registry.append_upload(&repo, &id, None, &mut data).await
            })
        };
        gate.arrived(1).await;
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        let busy = append(&world, &repo, &id, None, b"x").await;
        assert!(
            matches!(busy, Err(Error::UploadBusy(_))),
            "the step goes on"
        );
        gate.open();
        let stands = settled_size(&world.registry, &repo, id).await;
        let at = usize::try_from(stands).unwrap();
        assert!(at > 0 && at < data.len());
        append(&world, &repo, &id, Some(stands), &data[at..])
            .await
            .unwrap();
        let digest = Digest::sha256(&data);
        finish(&world, &repo, &id, digest).await.unwrap();
        assert_eq!(world.blob(&repo, &digest).await.unwrap(), data);
    }
}

/// Waits until nobody writes to a session, and yields its size.
async fn settled_size(registry: &Registry, repo: &RepoName, id: UploadId) -> u64 {
    eventually("nobody writes", || async {
        let mut nothing = nothing();
        let probe = registry.append_upload(repo, &id, None, &mut *nothing).await;
        probe.is_ok()
    })
    .await;
    registry.upload_size(repo, &id).await.unwrap()
}

#[tokio::test]
async fn a_client_that_breaks_off_may_go_on() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let data = noise(4, 300_000);
    let id = start(&world, &repo).await;
    for (way, error) in [
        SourceError::Closed("reset".into()),
        SourceError::Stalled,
        SourceError::Length,
    ]
    .into_iter()
    .enumerate()
    {
        let at = world.registry.upload_size(&repo, &id).await.unwrap();
        let start = usize::try_from(at).unwrap();
        let piece = Bytes::copy_from_slice(&data[start..start + 50_000]);
        let mut broken = stream::iter([Ok(piece), Err(error)]);
        let outcome = world
            .registry
            .append_upload(&repo, &id, Some(at), &mut broken);
        assert!(matches!(outcome.await, Err(Error::Source(_))), "{way}");
    }
    assert_eq!(
        world.registry.upload_size(&repo, &id).await.unwrap(),
        150_000
    );
    append(&world, &repo, &id, Some(150_000), &data[150_000..])
        .await
        .unwrap();
    finish(&world, &repo, &id, Digest::sha256(&data))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_wrong_digest_keeps_the_session() {
    for kind in BOTH {
        let world = World::on(kind);
        let repo = repo("a");
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let id = start(&world, &repo).await;
            append(&world, &repo, &id, None, b"content").await.unwrap();
            let wrong = Digest::of(algorithm, b"other content");
            let refused = finish(&world, &repo, &id, wrong).await;
            assert!(
                matches!(refused, Err(Error::DigestMismatch { expected }) if expected == wrong)
            );
            let absent = world.blob(&repo, &wrong).await;
            assert!(matches!(absent, Err(Error::BlobUnknown(_))));
            append(&world, &repo, &id, Some(7), b" and more")
                .await
                .unwrap();
            let right = Digest::of(algorithm, b"content and more");
            finish(&world, &repo, &id, right).await.unwrap();
            assert_eq!(world.blob(&repo, &right).await.unwrap(), "content and more");
        }
    }
}

#[tokio::test]
async fn a_single_post_that_fails_leaves_nothing() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let digest = Digest::sha256(b"right");
    let mut wrong = source(&[b"wrong"]);
    let refused = world.registry.put_blob(&repo, &digest, &mut *wrong).await;
    assert!(matches!(refused, Err(Error::DigestMismatch { .. })));
    let pieces = [Ok(Bytes::from_static(b"ri")), Err(SourceError::Stalled)];
    let mut broken = stream::iter(pieces);
    let refused = world.registry.put_blob(&repo, &digest, &mut broken).await;
    assert!(matches!(refused, Err(Error::Source(SourceError::Stalled))));
    assert_eq!(world.leftovers(&repo).await, Vec::<String>::new());
    assert!(world.blob(&repo, &digest).await.is_err());
}

#[tokio::test]
async fn an_upload_of_what_is_there_replaces_only_what_is_wrong() {
    let world = World::on(Kind::Disk);
    let repo = repo("a");
    let raw = world.push(&repo, "t", &[b"layer"]).await.unwrap();
    let digest = Digest::sha256(b"layer");
    let path = world.root().join(layout::blob(&repo, &digest).as_str());
    for damage in [None, Some(&b"lay"[..]), Some(&b""[..])] {
        match damage {
            None => std::fs::remove_file(&path).unwrap(),
            Some(left) => crate::ground::overwrite(&path, left),
        }
        let missing = world.blob(&repo, &digest).await;
        assert!(matches!(missing, Err(Error::BlobUnknown(_))), "{damage:?}");
        world.put_blob(&repo, b"layer").await.unwrap();
        assert_eq!(world.blob(&repo, &digest).await.unwrap(), "layer");
    }
    let again = crate::image::by_tag("t");
    world.put(&repo, again, &raw).await.unwrap();
}

#[tokio::test]
async fn case_b76_equal_uploads_at_once() {
    for kind in BOTH {
        let world = World::on(kind);
        let data = noise(9, 100_000);
        let digest = Digest::sha256(&data);
        let mut pushes = Vec::new();
        for number in 0..64 {
            let name = if number < 32 {
                "one".to_owned()
            } else {
                format!("many/r{number}")
            };
            let (registry, data) = (Arc::clone(&world.registry), data.clone());
            pushes.push(tokio::spawn(async move {
                let mut data = source(&[&data[..30_000], &data[30_000..]]);
                registry.put_blob(&repo(&name), &digest, &mut *data).await
            }));
        }
        for push in pushes {
            push.await.unwrap().unwrap();
        }
        for name in ["one".to_owned()]
            .into_iter()
            .chain((32..64).map(|n| format!("many/r{n}")))
        {
            let repo = repo(&name);
            assert_eq!(world.blob(&repo, &digest).await.unwrap(), data);
            assert_eq!(world.leftovers(&repo).await, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn equal_content_of_one_store_is_kept_once_with_dedupe_on() {
    for (dedupe, links) in [(Dedupe::On, 3), (Dedupe::Off, 1)] {
        let world = World::new(Setup {
            dedupe,
            ..Setup::on(Kind::Disk)
        });
        let digest = Digest::sha256(b"content");
        for name in ["a", "b", "c/d"] {
            world.put_blob(&repo(name), b"content").await.unwrap();
        }
        let path = world
            .root()
            .join(layout::blob(&repo("a"), &digest).as_str());
        assert_eq!(
            std::fs::metadata(path).unwrap().nlink(),
            links,
            "{dedupe:?}"
        );
    }
}

#[tokio::test]
async fn a_write_that_fails_in_part_is_told_and_made_good() {
    for kind in BOTH {
        for bytes in [0, 1, 60_000] {
            let world = World::on(kind);
            let repo = repo("a");
            let data = noise(5, 100_000);
            let id = start(&world, &repo).await;
            let failing = Effect::Short {
                bytes,
                kind: ErrorKind::Full,
            };
            world
                .faults
                .add(Rule::on(Operation::Append, failing).times(1));
            let failed = append(&world, &repo, &id, Some(0), &data).await;
            assert!(matches!(failed, Err(Error::Storage(_))));
            let stands = world.registry.upload_size(&repo, &id).await.unwrap();
            let rest = usize::try_from(stands).unwrap();
            append(&world, &repo, &id, Some(stands), &data[rest..])
                .await
                .unwrap();
            finish(&world, &repo, &id, Digest::sha256(&data))
                .await
                .unwrap();
        }
    }
}
