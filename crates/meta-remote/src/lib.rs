//! Records in Redis, for registries of several servers.
//!
//! Holds what browsers need to stay logged in whichever server answers them. Knows keys and values;
//! knows nothing of cookies, and nothing of who may do what.
//!
//! ```
//! use meta_remote::{RedisOptions, RedisRecords};
//! use serde_json::json;
//!
//! let settings = json!({ "name": "redis", "url": "redis://localhost:6379/1?dial_timeout=2s" });
//! let settings = settings.as_object().ok_or("no object")?;
//! let (options, ignored) = RedisOptions::read(settings.iter().map(|(k, v)| (k.as_str(), v)))?;
//! assert!(ignored.is_empty());
//! let records = RedisRecords::new(&options)?;
//! # let _ = records;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`options`], `value` | what the settings of a driver mean |
//! | [`connection`] | one server, one that sentinels name, or a cluster |
//! | [`sessions`] | the records |

pub mod connection;
pub mod options;
pub mod sessions;
mod value;

pub use connection::{Error, Redis};
pub use options::{OptionsError, RedisOptions};
pub use sessions::RedisRecords;

#[cfg(test)]
mod fake;
