//! The trait, what an extension is lent, and how all are installed.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use config::Config;
use registry::Registry;

use crate::plan::Plan;

/// Adds to the registry what its specification does not ask for.
pub trait Extension: Send + Sync {
    /// Yields the name of the build feature, which is that of the section in the configuration too.
    fn name(&self) -> &'static str;

    /// Puts what the configuration asks for into the plan; nothing when it asks for nothing.
    ///
    /// Called at start, and again when the configuration has changed: of that plan only the
    /// reloadable half is taken over.
    ///
    /// # Errors
    /// The reason why the server must not start with this configuration.
    fn install(&self, config: &Config, host: &Host, plan: &mut Plan) -> Result<(), InstallError>;
}

/// Lends extensions what they work on. The time is [`Registry::clock`].
#[derive(Clone)]
pub struct Host {
    /// The engine, with the metadata store behind it.
    pub registry: Arc<Registry>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}

/// Says why an extension could not be installed.
#[derive(Debug, thiserror::Error)]
#[error("extension {extension}: {reason}")]
pub struct InstallError {
    /// The name of the extension.
    pub extension: &'static str,
    /// What is wrong, for whoever wrote the configuration.
    pub reason: String,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl InstallError {
    /// Starts with a reason alone.
    pub fn new(extension: &'static str, reason: impl Into<String>) -> Self {
        Self {
            extension,
            reason: reason.into(),
            source: None,
        }
    }
}

/// Asks all extensions, in order, and yields what they add.
///
/// # Errors
/// The first that cannot be installed.
pub fn install(
    built_in: &[&dyn Extension],
    config: &Config,
    host: &Host,
) -> Result<Plan, InstallError> {
    let mut plan = Plan::default();
    for extension in built_in {
        extension.install(config, host, &mut plan)?;
    }
    Ok(plan)
}

/// Finds the sections that are enabled but not built in: each deserves one warning.
///
/// Compat: zot too goes on without them.
pub fn missing<'a>(enabled: &[&'a str], built_in: &[&dyn Extension]) -> Vec<&'a str> {
    let is_missing = |name: &&'a str| built_in.iter().all(|extension| extension.name() != *name);
    enabled.iter().copied().filter(is_missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named(&'static str);

    impl Extension for Named {
        fn name(&self) -> &'static str {
            self.0
        }

        fn install(&self, _: &Config, _: &Host, _: &mut Plan) -> Result<(), InstallError> {
            Ok(())
        }
    }

    #[test]
    fn names_what_is_enabled_but_not_built_in() {
        let built_in: [&dyn Extension; 2] = [&Named("lint"), &Named("search")];
        let table: [(&[&str], &[&str]); 3] = [
            (&[], &[]),
            (&["lint"], &[]),
            (&["sync", "search", "events"], &["sync", "events"]),
        ];
        for (enabled, want) in table {
            assert_eq!(missing(enabled, &built_in), want, "{enabled:?}");
        }
    }
}
