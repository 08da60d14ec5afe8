//! Facts about content: the transactional store seam and the typed tables above it.
//!
//! Knows rows. Knows nothing of files, of HTTP, or of who is calling beyond a [`Rights`] value.
//!
//! ```
//! use std::sync::Arc;
//!
//! use meta::{Edit, MemoryStore, Meta, TagRow};
//! use oci::{Digest, MediaType, RepoName, Tag};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let meta = Meta::new(Arc::new(MemoryStore::new()));
//! let (repo, tag): (RepoName, Tag) = ("team/app".parse()?, "1.0".parse()?);
//! let row = TagRow {
//!     digest: Digest::sha256(b"{}"),
//!     media_type: MediaType::OCI_MANIFEST,
//!     size: 2,
//!     tagged: 0,
//!     moved: 0,
//! };
//! let seen = meta.tag(&repo, &tag).await?;
//! let mut edit = Edit::durable();
//! edit.expect_tag(&repo, &tag, seen.as_ref());
//! edit.move_tag(&repo, &tag, seen.as_ref().map(|seen| &seen.value), &row);
//! meta.write(edit).await?;
//! assert_eq!(meta.targets(&repo, &row.digest, 10).await?, [tag]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`tables`], [`edit`] | typed reads and writes, written once above the seam |
//! | [`keys`], [`rows`] | the set of tables, drawn once; what rows say |
//! | [`rights`] | what a caller may do, as listings demand it |
//! | [`store`] | the seam: tables, scans, batches with checks |
//! | [`embedded`], [`memory`] | backends: one file, no file |
//! | [`error`] | what can go wrong |

pub mod edit;
pub mod embedded;
pub mod error;
pub mod keys;
pub mod memory;
mod range;
pub mod rights;
pub mod rows;
pub mod store;
pub mod tables;

pub use edit::Edit;
pub use embedded::{EmbeddedOptions, EmbeddedStore, Opened};
pub use error::{Error, WriteError};
pub use keys::session::SessionId;
pub use keys::user::ApiKeyId;
pub use memory::MemoryStore;
pub use rights::{Action, Refusal, Rights, Rule};
pub use rows::{
    AheadRow, ApiKeyRow, BlobRow, CountedRow, IndexIdentity, LinkRow, ManifestRow, ReferrerRow,
    RepoRow, Role, Scoping, SessionKeyRow, SessionRow, StatsRow, TagRow, UserRow,
};
pub use store::{Batch, Change, Check, Durability, Row, Scan, Store, Table};
pub use tables::{Found, Meta};
