//! Calls that wait for a device.

use std::io;

use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// Runs a call in the blocking pool; one that panics is an I/O failure.
pub(crate) async fn blocking<T: Send + 'static>(
    key: Key,
    call: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(call).await {
        Ok(result) => result,
        Err(error) => Err(Error::with_source(
            ErrorKind::Io,
            io::Error::other(error),
            &key,
        )),
    }
}
