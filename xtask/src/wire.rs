//! The distribution protocol, as far as tasks speak it.
//!
//! Spec: distribution 1.1, Pushing.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use crate::http::{Answer, Client, Request, path_of};
use crate::image::{Blob, MANIFEST};

/// How a blob is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upload {
    /// One POST with everything in it.
    Single,
    /// POST, then one PUT with everything in it.
    Monolithic,
    /// POST, then PATCH requests of this many bytes with their ranges, then an empty PUT.
    Chunked(u64),
    /// POST, then one PATCH without a length, then an empty PUT.
    Streamed,
}

/// What is uploaded.
pub(crate) struct Payload<'a> {
    /// The digest of all of it.
    pub(crate) digest: &'a str,
    /// Its size in bytes.
    pub(crate) length: u64,
    /// Where it comes from.
    pub(crate) reader: &'a mut dyn Read,
}

/// How an upload ended.
#[derive(Debug)]
pub(crate) struct Uploaded {
    /// The last answer: 201, or what went wrong.
    pub(crate) answer: Answer,
    /// How long the request took that ended it.
    pub(crate) closing: Duration,
}

/// Uploads a blob that is in memory; yields the last answer.
pub(crate) fn push_blob(
    client: &mut Client,
    repo: &str,
    blob: &Blob,
    way: Upload,
) -> io::Result<Answer> {
    let length = u64::try_from(blob.bytes.len()).map_err(io::Error::other)?;
    let reader = &mut blob.bytes.as_slice();
    push(
        client,
        repo,
        Payload {
            digest: &blob.digest,
            length,
            reader,
        },
        way,
    )
    .map(|uploaded| uploaded.answer)
}

/// Uploads what a reader yields.
pub(crate) fn push(
    client: &mut Client,
    repo: &str,
    payload: Payload<'_>,
    way: Upload,
) -> io::Result<Uploaded> {
    let start = format!("/v2/{repo}/blobs/uploads/");
    let Payload {
        digest,
        length,
        reader,
    } = payload;
    if way == Upload::Single {
        let target = format!("{start}?digest={digest}");
        return last(client, octets("POST", &target).sized(length, reader));
    }
    let mut answer = client.call(Request::new("POST", &start))?;
    let mut sent = 0;
    while answer.status == 202 {
        let session = next(&answer)?;
        let size = match way {
            Upload::Chunked(size) => size.max(1).min(length - sent),
            Upload::Streamed => length - sent,
            Upload::Single | Upload::Monolithic => {
                let target = closing(&session, digest);
                return last(client, octets("PUT", &target).sized(length, reader));
            }
        };
        if size == 0 {
            return last(client, Request::new("PUT", &closing(&session, digest)));
        }
        let patch = octets("PATCH", &session);
        answer = client.call(if way == Upload::Streamed {
            patch.chunked(reader)
        } else {
            let range = format!("{sent}-{}", sent + size - 1);
            patch.header("Content-Range", range).sized(size, reader)
        })?;
        sent += size;
    }
    Ok(Uploaded {
        answer,
        closing: Duration::ZERO,
    })
}

fn last(client: &mut Client, request: Request<'_>) -> io::Result<Uploaded> {
    let start = Instant::now();
    let answer = client.call(request)?;
    Ok(Uploaded {
        answer,
        closing: start.elapsed(),
    })
}

/// Yields where an upload goes on.
fn next(answer: &Answer) -> io::Result<String> {
    let location = answer.header("location").map(path_of);
    location
        .map(str::to_owned)
        .ok_or_else(|| io::Error::other("an upload without a location"))
}

/// Yields the address of the PUT that closes an upload.
fn closing(session: &str, digest: &str) -> String {
    let mark = if session.contains('?') { '&' } else { '?' };
    format!("{session}{mark}digest={digest}")
}

fn octets<'a>(method: &'a str, target: &'a str) -> Request<'a> {
    Request::new(method, target).header("Content-Type", "application/octet-stream")
}

/// Puts a manifest under a tag or its digest.
pub(crate) fn put_manifest(
    client: &mut Client,
    repo: &str,
    reference: &str,
    manifest: &Blob,
) -> io::Result<Answer> {
    let target = format!("/v2/{repo}/manifests/{reference}");
    let request = Request::new("PUT", &target).header("Content-Type", MANIFEST);
    client.call(request.bytes(&manifest.bytes))
}

/// Fails unless an answer has the wanted status.
pub(crate) fn expect(answer: &Answer, wanted: u16, what: &str) -> anyhow::Result<()> {
    if answer.status == wanted {
        return Ok(());
    }
    let start: String = String::from_utf8_lossy(&answer.body)
        .chars()
        .take(300)
        .collect();
    anyhow::bail!("{what}: {} instead of {wanted}: {start}", answer.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_joins_the_query_that_is_there() {
        let cases = [
            (
                "/v2/a/blobs/uploads/1",
                "/v2/a/blobs/uploads/1?digest=sha256:x",
            ),
            ("/u/1?_state=y", "/u/1?_state=y&digest=sha256:x"),
        ];
        for (session, want) in cases {
            assert_eq!(closing(session, "sha256:x"), want);
        }
    }
}
