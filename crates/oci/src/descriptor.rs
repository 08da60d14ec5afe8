//! Descriptors: typed, sized links to content.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::media_type::MediaType;
use crate::platform::Platform;
use crate::tag::Tag;

/// Names the tag of an entry in the `index.json` of a layout.
///
/// Spec: image 1.1, Annotations, Pre-Defined Annotation Keys.
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Links to content by digest, with its type and size in bytes.
///
/// A read view: fields that the specification does not name are kept in the raw bytes only.
///
/// Spec: image 1.1, Content Descriptors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The type of the content.
    pub media_type: MediaType,
    /// The address of the content.
    pub digest: Digest,
    /// The size of the content in bytes.
    pub size: u64,
    /// Notes of the descriptor's author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// What the content is, when it is an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// What the content runs on, when it is an image in an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
}

impl Descriptor {
    /// Describes content without any of the optional fields.
    pub const fn new(media_type: MediaType, digest: Digest, size: u64) -> Self {
        Self {
            media_type,
            digest,
            size,
            annotations: None,
            artifact_type: None,
            platform: None,
        }
    }

    /// Adds the tag under which an `index.json` lists the content.
    #[must_use]
    pub fn with_ref_name(mut self, tag: &Tag) -> Self {
        self.annotations
            .get_or_insert_default()
            .insert(REF_NAME.to_owned(), tag.as_str().to_owned());
        self
    }

    /// Yields the tag under which an `index.json` lists the content, as it is written there.
    pub fn ref_name(&self) -> Option<&str> {
        let annotations = self.annotations.as_ref()?;
        annotations.get(REF_NAME).map(String::as_str)
    }
}
