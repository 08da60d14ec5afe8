//! Images, indexes and artifacts, built in memory.
//!
//! The same calls yield the same bytes, so a digest may be compared between runs.
//!
//! ```
//! use testkit::image::{Image, Layer};
//!
//! let layer = Layer::new().file("etc/motd", 0o644, b"hello\n");
//! let image = Image::builder().layer(&layer).command(&["/bin/sh"]).build();
//! let index = Image::index().child(&image).build();
//! assert_eq!(index.children, [image]);
//! ```

#![expect(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "memory is the only thing that could fail here; a test that runs out of it ends"
)]

mod build;
mod layer;
mod layout;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use oci::descriptor::Descriptor;
use oci::{Digest, MediaType, Platform};

pub use build::{ArtifactBuilder, ImageBuilder, IndexBuilder};
pub use layer::{Layer, noise};
pub use layout::blob_path;

/// Chooses whose media types a manifest carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Those of the image specification.
    #[default]
    Oci,
    /// Those of Docker's schema 2.
    Docker,
}

/// A manifest with everything that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The exact bytes of the manifest.
    pub manifest: Bytes,
    /// The type under which the manifest is pushed.
    pub media_type: MediaType,
    /// The digest of the manifest.
    pub digest: Digest,
    /// Config and layers; empty for an index.
    pub blobs: Vec<(Digest, Bytes)>,
    /// The manifests that an index lists; empty for anything else.
    pub children: Vec<Self>,
    /// What the image runs on, as an index would say; `None` for artifacts and indexes.
    pub platform: Option<Platform>,
    /// What the artifact is, as an index or a list of referrers would say.
    pub artifact_type: Option<String>,
}

impl Image {
    /// Starts an image with no layers, for Linux on the processor of this machine.
    pub fn builder() -> ImageBuilder {
        ImageBuilder::new()
    }

    /// Starts an index with no children.
    pub fn index() -> IndexBuilder {
        IndexBuilder::new()
    }

    /// Starts an artifact: a manifest of a type of its own, without a config.
    pub fn artifact(artifact_type: &str) -> ArtifactBuilder {
        ArtifactBuilder::new(artifact_type)
    }

    /// Yields a small image; another `seed` yields another image.
    pub fn sample(seed: u64) -> Self {
        Self::builder().layer(&Layer::sample(seed)).build()
    }

    /// Describes the manifest as an index lists it.
    pub fn descriptor(&self) -> Descriptor {
        let size = u64::try_from(self.manifest.len()).unwrap_or(u64::MAX);
        Descriptor {
            platform: self.platform.clone(),
            artifact_type: self.artifact_type.clone(),
            ..Descriptor::new(self.media_type.clone(), self.digest, size)
        }
    }

    /// Yields this manifest and all below it, children first: the order in which they are pushed.
    pub fn manifests(&self) -> Vec<&Self> {
        let below = self.children.iter().flat_map(Self::manifests);
        below.chain([self]).collect()
    }
}

/// Yields what Linux images of this machine say that they run on.
pub fn host_platform() -> Platform {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    Platform {
        architecture: architecture.to_owned(),
        os: "linux".to_owned(),
        ..Platform::default()
    }
}
