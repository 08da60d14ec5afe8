//! The `index.json` of an OCI layout, and the file beside it.
//!
//! Files of other registries and tools are read too, so reading forgives what it can: an entry that
//! makes no sense is reported and left out, and the rest of the file stands.

use std::fmt;
use std::io;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess};
use serde_json::value::RawValue;

use crate::descriptor::Descriptor;
use crate::json::clip;
use crate::manifest::wire::{self, Path};
use crate::media_type::MediaType;

/// Names the file that marks a folder as an OCI layout.
pub const LAYOUT_FILE: &str = "oci-layout";

/// The whole content of [`LAYOUT_FILE`].
///
/// Spec: image 1.1, Image Layout Specification, `oci-layout` file.
pub const LAYOUT_CONTENT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

/// Names the file that lists what a layout holds.
pub const INDEX_FILE: &str = "index.json";

/// Says why an `index.json` cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// The file is longer than the limit.
    #[error("index is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The file is not a JSON object, is cut off, or `manifests` is not a list.
    #[error("index is malformed: {0}")]
    Malformed(String),
}

/// Reports an entry that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedEntry {
    /// The position in `manifests`, from 0.
    pub position: usize,
    /// What is wrong with it, with the path of the field.
    pub reason: String,
}

/// Holds the entries of an `index.json`, in the order of the file.
///
/// A manifest has one entry per tag, or one without a tag.
///
/// Compat: the order and the shape of entries are those that zot reads and writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexFile {
    /// The entries.
    pub manifests: Vec<Descriptor>,
}

impl IndexFile {
    /// Reads a file of at most `max_bytes`; yields what was left out as well.
    ///
    /// Unknown fields are dropped; `manifests` may be `null` or missing.
    ///
    /// # Errors
    /// Both kinds of [`IndexError`]; never because of a single entry.
    pub fn parse(raw: &[u8], max_bytes: usize) -> Result<(Self, Vec<SkippedEntry>), IndexError> {
        let mut file = Self::default();
        let mut skipped = Vec::new();
        for_each_entry(raw, max_bytes, |entry| match entry {
            Ok(descriptor) => file.manifests.push(descriptor),
            Err(entry) => skipped.push(entry),
        })?;
        Ok((file, skipped))
    }

    /// Yields the file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(None, &self.manifests)
    }
}

/// Reads a file as [`IndexFile::parse`] does, but hands over each entry instead of keeping it.
///
/// # Errors
/// Both kinds of [`IndexError`], possibly after some entries were handed over.
pub fn for_each_entry(
    raw: &[u8],
    max_bytes: usize,
    visit: impl FnMut(Result<Descriptor, SkippedEntry>),
) -> Result<(), IndexError> {
    if raw.len() > max_bytes {
        return Err(IndexError::TooLarge { limit: max_bytes });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(raw);
    Document(visit)
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|error| IndexError::Malformed(clip(&error.to_string(), 160).into_owned()))
}

/// Writes an index entry by entry, so that its size does not matter.
///
/// Many small pieces are written: hand over a buffered writer.
#[derive(Debug)]
pub struct IndexWriter<W> {
    out: W,
    is_first: bool,
}

impl<W: io::Write> IndexWriter<W> {
    /// Starts an `index.json`.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn new(out: W) -> io::Result<Self> {
        Self::start(out, None)
    }

    /// Starts an index that names its own type.
    ///
    /// # Errors
    /// Those of the writer.
    pub(crate) fn start(mut out: W, media_type: Option<&MediaType>) -> io::Result<Self> {
        out.write_all(br#"{"schemaVersion":2,"#)?;
        if let Some(media_type) = media_type {
            out.write_all(br#""mediaType":"#)?;
            serde_json::to_writer(&mut out, media_type)?;
            out.write_all(b",")?;
        }
        out.write_all(br#""manifests":["#)?;
        Ok(Self {
            out,
            is_first: true,
        })
    }

    /// Appends an entry.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn push(&mut self, entry: &Descriptor) -> io::Result<()> {
        if !self.is_first {
            self.out.write_all(b",")?;
        }
        self.is_first = false;
        serde_json::to_writer(&mut self.out, entry)?;
        Ok(())
    }

    /// Closes the index; yields the writer, not flushed.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(b"]}")?;
        Ok(self.out)
    }
}

/// Writes an index into memory.
pub(crate) fn to_bytes<'a>(
    media_type: Option<&MediaType>,
    entries: impl IntoIterator<Item = &'a Descriptor>,
) -> Vec<u8> {
    let write = || {
        let mut writer = IndexWriter::start(Vec::new(), media_type)?;
        entries
            .into_iter()
            .try_for_each(|entry| writer.push(entry))?;
        writer.finish()
    };
    // A vector takes everything, and a descriptor has text keys only.
    write().unwrap_or_else(|_: io::Error| Vec::new())
}

/// The object around the entries.
struct Document<F>(F);

/// The list of entries.
struct Entries<F>(F);

impl<'de, F: FnMut(Result<Descriptor, SkippedEntry>)> DeserializeSeed<'de> for Document<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(Result<Descriptor, SkippedEntry>)> serde::de::Visitor<'de> for Document<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an index")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut is_found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key != "manifests" {
                map.next_value::<IgnoredAny>()?;
            } else if is_found {
                return Err(A::Error::duplicate_field("manifests"));
            } else {
                is_found = true;
                map.next_value_seed(Entries(&mut self.0))?;
            }
        }
        Ok(())
    }
}

impl<'de, F: FnMut(Result<Descriptor, SkippedEntry>)> DeserializeSeed<'de> for Entries<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, F: FnMut(Result<Descriptor, SkippedEntry>)> serde::de::Visitor<'de> for Entries<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut position = 0;
        while let Some(raw) = list.next_element::<&RawValue>()? {
            let entry = wire::descriptor(raw, Path::field("manifests").at(position));
            (self.0)(entry.map_err(|error| SkippedEntry {
                position,
                reason: error.to_string(),
            }));
            position += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
