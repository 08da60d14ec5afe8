//! What the collector and retention write down.

use std::time::SystemTime;

use oci::{Digest, MediaType, RepoName, Tag};

use crate::log::line::Line;

/// Who removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// The collector of garbage.
    Gc,
    /// The rules that say what is kept.
    Retention,
}

/// What a removed manifest was known by.
#[derive(Clone, Copy, Debug)]
pub enum Reference<'a> {
    /// A tag.
    Tag(&'a Tag),
    /// Something else, such as the manifest that it referred to.
    Other(&'a str),
}

/// One removal.
///
/// Spec: core 12.4.
#[derive(Clone, Copy, Debug)]
pub struct Removal<'a> {
    /// Who removes.
    pub module: Module,
    /// What was applied, such as `applied policy`.
    pub message: &'a str,
    /// Whether it was only decided and not done.
    pub dry_run: bool,
    /// The repository.
    pub repo: &'a RepoName,
    /// The type of the manifest.
    pub media_type: &'a MediaType,
    /// The manifest.
    pub digest: Digest,
    /// What it was known by, if anything.
    pub reference: Option<Reference<'a>>,
    /// When it was last pulled, if ever.
    pub pulled: Option<SystemTime>,
    /// When it was pushed, if that is known.
    pub pushed: Option<SystemTime>,
    /// Why, such as `deleteUntagged`.
    pub reason: &'a str,
}

impl Removal<'_> {
    /// Formats the line.
    pub(super) fn write<'l>(&self, line: &'l mut Line, at: SystemTime) -> &'l [u8] {
        line.begin(at, "info", self.message);
        line.str(
            "module",
            match self.module {
                Module::Gc => "gc",
                Module::Retention => "retention",
            },
        );
        line.raw("dry-run", self.dry_run);
        line.display("repository", self.repo);
        line.display("mediaType", self.media_type);
        line.display("digest", self.digest);
        match self.reference {
            Some(Reference::Tag(tag)) => line.display("tag", tag),
            Some(Reference::Other(text)) => line.str("reference", text),
            None => {}
        }
        for (key, time) in [
            ("lastPullTimestamp", self.pulled),
            ("pushTimestamp", self.pushed),
        ] {
            if let Some(time) = time {
                line.time(key, time);
            }
        }
        line.str("decision", "delete");
        line.str("reason", self.reason);
        line.end_audit(concat!(file!(), ":", line!()), module_path!())
    }
}
