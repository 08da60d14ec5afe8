//! Digests, and images small enough to make by the thousand.

use ring::digest::{SHA256, digest as ring_digest};
use serde_json::{Value, json};

/// The media type of an image manifest.
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Yields the SHA-256 of the bytes in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(ring_digest(&SHA256, bytes))
}

/// Yields the digest of the bytes: `sha256:` and the hash.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256(bytes))
}

/// Some bytes and their digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blob {
    /// `sha256:` and the hash.
    pub(crate) digest: String,
    /// The content.
    pub(crate) bytes: Vec<u8>,
}

impl Blob {
    /// Hashes the bytes.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self {
            digest: digest(&bytes),
            bytes,
        }
    }

    fn descriptor(&self, media_type: &str) -> Value {
        json!({ "mediaType": media_type, "digest": self.digest, "size": self.bytes.len() })
    }
}

/// Yields a config that is like no other with a different `name`.
pub(crate) fn config(name: &str) -> Blob {
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "author": name,
        "rootfs": { "type": "layers", "diff_ids": [] },
    });
    Blob::new(config.to_string().into_bytes())
}

/// Yields the manifest of an image with one layer of which only digest and size are known.
pub(crate) fn manifest_of(config: &Blob, layer: &str, size: u64) -> Blob {
    let descriptor = json!({ "mediaType": LAYER, "digest": layer, "size": size });
    assemble(config, &[descriptor], None)
}

/// Yields the manifest of an image; with a subject it is one of the subject's referrers.
pub(crate) fn manifest(config: &Blob, layers: &[&Blob], subject: Option<&Blob>) -> Blob {
    let layers: Vec<Value> = layers.iter().map(|blob| blob.descriptor(LAYER)).collect();
    assemble(config, &layers, subject)
}

fn assemble(config: &Blob, layers: &[Value], subject: Option<&Blob>) -> Blob {
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor("application/vnd.oci.image.config.v1+json"),
        "layers": layers,
    });
    if let (Some(subject), Some(object)) = (subject, manifest.as_object_mut()) {
        object.insert("subject".into(), subject.descriptor(MANIFEST));
        object.insert("artifactType".into(), "application/vnd.example.note".into());
    }
    Blob::new(manifest.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_sha256sum() {
        let want = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(b""), want);
    }

    #[test]
    fn a_manifest_names_its_blobs() {
        let (config, layer) = (config("a"), Blob::new(b"layer".to_vec()));
        let subject = manifest(&config, &[&layer], None);
        let referrer = manifest(&config, &[&layer], Some(&subject));
        let read: Value = serde_json::from_slice(&referrer.bytes).unwrap();
        assert_eq!(read["config"]["digest"], config.digest.as_str());
        assert_eq!(read["layers"][0]["size"], 5);
        assert_eq!(read["subject"]["digest"], subject.digest.as_str());
    }
}
