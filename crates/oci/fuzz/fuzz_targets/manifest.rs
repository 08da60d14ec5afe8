//! A manifest keeps its bytes, is of one kind, and can be described as a referrer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oci::json::Limits;
use oci::{Digest, Manifest, ManifestKind, MediaType};

fuzz_target!(|data: &[u8]| {
    let mut kinds = Vec::new();
    for media_type in MediaType::KNOWN {
        let raw = data.to_vec().into();
        let Ok(manifest) = Manifest::parse(media_type, raw, Limits::MANIFEST) else {
            continue;
        };
        assert_eq!(&manifest.raw()[..], data);
        match manifest.kind() {
            ManifestKind::Image => assert!(manifest.config().is_some()),
            ManifestKind::Index => assert_eq!(manifest.blobs().count(), 0),
        }
        assert!(manifest.required_blobs().count() <= manifest.blobs().count());
        kinds.push(manifest.kind());
        let entry = oci::referrers::entry(&manifest, Digest::sha256(data));
        let body = oci::referrers::to_body([&entry]);
        let (entries, skipped) =
            oci::referrers::parse_fallback(&body, Limits::MANIFEST).unwrap_or_default();
        assert!(body.len() > Limits::MANIFEST.max_bytes || entries == [entry]);
        assert!(skipped.is_empty());
    }
    kinds.dedup();
    assert!(kinds.len() <= 1, "one body read as {kinds:?}");
});
