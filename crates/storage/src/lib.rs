//! Where content lives: the driver seam, its backends, and drivers that wrap others.
//!
//! Knows keys and bytes. Knows nothing of repositories, digests in use, or configuration files; the
//! one thing that it takes from the layout of a registry is where the local disk keeps what is not
//! finished (see [`local`], which draws the view on disk).
//!
//! ```
//! use std::sync::Arc;
//! use storage::{Driver, Key, LocalDriver, LocalOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let root = tempfile::tempdir()?;
//! let open = LocalDriver::open(root.path().join("data"), LocalOptions::default())?;
//! let driver: Arc<dyn Driver> = Arc::new(open);
//! let upload = Key::new("app/.uploads/1").ok_or("not a key")?;
//! let blob = Key::new("app/blobs/sha256/00").ok_or("not a key")?;
//! driver.append(&upload, 0, vec!["hello".into()]).await?;
//! driver.commit(&upload, &blob).await?;
//! driver.persist(&[blob.clone()]).await?; // not before this is it safe from a power cut
//! let object = driver.get(&blob, Some(1..3)).await?;
//! assert_eq!(object.stat.size, 5);
//! assert_eq!(object.body.collect(&blob).await?, "el");
//! # Ok(())
//! # }
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`driver`] | the seam: what every backend does |
//! | [`key`], [`body`], [`error`], [`operation`] | its vocabulary |
//! | [`local`] | the local disk |
//! | [`memory`] | memory, for servers that keep nothing and for tests |
//! | [`prefix`] | a folder of another driver as if it were the whole |
//! | [`count`] | counts calls and bytes |
//! | [`fault`] | fails on demand, and cuts the power |

pub mod body;
pub mod count;
pub mod driver;
pub mod error;
pub mod fault;
pub mod key;
pub mod local;
pub mod memory;
pub mod operation;
pub mod prefix;

mod blocking;
mod sys;

pub use body::{Body, FileSlice};
pub use count::{Count, CountDriver};
pub use driver::{Caps, Driver, Entry, EntryKind, Object, Stat};
pub use error::{Error, ErrorKind, Result};
pub use fault::{Effect, FaultDriver, Gate, Keys, Loss, Rule};
pub use key::Key;
pub use local::{HeadRoom, LocalDriver, LocalOptions};
pub use memory::MemoryDriver;
pub use operation::Operation;
pub use prefix::PrefixDriver;
