//! Reads the JSON of manifests and descriptors, so that every fault names its field.
//!
//! Every field is first cut out as raw text and then read for itself: that gives the path of a
//! fault, and tells a field that is `null` from one that is missing.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::error::ManifestError;
use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::json::clip;
use crate::media_type::{MediaType, is_well_formed};
use crate::platform::Platform;

/// The most characters of a reason or of a client's text within it.
const REASON_CHARS: usize = 160;

/// The largest size that a descriptor may give: that of a signed 64-bit number.
const MAX_SIZE: u64 = i64::MAX.unsigned_abs();

/// Names a place in the document.
#[derive(Clone, Copy)]
pub(crate) struct Path {
    field: &'static str,
    position: Option<usize>,
    inner: Option<&'static str>,
}

impl Path {
    pub(crate) const fn field(field: &'static str) -> Self {
        Self {
            field,
            position: None,
            inner: None,
        }
    }

    pub(crate) const fn at(self, position: usize) -> Self {
        Self {
            position: Some(position),
            ..self
        }
    }

    const fn inner(self, field: &'static str) -> Self {
        Self {
            inner: Some(field),
            ..self
        }
    }

    pub(super) fn refuse(self, reason: &str) -> ManifestError {
        ManifestError::Schema {
            path: self.to_string(),
            reason: clip(reason, REASON_CHARS).into_owned(),
        }
    }

    fn refuse_json(self, error: &serde_json::Error) -> ManifestError {
        let text = error.to_string();
        // The position counts from the start of the field, which would mislead.
        let reason = text
            .rsplit_once(" at line ")
            .map_or(text.as_str(), |(reason, _)| reason);
        self.refuse(reason)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field)?;
        if let Some(position) = self.position {
            write!(f, "[{position}]")?;
        }
        if let Some(inner) = self.inner {
            write!(f, ".{inner}")?;
        }
        Ok(())
    }
}

/// The fields of either kind of manifest; `Some` when present, even as `null`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) schema_version: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) media_type: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) artifact_type: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) config: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) layers: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) manifests: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) subject: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) annotations: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Link<'a> {
    #[serde(borrow)]
    media_type: Option<&'a RawValue>,
    #[serde(borrow)]
    digest: Option<&'a RawValue>,
    #[serde(borrow)]
    size: Option<&'a RawValue>,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
    #[serde(borrow)]
    artifact_type: Option<&'a RawValue>,
    #[serde(borrow)]
    platform: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Body<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, ManifestError> {
        object(text.trim_start(), Path::field("manifest"))
    }
}

/// Reads an object; a struct could be read from a list as well, which JSON readers elsewhere refuse.
fn object<'a, T: Deserialize<'a>>(text: &'a str, path: Path) -> Result<T, ManifestError> {
    if !text.starts_with('{') {
        return Err(path.refuse("must be an object"));
    }
    serde_json::from_str(text).map_err(|error| path.refuse_json(&error))
}

/// Reads a field; `null` and a missing one yield `None`.
pub(super) fn field<T: DeserializeOwned>(
    raw: Option<&RawValue>,
    path: Path,
) -> Result<Option<T>, ManifestError> {
    let Some(raw) = raw else { return Ok(None) };
    serde_json::from_str(raw.get()).map_err(|error| path.refuse_json(&error))
}

/// Reads a list that must be there.
pub(super) fn descriptors(
    raw: Option<&RawValue>,
    name: &'static str,
) -> Result<Vec<Descriptor>, ManifestError> {
    let path = Path::field(name);
    let raw = raw.ok_or_else(|| path.refuse("is required"))?;
    let entries: Vec<&RawValue> =
        serde_json::from_str(raw.get()).map_err(|error| path.refuse_json(&error))?;
    let read = |(position, entry): (usize, &&RawValue)| descriptor(entry, path.at(position));
    entries.iter().enumerate().map(read).collect()
}

/// Reads a descriptor: type, digest and size are required.
///
/// Spec: image 1.1, Content Descriptors, Properties.
pub(crate) fn descriptor(raw: &RawValue, path: Path) -> Result<Descriptor, ManifestError> {
    let link: Link<'_> = object(raw.get(), path)?;
    let mut found = Descriptor::new(
        media_type(link.media_type, path.inner("mediaType"))?,
        digest(link.digest, path.inner("digest"))?,
        size(link.size, path.inner("size"))?,
    );
    found.annotations = annotations(link.annotations, path.inner("annotations"))?;
    found.artifact_type = field(link.artifact_type, path.inner("artifactType"))?;
    found.platform = platform(link.platform, path.inner("platform"))?;
    Ok(found)
}

fn media_type(raw: Option<&RawValue>, path: Path) -> Result<MediaType, ManifestError> {
    let text: String = field(raw, path)?.ok_or_else(|| path.refuse("is required"))?;
    if !is_well_formed(&text) {
        return Err(path.refuse("is not a media type"));
    }
    Ok(MediaType::new(&text))
}

fn digest(raw: Option<&RawValue>, path: Path) -> Result<Digest, ManifestError> {
    let text: String = field(raw, path)?.ok_or_else(|| path.refuse("is required"))?;
    text.parse().map_err(|reason| ManifestError::Digest {
        path: path.to_string(),
        reason,
    })
}

fn size(raw: Option<&RawValue>, path: Path) -> Result<u64, ManifestError> {
    match field(raw, path)? {
        None => Err(path.refuse("is required")),
        Some(size) if size > MAX_SIZE => Err(path.refuse("is too large")),
        Some(size) => Ok(size),
    }
}

fn platform(raw: Option<&RawValue>, path: Path) -> Result<Option<Platform>, ManifestError> {
    match raw.map(RawValue::get) {
        None | Some("null") => Ok(None),
        Some(text) => object(text, path).map(Some),
    }
}

/// Reads annotations; none are `None`, be they missing, `null` or `{}`.
pub(super) fn annotations(
    raw: Option<&RawValue>,
    path: Path,
) -> Result<Option<BTreeMap<String, String>>, ManifestError> {
    let found: Option<BTreeMap<String, String>> = field(raw, path)?;
    Ok(found.filter(|map| !map.is_empty()))
}
