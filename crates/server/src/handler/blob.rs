//! Blobs.

use http::{Method, StatusCode, header as names};
use oci::range::{ByteRanges, Range};
use oci::{Digest, Error, RepoName};
use registry::BlobInfo;

use super::{Call, range};
use crate::body::Body;
use crate::condition;
use crate::header;
use crate::respond::Reply;

/// Answers a request to one blob.
pub(crate) async fn answer(
    call: &Call<'_>,
    repo: &RepoName,
    digest: &Digest,
) -> Result<Reply, Error> {
    match *call.method() {
        Method::HEAD => head(call, repo, digest).await,
        Method::DELETE => delete(call, repo, digest).await,
        _ => get(call, repo, digest).await,
    }
}

/// Spec: distribution 1.1, Checking if content exists in the registry.
async fn head(call: &Call<'_>, repo: &RepoName, digest: &Digest) -> Result<Reply, Error> {
    let rights = &call.caller.rights;
    let info = call.registry().stat_blob(repo, digest, rights).await?;
    if condition::is_fresh(call.headers(), digest) {
        return Ok(described(StatusCode::NOT_MODIFIED, digest));
    }
    let media_type = header::of_media_type(&info.media_type);
    Ok(described(StatusCode::OK, digest)
        .with(names::CONTENT_TYPE, media_type)
        .with(names::CONTENT_LENGTH, info.size.into()))
}

/// Spec: distribution 1.1, Pulling blobs; RFC 9110, section 14.
async fn get(call: &Call<'_>, repo: &RepoName, digest: &Digest) -> Result<Reply, Error> {
    let headers = call.headers();
    if headers.contains_key(names::IF_NONE_MATCH) && condition::is_fresh(headers, digest) {
        call.registry().blob_info(repo, digest).await?;
        return Ok(described(StatusCode::NOT_MODIFIED, digest));
    }
    if let Some(ranges) = asked_ranges(call, digest) {
        let info = call.registry().blob_info(repo, digest).await?;
        return match ByteRanges::parse(ranges, info.size) {
            Ok(ranges) => partial(call, repo, &info, &ranges).await,
            Err(unsatisfiable) => Ok(Reply::new(StatusCode::RANGE_NOT_SATISFIABLE).with(
                names::CONTENT_RANGE,
                header::of_text(&unsatisfiable.to_content_range()),
            )),
        };
    }
    if let Some(address) = call.registry().redirect_blob(repo, digest).await? {
        return Ok(Reply::new(StatusCode::TEMPORARY_REDIRECT)
            .with(names::LOCATION, header::of_text(&address))
            .with(header::DOCKER_CONTENT_DIGEST, header::of_digest(digest)));
    }
    let blob = call.registry().open_blob(repo, digest, None).await?;
    let body = Body::content(blob.body, blob.info.size, call.connection(), call.version());
    Ok(described(StatusCode::OK, digest)
        .with(
            names::CONTENT_TYPE,
            header::of_media_type(&blob.info.media_type),
        )
        .with_body(body))
}

/// Yields the header `Range`, unless `If-Range` says that the whole is wanted.
fn asked_ranges<'a>(call: &Call<'a>, digest: &Digest) -> Option<&'a str> {
    let headers = call.headers();
    let ranges = headers.get(names::RANGE)?;
    if let Some(tag) = headers.get(names::IF_RANGE)
        && tag != header::of_entity(digest)
    {
        return None;
    }
    // What is no text is no range either: it is refused like one.
    Some(ranges.to_str().unwrap_or_default())
}

async fn partial(
    call: &Call<'_>,
    repo: &RepoName,
    info: &BlobInfo,
    ranges: &[Range],
) -> Result<Reply, Error> {
    let mut bodies = Vec::with_capacity(ranges.len());
    for range in ranges {
        let span = range.first()..range.first() + range.len();
        let blob = call
            .registry()
            .open_blob(repo, &info.digest, Some(span))
            .await?;
        let body = Body::content(blob.body, range.len(), call.connection(), call.version());
        bodies.push((*range, body));
    }
    let reply = described(StatusCode::PARTIAL_CONTENT, &info.digest);
    Ok(range::fill(reply, info, bodies))
}

fn described(status: StatusCode, digest: &Digest) -> Reply {
    Reply::new(status)
        .with(header::DOCKER_CONTENT_DIGEST, header::of_digest(digest))
        .with(names::ETAG, header::of_entity(digest))
        .with(names::ACCEPT_RANGES, header::BYTES)
        .with(names::CACHE_CONTROL, header::IMMUTABLE)
}

/// Spec: distribution 1.1, Deleting Blobs.
async fn delete(call: &Call<'_>, repo: &RepoName, digest: &Digest) -> Result<Reply, Error> {
    call.registry().delete_blob(repo, digest).await?;
    Ok(Reply::new(StatusCode::ACCEPTED))
}
