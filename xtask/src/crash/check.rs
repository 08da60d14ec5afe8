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

/// What is asked of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// A manifest names it.
    There,
    /// If it is there, its bytes must be right.
    Right,
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
        keys: Vec<Key>,
    ) -> Result<()> {
        let mut ledger = ledger.lock();
        let mut client = Client::new(address);
        let (mut blobs, mut subjects) = (BTreeSet::new(), BTreeSet::new());
        for key in keys {
            let seen = self.look(&mut client, &key)?;
            self.judge(&ledger, &key, seen.as_ref());
            if let Key::Manifest(repo, digest) = &key {
                let named = ledger.named(digest);
                subjects.extend(named.subject.map(|subject| (*repo, subject)));
                if seen.is_some() {
                    blobs.extend(named.blobs.into_iter().map(|blob| (*repo, blob)));
                }
            }
            ledger.settle(key, seen);
        }
        for (repo, blob) in &blobs {
            self.blob(&mut client, repo, blob, Wanted::There)?;
        }
        for (repo, subject) in &subjects {
            self.referrers(&mut client, &ledger, (repo, subject))?;
        }
        self.lists(&mut client, &mut ledger)
    }

    /// Reads blobs whose upload may have been cut off: they may be gone, but not wrong.
    pub(super) fn sent(
        &mut self,
        address: SocketAddr,
        sent: &[(&'static str, Arc<str>)],
    ) -> Result<()> {
        let mut client = Client::new(address);
        for (repo, digest) in sent {
            self.blob(&mut client, repo, digest, Wanted::Right)?;
        }
        Ok(())
    }

    fn lists(&mut self, client: &mut Client, ledger: &mut Ledger) -> Result<()> {
        for repo in REPOS {
            let path = format!("/v2/{repo}/tags/list");
            let list = self.json(client, &path)?;
            let listed = list
                .get("tags")
                .and_then(Json::as_array)
                .into_iter()
                .flatten();
            let listed: BTreeSet<_> = listed.filter_map(Json::as_str).map(str::to_owned).collect();
            let wanted: BTreeSet<String> = tags(ledger, repo).into_keys().collect();
            for tag in wanted.symmetric_difference(&listed) {
                // look again, so that one fault is told once
                let key = Key::Tag(repo, tag.clone());
                let (then, now) = (ledger.settled_value(&key), self.look(client, &key)?);
                let verb = if listed.contains(tag) { "has" } else { "lacks" };
                let fault = format!("{repo}: tags/list {verb} {tag}: was {then:?}, is {now:?}");
                self.faults.push(fault);
                ledger.settle(key, now);
            }
        }
        Ok(())
    }

    fn referrers(
        &mut self,
        client: &mut Client,
        ledger: &Ledger,
        of: (&str, &Arc<str>),
    ) -> Result<()> {
        let (repo, subject) = of;
        let index = self.json(client, &format!("/v2/{repo}/referrers/{subject}"))?;
        let rows = index
            .get("manifests")
            .and_then(Json::as_array)
            .into_iter()
            .flatten();
        let digests = rows.filter_map(|row| row.get("digest")?.as_str());
        let listed: BTreeSet<_> = digests.map(str::to_owned).collect();
        for digest in ledger
            .referrers(repo, subject)
            .symmetric_difference(&listed)
        {
            self.faults.push(format!(
                "{repo}: referrers of {subject} and {digest} disagree"
            ));
        }
        Ok(())
    }

    /// Reads a list; a repository that is not there has none.
    fn json(&mut self, client: &mut Client, path: &str) -> Result<Json> {
        let answer = client.get(path)?;
        if answer.status != 200 && answer.status != 404 {
            self.faults
                .push(format!("{path}: answered with {}", answer.status));
        }
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
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

    fn blob(
        &mut self,
        client: &mut Client,
        repo: &str,
        digest: &str,
        wanted: Wanted,
    ) -> Result<()> {
        let answer = client.get(&format!("/v2/{repo}/blobs/{digest}"))?;
        self.blobs += 1;
        match (answer.status, wanted) {
            (200, _) if image::digest(&answer.body) != digest => {
                self.faults
                    .push(format!("{repo}: blob {digest} came with wrong bytes"));
            }
            (200, _) | (404, Wanted::Right) => {}
            (status, _) => self.faults.push(format!("{repo}: blob {digest}: {status}")),
        }
        Ok(())
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

/// Yields what is to be read.
pub(super) fn chosen(ledger: &Ledger, breadth: Breadth, random: &mut Random) -> Vec<Key> {
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
