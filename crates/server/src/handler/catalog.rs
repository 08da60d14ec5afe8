//! The list of repositories.

use http::header as names;
use oci::{Error, RepoName};
use serde::Serialize;

use super::Call;
use crate::page::OddCount;
use crate::respond::Reply;

#[derive(Serialize)]
struct Catalog<'a> {
    repositories: Vec<&'a str>,
}

/// Answers with the repositories that the caller may read.
///
/// Compat: an odd `n` counts as absent, as it does with zot; a `last` that does not exist is no
/// reason for an empty list here.
pub(crate) async fn list(call: &Call<'_>) -> Result<Reply, Error> {
    let request = call.page(OddCount::Ignored)?;
    let rights = &call.caller.rights;
    let registry = call.registry();
    let page = registry
        .list_repos(rights, request.after.as_deref(), request.limit)
        .await?;
    let repositories = page.items.iter().map(RepoName::as_str).collect();
    let mut reply = super::json(&Catalog { repositories })?;
    if let (true, Some(last)) = (page.more, page.items.last()) {
        let link = request.link("/v2/_catalog", last.as_str(), "");
        reply.headers.insert(names::LINK, link);
    }
    Ok(reply)
}
