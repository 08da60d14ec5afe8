//! Layers: archives of files.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use oci::Digest;
use tar::{EntryType, Header};

/// A layer under construction: entries of an archive, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    path: String,
    mode: u32,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    File(Bytes),
    Link(String),
    Folder,
}

/// A layer as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    /// The digest of the archive before compression, which the config names.
    pub(super) diff_id: Digest,
    /// The compressed archive.
    pub(super) blob: Bytes,
}

impl Layer {
    /// Starts without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Yields a layer with one small file; another `seed` yields another layer.
    pub fn sample(seed: u64) -> Self {
        Self::new().file(
            &format!("sample-{seed}"),
            0o644,
            seed.to_string().as_bytes(),
        )
    }

    /// Yields a layer with one file of `size` bytes that do not compress.
    pub fn noise(seed: u64, size: usize) -> Self {
        let path = format!("noise-{seed}");
        Self::new().file(&path, 0o644, noise(seed, size))
    }

    /// Adds a file with the permission bits `mode`.
    #[must_use]
    pub fn file(self, path: &str, mode: u32, content: impl AsRef<[u8]>) -> Self {
        let content = Content::File(Bytes::copy_from_slice(content.as_ref()));
        self.entry(path, mode, content)
    }

    /// Adds a symbolic link to `target`.
    #[must_use]
    pub fn link(self, path: &str, target: &str) -> Self {
        self.entry(path, 0o777, Content::Link(target.to_owned()))
    }

    /// Adds an empty folder.
    #[must_use]
    pub fn folder(self, path: &str, mode: u32) -> Self {
        self.entry(path, mode, Content::Folder)
    }

    /// Yields the archive without compression, as `docker import` takes it.
    pub fn to_tar(&self) -> Bytes {
        match self.write_tar() {
            Ok(tar) => Bytes::from(tar),
            Err(error) => panic!("failed to write a layer: {error}"),
        }
    }

    pub(super) fn pack(&self) -> Packed {
        let tar = self.to_tar();
        // large layers are noise: trying to compress them only costs time
        let level = if tar.len() > 1 << 20 {
            Compression::none()
        } else {
            Compression::fast()
        };
        let mut encoder = GzEncoder::new(Vec::new(), level);
        match encoder.write_all(&tar).and_then(|()| encoder.finish()) {
            Ok(blob) => Packed {
                diff_id: Digest::sha256(&tar),
                blob: Bytes::from(blob),
            },
            Err(error) => panic!("failed to compress a layer: {error}"),
        }
    }

    fn entry(mut self, path: &str, mode: u32, content: Content) -> Self {
        let path = path.to_owned();
        self.entries.push(Entry {
            path,
            mode,
            content,
        });
        self
    }

    fn write_tar(&self) -> io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        for Entry {
            path,
            mode,
            content,
        } in &self.entries
        {
            let mut header = Header::new_gnu();
            header.set_mode(*mode);
            header.set_size(0);
            match content {
                Content::File(data) => {
                    header.set_size(u64::try_from(data.len()).map_err(io::Error::other)?);
                    archive.append_data(&mut header, path, data.as_ref())?;
                }
                Content::Link(target) => {
                    header.set_entry_type(EntryType::Symlink);
                    archive.append_link(&mut header, path, target)?;
                }
                Content::Folder => {
                    header.set_entry_type(EntryType::Directory);
                    archive.append_data(&mut header, path, io::empty())?;
                }
            }
        }
        archive.into_inner()
    }
}

/// Yields `size` bytes that look random, the same for the same `seed`.
pub fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}
