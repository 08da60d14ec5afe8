//! The vocabulary of the OCI specifications, parsed once and valid from then on.
//!
//! Knows no I/O, no clock and no configuration: everything here is a pure function of its input.
//!
//! ```
//! use oci::{Digest, Reference, RepoName};
//!
//! let repo: RepoName = "team/app".parse()?;
//! let digest = Digest::sha256(b"{}");
//! assert_eq!(Reference::parse(&digest.to_string())?, Reference::Digest(digest));
//! assert_eq!(repo.first_of_many(), Some("team"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`digest`] | digests, algorithms, the running hash |
//! | [`name`], [`tag`], [`mod@reference`] | what content is asked for by |
//! | [`media_type`], [`platform`], [`descriptor`] | links to content |
//! | [`glob`] | patterns of repository names |
//! | [`json`], [`manifest`] | manifests: bytes that are safe to read, and what they say |
//! | [`index`], [`referrers`] | the lists that the registry writes |
//! | [`range`] | the ranges that requests ask for or send |
//! | [`error`] | the table of error codes and the error that clients see |

pub mod descriptor;
pub mod digest;
pub mod error;
pub mod glob;
pub mod index;
pub mod json;
pub mod manifest;
pub mod media_type;
pub mod name;
pub mod platform;
pub mod range;
pub mod reference;
pub mod referrers;
pub mod tag;

pub use descriptor::Descriptor;
pub use digest::{Algorithm, Digest, Hasher};
pub use error::{Error, ErrorCode};
pub use manifest::{Manifest, ManifestError};
pub use media_type::{ManifestKind, MediaType};
pub use name::RepoName;
pub use platform::Platform;
pub use reference::Reference;
pub use tag::Tag;
