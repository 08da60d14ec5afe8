//! Roots that others have written, and roots without their rows.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use meta::Rights;
use oci::index::IndexFile;
use oci::{Digest, MediaType, RepoName};
use registry::{Error, Options, ReferrersQuery, Sparse, layout};
use serde_json::json;

use crate::ground::{Kind, Setup, World, eventually, overwrite, read, repo};
use crate::image::{CONFIG, by_digest, by_tag, bytes, descriptor, image, index, tag, type_of};

/// Writes a layout as another tool would.
struct Layout(PathBuf, IndexFile);

impl Layout {
    fn new(root: &Path, name: &str) -> Self {
        let folder = root.join(name);
        std::fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        overwrite(folder.join("oci-layout"), oci::index::LAYOUT_CONTENT);
        Self(folder, IndexFile::default())
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.0.join("blobs/sha256").join(digest.to_hex())
    }

    fn blob(self, data: &[u8]) -> Self {
        overwrite(self.path(&Digest::sha256(data)), data);
        self
    }

    fn entry(mut self, name: &str, raw: &[u8]) -> Self {
        let entry = descriptor(&type_of(raw), raw);
        self.1.manifests.push(if name.is_empty() {
            entry
        } else {
            entry.with_ref_name(&oci::Tag::stored(name).unwrap())
        });
        self
    }

    fn done(self) {
        overwrite(self.0.join("index.json"), self.1.to_bytes());
    }
}

async fn repos(world: &World) -> Vec<String> {
    let all = Rights::everything();
    let page = world.registry.list_repos(&all, None, 1000).await.unwrap();
    page.items
        .iter()
        .map(|repo| repo.as_str().to_owned())
        .collect()
}

/// An image, an index of an index, and odd tags that others let in.
fn sample(root: &Path, name: &str) -> [Bytes; 3] {
    let child = image(&[b"layer"]);
    let inner = index(&[&child]);
    let outer = index(&[&inner]);
    Layout::new(root, name)
        .blob(CONFIG)
        .blob(b"layer")
        .blob(&child)
        .blob(&inner)
        .blob(&outer)
        .entry("v1", &outer)
        .entry("a:b", &outer)
        .done();
    [child, inner, outer]
}

async fn check_sample(world: &World, repo: &RepoName, sample: &[Bytes; 3]) {
    assert_eq!(world.tags(repo).await, ["a:b", "v1"]);
    for raw in sample {
        assert_eq!(world.get(repo, &by_digest(raw)).await.unwrap(), raw);
    }
    assert_eq!(world.get(repo, &by_tag("v1")).await.unwrap(), sample[2]);
    check_sample_use(world, repo, &sample[0]).await;
}

async fn check_sample_use(world: &World, repo: &RepoName, child: &Bytes) {
    let layer = Digest::sha256(b"layer");
    assert_eq!(world.blob(repo, &layer).await.unwrap(), "layer");
    let named = world.registry.blob_info(repo, &layer).await.unwrap();
    assert_eq!(named.media_type, MediaType::OCI_LAYER);
    let refused = world.registry.delete_blob(repo, &layer).await;
    assert!(matches!(refused, Err(Error::BlobInUse(_))));
    let refused = world.delete(repo, &by_digest(child)).await;
    assert!(matches!(refused, Err(Error::ManifestInUse(_))));
}

#[tokio::test]
async fn a_layout_that_lies_there_at_the_start_is_served() {
    let mut layouts = Vec::new();
    let world = World::prepared(Setup::on(Kind::Disk), |root| {
        for name in ["a", "a/b", "x/myblobs"] {
            layouts.push((repo(name), sample(root, name)));
        }
        std::fs::create_dir_all(root.join("not/a/repository/blobs")).unwrap();
        std::fs::create_dir_all(root.join("_private/blobs")).unwrap();
    });
    assert_eq!(repos(&world).await, ["a", "a/b", "x/myblobs"]);
    for (repo, sample) in &layouts {
        check_sample(&world, repo, sample).await;
    }
    let world = world.restart().await;
    for (repo, sample) in &layouts {
        check_sample(&world, repo, sample).await;
    }
}

#[tokio::test]
async fn a_layout_that_is_copied_in_while_we_run_is_served_when_asked_for() {
    let world = World::on(Kind::Disk);
    world.discovered().await;
    let name = repo("late/comer");
    let sample = sample(&world.root(), name.as_str());
    check_sample(&world, &name, &sample).await;
    assert_eq!(repos(&world).await, ["late/comer"]);
    let other = repo("b");
    let layer = Digest::sha256(b"layer");
    let all = Rights::everything();
    let mounted = world.registry.mount_blob(&other, &layer, Some(&name), &all);
    assert!(mounted.await.unwrap());
}

#[tokio::test]
async fn without_its_rows_a_root_says_the_same() {
    for kind in [Kind::Disk, Kind::Memory] {
        let world = World::on(kind);
        let (one, two) = (repo("one"), repo("two/levels"));
        let raw = world.push(&one, "t", &[b"layer"]).await.unwrap();
        let list = index(&[&raw]);
        world.put(&one, by_tag("list"), &list).await.unwrap();
        let subject = descriptor(&MediaType::OCI_MANIFEST, &raw);
        let note = crate::image::referrer(&subject, "a/note", "x");
        world.put(&one, by_digest(&note), &note).await.unwrap();
        world.push(&two, "t", &[b"other"]).await.unwrap();
        let world = world.lose_rows().await;
        assert_eq!(repos(&world).await, ["one", "two/levels"]);
        assert_eq!(world.tags(&one).await, ["list", "t"]);
        assert_eq!(world.get(&one, &by_digest(&note)).await.unwrap(), note);
        let query = ReferrersQuery {
            subject: &subject.digest,
            filter: &[],
            after: None,
            limit: 10,
        };
        let page = world.registry.list_referrers(&one, query).await.unwrap();
        assert_eq!(page.items.len(), 1);
        assert_eq!(page.items[0].artifact_type.as_deref(), Some("a/note"));
        let refused = world.delete(&one, &by_digest(&raw)).await;
        assert!(matches!(refused, Err(Error::ManifestInUse(_))));
        assert_eq!(
            world.get(&two, &by_tag("t")).await.unwrap(),
            image(&[b"other"])
        );
    }
}

/// One bad thing does not keep the others out.
#[tokio::test]
async fn case_b88_what_cannot_be_read_is_left_out() {
    let good = image(&[b"layer"]);
    let missing = image(&[b"missing"]);
    let corrupt = image(&[b"corrupt"]);
    let odd = bytes(&json!({ "mediaType": "application/x-odd", "layers": 7 }));
    let cut = Bytes::copy_from_slice(&good[..good.len() / 2]);
    let world = World::prepared(Setup::on(Kind::Disk), |root| {
        let layout = Layout::new(root, "a")
            .blob(&good)
            .blob(&odd)
            .blob(&cut)
            .blob(&corrupt)
            .entry("missing", &missing)
            .entry("corrupt", &corrupt)
            .entry("odd", &odd)
            .entry("good", &good);
        overwrite(layout.path(&Digest::sha256(&corrupt)), "something else");
        let mut layout = layout;
        let cut = descriptor(&MediaType::OCI_MANIFEST, &cut);
        layout.1.manifests.push(cut.with_ref_name(&tag("cut")));
        layout.done();
        Layout::new(root, "b").blob(&good).entry("t", &good).done();
        let broken = Layout::new(root, "broken");
        overwrite(broken.0.join("index.json"), "{\"manifests\": [");
    });
    assert_eq!(world.tags(&repo("a")).await, ["good"]);
    assert_eq!(world.get(&repo("a"), &by_tag("good")).await.unwrap(), good);
    assert_eq!(world.get(&repo("b"), &by_tag("t")).await.unwrap(), good);
    assert!(repos(&world).await.contains(&"b".to_owned()));
}

#[tokio::test]
async fn case_b41_a_manifest_that_is_gone_is_forgotten_alone() {
    let world = World::on(Kind::Disk);
    let name = repo("a");
    let gone = world.push(&name, "gone", &[b"1"]).await.unwrap();
    let kept = world.push(&name, "kept", &[b"2"]).await.unwrap();
    let world = world
        .restart_after(|root| {
            let key = layout::blob(&name, &Digest::sha256(&gone));
            std::fs::remove_file(root.join(key.as_str())).unwrap();
            // Whoever removes files also touches the index, here without changing a byte.
            let index = root.join(layout::index(&name).as_str());
            let raw = read(&index);
            std::fs::remove_file(&index).unwrap();
            overwrite(&index, raw + "\n");
        })
        .await;
    assert_eq!(world.tags(&name).await, ["kept"]);
    assert_eq!(world.get(&name, &by_tag("kept")).await.unwrap(), kept);
}

#[tokio::test]
async fn what_others_changed_while_we_were_down_is_taken_over() {
    let world = World::on(Kind::Disk);
    let name = repo("a");
    let first = world.push(&name, "first", &[b"1"]).await.unwrap();
    let second = world.push(&name, "second", &[b"2"]).await.unwrap();
    let layer = Digest::sha256(b"3");
    world.put_blob(&name, b"3").await.unwrap();
    world.registry.delete_blob(&name, &layer).await.unwrap();
    let third = image(&[b"3"]);
    let world = world
        .restart_after(|root| {
            Layout::new(root, "a")
                .blob(&third)
                .blob(b"3")
                .entry("second", &third)
                .entry("third", &third)
                .entry("", &second)
                .done();
        })
        .await;
    // The very first look sees it.
    assert_eq!(world.get(&name, &by_tag("second")).await.unwrap(), third);
    assert_eq!(world.tags(&name).await, ["second", "third"]);
    assert_eq!(world.get(&name, &by_digest(&second)).await.unwrap(), second);
    let gone = world.get(&name, &by_digest(&first)).await;
    assert!(matches!(gone, Err(Error::ManifestUnknown(_))));
    assert_eq!(world.blob(&name, &layer).await.unwrap(), "3");
}

#[tokio::test]
async fn a_repository_whose_folder_was_removed_is_gone() {
    let world = World::on(Kind::Disk);
    for name in ["a", "b", "b/c"] {
        world.push(&repo(name), "t", &[b"layer"]).await.unwrap();
    }
    let world = world
        .restart_after(|root| std::fs::remove_dir_all(root.join("a")).unwrap())
        .await;
    assert_eq!(repos(&world).await, ["b", "b/c"]);
    let gone = world.get(&repo("a"), &by_tag("t")).await;
    assert!(matches!(gone, Err(Error::RepoUnknown(_))), "{gone:?}");
    assert!(!world.root().join("a").exists());
    world.push(&repo("a"), "new", &[b"layer"]).await.unwrap();
    assert_eq!(world.tags(&repo("a")).await, ["new"]);
}

#[tokio::test]
async fn an_index_that_cannot_be_read_is_not_thrown_away() {
    let world = World::prepared(Setup::on(Kind::Disk), |root| {
        let broken = Layout::new(root, "a");
        overwrite(
            broken.0.join("index.json"),
            "{\"manifests\": [ our only copy",
        );
    });
    world.push(&repo("a"), "t", &[]).await.unwrap();
    let quarantine = world.root().join(layout::PRIVATE).join("quarantine");
    let mut kept = std::fs::read_dir(quarantine).unwrap();
    let kept = read(kept.next().unwrap().unwrap().path());
    assert!(kept.contains("our only copy"));
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_hides_itself_alone() {
    use storage::{Effect, ErrorKind, Key, Keys, Operation, Rule};
    let world = World::on(Kind::Memory);
    for name in ["a/x", "b/x", "c/x"] {
        world.push(&repo(name), "t", &[]).await.unwrap();
    }
    let faults = std::sync::Arc::clone(&world.faults);
    let denied = Rule::on(Operation::List, Effect::Fail(ErrorKind::Denied));
    let folder = Keys::Is(Key::new("b").unwrap());
    // Rules are dropped at a restart, so the engine is opened here.
    let rows = std::sync::Arc::<crate::row_store::RowStore>::default();
    faults.add(denied.keys(folder));
    let store = registry::StoreOptions {
        driver: faults,
        dedupe: registry::Dedupe::On,
        commit: false,
    };
    let other = registry::Registry::open(registry::Parts {
        stores: registry::Stores::new(store),
        meta: meta::Meta::new(rows),
        options: Options::default(),
        clock: std::sync::Arc::<crate::manual_clock::ManualClock>::clone(&world.clock),
    });
    let all = Rights::everything();
    let page = other.list_repos(&all, None, 10).await.unwrap();
    let names: Vec<_> = page.items.iter().map(RepoName::as_str).collect();
    assert_eq!(names, ["a/x", "c/x"]);
    // Asked for by name it is found all the same.
    other
        .stat_manifest(&repo("b/x"), &by_tag("t"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_repository_in_the_wrong_store_is_passed_over() {
    let setup = Setup {
        routed: Some("far"),
        ..Setup::on(Kind::Disk)
    };
    let world = World::prepared(setup, |root| {
        sample(root, "far/app");
        sample(root, "near");
    });
    assert_eq!(repos(&world).await, ["near"]);
    let unknown = world.get(&repo("far/app"), &by_tag("v1")).await;
    assert!(matches!(unknown, Err(Error::RepoUnknown(_))));
}

/// A file that an unclean stop left without a row is read before it is believed.
#[tokio::test]
async fn a_file_that_nothing_vouches_for_is_verified() {
    let world = World::on(Kind::Disk);
    let name = repo("a");
    let (right, wrong) = (Digest::sha256(b"right"), Digest::sha256(b"wrong"));
    for data in [b"right", b"wrong"] {
        world.put_blob(&name, data).await.unwrap();
    }
    let world = world
        .crash_after(|root| {
            overwrite(root.join(layout::blob(&name, &wrong).as_str()), "WRONG");
        })
        .await;
    for _ in 0..2 {
        assert_eq!(world.blob(&name, &right).await.unwrap(), "right");
        let refused = world.blob(&name, &wrong).await;
        assert!(matches!(refused, Err(Error::BlobUnknown(_))));
    }
    assert_eq!(world.file(&layout::blob(&name, &wrong)).await, None);
    let quarantine = world.root().join(layout::PRIVATE).join("quarantine");
    assert_eq!(std::fs::read_dir(quarantine).unwrap().count(), 1);
    let raw = world.push(&name, "t", &[b"right", b"wrong"]).await.unwrap();
    assert_eq!(world.get(&name, &by_tag("t")).await.unwrap(), raw);
    assert_eq!(world.blob(&name, &wrong).await.unwrap(), "wrong");
}

/// A push by digest of what only an untrusted file holds verifies it too.
#[tokio::test]
async fn a_push_may_name_what_an_unclean_stop_left() {
    for torn in [false, true] {
        let world = World::on(Kind::Disk);
        let name = repo("a");
        for data in [CONFIG, b"layer"] {
            world.put_blob(&name, data).await.unwrap();
        }
        let layer = Digest::sha256(b"layer");
        let world = world
            .crash_after(|root| {
                if torn {
                    overwrite(
                        root.join(layout::blob(&name, &layer).as_str()),
                        "\0\0\0\0\0",
                    );
                }
            })
            .await;
        let pushed = world.put(&name, by_tag("t"), &image(&[b"layer"])).await;
        match pushed {
            Ok(_) => assert!(!torn),
            Err(Error::BlobsMissing { missing, .. }) => {
                assert!(torn);
                assert_eq!(missing, [layer]);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Finds the data that lies beside the checkout.
fn shared(path: &str) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here
        .ancestors()
        .map(|folder| folder.join("../shared/data").join(path))
        .find(|path| path.exists());
    #[expect(clippy::disallowed_methods, reason = "only CI promises the data")]
    let is_ci = std::env::var_os("CI").is_some();
    assert!(found.is_some() || !is_ci, "CI has no {path}");
    if found.is_none() {
        println!("skipped: there is no {path}");
    }
    found
}

#[tokio::test]
async fn a_root_of_zot_is_served() {
    let Some(archive) = shared("zot-root/root.tar.gz") else {
        return;
    };
    let world = World::prepared(Setup::on(Kind::Disk), |root| {
        let unpacked = std::process::Command::new("tar")
            .arg("-xzf")
            .arg(&archive)
            .arg("--strip-components=1")
            .arg("-C")
            .arg(root)
            .status();
        assert!(unpacked.unwrap().success());
    });
    let names = ["charts/demo", "multi", "team/app", "team/app/nested"];
    let mut world = world;
    for _ in 0..2 {
        assert_eq!(repos(&world).await, names);
        check_app(&world, &repo("team/app")).await;
        for name in names {
            read_everything(&world, &repo(name)).await;
        }
        world
            .push(&repo("team/app/nested"), "new", &[b"ours"])
            .await
            .unwrap();
        world = world.restart().await;
    }
    let index = world.index(&repo("multi")).await;
    assert!(
        index
            .manifests
            .iter()
            .any(|entry| entry.ref_name() == Some("latest"))
    );
}

async fn check_app(world: &World, app: &RepoName) {
    let tags = world.tags(app).await;
    assert_eq!(tags[..2], ["1.36", "latest"]);
    let latest = by_tag("latest");
    let info = world.registry.stat_manifest(app, &latest).await.unwrap();
    let signature = format!("sha256-{}.sig", info.digest.to_hex());
    assert_eq!(tags[2..], [signature]);
    let query = ReferrersQuery {
        subject: &info.digest,
        filter: &[],
        after: None,
        limit: 10,
    };
    let page = world.registry.list_referrers(app, query).await.unwrap();
    let kinds = page.items.iter().map(|it| it.artifact_type.as_deref());
    let mut kinds: Vec<_> = kinds.collect();
    kinds.sort_unstable();
    let expected = ["application/vnd.demo.note", "application/vnd.demo.other"];
    assert_eq!(kinds, expected.map(Some));
}

/// Pulls all tags of a repository with all that they name.
async fn read_everything(world: &World, repo: &RepoName) {
    for name in world.tags(repo).await {
        let mut waiting = vec![world.get(repo, &by_tag(&name)).await.unwrap()];
        while let Some(raw) = waiting.pop() {
            let manifest =
                oci::Manifest::parse(&type_of(&raw), raw, oci::json::Limits::default()).unwrap();
            for blob in manifest.blobs() {
                let data = world.blob(repo, &blob.digest).await.unwrap();
                assert_eq!(Digest::sha256(&data), blob.digest);
            }
            for child in manifest.children() {
                let reference = oci::Reference::Digest(child.digest);
                waiting.push(world.get(repo, &reference).await.unwrap());
            }
        }
    }
}

#[tokio::test]
async fn an_import_goes_on_where_it_was_cut_off() {
    let world = World::prepared(Setup::on(Kind::Disk), |_| {});
    let name = repo("a");
    world.registry.set_options(Options {
        sparse: Sparse::Anything,
        ..Options::default()
    });
    let raw = world.push(&name, "t", &[b"x"]).await.unwrap();
    let world = world
        .restart_after(|root| {
            let mut layout = Layout::new(root, "a");
            for number in 0..500 {
                layout = layout.entry(&format!("t{number}"), &raw);
            }
            layout.done();
        })
        .await;
    // The walk may be anywhere by now.
    let world = world.crash().await;
    eventually("all is taken in", || async {
        world.tags(&name).await.len() == 500
    })
    .await;
}
