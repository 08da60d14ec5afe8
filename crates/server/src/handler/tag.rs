//! The list of a repository's tags.

use http::header as names;
use oci::{Error, RepoName, Tag};
use serde::Serialize;

use super::Call;
use crate::page::OddCount;
use crate::respond::Reply;

#[derive(Serialize)]
struct Tags<'a> {
    name: &'a str,
    tags: Vec<&'a str>,
}

/// Answers with tags in the order of their bytes.
///
/// Spec: distribution 1.1, Listing Tags.
pub(crate) async fn list(call: &Call<'_>, repo: &RepoName) -> Result<Reply, Error> {
    let request = call.page(OddCount::Refused)?;
    let registry = call.registry();
    let page = registry
        .list_tags(repo, request.after.as_deref(), request.limit)
        .await?;
    let tags = page.items.iter().map(Tag::as_str).collect();
    let mut reply = super::json(&Tags {
        name: repo.as_str(),
        tags,
    })?;
    if let (true, Some(last)) = (page.more, page.items.last()) {
        let link = request.link(call.path(), last.as_str(), "");
        reply.headers.insert(names::LINK, link);
    }
    Ok(reply)
}
