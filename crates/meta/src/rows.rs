//! What rows say.
//!
//! A stored row is one version byte and the postcard form of the type. Times are nanoseconds
//! since the epoch; [`nanos`] and [`time`] convert.

mod compact;
mod session;
mod user;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use oci::{Digest, MediaType};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::store::Table;

pub use session::{SessionKeyRow, SessionRow};
pub use user::{ApiKeyRow, Scoping, UserRow};

/// The version that is written; each reader of an older one keeps its own arm in [`decode`].
const VERSION: u8 = 1;

/// A type that is the value of a table's rows.
pub trait Value: Serialize + DeserializeOwned {
    /// The table.
    const TABLE: Table;
}

macro_rules! values {
    ($($name:ident in $table:ident;)*) => {
        $(impl Value for $name {
            const TABLE: Table = Table::$table;
        })*
    };
}

values! {
    RepoRow in Repos;
    TagRow in Tags;
    ManifestRow in Manifests;
    LinkRow in Links;
    ReferrerRow in Referrers;
    BlobRow in Blobs;
    AheadRow in Ahead;
    StatsRow in Stats;
    CountedRow in Counted;
}

/// Identifies a state of `index.json`, so that a change by somebody else is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexIdentity {
    /// Bytes.
    pub size: u64,
    /// Time of the last change, in nanoseconds since the epoch.
    pub modified_nanos: u64,
    /// Number of the file in its file system; zero where there is none.
    pub inode: u64,
    /// Digest of the file, if it was computed.
    #[serde(with = "compact::optional_digest")]
    pub digest: Option<Digest>,
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoRow {
    /// When it was first seen.
    pub created: u64,
    /// The `index.json` that the rows agree with; `None` until one was written or read.
    pub index: Option<IndexIdentity>,
    /// The route of the store that holds it, such as `/a`; empty for the default store.
    pub store: String,
}

/// Where a tag points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagRow {
    /// The manifest.
    #[serde(with = "compact::digest")]
    pub digest: Digest,
    /// The manifest's type.
    #[serde(with = "compact::media_type")]
    pub media_type: MediaType,
    /// The manifest's size in bytes.
    pub size: u64,
    /// When the tag first appeared; kept when it moves.
    pub tagged: u64,
    /// When the tag was last pushed.
    pub moved: u64,
}

/// A manifest in a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestRow {
    /// Its type.
    #[serde(with = "compact::media_type")]
    pub media_type: MediaType,
    /// Its size in bytes.
    pub size: u64,
    /// Its artifact type, if it has one.
    pub artifact_type: Option<String>,
    /// The manifest that it refers to.
    #[serde(with = "compact::optional_digest")]
    pub subject: Option<Digest>,
    /// When it was pushed.
    pub pushed: u64,
    /// Who pushed it.
    pub by: Option<String>,
}

/// As what a manifest names content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The config of an image.
    Config,
    /// A layer of an image.
    Layer,
    /// A manifest of an index.
    Child,
    /// The manifest that another refers to.
    Subject,
}

/// That a manifest names content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRow {
    /// As what.
    pub role: Role,
    /// The type that the manifest gives the content.
    #[serde(with = "compact::media_type")]
    pub media_type: MediaType,
}

/// What a list of referrers tells of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferrerRow {
    /// The referrer's type.
    #[serde(with = "compact::media_type")]
    pub media_type: MediaType,
    /// The referrer's size in bytes.
    pub size: u64,
    /// Its artifact type, or its config's type where it has none.
    pub artifact_type: Option<String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// How a repository stands to a blob. Without a row it never had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlobRow {
    /// The repository holds it.
    Present {
        /// Bytes.
        size: u64,
        /// The type under which it was first named.
        #[serde(with = "compact::optional_media_type")]
        media_type: Option<MediaType>,
        /// When its bytes were last found to match the digest; zero for never.
        checked: u64,
    },
    /// It is being removed: a push that needs it must bring it back first.
    Condemned {
        /// Bytes.
        size: u64,
        /// The type under which it was first named.
        #[serde(with = "compact::optional_media_type")]
        media_type: Option<MediaType>,
        /// When it was condemned.
        since: u64,
    },
    /// It was removed on request: nothing brings it back but a push or a mount that names it.
    Deleted {
        /// When.
        at: u64,
    },
}

impl BlobRow {
    /// Tells whether the repository holds the blob.
    pub const fn is_present(&self) -> bool {
        matches!(self, Self::Present { .. })
    }
}

/// That the rows of a repository say more than its `index.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AheadRow {
    /// Since when.
    pub since: u64,
}

/// How often a manifest was pulled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatsRow {
    /// How many times.
    pub pulls: u64,
    /// When last; zero for never.
    pub last_pull: u64,
}

/// That a repository counts towards the quota: it has held a manifest, though it may no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedRow {
    /// Since when.
    pub since: u64,
}

/// Yields the stored form of a row.
///
/// # Errors
/// [`Error::Row`] when the value has no stored form, which no value of these types lacks.
pub fn encode<T: Value>(value: &T) -> Result<Vec<u8>, Error> {
    postcard::to_extend(value, vec![VERSION]).map_err(|_postcard| malformed::<T>())
}

/// Reads the stored form of a row.
///
/// # Errors
/// [`Error::Row`] when the version is unknown or the bytes are not exactly one value.
pub fn decode<T: Value>(stored: &[u8]) -> Result<T, Error> {
    let Some((&VERSION, body)) = stored.split_first() else {
        return Err(malformed::<T>());
    };
    match postcard::take_from_bytes(body) {
        Ok((value, [])) => Ok(value),
        Ok(_) | Err(_) => Err(malformed::<T>()),
    }
}

fn malformed<T: Value>() -> Error {
    Error::Row {
        table: T::TABLE.name(),
    }
}

/// Yields a time as rows store it; a time before the epoch is zero.
pub fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Yields the time that a row stores.
pub fn time(nanos: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanos)
}

#[cfg(test)]
mod tests;
