//! Compares a server that has started again with the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use parking_lot::Mutex;
use serde_json::Value as Json;

use super::ledger::{Key, Ledger, Value};
use super::storm::REPOS;
use crate::http::Client;
use crate::image;
use crate::random::Random;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breadth {
    /// What was written since the last check, and a sample of what is older.
    Round,
    /// Everything that was ever acknowledged.
    All,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Check {
    /// What was lost or wrong.
    pub(super) faults: Vec<String>,
    /// How many manifests were read.
    pub(super) manifests: u64,
    /// How many blobs were read.
    pub(super) blobs: u64,
}

impl Check {
    /// Reads tags, manifests and blobs, and takes what it sees as the truth from then on.
    pub(super) fn server(
        &mut self,
        address: SocketAddr,
        ledger: &Mutex<Ledger>,
        breadth: Breadth,
        random: &mut Random,
    ) -> Result<()> {
        let mut ledger = ledger.lock();
        let mut client = Client::new(address);
        let mut read = BTreeSet::new();
        for key in chosen(&ledger, breadth, random) {
            let seen = self.look(&mut client, &key)?;
            self.judge(&ledger, &key, seen.as_ref());
            if let (Key::Manifest(repo, _), Some(digest)) = (&key, &seen) {
                for blob in ledger.blobs(digest) {
                    if read.insert((*repo, Arc::clone(blob))) {
                        self.blob(&mut client, repo, blob)?;
                    }
                }
            }
            ledger.settle(key, seen);
        }
        for repo in REPOS {
            let listed = self.listed(&mut client, repo)?;
            let wanted: BTreeSet<String> = tags(&ledger, repo).into_keys().collect();
            for tag in wanted.symmetric_difference(&listed) {
                self.faults
                    .push(format!("{repo}: tags/list and the tag {tag} disagree"));
            }
        }
        Ok(())
    }

    /// Reads what a tag or digest gives now; the digest is that of the bytes.
    fn look(&mut self, client: &mut Client, key: &Key) -> Result<Value> {
        let (repo, reference) = match key {
            Key::Tag(repo, tag) => (repo, tag.as_str()),
            Key::Manifest(repo, digest) => (repo, digest.as_ref()),
        };
        let answer = client.get(&format!("/v2/{repo}/manifests/{reference}"))?;
        self.manifests += 1;
        match answer.status {
            200 => {
                let digest = image::digest(&answer.body);
                let said = answer.header("docker-content-digest").unwrap_or_default();
                if said != digest {
                    self.faults.push(format!(
                        "{repo}:{reference}: says {said}, the bytes are {digest}"
                    ));
                }
                Ok(Some(digest.into()))
            }
            404 => Ok(None),
            status => {
                self.faults
                    .push(format!("{repo}:{reference}: answered with {status}"));
                Ok(None)
            }
        }
    }

    fn judge(&mut self, ledger: &Ledger, key: &Key, seen: Option<&Arc<str>>) {
        let allowed = ledger.allowed(key);
        if !allowed.iter().any(|value| value.as_ref() == seen) {
            self.faults
                .push(format!("{key:?}: is {seen:?}, may be {allowed:?}"));
        }
    }

    fn blob(&mut self, client: &mut Client, repo: &str, digest: &str) -> Result<()> {
        let answer = client.get(&format!("/v2/{repo}/blobs/{digest}"))?;
        self.blobs += 1;
        if answer.status != 200 {
            self.faults.push(format!(
                "{repo}: blob {digest} of a manifest: {}",
                answer.status
            ));
        } else if image::digest(&answer.body) != digest {
            self.faults
                .push(format!("{repo}: blob {digest} came with wrong bytes"));
        }
        Ok(())
    }

    fn listed(&mut self, client: &mut Client, repo: &str) -> Result<BTreeSet<String>> {
        let answer = client.get(&format!("/v2/{repo}/tags/list"))?;
        if answer.status != 200 && answer.status != 404 {
            self.faults
                .push(format!("{repo}: tags/list answered with {}", answer.status));
        }
        let list: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
        let tags = list
            .get("tags")
            .and_then(Json::as_array)
            .into_iter()
            .flatten();
        Ok(tags.filter_map(Json::as_str).map(str::to_owned).collect())
    }

    /// Compares the `index.json` files with the tags; they may lag, but not for ever.
    pub(super) fn index_files(&mut self, root: &Path, ledger: &Mutex<Ledger>, patience: Duration) {
        let ledger = ledger.lock();
        for repo in REPOS {
            let wanted = tags(&ledger, repo);
            let start = Instant::now();
            let mut found = index(&root.join(repo));
            while found != wanted && start.elapsed() < patience {
                std::thread::sleep(Duration::from_millis(50));
                found = index(&root.join(repo));
            }
            for (tag, digest) in wanted
                .iter()
                .filter(|(tag, digest)| found.get(*tag) != Some(digest))
            {
                let other = found.get(tag);
                self.faults.push(format!(
                    "{repo}/index.json: {tag} is {other:?}, served is {digest}"
                ));
            }
            for tag in found.keys().filter(|tag| !wanted.contains_key(*tag)) {
                self.faults
                    .push(format!("{repo}/index.json: {tag} is there and not served"));
            }
        }
    }
}

/// Yields what is to be read: tags before manifests does not matter, each key stands alone.
fn chosen(ledger: &Ledger, breadth: Breadth, random: &mut Random) -> Vec<Key> {
    let mut keys: BTreeSet<Key> = ledger.open().into_iter().collect();
    let older = ledger.settled().map(|(key, _)| key);
    let sampled = older.filter(|_| breadth == Breadth::All || random.one_in(20));
    keys.extend(sampled.cloned());
    keys.into_iter().collect()
}

/// Yields the tags of a repository as they were last seen.
fn tags(ledger: &Ledger, repo: &str) -> BTreeMap<String, String> {
    let rows = ledger
        .settled()
        .filter_map(|(key, value)| match (key, value) {
            (Key::Tag(own, tag), Some(digest)) if *own == repo => {
                Some((tag.clone(), digest.to_string()))
            }
            (Key::Tag(..) | Key::Manifest(..), _) => None,
        });
    rows.collect()
}

/// Reads the tags out of a repository's `index.json`.
fn index(folder: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read(folder.join("index.json")).unwrap_or_default();
    let index: Json = serde_json::from_slice(&text).unwrap_or_default();
    let manifests = index
        .get("manifests")
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    let rows = manifests.filter_map(|row| {
        let tag = row
            .get("annotations")?
            .get("org.opencontainers.image.ref.name")?
            .as_str()?;
        Some((tag.to_owned(), row.get("digest")?.as_str()?.to_owned()))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ledger(rows: &[(&'static str, &str, &str)]) -> Mutex<Ledger> {
        let mut ledger = Ledger::default();
        for (repo, tag, digest) in rows {
            ledger.settle(Key::Tag(repo, (*tag).to_owned()), Some((*digest).into()));
        }
        Mutex::new(ledger)
    }

    type Case = (&'static [(&'static str, &'static str, &'static str)], usize);

    #[test]
    fn index_files_must_agree_with_the_tags() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("three");
        std::fs::create_dir_all(&folder).unwrap();
        let row = |tag: &str, digest: &str| json!({ "digest": digest, "annotations": { "org.opencontainers.image.ref.name": tag } });
        let text = json!({ "manifests": [row("a", "d1"), row("b", "d2"), { "digest": "d3" }] });
        std::fs::write(folder.join("index.json"), text.to_string()).unwrap();
        let cases: [Case; 4] = [
            (&[("three", "a", "d1"), ("three", "b", "d2")], 0),
            (&[("three", "a", "d1"), ("three", "b", "other")], 1),
            (&[("three", "a", "d1")], 1),
            (
                &[
                    ("three", "a", "d1"),
                    ("three", "b", "d2"),
                    ("storm/one", "a", "d1"),
                ],
                1,
            ),
        ];
        for (rows, want) in cases {
            let mut check = Check::default();
            check.index_files(root.path(), &ledger(rows), Duration::ZERO);
            assert_eq!(check.faults.len(), want, "{rows:?}: {:?}", check.faults);
        }
    }

    #[test]
    fn a_value_that_nobody_wrote_is_a_fault() {
        let ledger = ledger(&[("three", "a", "d1")]).into_inner();
        let key = Key::Tag("three", "a".into());
        let mut check = Check::default();
        check.judge(&ledger, &key, Some(&"d1".into()));
        assert_eq!(check.faults.len(), 0);
        check.judge(&ledger, &key, Some(&"d2".into()));
        check.judge(&ledger, &key, None);
        assert_eq!(check.faults.len(), 2);
    }
}
