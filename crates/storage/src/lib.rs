//! Where content lives: the driver seam and its backends.
//!
//! Knows keys and bytes. Knows nothing of repositories, digests in use, or configuration files.
//!
//! | module | holds |
//! |---|---|
//! | [`driver`] | the seam: what every backend does |
//! | [`key`], [`body`], [`error`] | its vocabulary |

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
pub use local::{LocalDriver, LocalOptions};
pub use memory::MemoryDriver;
pub use operation::Operation;
pub use prefix::PrefixDriver;
