//! Checks of the limits, which zot does not have.

use super::ensure;
use crate::config::Config;
use crate::error::Error;

/// Limits that would let nothing through.
pub(super) fn limits(config: &Config) -> Result<(), Error> {
    let limits = &config.http.limits;
    let least = [
        ("headerBytes", limits.header_bytes, 1024),
        ("manifestBytes", limits.manifest_bytes, 1024),
        ("jsonDepth", u64::from(limits.json_depth), 8),
        ("indexDepth", u64::from(limits.index_depth), 1),
        ("pageSize", limits.page_size, 1),
    ];
    for (key, given, least) in least {
        let message = format!("limit must be at least {least}");
        ensure(given >= least, &format!("http.limits.{key}"), &message)?;
    }
    let set = !limits.header_timeout.is_zero();
    ensure(
        set,
        "http.limits.headerTimeout",
        "limit must be greater than 0",
    )
}
