//! The engine: every operation of the distribution specification on durable state.
//!
//! Knows no HTTP, no configuration file, and no extension: hooks are values that somebody hands in.
//! Content is files, facts about it are rows, `index.json` is a view of the rows.
//!
//! ```no_run
//! # async fn example(registry: std::sync::Arc<registry::Registry>) -> registry::Result<()> {
//! let repo = "team/app".parse().expect("a name");
//! let tags = registry.list_tags(&repo, None, 100).await?;
//! # drop(tags); Ok(())
//! # }
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`blob`], [`mount`], [`upload`] | blobs: out, across, in |
//! | [`manifest`], [`tag`], [`referrer`], [`catalog`] | manifests and the lists of them |
//! | [`layout`] | where things lie on disk |
//! | [`hook`] | what extensions may hang on the engine |
//! | [`stores`], [`clock`] | what the engine stands on |
//! | `ingest` | the way of content from a client to a file |
//! | `view`, `import`, `discovery` | `index.json`: written, read, found |
//! | `fresh`, `lock`, `presence`, `cache`, `stats` | what is kept in memory, all of it bounded |
//! | `quota` | how many repositories there may be |

pub mod blob;
mod cache;
pub mod catalog;
pub mod clock;
mod content;
mod discovery;
pub mod error;
mod fresh;
pub mod hook;
mod import;
mod ingest;
pub mod layout;
mod lock;
pub mod manifest;
pub mod mount;
mod page;
mod presence;
mod quota;
pub mod referrer;
mod registry;
mod source;
mod stats;
pub mod stores;
pub mod tag;
pub mod upload;
mod view;

pub use blob::{Blob, BlobInfo};
pub use clock::{Clock, SystemClock};
pub use error::{Error, Result};
pub use hook::{Candidate, Event, EventSink, Hooks, PushCheck, Refusal};
pub use manifest::{
    Condition, DeleteManifest, ManifestContent, ManifestInfo, Matches, PutManifest, PutOutcome,
};
pub use page::Page;
pub use referrer::ReferrersQuery;
pub use registry::{Lists, Options, Parts, Registry, Sparse};
pub use source::{Source, SourceError};
pub use stores::{Dedupe, InUse, StoreOptions, Stores};
pub use upload::{FinishUpload, UploadId};
