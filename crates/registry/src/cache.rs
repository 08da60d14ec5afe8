//! Manifests that were read lately, by digest.

use std::fmt;

use bytes::Bytes;
use oci::Digest;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// How many bytes of manifests are kept.
const CAPACITY: u64 = 32 * 1024 * 1024;
/// What an entry costs beyond its bytes, about.
const OVERHEAD: u64 = 256;
/// A guess at the number of entries, for the table's first size.
const ENTRIES: usize = 1024;

#[derive(Clone)]
struct BySize;

impl Weighter<Digest, Bytes> for BySize {
    fn weight(&self, _: &Digest, raw: &Bytes) -> u64 {
        u64::try_from(raw.len())
            .unwrap_or(u64::MAX)
            .saturating_add(OVERHEAD)
    }
}

/// Raw manifests by digest, bounded by their bytes. Content never changes under a digest, so
/// nothing is ever stale; whether a repository has the manifest is for its row to say.
pub(crate) struct ManifestCache(Cache<Digest, Bytes, BySize>);

impl ManifestCache {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter(ENTRIES, CAPACITY, BySize))
    }

    pub(crate) fn get(&self, digest: &Digest) -> Option<Bytes> {
        self.0.get(digest)
    }

    /// Keeps a manifest whose digest was verified.
    ///
    /// A copy, since a pushed one is a part of the much larger buffer that it was received into.
    pub(crate) fn insert(&self, digest: &Digest, raw: &Bytes) {
        self.0.insert(*digest, Bytes::copy_from_slice(raw));
    }
}

impl fmt::Debug for ManifestCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManifestCache")
            .field("bytes", &self.0.weight())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_nothing_but_the_manifest() {
        let cache = ManifestCache::new();
        let received = Bytes::from(vec![b'x'; 1 << 20]);
        let raw = received.slice(..10);
        let digest = Digest::sha256(&raw);
        cache.insert(&digest, &raw);
        drop(raw);
        assert_eq!(cache.get(&digest).as_deref(), Some(&b"xxxxxxxxxx"[..]));
        assert!(received.try_into_mut().is_ok(), "the buffer is free");
    }
}
