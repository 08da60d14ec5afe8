//! Facts about content: the transactional store seam and the typed tables above it.
//!
//! Knows rows. Knows nothing of files, of HTTP, or of who is calling beyond a [`Rights`] value.
//!
//! | module | holds |
//! |---|---|
//! | [`store`] | the seam: tables, scans, batches with checks |
//! | [`rights`] | what a caller may do, as listings demand it |
//! | [`error`] | what can go wrong |

pub mod error;
pub mod rights;
pub mod store;

pub use error::{Error, WriteError};
pub use rights::{Action, Rights, Rule};
pub use store::{Batch, Change, Check, Durability, Row, Scan, Store, Table};
