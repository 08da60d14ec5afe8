//! The list of what refers to a manifest.

use http::{HeaderValue, header as names};
use oci::{Descriptor, Digest, Error, MediaType, RepoName};
use registry::ReferrersQuery;

use super::Call;
use crate::header;
use crate::page::{OddCount, PageRequest};
use crate::query::{Query, encoded, invalid};
use crate::respond::Reply;

/// How many descriptors are asked for at once; each carries annotations of any length.
const STEP: usize = 256;

/// The size in bytes at which an answer is closed and the rest linked to.
///
/// Spec: distribution 1.1, Listing Referrers: what does not fit a manifest is paged.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// The most types of a filter that are looked at.
const MAX_TYPES: usize = 16;

/// Answers with an image index of the referrers; empty when there are none.
///
/// Spec: distribution 1.1, Listing Referrers.
pub(crate) async fn list(
    call: &Call<'_>,
    repo: &RepoName,
    subject: &Digest,
) -> Result<Reply, Error> {
    let request = call.page(OddCount::Refused)?;
    let filter = read_filter(call.query());
    let found = collect(call, (repo, subject), &request, &filter).await?;
    let body = oci::referrers::to_body(&found.items);
    let mut reply = Reply::json(body);
    let index = header::of_media_type(&MediaType::OCI_INDEX);
    reply.headers.insert(names::CONTENT_TYPE, index);
    if !filter.is_empty() {
        let applied = HeaderValue::from_static("artifactType");
        reply.headers.insert(header::OCI_FILTERS_APPLIED, applied);
    }
    if let Some(last) = &found.rest {
        let types: Vec<_> = filter
            .iter()
            .map(|kind| format!("artifactType={}", encoded(kind)))
            .collect();
        let link = request.link(call.path(), &last.to_string(), &types.join("&"));
        reply.headers.insert(names::LINK, link);
    }
    Ok(reply)
}

fn read_filter(query: Query<'_>) -> Vec<String> {
    let types = query.all("artifactType").filter(|kind| !kind.is_empty());
    types
        .take(MAX_TYPES)
        .map(std::borrow::Cow::into_owned)
        .collect()
}

/// What has been gathered, and after which entry the rest begins.
struct Found {
    items: Vec<Descriptor>,
    rest: Option<Digest>,
}

/// Gathers a page in steps, so that memory is bounded by the answer and not by the list.
async fn collect(
    call: &Call<'_>,
    (repo, subject): (&RepoName, &Digest),
    request: &PageRequest<'_>,
    filter: &[String],
) -> Result<Found, Error> {
    let mut after: Option<Digest> = match request.after.as_deref() {
        Some(last) => Some(last.parse().map_err(|error| invalid("last", error))?),
        None => None,
    };
    let mut items = Vec::new();
    let (mut left, mut size) = (request.limit, 0);
    loop {
        let limit = STEP.min(left);
        let query = ReferrersQuery {
            subject,
            filter,
            after: after.as_ref(),
            limit,
        };
        let page = call.registry().list_referrers(repo, query).await?;
        // Behind the entries in order the engine may put others, which are no place to go on from.
        let last = limit.checked_sub(1).and_then(|last| page.items.get(last));
        after = last.filter(|_| page.more).map(|last| last.digest);
        left -= limit;
        size += page.items.iter().map(size_of).sum::<usize>();
        items.extend(page.items);
        if size >= MAX_BODY || left == 0 || after.is_none() {
            return Ok(Found { items, rest: after });
        }
    }
}

/// Yields about how many bytes a descriptor takes in the answer.
fn size_of(descriptor: &Descriptor) -> usize {
    let annotations = descriptor.annotations.iter().flatten();
    let text: usize = annotations
        .map(|(key, value)| key.len() + value.len() + 6)
        .sum();
    text + 256
}
