//! Image layouts: folders that clients read images from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use oci::{Digest, MediaType, Tag};
use serde_json::json;

use super::Image;

impl Image {
    /// Writes the image with everything below it as a layout into `folder`, which is made.
    ///
    /// Its `index.json` lists this image alone, under `tag`.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write_layout(&self, folder: &Path, tag: &Tag) -> io::Result<()> {
        for manifest in self.manifests() {
            let own = (manifest.digest, manifest.manifest.clone());
            for (digest, data) in manifest.blobs.iter().chain([&own]) {
                write(&blob_path(folder, digest), data)?;
            }
        }
        let index = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_INDEX,
            "manifests": [self.descriptor().with_ref_name(tag)],
        });
        write(&folder.join("index.json"), index.to_string().as_bytes())?;
        write(
            &folder.join("oci-layout"),
            br#"{"imageLayoutVersion":"1.0.0"}"#,
        )
    }

    /// Writes the image as an archive of a layout to `file`, for clients that take no folders.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write_archive(&self, file: &Path, tag: &Tag) -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        self.write_layout(folder.path(), tag)?;
        let mut archive = tar::Builder::new(fs::File::create(file)?);
        archive.mode(tar::HeaderMode::Deterministic);
        archive.append_dir_all(".", folder.path())?;
        archive.finish()
    }
}

/// Yields where a layout keeps a blob.
///
/// Spec: image 1.1, Image Layout, Blobs.
pub fn blob_path(layout: &Path, digest: &Digest) -> PathBuf {
    layout
        .join("blobs")
        .join(digest.algorithm().name())
        .join(digest.to_hex())
}

fn write(path: &Path, data: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    io::Write::write_all(&mut fs::File::create(path)?, data)
}
