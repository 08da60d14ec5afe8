//! Shape, defaults and validation of the configuration file.
//!
//! The files that zot reads are read here with the same meaning: the same keys in any case, the
//! same formats, the same weak types, defaults, checks and messages. Extension sections are decoded
//! and checked whatever the build holds.
//!
//! This crate reads files while it loads a configuration and does nothing else: it logs nothing,
//! opens no store, asks no network. What is worth a line in the log comes back as a [`Warning`]. It
//! knows no extension, no driver and no engine, only the keys that they are configured with.
//!
//! ```
//! use config::{Format, parse};
//!
//! let text = br#"{"storage": {"rootDirectory": "/srv", "gcdelay": "2h"}, "http": {"PORT": 5000}}"#;
//! let loaded = parse(text, Format::Json, "example")?;
//! assert_eq!(loaded.config.http.port.0, 5000);
//! assert_eq!(loaded.config.storage.gc_delay.as_secs(), 7200);
//!
//! let error = parse(br#"{"http": {"prot": 5000}}"#, Format::Json, "example").unwrap_err();
//! assert!(error.to_string().contains("did you mean http.port?"));
//! # Ok::<(), config::Error>(())
//! ```
//!
//! A file passes these stations, each a module:
//!
//! | module | does |
//! |---|---|
//! | `format` | text in one of seven formats to keys and values |
//! | `fold` | keys to their canonical spelling, values to their types; placeholders; unknown keys |
//! | `defaults` | defaults that depend on other keys; values that are raised or replaced |
//! | `decode` | values to the types of the sections |
//! | `secret_file` | the side files with credentials and keys |
//! | `validate` | what makes no sense, in zot's order and words |
//! | `load` | all of these in their order |
//!
//! For a server that runs, `reload` tells what of a new file can take effect, and `side_file` which
//! other files to watch.
//!
//! The sections are declared with one macro in `shape`, a key once each: `config`, `storage`,
//! `http`, `auth`, `access`, `log` and [`extensions`]. From these tables follow also `schema`,
//! `dump` and `docs/configuration.md`.

mod access;
mod auth;
mod config;
mod decode;
mod defaults;
mod driver;
mod dump;
mod duration;
mod error;
pub mod extensions;
mod fold;
mod format;
mod http;
mod load;
mod log;
mod named;
mod network;
mod pattern;
#[cfg(test)]
mod reference;
mod reload;
#[cfg(test)]
mod samples;
mod schema;
mod secret;
mod secret_file;
mod shape;
mod side_file;
mod storage;
mod validate;
mod window;

pub use access::{AccessControl, Condition, Group, MetricsAccess, Policy, RepositoryPolicy};
pub use auth::{
    Auth, AwsSecretsManager, Bearer, BearerOidc, CelClaimMapping, CelValidation, CelVariable,
    ClaimMapping, Htpasswd, Ldap, Mtls, OpenId, OpenIdProvider, SessionKeys, UpstreamTokenEndpoint,
};
pub use config::{Cluster, Config, DIST_SPEC_VERSION, Scheduler};
pub use driver::Driver;
pub use error::{Error, Fault, Faults, Warning};
pub use extensions::Extensions;
pub use format::Format;
pub use http::{Http, Limits, MethodRate, Port, RateLimit, Tls};
pub use load::{Loaded, load, parse};
pub use log::{Level, LevelError, Log};
pub use named::Named;
pub use network::{Network, NetworkError};
pub use pattern::regex;
pub use reload::{Reload, reload};
pub use schema::schema;
pub use secret::Secret;
pub use side_file::{files, secret_files};
pub use storage::{KeepTags, KeepUntagged, Retention, RetentionPolicy, Storage, SubPath};
pub use validate::validate;
pub use window::{TimeWindow, WindowError};
