//! What refers to a manifest.

use meta::ReferrerRow;
use oci::{Descriptor, Digest, ManifestKind, Reference, RepoName, Tag};

use crate::error::{Error, Result};
use crate::page::Page;
use crate::registry::Registry;

/// How many rows are read at a time; each may be as large as a manifest.
const SLICE: usize = 16;
/// A page ends when its entries take so many bytes, however few they are.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// What an entry takes beside its annotations, about.
const ENTRY_BYTES: usize = 256;

/// Which referrers are asked for.
#[derive(Clone, Copy, Debug)]
pub struct ReferrersQuery<'a> {
    /// What they refer to.
    pub subject: &'a Digest,
    /// Their artifact type is one of these; any, when there is none.
    pub filter: &'a [String],
    /// Their digests come after this one.
    pub after: Option<&'a Digest>,
    /// At most so many.
    pub limit: usize,
}

impl Registry {
    /// Lists manifests that refer to a subject, in order of their digests.
    ///
    /// The subject and even the repository may be unknown: the list is then empty. What clients
    /// without this API have listed under the fallback tag is merged in. A page may have fewer entries
    /// than asked for, since it is bounded by bytes too.
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
        let mut items = self.fallback_referrers(repo, subject, after).await?;
        items.retain(&wanted);
        let mut last = after.copied();
        let (mut found, mut bytes) = (0, 0);
        // What is listed under the fallback tag is merged in, as far as the rows were read.
        let is_whole = loop {
            let rows = self
                .meta
                .referrers(repo, subject, last.as_ref(), SLICE)
                .await?;
            let is_last = rows.len() < SLICE;
            last = rows.last().map(|(digest, _)| *digest).or(last);
            let entries = rows
                .into_iter()
                .map(|(digest, row)| descriptor(digest, row));
            for entry in entries.filter(&wanted) {
                found += 1;
                bytes += weight(&entry);
                items.push(entry);
            }
            if is_last {
                break true;
            }
            if found > limit || bytes > PAGE_BYTES {
                break false;
            }
            // A filter that drops most of a long list makes this long: others get their turn.
            tokio::task::yield_now().await;
        };
        items.sort_by_key(|entry| key(&entry.digest));
        items.dedup_by_key(|entry| entry.digest);
        if let Some(last) = last.filter(|_| !is_whole) {
            items.retain(|entry| key(&entry.digest) <= key(&last));
        }
        let mut page = Page::cut(items, limit);
        page.more |= !is_whole;
        Ok(page)
    }

    /// Reads what the fallback tag lists after `after`, as far as it is here and has no row.
    async fn fallback_referrers(
        &self,
        repo: &RepoName,
        subject: &Digest,
        after: Option<&Digest>,
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
        let limits = self.options().manifest;
        let listed = oci::referrers::parse_fallback(&content.raw, limits);
        let mut listed = listed.map(|(listed, _)| listed).unwrap_or_default();
        listed.retain(|entry| after.is_none_or(|after| key(&entry.digest) > key(after)));
        let mut here = Vec::new();
        for entry in listed {
            let row = self.meta.manifest(repo, &entry.digest).await?;
            if row.is_some_and(|found| found.value.subject.as_ref() != Some(subject)) {
                here.push(entry);
            }
        }
        Ok(here)
    }
}

/// Yields what the order of rows goes by.
fn key(digest: &Digest) -> Vec<u8> {
    let mut key = Vec::new();
    digest.write_key(&mut key);
    key
}

/// Yields about how many bytes an entry takes.
fn weight(entry: &Descriptor) -> usize {
    let notes = entry.annotations.iter().flatten();
    let notes: usize = notes.map(|(name, text)| name.len() + text.len()).sum();
    notes + ENTRY_BYTES
}

fn descriptor(digest: Digest, row: ReferrerRow) -> Descriptor {
    Descriptor {
        artifact_type: row.artifact_type,
        annotations: (!row.annotations.is_empty()).then_some(row.annotations),
        ..Descriptor::new(row.media_type, digest, row.size)
    }
}
