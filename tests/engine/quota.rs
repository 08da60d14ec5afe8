//! How many repositories there may be.

use meta::Rights;
use registry::{Error, Options};

use crate::ground::{Kind, World, repo};
use crate::image::{by_digest, by_tag, image};

impl World {
    fn limited(self, max_repos: u64) -> Self {
        self.registry.set_options(Options {
            max_repos,
            ..Options::default()
        });
        self
    }

    async fn is_full_for(&self, name: &str) -> bool {
        match self.push(&repo(name), "t", &[]).await {
            Ok(_) => false,
            Err(Error::TooManyRepos(_)) => true,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn pushes_to_new_repositories_end_at_the_limit() {
    for kind in [Kind::Disk, Kind::Memory] {
        let world = World::on(kind).limited(2);
        for (name, is_full) in [("a", false), ("b", false), ("c", true), ("a", false)] {
            assert_eq!(world.is_full_for(name).await, is_full, "{kind:?} {name}");
        }
        // Nothing is left of the one that was refused, except what was uploaded.
        let gone = world.get(&repo("c"), &by_tag("t")).await;
        assert!(gone.is_err());
        let world = world.restart().await.limited(2);
        assert!(world.is_full_for("c").await);
        assert!(!world.is_full_for("b").await);
        let world = world.limited(3);
        assert!(!world.is_full_for("c").await);
        assert!(world.is_full_for("d").await);
        let world = world.limited(0);
        assert!(!world.is_full_for("d").await);
    }
}

#[tokio::test]
async fn the_limit_is_told() {
    let world = World::on(Kind::Memory).limited(1);
    assert!(!world.is_full_for("a").await);
    let error: oci::Error = world.push(&repo("b"), "t", &[]).await.unwrap_err().into();
    assert_eq!(error.code, oci::ErrorCode::TooManyRequests);
    assert_eq!(error.detail["limit"], "1");
}

#[tokio::test]
async fn uploads_make_no_repository_that_counts() {
    let world = World::on(Kind::Disk).limited(1);
    for name in ["a", "b", "c"] {
        world.put_blob(&repo(name), name.as_bytes()).await.unwrap();
        let algorithm = oci::Algorithm::Sha256;
        let session = world.registry.start_upload(&repo(name), algorithm).await;
        session.unwrap();
    }
    let world = world.restart().await.limited(1);
    assert!(!world.is_full_for("b").await);
    assert!(world.is_full_for("a").await);
}

/// Compat: a repository that is empty again goes on counting.
#[tokio::test]
async fn an_emptied_repository_counts_and_may_be_filled_again() {
    let world = World::on(Kind::Disk).limited(1);
    let raw = world.push(&repo("a"), "t", &[]).await.unwrap();
    world.delete(&repo("a"), &by_digest(&raw)).await.unwrap();
    assert!(world.is_full_for("b").await);
    let world = world.restart().await.limited(1);
    assert!(world.is_full_for("b").await);
    assert!(!world.is_full_for("a").await);
}

#[tokio::test]
async fn a_push_that_fails_gives_its_place_back() {
    let world = World::on(Kind::Memory).limited(1);
    let missing = image(&[b"not here"]);
    let failed = world.put(&repo("a"), by_tag("t"), &missing).await;
    assert!(matches!(failed, Err(Error::BlobsMissing { .. })));
    assert!(!world.is_full_for("b").await);
    assert!(world.is_full_for("a").await);
}

#[tokio::test]
async fn repositories_of_others_count_and_those_that_are_gone_do_not() {
    let world = World::on(Kind::Disk);
    for name in ["a", "b"] {
        world.push(&repo(name), "t", &[]).await.unwrap();
    }
    // Without their rows they are somebody else's.
    let world = world.lose_rows().await.limited(2);
    assert!(world.is_full_for("c").await);
    let remove = |root: &std::path::Path| std::fs::remove_dir_all(root.join("a")).unwrap();
    let world = world.restart_after(remove).await.limited(2);
    world.discovered().await;
    assert!(world.registry.list_tags(&repo("a"), None, 1).await.is_err());
    assert!(!world.is_full_for("c").await);
    assert!(world.is_full_for("d").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_pushes_at_once_never_exceed_the_limit() {
    for kind in [Kind::Disk, Kind::Memory] {
        let world = std::sync::Arc::new(World::on(kind).limited(5));
        let pushes = (0..40).map(|number| {
            let world = std::sync::Arc::clone(&world);
            // Two pushes to each repository.
            tokio::spawn(async move { world.is_full_for(&format!("r{}", number / 2)).await })
        });
        let mut refused = 0;
        for push in pushes.collect::<Vec<_>>() {
            refused += usize::from(push.await.unwrap());
        }
        assert_eq!(refused, 30, "{kind:?}");
        let everything = Rights::everything();
        let page = world.registry.list_repos(&everything, None, 100).await;
        let mut held = 0;
        for name in page.unwrap().items {
            held += usize::from(world.get(&name, &by_tag("t")).await.is_ok());
        }
        assert_eq!(held, 5, "{kind:?}");
    }
}
