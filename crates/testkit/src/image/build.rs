//! Builders of manifests.

use std::collections::BTreeMap;

use bytes::Bytes;
use oci::descriptor::Descriptor;
use oci::{Digest, MediaType, Platform};
use serde_json::{Map, Value, json};

use super::layer::Layer;
use super::{Format, Image, host_platform};

/// When every image was made, so that its digest never changes.
const EPOCH: &str = "1970-01-01T00:00:00Z";

/// Parts that every kind of manifest may have.
#[derive(Clone, Debug, Default)]
struct Extras {
    artifact_type: Option<String>,
    subject: Option<Descriptor>,
    annotations: BTreeMap<String, String>,
}

impl Extras {
    /// Closes a manifest whose own fields are `fields`.
    fn finish(self, media_type: MediaType, fields: &[(&str, Value)]) -> Image {
        let mut manifest = Map::new();
        manifest.insert("schemaVersion".to_owned(), 2.into());
        manifest.insert("mediaType".to_owned(), media_type.as_str().into());
        if let Some(kind) = &self.artifact_type {
            manifest.insert("artifactType".to_owned(), kind.as_str().into());
        }
        for (name, value) in fields {
            manifest.insert((*name).to_owned(), value.clone());
        }
        if let Some(subject) = &self.subject {
            manifest.insert("subject".to_owned(), link(subject));
        }
        if !self.annotations.is_empty() {
            manifest.insert("annotations".to_owned(), json!(self.annotations));
        }
        let manifest = Bytes::from(Value::Object(manifest).to_string());
        Image {
            digest: Digest::sha256(&manifest),
            manifest,
            media_type,
            blobs: Vec::new(),
            children: Vec::new(),
            platform: None,
            artifact_type: self.artifact_type,
        }
    }
}

/// Builds an image from layers.
#[derive(Clone, Debug)]
pub struct ImageBuilder {
    format: Format,
    layers: Vec<Layer>,
    platform: Platform,
    command: Vec<String>,
    labels: BTreeMap<String, String>,
    extras: Extras,
}

impl ImageBuilder {
    pub(super) fn new() -> Self {
        Self {
            format: Format::Oci,
            layers: Vec::new(),
            platform: host_platform(),
            command: Vec::new(),
            labels: BTreeMap::new(),
            extras: Extras::default(),
        }
    }

    /// Chooses the media types.
    #[must_use]
    pub fn format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// Adds a layer on top.
    #[must_use]
    pub fn layer(mut self, layer: &Layer) -> Self {
        self.layers.push(layer.clone());
        self
    }

    /// Says what the image runs on.
    #[must_use]
    pub fn platform(self, platform: Platform) -> Self {
        Self { platform, ..self }
    }

    /// Says what a container runs.
    #[must_use]
    pub fn command(mut self, command: &[&str]) -> Self {
        self.command = command.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Adds a label to the config.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Adds an annotation to the manifest.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.extras
            .annotations
            .insert(key.to_owned(), value.to_owned());
        self
    }

    /// Makes the image refer to `subject`, which need not exist.
    #[must_use]
    pub fn subject(mut self, subject: &Image) -> Self {
        self.extras.subject = Some(subject.descriptor());
        self
    }

    /// Yields the image.
    pub fn build(self) -> Image {
        let (manifest_type, config_type, layer_type) = match self.format {
            Format::Oci => (
                MediaType::OCI_MANIFEST,
                MediaType::OCI_CONFIG,
                MediaType::OCI_LAYER_GZIP,
            ),
            Format::Docker => (
                MediaType::DOCKER_MANIFEST,
                MediaType::DOCKER_CONFIG,
                MediaType::DOCKER_LAYER,
            ),
        };
        let packed: Vec<_> = self.layers.iter().map(Layer::pack).collect();
        let diff_ids: Vec<_> = packed.iter().map(|layer| layer.diff_id).collect();
        let config = Bytes::from(self.config(&diff_ids).to_string());

        let mut blobs = vec![(Digest::sha256(&config), config)];
        blobs.extend(
            packed
                .into_iter()
                .map(|layer| (Digest::sha256(&layer.blob), layer.blob)),
        );
        let mut links = blobs.iter().enumerate().map(|(position, (digest, data))| {
            let media_type = if position == 0 {
                &config_type
            } else {
                &layer_type
            };
            describe(media_type, *digest, data)
        });
        let config = links.next().unwrap_or_default();
        let layers = Value::Array(links.collect());
        let image = self
            .extras
            .finish(manifest_type, &[("config", config), ("layers", layers)]);
        Image {
            blobs,
            platform: Some(self.platform),
            ..image
        }
    }

    fn config(&self, diff_ids: &[Digest]) -> Value {
        let step = json!({"created": EPOCH, "created_by": "testkit"});
        let mut config = Map::new();
        if let Value::Object(platform) = json!(self.platform) {
            config.extend(platform);
        }
        let rest = [
            ("created", json!(EPOCH)),
            (
                "config",
                json!({"Cmd": self.command, "Env": ["PATH=/bin"], "Labels": self.labels}),
            ),
            ("rootfs", json!({"type": "layers", "diff_ids": diff_ids})),
            ("history", Value::Array(vec![step; diff_ids.len()])),
        ];
        config.extend(rest.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(config)
    }
}

/// Builds an index from images, artifacts and other indexes.
#[derive(Clone, Debug, Default)]
pub struct IndexBuilder {
    format: Format,
    children: Vec<Image>,
    extras: Extras,
}

impl IndexBuilder {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Chooses the media types; `Docker` makes a manifest list.
    #[must_use]
    pub fn format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// Adds a child at the end of the list.
    #[must_use]
    pub fn child(mut self, child: &Image) -> Self {
        self.children.push(child.clone());
        self
    }

    /// Says what the index is, when it is an artifact.
    #[must_use]
    pub fn artifact_type(mut self, artifact_type: &str) -> Self {
        self.extras.artifact_type = Some(artifact_type.to_owned());
        self
    }

    /// Adds an annotation to the index.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.extras
            .annotations
            .insert(key.to_owned(), value.to_owned());
        self
    }

    /// Makes the index refer to `subject`, which need not exist.
    #[must_use]
    pub fn subject(mut self, subject: &Image) -> Self {
        self.extras.subject = Some(subject.descriptor());
        self
    }

    /// Yields the index.
    pub fn build(self) -> Image {
        let media_type = match self.format {
            Format::Oci => MediaType::OCI_INDEX,
            Format::Docker => MediaType::DOCKER_LIST,
        };
        let manifests: Vec<_> = self.children.iter().map(Image::descriptor).collect();
        let index = self
            .extras
            .finish(media_type, &[("manifests", json!(manifests))]);
        Image {
            children: self.children,
            ..index
        }
    }
}

/// Builds an artifact: files of any type, about an image or on their own.
#[derive(Clone, Debug)]
pub struct ArtifactBuilder {
    files: Vec<(String, Bytes)>,
    extras: Extras,
}

impl ArtifactBuilder {
    pub(super) fn new(artifact_type: &str) -> Self {
        let artifact_type = Some(artifact_type.to_owned());
        Self {
            files: Vec::new(),
            extras: Extras {
                artifact_type,
                ..Extras::default()
            },
        }
    }

    /// Adds a file of the given media type.
    #[must_use]
    pub fn file(mut self, media_type: &str, content: impl AsRef<[u8]>) -> Self {
        let content = Bytes::copy_from_slice(content.as_ref());
        self.files.push((media_type.to_owned(), content));
        self
    }

    /// Adds an annotation to the manifest.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.extras
            .annotations
            .insert(key.to_owned(), value.to_owned());
        self
    }

    /// Makes the artifact refer to `subject`, which need not exist.
    #[must_use]
    pub fn subject(mut self, subject: &Image) -> Self {
        self.extras.subject = Some(subject.descriptor());
        self
    }

    /// Yields the artifact; without files it names the empty object as its only layer.
    ///
    /// Spec: image 1.1, Guidelines for Artifact Usage.
    pub fn build(mut self) -> Image {
        let empty = Bytes::from_static(b"{}");
        let config = describe(&MediaType::OCI_EMPTY, Digest::sha256(&empty), &empty);
        if self.files.is_empty() {
            self.files
                .push((MediaType::OCI_EMPTY.to_string(), empty.clone()));
        }
        let mut blobs = vec![(Digest::sha256(&empty), empty)];
        let mut layers = Vec::new();
        for (media_type, content) in self.files {
            let digest = Digest::sha256(&content);
            layers.push(describe(&MediaType::new(&media_type), digest, &content));
            if blobs.iter().all(|(known, _)| *known != digest) {
                blobs.push((digest, content));
            }
        }
        let fields = [("config", config), ("layers", Value::Array(layers))];
        let artifact = self.extras.finish(MediaType::OCI_MANIFEST, &fields);
        Image { blobs, ..artifact }
    }
}

fn describe(media_type: &MediaType, digest: Digest, data: &Bytes) -> Value {
    let size = u64::try_from(data.len()).unwrap_or(u64::MAX);
    json!(Descriptor::new(media_type.clone(), digest, size))
}

/// Names a subject: what a list says beyond type, digest and size does not belong there.
fn link(subject: &Descriptor) -> Value {
    json!(Descriptor::new(
        subject.media_type.clone(),
        subject.digest,
        subject.size
    ))
}
