//! What is pushed, or laid down as files.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use ring::digest::{Context, SHA256};
use serde_json::json;

use super::peer::{Kind, Peer};
use crate::http::Client;
use crate::image::{self, Blob, MANIFEST};
use crate::process::Server;
use crate::random::Random;
use crate::wire::{self, Upload};

/// One image under some tags of one repository.
#[derive(Debug, Clone)]
pub(super) struct Content {
    /// The repository.
    pub(super) repo: String,
    /// The manifest.
    pub(super) manifest: Blob,
    /// Its config, then its layer of 2 KiB.
    pub(super) blobs: [Blob; 2],
    /// The tags that it is under.
    pub(super) tags: Vec<String>,
}

impl Content {
    /// Makes an image with a layer of 2 KiB under this many tags.
    pub(super) fn new(repo: &str, tags: u32) -> Self {
        let layer = Blob::new(Random::new(2048).bytes(2048));
        let config = image::config(repo);
        let manifest = image::manifest(&config, &[&layer], None);
        let tags = (0..tags).map(|number| format!("t{number:05}")).collect();
        Self {
            repo: repo.to_owned(),
            manifest,
            blobs: [config, layer],
            tags,
        }
    }

    /// Yields the path of the manifest under its last tag.
    pub(super) fn by_tag(&self) -> String {
        let tag = self.tags.last().map_or("", String::as_str);
        format!("/v2/{}/manifests/{tag}", self.repo)
    }

    /// Yields the path of the manifest under its digest.
    pub(super) fn by_digest(&self) -> String {
        format!("/v2/{}/manifests/{}", self.repo, self.manifest.digest)
    }

    /// Yields the path of the layer.
    pub(super) fn layer(&self) -> String {
        let [_, layer] = &self.blobs;
        format!("/v2/{}/blobs/{}", self.repo, layer.digest)
    }

    /// Lays it down where pushing is not possible (nginx) or would take minutes (zot, many tags).
    pub(super) fn prepare(&self, peer: &Peer, root: &Path) -> Result<()> {
        match peer.kind {
            Kind::Nginx => self.as_files(root),
            Kind::Zot => self.as_layout(root),
            Kind::Ours | Kind::Minimal | Kind::Distribution => Ok(()),
        }
    }

    /// Pushes it where it was not laid down.
    pub(super) fn fill(&self, peer: &Peer, server: &Server) -> Result<()> {
        match peer.kind {
            Kind::Nginx | Kind::Zot => Ok(()),
            Kind::Ours | Kind::Minimal | Kind::Distribution => self.push(&mut server.client()),
        }
    }

    /// Pushes it.
    pub(super) fn push(&self, client: &mut Client) -> Result<()> {
        for blob in &self.blobs {
            let answer = wire::push_blob(client, &self.repo, blob, Upload::Monolithic)?;
            wire::expect(&answer, 201, "blob upload")?;
        }
        for tag in &self.tags {
            let answer = wire::put_manifest(client, &self.repo, tag, &self.manifest)?;
            wire::expect(&answer, 201, "PUT manifest")?;
        }
        Ok(())
    }

    /// Writes the files that answer the same requests.
    fn as_files(&self, root: &Path) -> Result<()> {
        let repo = root.join("v2").join(&self.repo);
        for folder in ["manifests", "blobs", "tags"] {
            std::fs::create_dir_all(repo.join(folder))?;
        }
        std::fs::write(root.join("v2").join("index"), "{}")?;
        for blob in &self.blobs {
            std::fs::write(repo.join("blobs").join(&blob.digest), &blob.bytes)?;
        }
        let manifests = repo.join("manifests");
        for reference in self.tags.iter().chain([&self.manifest.digest]) {
            std::fs::write(manifests.join(reference), &self.manifest.bytes)?;
        }
        let tags: Vec<_> = self.tags.iter().take(10).collect();
        let list = json!({ "name": self.repo, "tags": tags });
        std::fs::write(repo.join("tags").join("list"), list.to_string())?;
        Ok(())
    }

    /// Writes the repository as an OCI layout.
    fn as_layout(&self, root: &Path) -> Result<()> {
        let repo = root.join(&self.repo);
        let blobs = repo.join("blobs").join("sha256");
        std::fs::create_dir_all(&blobs)?;
        for blob in self.blobs.iter().chain([&self.manifest]) {
            let name = blob.digest.strip_prefix("sha256:").unwrap_or(&blob.digest);
            std::fs::write(blobs.join(name), &blob.bytes)?;
        }
        std::fs::write(repo.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
        let rows = self.tags.iter().map(|tag| {
            json!({
                "mediaType": MANIFEST,
                "digest": self.manifest.digest,
                "size": self.manifest.bytes.len(),
                "annotations": { "org.opencontainers.image.ref.name": tag },
            })
        });
        let index = json!({ "schemaVersion": 2, "manifests": rows.collect::<Vec<_>>() });
        std::fs::write(repo.join("index.json"), index.to_string())?;
        Ok(())
    }
}

const BLOCK: usize = 1024 * 1024;

/// As many bytes as one likes, other ones for each seed, at the price of a copy.
#[derive(Debug, Clone)]
pub(super) struct Filler {
    block: Arc<Vec<u8>>,
    seed: u64,
    at: u64,
    /// How many bytes it yields.
    pub(super) length: u64,
}

impl Filler {
    /// Yields a reader of this many bytes.
    pub(super) fn new(block: &Arc<Vec<u8>>, seed: u64, length: u64) -> Self {
        Self {
            block: Arc::clone(block),
            seed,
            at: 0,
            length,
        }
    }

    /// Makes the bytes that all fillers share.
    pub(super) fn block() -> Arc<Vec<u8>> {
        Arc::new(Random::new(1).bytes(BLOCK))
    }

    /// Yields the digest of all that it yields.
    pub(super) fn digest(&self) -> io::Result<String> {
        let mut reader = self.clone();
        let mut context = Context::new(&SHA256);
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let count = reader.read(&mut buffer)?;
            if count == 0 {
                return Ok(format!("sha256:{}", hex::encode(context.finish())));
            }
            context.update(buffer.get(..count).unwrap_or_default());
        }
    }
}

impl Read for Filler {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = u64::try_from(BLOCK).map_err(io::Error::other)?;
        let inside = usize::try_from(self.at % size).map_err(io::Error::other)?;
        let left = usize::try_from(self.length - self.at).unwrap_or(usize::MAX);
        // each block starts with a number of its own
        let stamp = ((self.seed << 32) | (self.at / size)).to_le_bytes();
        let source = match stamp.get(inside..) {
            Some(rest) if !rest.is_empty() => rest,
            _ => self.block.get(inside..).unwrap_or_default(),
        };
        let count = source.len().min(buffer.len()).min(left);
        let (Some(to), Some(from)) = (buffer.get_mut(..count), source.get(..count)) else {
            return Ok(0);
        };
        to.copy_from_slice(from);
        self.at += u64::try_from(count).map_err(io::Error::other)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(filler: &Filler) -> Vec<u8> {
        let mut bytes = Vec::new();
        filler.clone().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_filler_yields_its_length_and_differs_by_seed_and_block() {
        let block = Filler::block();
        let filler = Filler::new(&block, 1, 3 * 1024 * 1024 + 5);
        let bytes = all(&filler);
        assert_eq!(bytes.len(), 3 * 1024 * 1024 + 5);
        assert_ne!(bytes[..8], bytes[BLOCK..BLOCK + 8]);
        assert_eq!(bytes[8..BLOCK], bytes[BLOCK + 8..2 * BLOCK]);
        assert_ne!(bytes, all(&Filler::new(&block, 2, filler.length)));
        assert_eq!(filler.digest().unwrap(), image::digest(&bytes));
    }

    #[test]
    fn layouts_and_files_hold_the_same_image() {
        let root = tempfile::tempdir().unwrap();
        let content = Content::new("a/b", 3);
        content.as_layout(root.path()).unwrap();
        content.as_files(root.path()).unwrap();
        let index = std::fs::read(root.path().join("a/b/index.json")).unwrap();
        let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
        assert_eq!(index["manifests"].as_array().unwrap().len(), 3);
        let file = std::fs::read(root.path().join("v2/a/b/manifests/t00002")).unwrap();
        assert_eq!(file, content.manifest.bytes);
    }
}
