//! The verbs of the distribution API, for tests that need content in place or look at the outcome.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use oci::Digest;
use serde_json::Value;

use super::{Connection, Request, Response};
use crate::image::Image;

/// A registry as a plain client sees it; each request has a connection of its own.
///
/// The verbs fail when the registry does not answer as the specification says: they prepare or
/// check, and are not what a test is about.
#[derive(Clone, Copy, Debug)]
pub struct Remote {
    address: SocketAddr,
}

impl Remote {
    /// Names a registry; nothing is sent yet.
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Sends any request.
    ///
    /// # Errors
    /// Those of the network; `InvalidData` when the answer is not HTTP.
    pub fn send(&self, request: &Request) -> io::Result<Response> {
        Connection::open(self.address)?.send(request)
    }

    /// Pushes an image with everything below it; its manifest last, under `tag`.
    ///
    /// # Errors
    /// Those of the network, and answers with another status than that of success.
    pub fn push(&self, repo: &str, tag: &str, image: &Image) -> io::Result<()> {
        for manifest in image.manifests() {
            for (digest, data) in &manifest.blobs {
                self.push_blob(repo, digest, data)?;
            }
            let is_top = manifest.digest == image.digest;
            let digest = manifest.digest.to_string();
            let reference = if is_top { tag } else { &digest };
            let answer = self.put_manifest(repo, reference, manifest)?;
            expect(&answer, 201, "manifest")?;
        }
        Ok(())
    }

    /// Pushes a blob in one session: `POST`, then `PUT` with all bytes.
    ///
    /// # Errors
    /// Those of the network, and answers with another status than that of success.
    pub fn push_blob(&self, repo: &str, digest: &Digest, data: &Bytes) -> io::Result<()> {
        let location = self.start_upload(repo)?;
        let answer = self.finish_upload(&location, digest, data)?;
        expect(&answer, 201, "blob")?;
        Ok(())
    }

    /// Opens an upload session and yields where it is.
    ///
    /// # Errors
    /// Those of the network, and answers with another status than that of success.
    pub fn start_upload(&self, repo: &str) -> io::Result<String> {
        let target = format!("/v2/{repo}/blobs/uploads/");
        let answer = self.send(&Request::new("POST", &target).body(Bytes::new()))?;
        expect(&answer, 202, "upload")?;
        match answer.header("location") {
            Some(location) => Ok(location.to_owned()),
            None => Err(io::Error::other("an upload without a location")),
        }
    }

    /// Sends the last bytes of an upload and closes it.
    ///
    /// # Errors
    /// Those of the network.
    pub fn finish_upload(
        &self,
        location: &str,
        digest: &Digest,
        rest: &Bytes,
    ) -> io::Result<Response> {
        let joint = if location.contains('?') { '&' } else { '?' };
        let target = format!("{location}{joint}digest={digest}");
        let request = Request::new("PUT", &target)
            .header("Content-Type", "application/octet-stream")
            .body(rest.clone());
        self.send(&request)
    }

    /// Puts a manifest alone.
    ///
    /// # Errors
    /// Those of the network.
    pub fn put_manifest(
        &self,
        repo: &str,
        reference: &str,
        manifest: &Image,
    ) -> io::Result<Response> {
        let request = Request::new("PUT", &format!("/v2/{repo}/manifests/{reference}"))
            .header("Content-Type", manifest.media_type.as_str())
            .body(manifest.manifest.clone());
        self.send(&request)
    }

    /// Gets a manifest, whatever its type.
    ///
    /// # Errors
    /// Those of the network.
    pub fn manifest(&self, repo: &str, reference: &str) -> io::Result<Response> {
        self.send(&Request::get(&format!("/v2/{repo}/manifests/{reference}")))
    }

    /// Gets a blob.
    ///
    /// # Errors
    /// Those of the network.
    pub fn blob(&self, repo: &str, digest: &Digest) -> io::Result<Response> {
        self.send(&Request::get(&format!("/v2/{repo}/blobs/{digest}")))
    }

    /// Yields the digest of the manifest under `reference`, computed from its bytes.
    ///
    /// # Errors
    /// Those of the network, and answers with another status than that of success.
    pub fn digest_of(&self, repo: &str, reference: &str) -> io::Result<Digest> {
        let answer = self.manifest(repo, reference)?;
        expect(&answer, 200, "manifest")?;
        Ok(Digest::sha256(&answer.body))
    }

    /// Lists the tags of a repository.
    ///
    /// # Errors
    /// Those of the network, and answers with another status than that of success.
    pub fn tags(&self, repo: &str) -> io::Result<Vec<String>> {
        let answer = self.send(&Request::get(&format!("/v2/{repo}/tags/list")))?;
        expect(&answer, 200, "tags")?;
        Ok(texts(&answer, "tags", ""))
    }

    /// Lists the artifact types of what refers to `subject`, in the order of the answer.
    ///
    /// # Errors
    /// Those of the network, and answers with another status than that of success.
    pub fn referrers(&self, repo: &str, subject: &Digest) -> io::Result<Vec<String>> {
        let answer = self.send(&Request::get(&format!("/v2/{repo}/referrers/{subject}")))?;
        expect(&answer, 200, "referrers")?;
        Ok(texts(&answer, "manifests", "/artifactType"))
    }

    /// Checks that every byte of an image is there, under its digest and with its type.
    ///
    /// # Errors
    /// Those of the network, and answers with another status than that of success.
    pub fn verify(&self, repo: &str, image: &Image) -> io::Result<()> {
        for manifest in image.manifests() {
            let answer = self.manifest(repo, &manifest.digest.to_string())?;
            expect(&answer, 200, "manifest")?;
            let digest = manifest.digest;
            same(&answer.body, &manifest.manifest, &digest)?;
            let media_type = answer.header("content-type").unwrap_or_default();
            same(
                media_type.as_bytes(),
                manifest.media_type.as_str().as_bytes(),
                &digest,
            )?;
            for (digest, data) in &manifest.blobs {
                let answer = self.blob(repo, digest)?;
                expect(&answer, 200, "blob")?;
                same(&answer.body, data, digest)?;
            }
        }
        Ok(())
    }
}

fn expect(answer: &Response, status: u16, what: &str) -> io::Result<()> {
    if answer.status == status {
        return Ok(());
    }
    let text = answer.text();
    Err(io::Error::other(format!(
        "{what}: status {} instead of {status}: {text}",
        answer.status
    )))
}

fn same(found: &[u8], expected: &[u8], digest: &Digest) -> io::Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{digest} is served with another type or other bytes"
    )))
}

/// Yields the text at `pointer` of each entry of a list in the body.
fn texts(answer: &Response, list: &str, pointer: &str) -> Vec<String> {
    let body = answer.json();
    let entries = body
        .get(list)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let text = |entry: &Value| entry.pointer(pointer)?.as_str().map(str::to_owned);
    entries.filter_map(text).collect()
}
