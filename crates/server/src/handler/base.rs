//! Does the registry speak the protocol, and what does it speak besides.

use http::{HeaderValue, StatusCode, header as names};
use oci::Error;
use serde::Serialize;

use super::Call;
use crate::header;
use crate::respond::Reply;

/// Answers `/v2/`.
///
/// Spec: distribution 1.1, Determining Support. Compat: the body is empty, as zot's is.
pub(crate) fn base() -> Reply {
    let version = HeaderValue::from_static("registry/2.0");
    Reply::new(StatusCode::OK)
        .with(names::CONTENT_TYPE, header::JSON)
        .with(header::DOCKER_API_VERSION, version)
}

#[derive(Serialize)]
struct Discovery<'a> {
    extensions: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'static str,
    url: &'static str,
    description: &'static str,
    endpoints: &'a [&'static str],
}

/// Answers `/v2/_oci/ext/discover`.
///
/// Compat: clients look for the name `_zot` and for the paths of the endpoints.
pub(crate) fn discover(call: &Call<'_>) -> Result<Reply, Error> {
    let endpoints = call.app.plan.endpoints.as_slice();
    let mut extensions = Vec::new();
    if !endpoints.is_empty() {
        extensions.push(Entry {
            name: "_zot",
            url: "https://github.com/project-zot/zot/blob/main/pkg/extensions/_zot.md",
            description: "zot registry extensions",
            endpoints,
        });
    }
    super::json(&Discovery { extensions })
}
