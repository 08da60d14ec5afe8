//! `storage`: where content lies, how long it stays.

use std::path::PathBuf;
use std::time::Duration;

use crate::driver::Driver;
use crate::duration::hours;
use crate::named::Named;
use crate::shape::section;
use crate::window::TimeWindow;

section! {
    /// The default store, and the stores of single path segments.
    pub struct Storage {
        /// Folder of the default store and of everything that is kept beside content. `verify`
        /// accepts a configuration without it, `serve` does not.
        "rootDirectory" => root_directory: Option<PathBuf>,
        /// Keep equal blobs once.
        "dedupe" => dedupe: bool = true,
        /// Collect garbage periodically.
        "gc" => gc: bool = true,
        /// Age that an unreferenced blob or a stale upload must have before it is removed. 0 when
        /// `gc` is off.
        "gcDelay" => gc_delay: Duration = hours(1),
        /// Time between two collections; 0 means one collection per start. 0 when `gc` is off.
        "gcInterval" => gc_interval: Duration = hours(1),
        /// Hours of the day, `HH:MM-HH:MM` in UTC, in which a collection may start.
        "gcTimeWindow" => gc_time_window: Option<TimeWindow>,
        /// Also flush `index.json` and its folder before a push is answered.
        "commit" => commit: bool,
        /// Most repositories that may exist; 0 means any number.
        "maxRepos" => max_repos: u64,
        /// Keep the dedupe cache and the metadata in `cacheDriver`. On for remote storage with
        /// dedupe.
        "remoteCache" => remote_cache: bool,
        /// Answer blob requests with a redirect to a signed URL of the remote store.
        "redirectBlobURL" | "redirectBlobUrl" => redirect_blob_url: bool,
        /// Skip the walk over storage at start when nothing has changed.
        "fastRestart" => fast_restart: bool,
        /// Which tags and manifests are kept.
        "retention" => retention: Retention = Retention { delay: hours(1), ..Retention::default() },
        /// Remote storage: `name` is `s3`, `gcs` or `azure`, with the keys of that driver. Absent
        /// means local.
        "storageDriver" => storage_driver: Option<Driver>,
        /// Remote cache and metadata: `name` is `dynamodb` or `redis`, with the keys of that
        /// driver.
        "cacheDriver" => cache_driver: Option<Driver>,
        /// Stores of their own, by the first path segment of the repositories that they hold, such
        /// as `/a`.
        "subPaths" => sub_paths: Named<SubPath>,
    }
}

section! {
    /// The store of one path segment. Nothing is inherited: what is not given is off, zero or
    /// empty.
    pub struct SubPath {
        /// Folder of this store.
        "rootDirectory" => root_directory: Option<PathBuf>,
        /// Keep equal blobs once.
        "dedupe" => dedupe: bool,
        /// Collect garbage periodically.
        "gc" => gc: bool,
        /// As `storage.gcDelay`; 1h when `gc` is on.
        "gcDelay" => gc_delay: Duration,
        /// As `storage.gcInterval`; 1h when `gc` is on.
        "gcInterval" => gc_interval: Duration,
        /// As `storage.gcTimeWindow`.
        "gcTimeWindow" => gc_time_window: Option<TimeWindow>,
        /// As `storage.commit`.
        "commit" => commit: bool,
        /// Accepted and ignored: only the quota of the default store counts.
        "maxRepos" => max_repos: u64,
        /// As `storage.remoteCache`.
        "remoteCache" => remote_cache: bool,
        /// As `storage.redirectBlobURL`.
        "redirectBlobURL" | "redirectBlobUrl" => redirect_blob_url: bool,
        /// As `storage.retention`.
        "retention" => retention: Retention,
        /// As `storage.storageDriver`.
        "storageDriver" => storage_driver: Option<Driver>,
        /// As `storage.cacheDriver`, `dynamodb` only.
        "cacheDriver" => cache_driver: Option<Driver>,
    }
}

section! {
    /// Which tags and manifests are kept.
    pub struct Retention {
        /// Decide and log, but remove nothing.
        "dryRun" => dry_run: bool,
        /// Age that an untagged manifest or a referrer must have before it is removed. The same as
        /// `gcDelay` unless it is given; 0 when `gc` is off.
        "delay" => delay: Duration,
        /// Rules, of which the first whose repositories match counts.
        "policies" => policies: Vec<RetentionPolicy>,
    }
}

section! {
    /// What is kept in some repositories.
    pub struct RetentionPolicy {
        /// Globs over whole repository names.
        "repositories" => repositories: Vec<String>,
        /// Remove referrers whose subject is gone.
        "deleteReferrers" => delete_referrers: bool,
        /// Remove manifests that no tag names.
        "deleteUntagged" => delete_untagged: bool = true,
        /// Which tags are kept; all when there is no entry.
        "keepTags" => keep_tags: Vec<KeepTags>,
        /// Which untagged manifests are kept in spite of `deleteUntagged`.
        "keepUntagged" => keep_untagged: Option<KeepUntagged>,
    }
}

section! {
    /// Tags that are kept. Any rule that holds keeps a tag; without a rule all tags of the patterns
    /// stay.
    pub struct KeepTags {
        /// Regular expressions over tags, not anchored; none means every tag.
        "patterns" => patterns: Vec<String>,
        /// Keep this many that were pulled last; 0 means no such rule.
        "mostRecentlyPulledCount" => most_recently_pulled_count: u64,
        /// Keep this many that were pushed last; 0 means no such rule.
        "mostRecentlyPushedCount" => most_recently_pushed_count: u64,
        /// Keep those pulled within this time.
        "pulledWithin" => pulled_within: Option<Duration>,
        /// Keep those pushed within this time.
        "pushedWithin" => pushed_within: Option<Duration>,
    }
}

section! {
    /// Untagged manifests that are kept.
    pub struct KeepUntagged {
        /// Keep this many that were pulled last; 0 means no such rule.
        "mostRecentlyPulledCount" => most_recently_pulled_count: u64,
        /// Keep this many that were pushed last; 0 means no such rule.
        "mostRecentlyPushedCount" => most_recently_pushed_count: u64,
        /// Keep those pulled within this time.
        "pulledWithin" => pulled_within: Option<Duration>,
        /// Keep those pushed within this time.
        "pushedWithin" => pushed_within: Option<Duration>,
    }
}

impl Storage {
    /// True when any store is remote.
    pub fn has_remote(&self) -> bool {
        self.storage_driver.is_some()
            || self
                .sub_paths
                .iter()
                .any(|(_, sub)| sub.storage_driver.is_some())
    }

    /// The first path segments that have a store of their own, in lower case and without the slash,
    /// as repository names start with them.
    pub fn routes(&self) -> impl Iterator<Item = (String, &SubPath)> {
        let segment = |route: &str| route.trim_matches('/').to_lowercase();
        self.sub_paths
            .iter()
            .map(move |(route, sub)| (segment(route), sub))
    }
}
