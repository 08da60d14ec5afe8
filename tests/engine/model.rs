//! A random workload against a simple model: pushes, deletes, mounts, stops, faults and power cuts.
//!
//! What was answered is there afterwards, exactly; what failed has happened or not, never by half;
//! nothing wrong is ever served.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use meta::Rights;
use oci::index::IndexFile;
use oci::{Digest, RepoName};
use registry::{Error, layout};
use storage::{Effect, ErrorKind, Loss, Rule};

use crate::ground::{Kind, World, noise, repo};
use crate::image::{CONFIG, by_digest, by_tag, image, index};

const SEEDS: u64 = 24;
const STEPS: usize = 80;
const REPOS: [&str; 3] = ["a", "a/b", "c"];
const TAGS: [&str; 3] = ["t", "u", "v"];
const LAYERS: u64 = 5;

/// What a repository must hold.
#[derive(Debug, Default)]
struct Repo {
    tags: BTreeMap<&'static str, Bytes>,
    manifests: BTreeMap<Digest, Manifest>,
    /// Blobs that were deleted and have not come back.
    deleted: BTreeSet<Digest>,
}

#[derive(Clone, Debug)]
struct Manifest {
    raw: Bytes,
    blobs: Vec<Digest>,
    children: Vec<Digest>,
}

impl Repo {
    fn names(&self, content: &Digest) -> bool {
        self.manifests
            .values()
            .any(|it| it.blobs.contains(content) || it.children.contains(content))
    }

    fn add(&mut self, tag: &'static str, manifest: Manifest) {
        for blob in &manifest.blobs {
            self.deleted.remove(blob);
        }
        self.tags.insert(tag, manifest.raw.clone());
        let digest = Digest::sha256(&manifest.raw);
        self.manifests.insert(digest, manifest);
    }
}

struct Run {
    world: Option<World>,
    repos: BTreeMap<&'static str, Repo>,
    random: u64,
}

impl Run {
    fn world(&self) -> &World {
        self.world.as_ref().unwrap()
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % limit
    }

    fn one_of(&mut self, names: &[&'static str]) -> &'static str {
        let at = self.below(u64::try_from(names.len()).unwrap());
        names[usize::try_from(at).unwrap()]
    }

    fn place(&mut self) -> (&'static str, RepoName) {
        let name = self.one_of(&REPOS);
        (name, repo(name))
    }

    fn layer(&mut self) -> Vec<u8> {
        let number = self.below(LAYERS);
        layer(number)
    }

    async fn step(&mut self) {
        match self.below(100) {
            0..35 => self.push().await,
            35..43 => self.push_index().await,
            43..50 => self.upload().await,
            50..57 => self.mount().await,
            57..64 => self.delete_tag().await,
            64..70 => self.delete_manifest().await,
            70..80 => self.delete_blob().await,
            80..88 => {
                let millis = self.below(4000);
                self.world().clock.advance(Duration::from_millis(millis));
                tokio::task::yield_now().await;
            }
            _ => self.stop().await,
        }
    }

    /// Lets calls of the driver fail from some point on, sometimes.
    fn maybe_fail(&mut self) {
        let roll = self.below(4);
        let after = self.below(30);
        let kind = if roll == 0 {
            ErrorKind::Full
        } else {
            ErrorKind::Io
        };
        if roll < 2 {
            let fault = Rule::on_all(Effect::Fail(kind)).after(after);
            self.world().faults.add(fault);
        }
    }

    async fn push(&mut self) {
        let (name, repo) = self.place();
        let tag = self.one_of(&TAGS);
        let layers: Vec<_> = (0..=self.below(3)).map(|_| self.layer()).collect();
        let layers: Vec<&[u8]> = layers.iter().map(Vec::as_slice).collect();
        self.maybe_fail();
        let pushed = self.world().push(&repo, tag, &layers).await.map(drop);
        println!("push {name}:{tag} {pushed:?}");
        let mut blobs: Vec<_> = layers.iter().map(|layer| Digest::sha256(layer)).collect();
        blobs.push(Digest::sha256(CONFIG));
        let manifest = Manifest {
            raw: image(&layers),
            blobs,
            children: Vec::new(),
        };
        self.pushed(name, tag, manifest, pushed).await;
    }

    async fn push_index(&mut self) {
        let (name, repo) = self.place();
        let tag = self.one_of(&TAGS);
        let model = self.repos.entry(name).or_default();
        let children: Vec<_> = model
            .manifests
            .values()
            .take(2)
            .map(|it| it.raw.clone())
            .collect();
        let raw = index(&children.iter().collect::<Vec<_>>());
        self.maybe_fail();
        let pushed = self.world().put(&repo, by_tag(tag), &raw).await.map(drop);
        println!("push index {name}:{tag} {pushed:?}");
        let manifest = Manifest {
            raw,
            blobs: Vec::new(),
            children: children.iter().map(|it| Digest::sha256(it)).collect(),
        };
        self.pushed(name, tag, manifest, pushed).await;
    }

    /// Takes note of a push; one that failed may have happened all the same. Blobs that were uploaded
    /// for it are here or not.
    async fn pushed(
        &mut self,
        name: &'static str,
        tag: &'static str,
        manifest: Manifest,
        outcome: registry::Result<()>,
    ) {
        self.world().faults.clear();
        let here = repo(name);
        if let Err(error) = &outcome {
            assert!(matches!(error, Error::Storage(_)), "{error:?}");
            for blob in &manifest.blobs {
                self.repos.entry(name).or_default().deleted.remove(blob);
            }
            let found = self.world().get(&here, &by_tag(tag)).await;
            if found.is_ok_and(|found| found == manifest.raw) {
                self.repos.entry(name).or_default().add(tag, manifest);
            }
        } else {
            self.repos.entry(name).or_default().add(tag, manifest);
        }
    }

    async fn upload(&mut self) {
        let (name, repo) = self.place();
        let layer = self.layer();
        self.maybe_fail();
        drop(self.world().put_blob(&repo, &layer).await);
        self.world().faults.clear();
        let digest = Digest::sha256(&layer);
        self.repos.entry(name).or_default().deleted.remove(&digest);
    }

    async fn mount(&mut self) {
        let ((_, from), (name, to)) = (self.place(), self.place());
        let digest = Digest::sha256(&self.layer());
        let from = (self.below(2) == 0).then_some(&from);
        self.maybe_fail();
        let all = Rights::everything();
        let mounted = self
            .world()
            .registry
            .mount_blob(&to, &digest, from, &all)
            .await;
        self.world().faults.clear();
        if !matches!(mounted, Ok(false)) {
            self.repos.entry(name).or_default().deleted.remove(&digest);
        }
        if matches!(mounted, Ok(true)) {
            self.world().blob(&to, &digest).await.unwrap();
        }
    }

    async fn delete_tag(&mut self) {
        let (name, repo) = self.place();
        let tag = self.one_of(&TAGS);
        let deleted = self.world().delete(&repo, &by_tag(tag)).await;
        println!("delete {name}:{tag} {deleted:?}");
        let model = self.repos.entry(name).or_default();
        assert_eq!(
            deleted.is_ok(),
            model.tags.remove(tag).is_some(),
            "{deleted:?}"
        );
    }

    async fn delete_manifest(&mut self) {
        let (name, repo) = self.place();
        let model = self.repos.entry(name).or_default();
        let Some(digest) = model.manifests.keys().next().copied() else {
            return;
        };
        let raw = model.manifests[&digest].raw.clone();
        let is_child = model
            .manifests
            .values()
            .any(|it| it.children.contains(&digest));
        self.maybe_fail();
        let deleted = self.world().delete(&repo, &by_digest(&raw)).await;
        println!("delete {name}@{digest} {deleted:?}");
        self.world().faults.clear();
        match deleted {
            Ok(()) => assert!(!is_child),
            Err(Error::ManifestInUse(_)) => {
                assert!(is_child);
                return;
            }
            // The rows go last, and then nothing can fail.
            Err(_) => return,
        }
        let model = self.repos.entry(name).or_default();
        model.manifests.remove(&digest);
        model.tags.retain(|_, tagged| *tagged != raw);
    }

    async fn delete_blob(&mut self) {
        let (name, repo) = self.place();
        let digest = Digest::sha256(&self.layer());
        let deleted = self.world().registry.delete_blob(&repo, &digest).await;
        println!("delete blob {name}@{digest} {deleted:?}");
        let model = self.repos.entry(name).or_default();
        match deleted {
            Ok(()) => {
                assert!(!model.names(&digest));
                model.deleted.insert(digest);
            }
            Err(Error::BlobInUse(_)) => assert!(model.names(&digest)),
            Err(Error::BlobUnknown(_)) => assert!(!model.names(&digest)),
            Err(error) => panic!("{error:?}"),
        }
    }

    async fn stop(&mut self) {
        let world = self.world.take().unwrap();
        let way = self.below(10);
        println!("stop {way}");
        let world = match way {
            0..3 => world.restart().await,
            3..5 => world.crash().await,
            5..7 => world.power_cut(Loss::Changes).await,
            7..9 => world.power_cut(Loss::Bytes).await,
            _ => world.lose_rows().await,
        };
        if way == 9 {
            // Which blobs were deleted was known to the rows alone.
            self.repos
                .values_mut()
                .for_each(|repo| repo.deleted.clear());
        }
        self.world = Some(world);
        self.check().await;
        if way < 3 {
            self.check_files().await;
        }
    }

    async fn check(&self) {
        for (name, model) in &self.repos {
            self.check_manifests(name, model).await;
            self.check_blobs(name, model).await;
        }
    }

    async fn check_manifests(&self, name: &str, model: &Repo) {
        let (world, repo) = (self.world(), repo(name));
        let page = world.registry.list_tags(&repo, None, 100).await;
        let tags = page.map(|page| page.items).unwrap_or_default();
        let tags: Vec<_> = tags.iter().map(oci::Tag::as_str).collect();
        let expected: Vec<_> = model.tags.keys().copied().collect();
        assert_eq!(tags, expected, "{name}");
        for (tag, raw) in &model.tags {
            assert_eq!(world.get(&repo, &by_tag(tag)).await.unwrap(), raw);
        }
        for manifest in model.manifests.values() {
            let found = world.get(&repo, &by_digest(&manifest.raw)).await;
            assert_eq!(found.unwrap(), manifest.raw);
            for blob in &manifest.blobs {
                world.blob(&repo, blob).await.unwrap();
            }
        }
    }

    async fn check_blobs(&self, name: &str, model: &Repo) {
        let (world, repo) = (self.world(), repo(name));
        for blob in &model.deleted {
            let gone = world.blob(&repo, blob).await;
            assert!(matches!(gone, Err(Error::BlobUnknown(_))), "{gone:?}");
        }
        for number in 0..LAYERS {
            // Whatever is served is right: `blob` looks.
            let digest = Digest::sha256(&layer(number));
            match world.blob(&repo, &digest).await {
                Ok(_) | Err(Error::BlobUnknown(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// After a clean stop every `index.json` says what the rows say.
    async fn check_files(&self) {
        for (name, model) in &self.repos {
            let repo = repo(name);
            // What was torn before anything was pushed to it may stay so until something is.
            let raw = self.world().file(&layout::index(&repo)).await;
            let readable = raw.is_some_and(|raw| IndexFile::parse(&raw, usize::MAX).is_ok());
            if !readable {
                assert!(model.manifests.is_empty());
                continue;
            }
            let (tags, bare) = self.world().listed(&repo).await;
            assert_eq!(tags, model.tags.keys().copied().collect::<Vec<_>>());
            let tagged: BTreeSet<_> = model.tags.values().map(|raw| Digest::sha256(raw)).collect();
            assert_eq!(bare, model.manifests.len() - tagged.len());
        }
    }
}

fn layer(number: u64) -> Vec<u8> {
    noise(number + 1, 300 * usize::try_from(number + 1).unwrap())
}

#[tokio::test]
async fn a_random_workload_does_what_the_model_says() {
    for seed in 1..=SEEDS {
        println!("seed {seed}");
        let mut run = Run {
            world: Some(World::on(Kind::Memory)),
            repos: BTreeMap::new(),
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        };
        for _ in 0..STEPS {
            run.step().await;
        }
        run.check().await;
    }
}
