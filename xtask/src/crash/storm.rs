//! Clients that push, move and delete until the server dies.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::ledger::{Key, Ledger, Named, Value};
use crate::http::{Answer, Client, Request};
use crate::image::{self, Blob};
use crate::random::Random;
use crate::wire::{self, Upload};

/// The repositories that are pushed to.
pub(super) const REPOS: [&str; 3] = ["storm/one", "storm/two", "three"];

/// A tag that all clients move.
const SHARED: &str = "latest";

/// How many tags each client has in each repository.
const TAGS: u64 = 12;

/// Layers that many images have.
#[derive(Debug)]
pub(super) struct Layers(Vec<Blob>);

impl Layers {
    /// Makes a few layers of different sizes.
    pub(super) fn new(random: &mut Random) -> Self {
        let sizes = [1, 700, 4096, 30_000, 65_536, 200_000];
        Self(
            sizes
                .iter()
                .map(|size| Blob::new(random.bytes(*size)))
                .collect(),
        )
    }
}

/// A manifest that a client has pushed.
#[derive(Debug, Clone)]
struct Pushed {
    repo: &'static str,
    manifest: Arc<Blob>,
    /// It was under the tag that everybody moves: nobody alone knows what a delete does.
    shared: bool,
}

/// One client. Its tags and manifests are its own, so it knows the order of its writes.
#[derive(Debug)]
pub(super) struct Worker {
    /// Answers that should not have come.
    pub(super) faults: Vec<String>,
    number: usize,
    /// Blobs that were on their way, whether they arrived or not.
    pub(super) sent: Vec<(&'static str, Arc<str>)>,
    random: Random,
    tags: BTreeMap<(&'static str, String), Arc<str>>,
    pushed: Vec<Pushed>,
}

type Shared<'a> = (&'a Layers, &'a Mutex<Ledger>);

impl Worker {
    /// Yields a client that has done nothing yet.
    pub(super) fn new(number: usize, seed: u64) -> Self {
        Self {
            faults: Vec::new(),
            number,
            sent: Vec::new(),
            random: Random::new(seed),
            tags: BTreeMap::new(),
            pushed: Vec::new(),
        }
    }

    /// Works until a request is not answered.
    pub(super) fn run(&mut self, address: SocketAddr, layers: &Layers, ledger: &Mutex<Ledger>) {
        let mut client = Client::new(address);
        while self.step(&mut client, (layers, ledger)).is_ok() {}
    }

    /// Takes over what a check has seen: some of the own writes may not have happened.
    pub(super) fn recall(&mut self, ledger: &Mutex<Ledger>) {
        let ledger = ledger.lock();
        let mine = format!("t{}-", self.number);
        self.tags.clear();
        let mut present = BTreeSet::new();
        for (key, value) in ledger.settled() {
            match (key, value) {
                (Key::Tag(repo, name), Some(digest)) if name.starts_with(&mine) => {
                    self.tags.insert((repo, name.clone()), Arc::clone(digest));
                }
                (Key::Manifest(repo, digest), Some(_)) => {
                    present.insert((*repo, Arc::clone(digest)));
                }
                (Key::Tag(..) | Key::Manifest(..), _) => {}
            }
        }
        self.pushed
            .retain(|each| present.contains(&(each.repo, each.manifest.digest.as_str().into())));
        // enough to choose from, and bounded
        let surplus = self.pushed.len().saturating_sub(200);
        self.pushed.drain(..surplus);
    }

    fn step(&mut self, client: &mut Client, shared: Shared<'_>) -> io::Result<()> {
        match self.random.below(10) {
            0 => self.move_tag(client, shared),
            1 => self.delete_tag(client, shared),
            2 => self.delete_manifest(client, shared),
            _ => self.push(client, shared),
        }
    }

    fn push(&mut self, client: &mut Client, shared: Shared<'_>) -> io::Result<()> {
        let Some(repo) = self.random.pick(&REPOS).copied() else {
            return Ok(());
        };
        let config = image::config(&format!("{}-{}", self.number, self.random.next()));
        let mut layers = Vec::new();
        for _ in 0..=self.random.below(3) {
            layers.push(self.layer(shared.0));
        }
        for blob in layers.iter().chain([&config]) {
            if !self.blob(client, repo, blob)? {
                return Ok(());
            }
        }
        let parts: Vec<&Blob> = layers.iter().collect();
        let subject = self.subject(repo);
        let manifest = Arc::new(image::manifest(&config, &parts, subject.as_deref()));
        let blobs = layers.iter().chain([&config]);
        let blobs = blobs.map(|blob| blob.digest.as_str().into());
        let subject = subject.map(|subject| subject.digest.as_str().into());
        let named = Named {
            blobs: blobs.collect(),
            subject,
        };
        shared
            .1
            .lock()
            .describe(manifest.digest.as_str().into(), named);
        let reference = match self.random.below(6) {
            0 => manifest.digest.clone(),
            1 => SHARED.to_owned(),
            _ => self.tag(),
        };
        let pushed = Pushed {
            repo,
            manifest,
            shared: reference == SHARED,
        };
        self.put(client, shared.1, &pushed, &reference)?;
        self.pushed.push(pushed);
        Ok(())
    }

    /// Picks a manifest to refer to, now and then.
    fn subject(&mut self, repo: &str) -> Option<Arc<Blob>> {
        if !self.random.one_in(6) {
            return None;
        }
        let there: Vec<_> = self
            .pushed
            .iter()
            .filter(|each| each.repo == repo)
            .collect();
        self.random
            .pick(&there)
            .map(|each| Arc::clone(&each.manifest))
    }

    fn layer(&mut self, layers: &Layers) -> Blob {
        if self.random.one_in(2)
            && let Some(known) = self.random.pick(&layers.0)
        {
            return known.clone();
        }
        let most = if self.random.one_in(20) {
            400_000
        } else {
            20_000
        };
        let size = self.size(1, most);
        Blob::new(self.random.bytes(size))
    }

    fn size(&mut self, least: u64, spread: u64) -> usize {
        usize::try_from(least + self.random.below(spread)).unwrap_or(1)
    }

    fn tag(&mut self) -> String {
        format!("t{}-{}", self.number, self.random.below(TAGS))
    }

    /// Brings a blob in unless it is there; false when the server refused it.
    fn blob(&mut self, client: &mut Client, repo: &'static str, blob: &Blob) -> io::Result<bool> {
        let there = client.head(&format!("/v2/{repo}/blobs/{}", blob.digest))?;
        if there.status == 200 {
            return Ok(true);
        }
        self.accept(&there, 404, "HEAD blob");
        self.sent.push((repo, blob.digest.as_str().into()));
        let way = match self.random.below(4) {
            0 => Upload::Single,
            1 => Upload::Streamed,
            2 => Upload::Chunked(1000 + self.random.below(100_000)),
            _ => Upload::Monolithic,
        };
        let answer = wire::push_blob(client, repo, blob, way)?;
        Ok(self.accept(&answer, 201, "blob upload"))
    }

    fn put(
        &mut self,
        client: &mut Client,
        ledger: &Mutex<Ledger>,
        pushed: &Pushed,
        reference: &str,
    ) -> io::Result<()> {
        let digest: Arc<str> = pushed.manifest.digest.as_str().into();
        let mut writes = vec![(
            Key::Manifest(pushed.repo, Arc::clone(&digest)),
            Some(Arc::clone(&digest)),
        )];
        let by_tag = reference != pushed.manifest.digest;
        if by_tag {
            writes.push((
                Key::Tag(pushed.repo, reference.to_owned()),
                Some(Arc::clone(&digest)),
            ));
        }
        let done = self.write(ledger, writes, 201, || {
            wire::put_manifest(client, pushed.repo, reference, &pushed.manifest)
        })?;
        if done && by_tag && reference != SHARED {
            self.tags
                .insert((pushed.repo, reference.to_owned()), digest);
        }
        Ok(())
    }

    fn move_tag(&mut self, client: &mut Client, shared: Shared<'_>) -> io::Result<()> {
        let Some(pushed) = self.random.pick(&self.pushed).cloned() else {
            return Ok(());
        };
        let tag = self.tag();
        self.put(client, shared.1, &pushed, &tag)
    }

    fn delete_tag(&mut self, client: &mut Client, shared: Shared<'_>) -> io::Result<()> {
        let own: Vec<_> = self.tags.keys().cloned().collect();
        let Some((repo, tag)) = self.random.pick(&own).cloned() else {
            return Ok(());
        };
        let target = format!("/v2/{repo}/manifests/{tag}");
        let writes = vec![(Key::Tag(repo, tag.clone()), None)];
        self.write(shared.1, writes, 202, || {
            client.call(Request::new("DELETE", &target))
        })?;
        self.tags.remove(&(repo, tag));
        Ok(())
    }

    /// Deletes a manifest by digest: its tags go with it.
    fn delete_manifest(&mut self, client: &mut Client, shared: Shared<'_>) -> io::Result<()> {
        let Some(pushed) = self.random.pick(&self.pushed).cloned() else {
            return Ok(());
        };
        if pushed.shared {
            return Ok(());
        }
        let digest = pushed.manifest.digest.as_str();
        let target = format!("/v2/{}/manifests/{digest}", pushed.repo);
        let mut writes: Vec<(Key, Value)> = vec![(Key::Manifest(pushed.repo, digest.into()), None)];
        let pointing = self
            .tags
            .iter()
            .filter(|((repo, _), own)| *repo == pushed.repo && own.as_ref() == digest);
        writes.extend(pointing.map(|((repo, tag), _)| (Key::Tag(repo, tag.clone()), None)));
        self.write(shared.1, writes, 202, || {
            client.call(Request::new("DELETE", &target))
        })?;
        self.tags
            .retain(|(repo, _), own| *repo != pushed.repo || own.as_ref() != digest);
        self.pushed
            .retain(|each| each.repo != pushed.repo || each.manifest.digest != digest);
        Ok(())
    }

    /// Sends a request that writes, with its place in the ledger; false when it was refused.
    fn write(
        &mut self,
        ledger: &Mutex<Ledger>,
        writes: Vec<(Key, Value)>,
        wanted: u16,
        send: impl FnOnce() -> io::Result<Answer>,
    ) -> io::Result<bool> {
        let what = format!("{:?}", writes.last());
        let ticket = ledger.lock().begin(writes);
        let answer = send()?;
        if !self.accept(&answer, wanted, &what) {
            return Ok(false);
        }
        ledger.lock().acknowledge(&ticket);
        Ok(true)
    }

    fn accept(&mut self, answer: &Answer, wanted: u16, what: &str) -> bool {
        if answer.status == wanted {
            return true;
        }
        let text = String::from_utf8_lossy(&answer.body);
        self.faults.push(format!(
            "{what}: {} instead of {wanted}: {}",
            answer.status,
            text.trim()
        ));
        false
    }
}
