//! Media types of manifests, configs and layers.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Sorts manifests by shape: what they list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ManifestKind {
    /// Lists a config and layers.
    Image,
    /// Lists other manifests.
    Index,
}

/// Names a content type, without parameters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct MediaType(Cow<'static, str>);

macro_rules! media_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl MediaType {
            $($(#[$doc])* pub const $name: Self = Self(Cow::Borrowed($text));)*

            /// Every type that has a name here; the position in this list is stored in rows.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

// Append only: rows hold positions in this list.
media_types! {
    /// Bytes of no known type.
    OCTET_STREAM = "application/octet-stream";
    /// An OCI image manifest.
    OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    /// An OCI image index.
    OCI_INDEX = "application/vnd.oci.image.index.v1+json";
    /// An OCI image config.
    OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
    /// The empty JSON object `{}`.
    OCI_EMPTY = "application/vnd.oci.empty.v1+json";
    /// An OCI layer.
    OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
    /// An OCI layer, gzip.
    OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
    /// An OCI layer, zstd.
    OCI_LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd";
    /// An OCI layer that registries need not hold.
    OCI_FOREIGN_LAYER = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    /// An OCI layer that registries need not hold, gzip.
    OCI_FOREIGN_LAYER_GZIP = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    /// An OCI layer that registries need not hold, zstd.
    OCI_FOREIGN_LAYER_ZSTD = "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd";
    /// A Docker image manifest, schema 2.
    DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
    /// A Docker manifest list, schema 2.
    DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// A Docker image config.
    DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
    /// A Docker layer, gzip.
    DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";
    /// A Docker layer that registries need not hold, gzip.
    DOCKER_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    /// A Docker manifest, schema 1, never accepted.
    DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json";
    /// A signed Docker manifest, schema 1, never accepted.
    DOCKER_SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws";
}

impl MediaType {
    /// Takes a content type; parameters after `;` are dropped.
    pub fn new(text: &str) -> Self {
        let bare = text.split(';').next().unwrap_or_default().trim();
        match Self::KNOWN.iter().find(|known| known.as_str() == bare) {
            Some(known) => known.clone(),
            None => Self(Cow::Owned(bare.to_owned())),
        }
    }

    /// Yields the type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Yields the shape of a manifest of this type; `None` when it is not a manifest type.
    ///
    /// This is the one predicate for "is it a manifest, and of which kind": OCI and Docker alike.
    pub fn manifest_kind(&self) -> Option<ManifestKind> {
        if [Self::OCI_MANIFEST, Self::DOCKER_MANIFEST].contains(self) {
            return Some(ManifestKind::Image);
        }
        [Self::OCI_INDEX, Self::DOCKER_LIST]
            .contains(self)
            .then_some(ManifestKind::Index)
    }

    /// Tells whether this is one of the two Docker schema 2 manifest types.
    pub fn is_docker_manifest(&self) -> bool {
        [Self::DOCKER_MANIFEST, Self::DOCKER_LIST].contains(self)
    }

    /// Tells whether blobs of this type may be absent, since they are fetched from elsewhere.
    pub fn is_non_distributable(&self) -> bool {
        [
            Self::OCI_FOREIGN_LAYER,
            Self::OCI_FOREIGN_LAYER_GZIP,
            Self::OCI_FOREIGN_LAYER_ZSTD,
            Self::DOCKER_FOREIGN_LAYER,
        ]
        .contains(self)
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for MediaType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = MediaType;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a media type")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<MediaType, E> {
                Ok(MediaType::new(text))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// Tells whether `text` is a type and a subtype without parameters.
///
/// Spec: RFC 6838, section 4.2; image 1.1, Content Descriptors, `mediaType`.
pub fn is_well_formed(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(kind, subtype)| is_restricted_name(kind) && is_restricted_name(subtype))
}

fn is_restricted_name(text: &str) -> bool {
    let starts_well = text
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric());
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b);
    starts_well && text.len() <= 127 && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_dropped() {
        let table = [
            ("application/json", "application/json"),
            ("application/json; charset=utf-8", "application/json"),
            (" application/json ;a=b;c", "application/json"),
            (";x", ""),
            ("", ""),
        ];
        for (text, want) in table {
            assert_eq!(MediaType::new(text).as_str(), want, "{text}");
            let json = serde_json::to_string(text).unwrap();
            let read: MediaType = serde_json::from_str(&json).unwrap();
            assert_eq!(read.as_str(), want, "{text}");
        }
    }

    #[test]
    fn known_types_keep_their_positions() {
        let position = |media_type| MediaType::KNOWN.iter().position(|it| *it == media_type);
        assert_eq!(position(MediaType::OCTET_STREAM), Some(0));
        assert_eq!(position(MediaType::OCI_MANIFEST), Some(1));
        assert_eq!(position(MediaType::OCI_INDEX), Some(2));
        assert_eq!(position(MediaType::DOCKER_MANIFEST), Some(11));
        assert_eq!(position(MediaType::DOCKER_SCHEMA1_SIGNED), Some(17));
        assert_eq!(MediaType::KNOWN.len(), 18);
    }

    #[test]
    fn kinds() {
        use ManifestKind::{Image, Index};
        for known in MediaType::KNOWN {
            let (kind, is_docker, is_elsewhere) = match known.as_str() {
                "application/vnd.oci.image.manifest.v1+json" => (Some(Image), false, false),
                "application/vnd.oci.image.index.v1+json" => (Some(Index), false, false),
                "application/vnd.docker.distribution.manifest.v2+json" => {
                    (Some(Image), true, false)
                }
                "application/vnd.docker.distribution.manifest.list.v2+json" => {
                    (Some(Index), true, false)
                }
                text => (
                    None,
                    false,
                    text.contains("nondistributable") || text.contains("foreign"),
                ),
            };
            assert_eq!(known.manifest_kind(), kind, "{known}");
            assert_eq!(known.is_docker_manifest(), is_docker, "{known}");
            assert_eq!(known.is_non_distributable(), is_elsewhere, "{known}");
            assert!(is_well_formed(known.as_str()), "{known}");
        }
    }

    #[test]
    fn well_formed_types() {
        let longest = format!("{0}/{0}", "a".repeat(127));
        for text in ["a/b", "0/1", "text/x!#$&^_.+-", &longest] {
            assert!(is_well_formed(text), "{text}");
        }
        let too_long = format!("a/{}", "b".repeat(128));
        let bad = [
            "", "/", "a", "a/", "/b", "a/b/c", "a/b;c=d", "a b/c", "a/.b", "a/\u{e9}",
        ];
        for text in bad.into_iter().chain([too_long.as_str(), "a/b\r\nx: y"]) {
            assert!(!is_well_formed(text), "{text}");
        }
    }
}
