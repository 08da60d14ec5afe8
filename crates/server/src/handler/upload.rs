//! Uploads of blobs, in all forms: mounted, in one request, streamed, in chunks.

use futures_util::stream;
use http::{HeaderMap, HeaderName, Method, StatusCode, header as names};
use oci::range::{ContentRange, Range};
use oci::{Algorithm, Digest, Error, ErrorCode, RepoName};
use registry::{FinishUpload, Source, UploadId};

use super::Call;
use crate::header;
use crate::query::Query;
use crate::respond::Reply;

/// Answers a request to where uploads start.
///
/// Spec: distribution 1.1, Pushing blobs, Mounting a blob from another repository.
pub(crate) async fn start(
    call: &Call<'_>,
    repo: &RepoName,
    source: &mut Source<'_>,
) -> Result<Reply, Error> {
    let query = call.query();
    if let Some(digest) = query.one("mount")? {
        return mount(call, repo, &digest).await;
    }
    if query.all("from").next().is_some() {
        // Compat: zot too finds a source without a blob to mount unsupported.
        return Err(Error::new(ErrorCode::Unsupported).with("parameter", "from"));
    }
    if query.all("digest").next().is_some() {
        return whole(call, repo, source).await;
    }
    let algorithm = read_algorithm(query)?;
    open_session(call, repo, algorithm).await
}

/// Mounts a blob if the caller may read it anywhere it is; opens a session in every other case, so
/// that the answer does not tell whether the blob exists.
async fn mount(call: &Call<'_>, repo: &RepoName, digest: &str) -> Result<Reply, Error> {
    let Ok(digest) = digest.parse::<Digest>() else {
        let algorithm = read_algorithm(call.query())?;
        return open_session(call, repo, algorithm).await;
    };
    let from = call.query().one("from")?.filter(|from| !from.is_empty());
    let from = from.map(|from| from.parse::<RepoName>());
    let rights = &call.caller.rights;
    let mounted = match &from {
        Some(Err(_)) => false,
        Some(Ok(from)) => {
            call.registry()
                .mount_blob(repo, &digest, Some(from), rights)
                .await?
        }
        None => {
            call.registry()
                .mount_blob(repo, &digest, None, rights)
                .await?
        }
    };
    if mounted {
        return Ok(created(repo, &digest));
    }
    open_session(call, repo, digest.algorithm()).await
}

/// Takes a whole blob in the request that starts the upload.
///
/// Compat: a body of unknown length is taken too, and no type is demanded of it.
async fn whole(call: &Call<'_>, repo: &RepoName, source: &mut Source<'_>) -> Result<Reply, Error> {
    let digest = read_digest(call.query())?;
    call.registry().put_blob(repo, &digest, source).await?;
    // Compat: zot names the session of this request too, though it has ended.
    let id = header::of_text(&uuid::Uuid::new_v4().to_string());
    Ok(created(repo, &digest).with(header::BLOB_UPLOAD_UUID, id))
}

async fn open_session(
    call: &Call<'_>,
    repo: &RepoName,
    algorithm: Algorithm,
) -> Result<Reply, Error> {
    let client = call.request.client.address;
    let (sessions, limit) = (&call.app.sessions, call.settings().max_uploads);
    sessions.admit(client, limit, call.registry()).await?;
    let id = call.registry().start_upload(repo, algorithm).await?;
    sessions.add(client, repo, id);
    Ok(standing(StatusCode::ACCEPTED, repo, &id, 0))
}

/// Answers a request to an upload session.
pub(crate) async fn answer(
    call: &Call<'_>,
    repo: &RepoName,
    id: &str,
    source: &mut Source<'_>,
) -> Result<Reply, Error> {
    let Ok(id) = id.parse::<UploadId>() else {
        return Err(Error::new(ErrorCode::BlobUploadUnknown).with("session_id", id));
    };
    let session = Session { repo, id: &id };
    match *call.method() {
        Method::PATCH => append(call, session, source).await,
        Method::PUT => finish(call, session, source).await,
        Method::DELETE => {
            call.registry().cancel_upload(repo, session.id).await?;
            call.app.sessions.remove(session.id);
            Ok(Reply::new(StatusCode::NO_CONTENT))
        }
        _ => {
            let size = call.registry().upload_size(repo, session.id).await?;
            Ok(standing(StatusCode::NO_CONTENT, repo, session.id, size))
        }
    }
}

#[derive(Clone, Copy)]
struct Session<'a> {
    repo: &'a RepoName,
    id: &'a UploadId,
}

/// Spec: distribution 1.1, Pushing a blob in chunks.
async fn append(
    call: &Call<'_>,
    session: Session<'_>,
    source: &mut Source<'_>,
) -> Result<Reply, Error> {
    let at = match read_range(call.headers()) {
        Ok(range) => range.map(|range| range.first()),
        Err(error) => return refused(call, session, error).await,
    };
    let Session { repo, id } = session;
    match call.registry().append_upload(repo, id, at, source).await {
        Ok(size) => Ok(standing(StatusCode::ACCEPTED, repo, id, size)),
        Err(error) => refused(call, session, error.into()).await,
    }
}

/// Takes the last part, if there is one, and closes the session.
///
/// A body without a range continues the upload where it stands, whatever way its length is told.
/// Compat: zot drops a body of unknown length and refuses one that is not the first.
async fn finish(
    call: &Call<'_>,
    session: Session<'_>,
    source: &mut Source<'_>,
) -> Result<Reply, Error> {
    let digest = read_digest(call.query())?;
    let at = match read_range(call.headers()) {
        Ok(range) => range.map(|range| range.first()),
        Err(error) => return refused(call, session, error).await,
    };
    let Session { repo, id } = session;
    let mut nothing = stream::empty();
    let (at, source): (_, &mut Source<'_>) = if is_empty(call.headers()) {
        (None, &mut nothing)
    } else {
        (at, source)
    };
    let ending = FinishUpload { at, digest };
    let finished = call
        .registry()
        .finish_upload(repo, id, ending, source)
        .await;
    match finished {
        Ok(()) => {
            call.app.sessions.remove(id);
            Ok(created(repo, &digest))
        }
        Err(error) => refused(call, session, error.into()).await,
    }
}

/// Answers a chunk that does not fit with where the upload stands, so that the client can go on.
async fn refused(call: &Call<'_>, session: Session<'_>, error: Error) -> Result<Reply, Error> {
    if error.code != ErrorCode::RangeInvalid {
        return Err(error);
    }
    let Session { repo, id } = session;
    let size = call.registry().upload_size(repo, id).await?;
    let mut reply = standing(StatusCode::RANGE_NOT_SATISFIABLE, repo, id, size);
    reply.body = crate::body::Body::full(error.with("session_id", id).to_body());
    Ok(reply.with(names::CONTENT_TYPE, header::JSON))
}

fn standing(status: StatusCode, repo: &RepoName, id: &UploadId, size: u64) -> Reply {
    let id = id.to_string();
    // The specification has no form for no bytes; clients take this one.
    let range = format!("0-{}", size.saturating_sub(1));
    Reply::new(status)
        .with(
            names::LOCATION,
            header::of_text(&format!("/v2/{repo}/blobs/uploads/{id}")),
        )
        .with(names::RANGE, header::of_text(&range))
        .with(header::BLOB_UPLOAD_UUID, header::of_text(&id))
}

fn created(repo: &RepoName, digest: &Digest) -> Reply {
    Reply::new(StatusCode::CREATED)
        .with(names::LOCATION, header::blob_location(repo, digest))
        .with(header::DOCKER_CONTENT_DIGEST, header::of_digest(digest))
}

/// Reads the digest that a finished blob must have.
fn read_digest(query: Query<'_>) -> Result<Digest, Error> {
    let text = query.one("digest")?.unwrap_or_default();
    text.parse().map_err(|error| {
        Error::new(ErrorCode::DigestInvalid)
            .with("digest", &text)
            .with("reason", error)
    })
}

/// Reads the algorithm that a session's running hash should use.
fn read_algorithm(query: Query<'_>) -> Result<Algorithm, Error> {
    let Some(name) = query.one("digest-algorithm")? else {
        return Ok(Algorithm::Sha256);
    };
    Algorithm::from_name(&name).ok_or_else(|| {
        Error::new(ErrorCode::DigestInvalid)
            .with("digest-algorithm", &name)
            .with("reason", oci::digest::DigestError::UnknownAlgorithm)
    })
}

/// Reads where a chunk claims to belong; none when it continues the upload.
fn read_range(headers: &HeaderMap) -> Result<Option<Range>, Error> {
    const NAME: HeaderName = names::CONTENT_RANGE;
    if !headers.contains_key(NAME) {
        return Ok(None);
    }
    let refused = |reason: String| Error::new(ErrorCode::RangeInvalid).with("reason", reason);
    let text = header::text(headers, &NAME).unwrap_or_default();
    let range = ContentRange::parse(text).map_err(|error| refused(error.to_string()))?;
    match header::content_length(headers) {
        Some(length) if length != range.len() => {
            let reason = format!(
                "range of {} bytes with {length} bytes of content",
                range.len()
            );
            Err(refused(reason))
        }
        _ => Ok(Some(range)),
    }
}

/// Tells whether a request says that it has no body.
fn is_empty(headers: &HeaderMap) -> bool {
    let unframed = !headers.contains_key(names::TRANSFER_ENCODING);
    unframed && header::content_length(headers) == Some(0)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn ranges_of_chunks_are_read_strictly() {
        let table = [
            (None, None, Ok(None)),
            (None, Some(5), Ok(None)),
            (Some("0-4"), Some(5), Ok(Some(0))),
            (Some("5-9"), None, Ok(Some(5))),
            (Some("5-9"), Some(4), Err(416)),
            (Some("bytes 5-9"), Some(5), Err(416)),
            (Some("bytes 5-9/10"), Some(5), Err(416)),
            (Some("9-5"), Some(5), Err(416)),
            (Some(""), Some(5), Err(416)),
        ];
        for (range, length, want) in table {
            let mut headers = HeaderMap::new();
            if let Some(range) = range {
                headers.insert(names::CONTENT_RANGE, HeaderValue::from_static(range));
            }
            if let Some(length) = length {
                headers.insert(names::CONTENT_LENGTH, HeaderValue::from(length));
            }
            let got = read_range(&headers);
            let got = got.map(|range| range.map(|range| range.first()));
            let got = got.map_err(|error| error.code.status());
            assert_eq!(got, want, "{range:?} {length:?}");
        }
    }

    #[test]
    fn digests_and_algorithms_are_read_strictly() {
        let digest = Digest::sha256(b"");
        let query = format!("digest={digest}");
        let digest_of = |text| read_digest(Query::new(Some(text))).map_err(|e| e.code.status());
        assert_eq!(digest_of(&query), Ok(digest));
        let escaped = query.replace(':', "%3A");
        assert_eq!(digest_of(&escaped), Ok(digest));
        assert_eq!(digest_of("digest=sha256:0"), Err(400));
        assert_eq!(digest_of(""), Err(400));
        let repeated = format!("{query}&{query}");
        assert_eq!(digest_of(&repeated), Err(400));
        let of = |text| read_algorithm(Query::new(Some(text))).map_err(|e| e.code.status());
        assert_eq!(of(""), Ok(Algorithm::Sha256));
        assert_eq!(of("digest-algorithm=sha512"), Ok(Algorithm::Sha512));
        assert_eq!(of("digest-algorithm=md5"), Err(400));
    }

    #[test]
    fn an_empty_session_stands_at_no_bytes() {
        let repo = "a/b".parse().unwrap();
        let text = "2f3a1c9e-6f0b-4c5e-9b57-0c8a2f9c1d11";
        let id = text.parse().unwrap();
        for (size, range) in [(0, "0-0"), (1, "0-0"), (10, "0-9")] {
            let reply = standing(StatusCode::ACCEPTED, &repo, &id, size);
            assert_eq!(reply.headers[names::RANGE], range);
            let location = format!("/v2/a/b/blobs/uploads/{text}");
            assert_eq!(reply.headers[names::LOCATION], location);
        }
    }
}
