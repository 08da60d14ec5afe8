//! Where content lives: the driver seam and its backends.
//!
//! Knows keys and bytes. Knows nothing of repositories, digests in use, or configuration files.
//!
//! | module | holds |
//! |---|---|
//! | [`driver`] | the seam: what every backend does |
//! | [`key`], [`body`], [`error`] | its vocabulary |

pub mod body;
pub mod driver;
pub mod error;
pub mod key;
pub mod local;

mod sys;

pub use body::{Body, FileSlice};
pub use driver::{Caps, Driver, Entry, EntryKind, Object, Stat};
pub use error::{Error, ErrorKind, Result};
pub use key::Key;
pub use local::{LocalDriver, LocalOptions};
