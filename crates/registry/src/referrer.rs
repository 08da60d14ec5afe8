//! What refers to a manifest.

use std::collections::HashSet;

use meta::ReferrerRow;
use oci::{Descriptor, Digest, ManifestKind, Reference, RepoName, Tag};

use crate::error::{Error, Result};
use crate::page::Page;
use crate::registry::Registry;

/// How many rows are read at a time when a filter drops some.
const SLICE: usize = 256;

/// Which referrers are asked for.
#[derive(Clone, Copy, Debug)]
pub struct ReferrersQuery<'a> {
    /// What they refer to.
    pub subject: &'a Digest,
    /// Their artifact type is one of these; any, when there is none.
    pub filter: &'a [String],
    /// Their digests come after this one.
    pub after: Option<&'a Digest>,
    /// At most so many, beside those of the fallback tag.
    pub limit: usize,
}

impl Registry {
    /// Lists manifests that refer to a subject, in order of their digests.
    ///
    /// The subject and even the repository may be unknown: the list is then empty. What clients
    /// without this API have listed under the fallback tag comes with the first page.
    ///
    /// # Errors
    /// Only those of the stores.
    ///
    /// Spec: distribution 1.1, Listing Referrers, Referrers Tag Schema.
    pub async fn list_referrers(
        &self,
        repo: &RepoName,
        query: ReferrersQuery<'_>,
    ) -> Result<Page<Descriptor>> {
        let ReferrersQuery {
            subject,
            filter,
            after,
            limit,
        } = query;
        if !self.find_repo(repo).await? {
            return Ok(Page {
                items: Vec::new(),
                more: false,
            });
        }
        let wanted = |entry: &Descriptor| {
            filter.is_empty()
                || entry
                    .artifact_type
                    .as_ref()
                    .is_some_and(|kind| filter.contains(kind))
        };
        let mut items = Vec::new();
        let mut last = after.copied();
        while items.len() <= limit {
            let rows = self
                .meta
                .referrers(repo, subject, last.as_ref(), SLICE)
                .await?;
            let full = rows.len() == SLICE;
            last = rows.last().map(|(digest, _)| *digest);
            let entries = rows
                .into_iter()
                .map(|(digest, row)| descriptor(digest, row));
            items.extend(entries.filter(&wanted));
            if !full {
                break;
            }
        }
        let mut page = Page::cut(items, limit);
        if after.is_none() {
            let known: HashSet<Digest> = page.items.iter().map(|entry| entry.digest).collect();
            let listed = self.fallback_referrers(repo, subject).await?;
            let extra = listed
                .into_iter()
                .filter(|entry| !known.contains(&entry.digest));
            for entry in extra.filter(wanted) {
                if !self.is_referrer(repo, subject, &entry.digest).await? {
                    page.items.push(entry);
                }
            }
        }
        Ok(page)
    }

    /// Reads what the fallback tag lists, as far as it is here.
    async fn fallback_referrers(
        &self,
        repo: &RepoName,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>> {
        let reference = Reference::Tag(Tag::of_referrers(subject));
        let content = match self.read_manifest(repo, &reference).await {
            Ok(content) => content,
            Err(Error::ManifestUnknown(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        if content.info.media_type.manifest_kind() != Some(ManifestKind::Index) {
            return Ok(Vec::new());
        }
        let mut here = Vec::new();
        let limits = self.options().manifest;
        let listed = oci::referrers::parse_fallback(&content.raw, limits);
        for entry in listed.map(|(listed, _)| listed).unwrap_or_default() {
            if self.meta.manifest(repo, &entry.digest).await?.is_some() {
                here.push(entry);
            }
        }
        Ok(here)
    }

    async fn is_referrer(
        &self,
        repo: &RepoName,
        subject: &Digest,
        digest: &Digest,
    ) -> Result<bool> {
        let row = self.meta.manifest(repo, digest).await?;
        Ok(row.is_some_and(|found| found.value.subject.as_ref() == Some(subject)))
    }
}

fn descriptor(digest: Digest, row: ReferrerRow) -> Descriptor {
    Descriptor {
        artifact_type: row.artifact_type,
        annotations: (!row.annotations.is_empty()).then_some(row.annotations),
        ..Descriptor::new(row.media_type, digest, row.size)
    }
}
