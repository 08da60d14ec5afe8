//! Lists of what refers to a manifest.

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::index::{self, IndexError, SkippedEntry};
use crate::json::{self, JsonError, Limits};
use crate::manifest::Manifest;
use crate::media_type::MediaType;

/// Says why the list under a fallback tag cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FallbackError {
    /// The body is too large or is not acceptable JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The body is not an index.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// Describes `manifest` as an entry of its subject's list.
///
/// Spec: distribution 1.1, Listing Referrers.
pub fn entry(manifest: &Manifest, digest: Digest) -> Descriptor {
    let size = u64::try_from(manifest.raw().len()).unwrap_or(u64::MAX);
    let mut entry = Descriptor::new(manifest.media_type().clone(), digest, size);
    entry.artifact_type = manifest.artifact_type().map(str::to_owned);
    let annotations = manifest.annotations();
    entry.annotations = (!annotations.is_empty()).then(|| annotations.clone());
    entry
}

/// Yields the body that answers a request for the list: an image index, in the order of `entries`.
///
/// Spec: distribution 1.1, Listing Referrers.
pub fn to_body<'a>(entries: impl IntoIterator<Item = &'a Descriptor>) -> Vec<u8> {
    index::to_bytes(Some(&MediaType::OCI_INDEX), entries)
}

/// Reads the index that clients keep under [`crate::Tag::of_referrers`] where the API is missing.
///
/// Entries that make no sense are left out and reported.
///
/// # Errors
/// [`FallbackError`] when the body breaks `limits`, is not sound JSON or is not an index.
///
/// Spec: distribution 1.1, Referrers Tag Schema.
pub fn parse_fallback(
    raw: &[u8],
    limits: Limits,
) -> Result<(Vec<Descriptor>, Vec<SkippedEntry>), FallbackError> {
    json::check(raw, limits)?;
    let (file, skipped) = index::IndexFile::parse(raw, limits.max_bytes)?;
    Ok((file.manifests, skipped))
}

#[cfg(test)]
mod tests;
