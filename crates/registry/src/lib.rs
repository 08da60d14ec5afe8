//! The engine: uploads, manifests, tags, referrers, dedupe; no HTTP.
