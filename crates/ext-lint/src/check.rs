//! A manifest held against the rules.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use oci::{MediaType, Reference};
use registry::{Candidate, PushCheck, Refusal};
use serde::Deserialize;

use crate::rule::{Demand, Rule};

/// Artifact types of signatures, which carry no annotations of their image.
const SIGNATURES: [&str; 3] = [
    "application/vnd.cncf.notary.signature",
    "application/vnd.dev.cosign.artifact.sig.v1+json",
    "application/vnd.dev.sigstore.bundle.v0.3+json",
];

/// Refuses image manifests that lack annotations; labels of the image count as annotations.
///
/// Compat: indexes, Docker manifests and signatures pass.
#[derive(Debug)]
pub(crate) struct AnnotationCheck {
    rules: Vec<Rule>,
}

impl AnnotationCheck {
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    async fn look(&self, candidate: &Candidate<'_>) -> Result<(), Refusal> {
        let manifest = candidate.manifest;
        if *manifest.media_type() != MediaType::OCI_MANIFEST || is_signature(candidate) {
            return Ok(());
        }
        let rules = self.rules.iter().filter(|rule| rule.is_for(candidate.repo));
        let mut unmet: Vec<&Demand> = rules.flat_map(|rule| &rule.demands).collect();
        keep_unmet(&mut unmet, manifest.annotations());
        if !unmet.is_empty() {
            keep_unmet(&mut unmet, &labels(candidate).await);
        }
        if unmet.is_empty() {
            Ok(())
        } else {
            Err(refusal(candidate, &unmet))
        }
    }
}

impl PushCheck for AnnotationCheck {
    fn check<'a>(&'a self, candidate: &'a Candidate<'a>) -> BoxFuture<'a, Result<(), Refusal>> {
        Box::pin(self.look(candidate))
    }
}

fn keep_unmet(demands: &mut Vec<&Demand>, found: &BTreeMap<String, String>) {
    demands.retain(|demand| !demand.is_met_by(found.get(&demand.key).map(String::as_str)));
}

fn is_signature(candidate: &Candidate<'_>) -> bool {
    let by_tag = match candidate.reference {
        Reference::Tag(tag) => {
            let hex = tag.as_str().strip_prefix("sha256-");
            hex.is_some_and(|rest| rest.strip_suffix(".sig").is_some())
        }
        Reference::Digest(_) => false,
    };
    by_tag
        || candidate
            .manifest
            .artifact_type()
            .is_some_and(|kind| SIGNATURES.contains(&kind))
}

/// The labels of the image. A config that is no image config has none.
async fn labels(candidate: &Candidate<'_>) -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Image {
        config: Option<Container>,
    }
    #[derive(Deserialize)]
    struct Container {
        #[serde(rename = "Labels")]
        labels: Option<BTreeMap<String, String>>,
    }
    let Some(raw) = candidate.config().await else {
        return BTreeMap::new();
    };
    let image = serde_json::from_slice::<Image>(&raw).ok();
    let labels = image
        .and_then(|image| image.config)
        .and_then(|container| container.labels);
    labels.unwrap_or_default()
}

/// Compat: clients of zot read this text under this name.
fn refusal(candidate: &Candidate<'_>, unmet: &[&Demand]) -> Refusal {
    let config = candidate
        .manifest
        .config()
        .map(|config| config.digest.to_string());
    let keys: Vec<&str> = unmet.iter().map(|demand| demand.key.as_str()).collect();
    let reason = format!(
        "\nlinter: manifest {}\nor config {}\nis missing the next annotations: [{}]",
        candidate.digest,
        config.unwrap_or_default(),
        keys.join(" ")
    );
    Refusal {
        field: "missingAnnotations",
        reason,
    }
}
