//! Names and values of headers, made without formatting machinery where requests are many.

use std::io::{Cursor, Write};

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use oci::{Digest, MediaType, RepoName};

/// Carries the digest of content.
pub const DOCKER_CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
/// Says that the registry speaks the protocol.
pub const DOCKER_API_VERSION: HeaderName =
    HeaderName::from_static("docker-distribution-api-version");
/// Carries the identifier of an upload.
pub const BLOB_UPLOAD_UUID: HeaderName = HeaderName::from_static("blob-upload-uuid");
/// Says that the registry has seen the subject of a manifest.
pub const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// Carries one tag that was set.
pub const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");
/// Names the filters that were applied to a list of referrers.
pub const OCI_FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");
/// Identifies a request in logs on both sides.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The type of error bodies and of most lists.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The type of the few plain answers.
pub const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// Content under a digest never changes. It may be access controlled, so shared caches stay out.
pub const IMMUTABLE: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");
/// The only unit of ranges.
pub const BYTES: HeaderValue = HeaderValue::from_static("bytes");

const EMPTY: HeaderValue = HeaderValue::from_static("");
/// Room for the longest digest, quoted.
const DIGEST_ROOM: usize = 7 + 128 + 2;

/// Yields a digest as a value.
pub fn of_digest(digest: &Digest) -> HeaderValue {
    let mut room = Cursor::new([0_u8; DIGEST_ROOM]);
    // The room is large enough for every algorithm, and so are the characters.
    let _ = write!(room, "{digest}");
    written(&room)
}

/// Yields the entity tag of content: its digest in quotes.
pub fn of_entity(digest: &Digest) -> HeaderValue {
    let mut room = Cursor::new([0_u8; DIGEST_ROOM]);
    let _ = write!(room, "\"{digest}\"");
    written(&room)
}

fn written(room: &Cursor<[u8; DIGEST_ROOM]>) -> HeaderValue {
    let length = usize::try_from(room.position()).unwrap_or(DIGEST_ROOM);
    let bytes = room.get_ref().get(..length).unwrap_or_default();
    HeaderValue::from_bytes(bytes).unwrap_or(EMPTY)
}

/// Yields a media type as a value; one that no header can carry becomes that of plain bytes.
pub fn of_media_type(media_type: &MediaType) -> HeaderValue {
    const COMMON: [MediaType; 4] = [
        MediaType::OCI_MANIFEST,
        MediaType::OCI_INDEX,
        MediaType::DOCKER_MANIFEST,
        MediaType::DOCKER_LIST,
    ];
    const VALUES: [HeaderValue; 4] = [
        HeaderValue::from_static("application/vnd.oci.image.manifest.v1+json"),
        HeaderValue::from_static("application/vnd.oci.image.index.v1+json"),
        HeaderValue::from_static("application/vnd.docker.distribution.manifest.v2+json"),
        HeaderValue::from_static("application/vnd.docker.distribution.manifest.list.v2+json"),
    ];
    let plain = HeaderValue::from_static("application/octet-stream");
    if *media_type == MediaType::OCTET_STREAM {
        return plain;
    }
    let common = COMMON
        .iter()
        .zip(VALUES)
        .find(|(one, _)| *one == media_type);
    match common {
        Some((_, value)) => value,
        None => HeaderValue::from_str(media_type.as_str()).unwrap_or(plain),
    }
}

/// Yields text as a value; text that no header can carry becomes empty.
pub fn of_text(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(EMPTY)
}

/// Yields where a blob can be fetched.
pub fn blob_location(repo: &RepoName, digest: &Digest) -> HeaderValue {
    of_text(&format!("/v2/{repo}/blobs/{digest}"))
}

/// Yields where a manifest can be fetched.
pub fn manifest_location(repo: &RepoName, digest: &Digest) -> HeaderValue {
    of_text(&format!("/v2/{repo}/manifests/{digest}"))
}

/// Yields the value of a header that came once; none when it is absent or not text.
pub fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Yields the declared length of a request's body in bytes.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    text(headers, &header::CONTENT_LENGTH)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use oci::Algorithm;

    use super::*;

    #[test]
    fn writes_digests_of_every_length() {
        for algorithm in Algorithm::ALL {
            let digest = Digest::of(algorithm, b"x");
            assert_eq!(of_digest(&digest), digest.to_string());
            assert_eq!(of_entity(&digest), format!("\"{digest}\""));
        }
    }

    #[test]
    fn writes_media_types() {
        for known in MediaType::KNOWN {
            assert_eq!(of_media_type(known), known.as_str());
        }
        let odd = MediaType::new("application/x.odd");
        assert_eq!(of_media_type(&odd), "application/x.odd");
        let broken = MediaType::new("a\nb");
        assert_eq!(of_media_type(&broken), "application/octet-stream");
    }
}
