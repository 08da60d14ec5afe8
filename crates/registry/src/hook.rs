//! What extensions may hang on the engine.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use oci::manifest::Manifest;
use oci::{Digest, MediaType, Reference, RepoName, Tag};

use crate::registry::Registry;

/// A manifest that is about to become visible.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// Where it is pushed to.
    pub repo: &'a RepoName,
    /// What it is pushed as.
    pub reference: &'a Reference,
    /// The digest of its bytes.
    pub digest: Digest,
    /// The manifest itself.
    pub manifest: &'a Manifest,
    pub(crate) registry: &'a Registry,
}

impl Candidate<'_> {
    /// Reads the manifest's config, if it has one and the repository holds it.
    pub async fn config(&self) -> Option<Bytes> {
        self.registry.config_of(self.repo, self.manifest).await
    }
}

/// Says why a manifest may not become visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name under which the reason stands in the error's detail.
    pub field: &'static str,
    /// The reason, for the client.
    pub reason: String,
}

/// May refuse a manifest before it becomes visible.
pub trait PushCheck: Send + Sync + fmt::Debug {
    /// Looks at a manifest; must not keep it waiting for anything but the repository's own content.
    ///
    /// # Errors
    /// The refusal, with a reason for the client.
    fn check<'a>(&'a self, candidate: &'a Candidate<'a>) -> BoxFuture<'a, Result<(), Refusal>>;
}

/// Something that has happened and is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A repository came into being.
    RepoCreated(RepoName),
    /// A manifest became visible under a reference.
    ImageUpdated {
        /// Where.
        repo: RepoName,
        /// The tag, or the digest when it was pushed by digest.
        reference: Reference,
        /// The digest.
        digest: Digest,
        /// The media type.
        media_type: MediaType,
    },
    /// A manifest or a tag is gone.
    ImageDeleted {
        /// Where.
        repo: RepoName,
        /// What was deleted.
        reference: Reference,
        /// The digest that it stood for.
        digest: Digest,
        /// The media type.
        media_type: MediaType,
    },
    /// A check refused a manifest.
    ImageRefused {
        /// Where.
        repo: RepoName,
        /// What it was pushed as.
        reference: Reference,
        /// Why.
        reason: String,
    },
}

/// Is told what has happened.
pub trait EventSink: Send + Sync + fmt::Debug {
    /// Takes an event: never blocks, never fails the request.
    fn publish(&self, event: &Event);
}

/// All that hangs on the engine.
#[derive(Clone, Debug, Default)]
pub struct Hooks {
    /// Asked in order; the first refusal counts.
    pub checks: Vec<Arc<dyn PushCheck>>,
    /// Told in order.
    pub sinks: Vec<Arc<dyn EventSink>>,
}

impl Hooks {
    pub(crate) fn publish(&self, event: &Event) {
        for sink in &self.sinks {
            sink.publish(event);
        }
    }
}

/// Yields the reference that stands for `tag`.
pub(crate) fn by_tag(tag: &Tag) -> Reference {
    Reference::Tag(tag.clone())
}
