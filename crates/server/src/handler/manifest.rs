//! Manifests.

use http::{Method, StatusCode, header as names};
use oci::{Error, ErrorCode, MediaType, Reference, RepoName, Tag};
use registry::{DeleteManifest, ManifestInfo, PutManifest, PutOutcome, Source};

use super::Call;
use crate::access;
use crate::body::Body;
use crate::condition;
use crate::header;
use crate::intake;
use crate::respond::Reply;
use crate::settings::DockerTypes;

/// The most tags that one push may set.
///
/// Compat: zot counts what is given, before duplicates go.
const MAX_TAGS: usize = 46;

/// Answers a request to one manifest.
pub(crate) async fn answer(
    call: &Call<'_>,
    repo: &RepoName,
    reference: &Reference,
    source: &mut Source<'_>,
) -> Result<Reply, Error> {
    match *call.method() {
        Method::HEAD => head(call, repo, reference).await,
        Method::PUT => put(call, repo, reference, source).await,
        Method::DELETE => delete(call, repo, reference).await,
        _ => get(call, repo, reference).await,
    }
}

/// Spec: distribution 1.1, Pulling manifests. `Accept` plays no part: what was pushed is served.
async fn get(call: &Call<'_>, repo: &RepoName, reference: &Reference) -> Result<Reply, Error> {
    if call.headers().contains_key(names::IF_NONE_MATCH) {
        let info = call.registry().stat_manifest(repo, reference).await?;
        if condition::is_fresh(call.headers(), &info.digest) {
            return Ok(described(StatusCode::NOT_MODIFIED, reference, &info));
        }
    }
    let content = call.registry().get_manifest(repo, reference).await?;
    let reply = described(StatusCode::OK, reference, &content.info);
    Ok(reply.with_body(Body::full(content.raw)))
}

/// Spec: distribution 1.1, Checking if content exists in the registry.
async fn head(call: &Call<'_>, repo: &RepoName, reference: &Reference) -> Result<Reply, Error> {
    let info = call.registry().stat_manifest(repo, reference).await?;
    if condition::is_fresh(call.headers(), &info.digest) {
        return Ok(described(StatusCode::NOT_MODIFIED, reference, &info));
    }
    let reply = described(StatusCode::OK, reference, &info);
    Ok(reply.with(names::CONTENT_LENGTH, info.size.into()))
}

fn described(status: StatusCode, reference: &Reference, info: &ManifestInfo) -> Reply {
    let mut reply = Reply::new(status)
        .with(
            header::DOCKER_CONTENT_DIGEST,
            header::of_digest(&info.digest),
        )
        .with(names::ETAG, header::of_entity(&info.digest));
    if status == StatusCode::OK {
        let media_type = header::of_media_type(&info.media_type);
        reply.headers.insert(names::CONTENT_TYPE, media_type);
    }
    if matches!(reference, Reference::Digest(_)) {
        reply
            .headers
            .insert(names::CACHE_CONTROL, header::IMMUTABLE);
    }
    reply
}

/// Spec: distribution 1.1, Pushing Manifests.
async fn put(
    call: &Call<'_>,
    repo: &RepoName,
    reference: &Reference,
    source: &mut Source<'_>,
) -> Result<Reply, Error> {
    let media_type = read_media_type(call)?;
    let tags = read_tags(call, reference)?;
    let limit = call.settings().max_manifest;
    let raw = intake::read_all(call.headers(), source, limit).await?;
    let request = PutManifest {
        reference: reference.clone(),
        tags,
        media_type,
        raw,
        by: call.caller.identity.name().map(str::to_owned),
        condition: condition::of_write(call.headers()),
        rights: call.caller.rights.clone(),
    };
    match call.registry().put_manifest(repo, request).await {
        Ok(outcome) => Ok(created(repo, &outcome)),
        Err(registry::Error::Denied(refusal)) => Err(access::refused(call.caller, refusal)),
        Err(error) => Err(error.into()),
    }
}

fn created(repo: &RepoName, outcome: &PutOutcome) -> Reply {
    let digest = &outcome.digest;
    let mut reply = Reply::new(StatusCode::CREATED)
        .with(names::LOCATION, header::manifest_location(repo, digest))
        .with(header::DOCKER_CONTENT_DIGEST, header::of_digest(digest))
        .with(names::ETAG, header::of_entity(digest));
    if let Some(subject) = &outcome.subject {
        reply
            .headers
            .insert(header::OCI_SUBJECT, header::of_digest(subject));
    }
    for tag in &outcome.tags {
        reply
            .headers
            .append(header::OCI_TAG, header::of_text(tag.as_str()));
    }
    reply
}

/// Takes the types of manifests that are served, and says how to have the others.
///
/// Compat: parameters of the type are dropped, as the specification asks; zot refuses them.
fn read_media_type(call: &Call<'_>) -> Result<MediaType, Error> {
    let text = header::text(call.headers(), &names::CONTENT_TYPE).unwrap_or_default();
    let media_type = MediaType::new(text);
    let refused = Error::new(ErrorCode::ManifestTypeInvalid).with("mediaType", text);
    if media_type.manifest_kind().is_none() {
        return Err(refused);
    }
    if media_type.is_docker_manifest() && call.settings().docker == DockerTypes::Refused {
        let reason = "manifests of Docker's types need http.compat: [\"docker2s2\"]";
        return Err(refused.because(reason));
    }
    Ok(media_type)
}

/// Reads the tags of a push by digest, each once.
fn read_tags(call: &Call<'_>, reference: &Reference) -> Result<Vec<Tag>, Error> {
    let mut values = call.query().all("tag").peekable();
    if values.peek().is_none() {
        return Ok(Vec::new());
    }
    let refused = |reason| Error::new(ErrorCode::ManifestInvalid).with("reason", reason);
    if matches!(reference, Reference::Tag(_)) {
        let reason = "tag query parameters are only valid when pushing a manifest by digest";
        return Err(refused(reason));
    }
    let mut tags: Vec<Tag> = Vec::new();
    for (position, value) in values.enumerate() {
        if position >= MAX_TAGS {
            let limit = Error::new(ErrorCode::TooManyTags).with("limit", MAX_TAGS);
            return Err(limit);
        }
        if value.trim().is_empty() {
            return Err(refused("empty tag query parameter"));
        }
        let Ok(tag) = value.parse::<Tag>() else {
            let reason = "invalid tag query parameter: not a valid OCI/Docker tag";
            return Err(refused(reason).with("tag", value));
        };
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

/// Spec: distribution 1.1, Deleting tags, Deleting Manifests.
async fn delete(call: &Call<'_>, repo: &RepoName, reference: &Reference) -> Result<Reply, Error> {
    let request = DeleteManifest {
        refuse_shared: call.caller.rights.detects_collision(repo),
        condition: condition::of_write(call.headers()),
    };
    call.registry()
        .delete_manifest(repo, reference, request)
        .await?;
    Ok(Reply::new(StatusCode::ACCEPTED))
}
