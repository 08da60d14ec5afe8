//! The whole configuration.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use crate::extensions::Extensions;
use crate::http::{Http, Port, Tls};
use crate::log::{Level, Log};
use crate::shape::section;
use crate::storage::Storage;

/// The version of the distribution specification that is spoken.
pub const DIST_SPEC_VERSION: &str = "1.1.1";

section! {
    /// The whole configuration. Its default holds the values that zot takes for absent keys.
    pub struct Config {
        /// Version of the distribution specification. Another one is only worth a warning.
        "distSpecVersion" => dist_spec_version: String = DIST_SPEC_VERSION.to_owned(),
        /// Accepted and ignored.
        "goVersion" => go_version: String,
        /// Accepted and ignored.
        "commit" => commit: String,
        /// Accepted and ignored.
        "releaseTag" => release_tag: String,
        /// Accepted and ignored.
        "binaryType" => binary_type: String,
        /// Where content lies, how long it stays.
        "storage" => storage: Storage,
        /// The listener, its limits, who may come in.
        "http" => http: Http,
        /// What is logged.
        "log" => log: Log,
        /// What a full build adds.
        "extensions" => extensions: Option<Extensions>,
        /// Work in the background.
        "scheduler" => scheduler: Scheduler,
        /// Several servers that share the work.
        "cluster" => cluster: Option<Cluster>,
    }
}

section! {
    /// Work in the background.
    pub struct Scheduler {
        /// Tasks that run at once; 0 means four per core.
        "numWorkers" => num_workers: u32,
    }
}

section! {
    /// Several servers, each of which owns some of the repositories.
    pub struct Cluster {
        /// The servers as `host:port`, in the same order on each.
        "members" => members: Vec<String>,
        /// Key of the hash that gives a repository its owner: 16 characters.
        "hashKey" => hash_key: String,
        /// Certificates between the servers.
        "tls" => tls: Option<Tls>,
    }
}

impl Config {
    /// The configuration of a server that was given no file: `./holdfast-data`, `127.0.0.1:8080`,
    /// log level `info`.
    pub fn built_in() -> Self {
        let mut config = Self::default();
        config.storage.root_directory = Some(PathBuf::from("./holdfast-data"));
        config.http.address = Ipv4Addr::LOCALHOST.to_string();
        config.http.port = Port(8080);
        config.log.level = Level::Info;
        config
    }
}
