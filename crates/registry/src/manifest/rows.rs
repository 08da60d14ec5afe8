//! The rows that stand for a manifest.

use meta::{Edit, LinkRow, ManifestRow, ReferrerRow, Role};
use oci::{Descriptor, Digest, Manifest, ManifestKind, RepoName};

/// The rows that stand for one manifest.
pub(crate) struct ManifestRows {
    manifest: ManifestRow,
    links: Vec<(Digest, LinkRow)>,
    referrer: Option<(Digest, ReferrerRow)>,
}

/// Derives the rows of a manifest from what it says.
pub(crate) fn manifest_rows(manifest: &Manifest, pushed: u64, by: Option<String>) -> ManifestRows {
    let size = u64::try_from(manifest.raw().len()).unwrap_or(u64::MAX);
    let artifact_type = manifest.artifact_type().map(str::to_owned);
    let subject = manifest.subject().map(|subject| subject.digest);
    let link = |role| {
        move |to: &Descriptor| {
            (
                to.digest,
                LinkRow {
                    role,
                    media_type: to.media_type.clone(),
                },
            )
        }
    };
    let mut links: Vec<_> = manifest.layers().iter().map(link(Role::Layer)).collect();
    links.extend(manifest.config().map(link(Role::Config)));
    if manifest.kind() == ManifestKind::Index {
        links.extend(manifest.children().map(link(Role::Child)));
    }
    let referrer = subject.map(|subject| {
        let row = ReferrerRow {
            media_type: manifest.media_type().clone(),
            size,
            artifact_type: artifact_type.clone(),
            annotations: manifest.annotations().clone(),
        };
        (subject, row)
    });
    let media_type = manifest.media_type().clone();
    let manifest = ManifestRow {
        media_type,
        size,
        artifact_type,
        subject,
        pushed,
        by,
    };
    ManifestRows {
        manifest,
        links,
        referrer,
    }
}

impl ManifestRows {
    /// Adds the rows to a batch.
    pub(crate) fn put(&self, edit: &mut Edit, repo: &RepoName, digest: &Digest) {
        edit.put_manifest(repo, digest, &self.manifest);
        for (child, link) in &self.links {
            edit.put_link(repo, child, digest, link);
        }
        if let Some((subject, row)) = &self.referrer {
            edit.put_referrer(repo, subject, digest, row);
        }
    }

    /// Removes the rows in a batch.
    pub(crate) fn delete(&self, edit: &mut Edit, repo: &RepoName, digest: &Digest) {
        edit.delete_manifest(repo, digest);
        for (child, _) in &self.links {
            edit.delete_link(repo, child, digest);
        }
        if let Some((subject, _)) = &self.referrer {
            edit.delete_referrer(repo, subject, digest);
        }
    }
}
