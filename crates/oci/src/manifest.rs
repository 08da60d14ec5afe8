//! Manifests: the bytes that are stored, and what they say.

mod error;
pub(crate) mod wire;

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde_json::value::RawValue;

pub use error::ManifestError;
use wire::{Body, Path, annotations, descriptors, field};

use crate::descriptor::Descriptor;
use crate::json::{self, Limits, clip};
use crate::media_type::{ManifestKind, MediaType, is_well_formed};

/// Holds a manifest: its bytes as they came, and a view of the fields that the registry needs.
///
/// The bytes are what is stored, hashed and served; nothing is ever written from the view, so fields
/// that it does not know survive.
///
/// ```
/// use oci::json::Limits;
/// use oci::{Manifest, MediaType};
///
/// let body = r#"{"schemaVersion":2,"manifests":[],"artifactType":"a/b"}"#;
/// let manifest = Manifest::parse(&MediaType::OCI_INDEX, body.into(), Limits::MANIFEST)?;
/// assert_eq!(manifest.artifact_type(), Some("a/b"));
/// # Ok::<(), oci::ManifestError>(())
/// ```
///
/// # Invariants
/// The bytes are JSON without repeated keys, and no other reader can take them for a manifest of
/// another type. An image has a config; an index has neither config nor layers.
///
/// Spec: image 1.1, Image Manifest and Image Index.
#[derive(Clone, PartialEq, Eq)]
pub struct Manifest {
    raw: Bytes,
    media_type: MediaType,
    kind: ManifestKind,
    links: Links,
    subject: Option<Descriptor>,
    annotations: BTreeMap<String, String>,
    artifact_type: Option<String>,
}

/// What a manifest is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Links {
    config: Option<Descriptor>,
    layers: Vec<Descriptor>,
    manifests: Vec<Descriptor>,
}

impl Manifest {
    /// Reads a manifest of type `media_type`.
    ///
    /// # Errors
    /// [`ManifestError::UnknownType`] and [`ManifestError::Schema1`] for types that are not served,
    /// [`ManifestError::Json`] for a body that breaks `limits` or is not sound JSON, the other kinds
    /// for a body that is not a manifest of that type.
    ///
    /// Compat: fields that are `null` count as missing, `layers` may be empty, unknown fields are
    /// allowed; a Docker manifest must name its own type.
    pub fn parse(
        media_type: &MediaType,
        raw: Bytes,
        limits: Limits,
    ) -> Result<Self, ManifestError> {
        let kind = kind_of(media_type)?;
        let body = Body::read(json::checked(&raw, limits)?)?;
        check_version(&body)?;
        check_type(&body, media_type)?;
        let links = match kind {
            ManifestKind::Image => Links::of_image(&body)?,
            ManifestKind::Index => Links::of_index(&body)?,
        };
        let subject = optional(body.subject, "subject")?;
        let found = annotations(body.annotations, Path::field("annotations"))?;
        let artifact_type = artifact_type(&body)?;
        Ok(Self {
            raw,
            media_type: media_type.clone(),
            kind,
            links,
            subject,
            annotations: found.unwrap_or_default(),
            artifact_type,
        })
    }

    /// Yields the bytes as they came.
    pub const fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// Yields the type that the manifest was read as.
    pub const fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    /// Tells an image from an index.
    pub const fn kind(&self) -> ManifestKind {
        self.kind
    }

    /// Yields the config: always there in an image, never in an index.
    pub const fn config(&self) -> Option<&Descriptor> {
        self.links.config.as_ref()
    }

    /// Yields the layers of an image in their order, repeated ones as often as they are listed.
    pub fn layers(&self) -> &[Descriptor] {
        &self.links.layers
    }

    /// Yields the entries of an index in their order.
    pub fn manifests(&self) -> &[Descriptor] {
        &self.links.manifests
    }

    /// Yields the manifest that this one refers to. It need not exist.
    pub const fn subject(&self) -> Option<&Descriptor> {
        self.subject.as_ref()
    }

    /// Yields the annotations of the manifest itself.
    pub const fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }

    /// Yields what the manifest is, as lists of referrers give it and filter by it.
    ///
    /// That is field `artifactType`; an image without it is of the type of its config.
    ///
    /// Spec: distribution 1.1, Listing Referrers.
    pub fn artifact_type(&self) -> Option<&str> {
        let of_config = self.links.config.as_ref().map(|it| it.media_type.as_str());
        self.artifact_type.as_deref().or(of_config)
    }

    /// Yields the config and the layers of an image; nothing for an index.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.links.config.iter().chain(&self.links.layers)
    }

    /// Yields those of [`Self::blobs`] that must be in the repository before the manifest is.
    ///
    /// Layers of the non-distributable types may be elsewhere.
    pub fn required_blobs(&self) -> impl Iterator<Item = &Descriptor> {
        let layers = self.links.layers.iter();
        let required = layers.filter(|layer| !layer.media_type.is_non_distributable());
        self.links.config.iter().chain(required)
    }

    /// Yields what an index lists; nothing for an image.
    ///
    /// An entry is a blob, not a manifest, when [`MediaType::manifest_kind`] is `None`: build caches
    /// are indexes of layers.
    pub fn children(&self) -> impl Iterator<Item = &Descriptor> {
        self.links.manifests.iter()
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manifest")
            .field("media_type", &self.media_type)
            .field("size", &self.raw.len())
            .field("config", &self.links.config)
            .field("layers", &self.links.layers.len())
            .field("manifests", &self.links.manifests.len())
            .finish_non_exhaustive()
    }
}

fn kind_of(media_type: &MediaType) -> Result<ManifestKind, ManifestError> {
    if [MediaType::DOCKER_SCHEMA1, MediaType::DOCKER_SCHEMA1_SIGNED].contains(media_type) {
        return Err(ManifestError::Schema1);
    }
    media_type
        .manifest_kind()
        .ok_or_else(|| ManifestError::UnknownType(MediaType::new(&clip(media_type.as_str(), 128))))
}

fn check_version(body: &Body<'_>) -> Result<(), ManifestError> {
    let path = Path::field("schemaVersion");
    match field(body.schema_version, path)? {
        Some(2_i64) => Ok(()),
        Some(1) => Err(ManifestError::Schema1),
        Some(_) => Err(path.refuse("must be 2")),
        None => Err(path.refuse("is required")),
    }
}

/// Compares the type in the body with that of the request.
fn check_type(body: &Body<'_>, given: &MediaType) -> Result<(), ManifestError> {
    let path = Path::field("mediaType");
    match field::<String>(body.media_type, path)? {
        Some(text) if text == given.as_str() => Ok(()),
        Some(text) => Err(ManifestError::TypeMismatch {
            given: given.clone(),
            body: clip(&text, 128).into_owned(),
        }),
        None if given.is_docker_manifest() => Err(path.refuse("is required")),
        None => Ok(()),
    }
}

impl Links {
    fn of_image(body: &Body<'_>) -> Result<Self, ManifestError> {
        refuse(body.manifests, "manifests")?;
        let config = optional(body.config, "config")?;
        Ok(Self {
            config: Some(config.ok_or_else(|| Path::field("config").refuse("is required"))?),
            layers: descriptors(body.layers, "layers")?,
            manifests: Vec::new(),
        })
    }

    fn of_index(body: &Body<'_>) -> Result<Self, ManifestError> {
        refuse(body.config, "config")?;
        refuse(body.layers, "layers")?;
        Ok(Self {
            config: None,
            layers: Vec::new(),
            manifests: descriptors(body.manifests, "manifests")?,
        })
    }
}

/// Refuses a field of the other kind, even as `null`: some readers go by its presence alone.
fn refuse(raw: Option<&RawValue>, field: &'static str) -> Result<(), ManifestError> {
    match raw {
        None => Ok(()),
        Some(_) => Err(ManifestError::Ambiguous { field }),
    }
}

fn optional(
    raw: Option<&RawValue>,
    name: &'static str,
) -> Result<Option<Descriptor>, ManifestError> {
    match raw {
        None => Ok(None),
        Some(raw) if raw.get() == "null" => Ok(None),
        Some(raw) => wire::descriptor(raw, Path::field(name)).map(Some),
    }
}

fn artifact_type(body: &Body<'_>) -> Result<Option<String>, ManifestError> {
    let path = Path::field("artifactType");
    let found: Option<String> = field(body.artifact_type, path)?;
    match found.filter(|text| !text.is_empty()) {
        Some(text) if !is_well_formed(&text) => Err(path.refuse("is not a media type")),
        found => Ok(found),
    }
}

#[cfg(test)]
mod tests;
