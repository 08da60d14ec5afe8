//! What makes no sense, in zot's order and words.
//!
//! Spec: core 3.10. Values with a syntax of their own (ports, durations, time windows, log levels)
//! have been refused before, while they were decoded.

mod access;
mod auth;
mod bounds;
mod extensions;
mod storage;
mod sync;

use crate::config::Config;
use crate::error::Error;

type Check = fn(&Config) -> Result<(), Error>;

/// Checks a complete configuration. The first check that fails decides.
///
/// # Errors
/// [`Error::Invalid`] with the path of the key.
pub fn validate(config: &Config) -> Result<(), Error> {
    const CHECKS: [Check; 15] = [
        storage::collection,
        auth::ldap,
        auth::mtls,
        auth::openid,
        auth::bearer,
        sync::registries,
        storage::conflicts,
        storage::caches,
        auth::sessions,
        extensions::extensions,
        access::needs_login,
        storage::drivers,
        access::globs,
        access::cluster,
        bounds::limits,
    ];
    CHECKS.iter().try_for_each(|check| check(config))
}

/// Fails with a message when a condition does not hold.
fn ensure(holds: bool, key: &str, message: &str) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(Error::invalid(key, message))
    }
}

#[cfg(test)]
mod tests;
