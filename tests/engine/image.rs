//! Manifests, made to measure.

use bytes::Bytes;
use oci::{Descriptor, Digest, MediaType, Reference, RepoName, Tag};
use registry::{Condition, PutManifest, PutOutcome, Result};
use serde_json::{Value, json};

use crate::ground::{World, source};

pub(crate) const CONFIG: &[u8] = b"{}";

pub(crate) fn descriptor(media_type: &MediaType, data: &[u8]) -> Descriptor {
    let size = u64::try_from(data.len()).unwrap();
    Descriptor::new(media_type.clone(), Digest::sha256(data), size)
}

/// An image manifest as a value, for tests that change it.
pub(crate) fn image_value(layers: &[&[u8]]) -> Value {
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| descriptor(&MediaType::OCI_LAYER, layer))
        .collect();
    json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST.as_str(),
        "config": descriptor(&MediaType::OCI_CONFIG, CONFIG),
        "layers": layers,
    })
}

pub(crate) fn bytes(value: &Value) -> Bytes {
    serde_json::to_vec(value).unwrap().into()
}

pub(crate) fn image(layers: &[&[u8]]) -> Bytes {
    bytes(&image_value(layers))
}

/// An image that refers to another manifest.
pub(crate) fn referrer(subject: &Descriptor, kind: &str, note: &str) -> Bytes {
    let mut value = image_value(&[]);
    value["artifactType"] = kind.into();
    value["subject"] = serde_json::to_value(subject).unwrap();
    value["annotations"] = json!({ "note": note });
    bytes(&value)
}

pub(crate) fn index(children: &[&Bytes]) -> Bytes {
    let children: Vec<_> = children
        .iter()
        .map(|child| descriptor(&type_of(child), child))
        .collect();
    bytes(&json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_INDEX.as_str(),
        "manifests": children,
    }))
}

/// Yields the type that a manifest gives itself.
pub(crate) fn type_of(manifest: &[u8]) -> MediaType {
    let value: Value = serde_json::from_slice(manifest).unwrap();
    MediaType::new(value["mediaType"].as_str().unwrap())
}

pub(crate) fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

pub(crate) fn by_tag(name: &str) -> Reference {
    Reference::Tag(tag(name))
}

pub(crate) fn by_digest(manifest: &[u8]) -> Reference {
    Reference::Digest(Digest::sha256(manifest))
}

pub(crate) fn request(reference: Reference, raw: &Bytes) -> PutManifest {
    PutManifest {
        reference,
        tags: Vec::new(),
        media_type: type_of(raw),
        raw: raw.clone(),
        by: None,
        condition: Condition::Always,
        rights: meta::Rights::everything(),
    }
}

impl World {
    pub(crate) async fn put_blob(&self, repo: &RepoName, data: &[u8]) -> Result<Digest> {
        let digest = Digest::sha256(data);
        let mut source = source(&[data]);
        self.registry.put_blob(repo, &digest, &mut *source).await?;
        Ok(digest)
    }

    pub(crate) async fn put(
        &self,
        repo: &RepoName,
        reference: Reference,
        raw: &Bytes,
    ) -> Result<PutOutcome> {
        self.registry
            .put_manifest(repo, request(reference, raw))
            .await
    }

    /// Pushes an image with everything that it names, as a client does.
    pub(crate) async fn push(
        &self,
        repo: &RepoName,
        name: &str,
        layers: &[&[u8]],
    ) -> Result<Bytes> {
        for blob in layers.iter().chain([&CONFIG]) {
            self.put_blob(repo, blob).await?;
        }
        let raw = image(layers);
        self.put(repo, by_tag(name), &raw).await?;
        Ok(raw)
    }

    pub(crate) async fn get(&self, repo: &RepoName, reference: &Reference) -> Result<Bytes> {
        let content = self.registry.get_manifest(repo, reference).await?;
        let algorithm = content.info.digest.algorithm();
        assert_eq!(Digest::of(algorithm, &content.raw), content.info.digest);
        Ok(content.raw)
    }

    pub(crate) async fn tags(&self, repo: &RepoName) -> Vec<String> {
        let page = self.registry.list_tags(repo, None, 10_000).await.unwrap();
        page.items
            .iter()
            .map(|tag| tag.as_str().to_owned())
            .collect()
    }
}
