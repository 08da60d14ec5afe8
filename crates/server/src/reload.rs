//! The configuration changes while the server runs.
//!
//! ```text
//! a file was replaced ─┐                      ┌─ wrong: all stays, the log says why
//! SIGHUP ──────────────┴─ read ─ check ─ build┴─ right: swapped in whole
//! ```
//!
//! Requests under way end under what they began with. Everything takes effect but the address to
//! listen on, where content lies, and the drivers that lead there: those are named in the log.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::{Config, Loaded};
use tokio::sync::Notify;
use tracing::{error, info, warn};

use crate::live::{ApplyError, Live};
use crate::unsupported::unsupported;
use crate::watch::{Changes, Watch};

/// Replaces what depends on the configuration, whenever that changes.
#[derive(Debug)]
pub(crate) struct Reloader {
    /// The file; none runs on the built-in configuration, whose side files may change all the same.
    pub(crate) origin: Option<PathBuf>,
    /// What the server runs with.
    pub(crate) config: Config,
    pub(crate) live: Live,
}

/// Says why a configuration was not taken over.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    #[error(transparent)]
    Config(#[from] config::Error),
    #[error("{0}")]
    Unsupported(String),
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error("reading the configuration was cut short")]
    Ended(#[source] tokio::task::JoinError),
}

impl Reloader {
    /// Waits for changes, and for `asked`, for ever.
    pub(crate) async fn run(mut self, (watch, mut changes): (Watch, Changes), asked: Arc<Notify>) {
        loop {
            tokio::select! {
                files = changes.next() => match files {
                    Some(files) => info!(?files, "files have changed, reloading"),
                    None => return,
                },
                () = asked.notified() => info!("asked to reload"),
            }
            match self.reload().await {
                Ok(()) => {
                    let files = files(self.origin.as_deref(), &self.config);
                    watch.replace(files).await;
                }
                // Compat: scripts look for this text.
                Err(error) => {
                    let error: &(dyn StdError + 'static) = &error;
                    error!(error, "failed to reload config, retry writing it.");
                }
            }
        }
    }

    async fn reload(&mut self) -> Result<(), ReloadError> {
        let loaded = self.read().await?;
        for warning in &loaded.warnings {
            warn!(fields = ?warning.fields, "{}", warning.message);
        }
        let reload = config::reload(&self.config, loaded.config);
        if let Some(what) = unsupported(&reload.config).into_iter().next() {
            return Err(ReloadError::Unsupported(what));
        }
        // Even where no key has changed: a file beside may have.
        self.live.apply(&reload.config).await?;
        for key in &reload.needs_restart {
            warn!(key, "this change takes effect at the next start");
        }
        crate::settings::say_methods(&reload.config);
        info!(changed = ?reload.applied, "configuration reloaded");
        self.config = reload.config;
        Ok(())
    }

    async fn read(&self) -> Result<Loaded, ReloadError> {
        let Some(path) = self.origin.clone() else {
            return Ok(Loaded {
                config: self.config.clone(),
                warnings: Vec::new(),
            });
        };
        let read = tokio::task::spawn_blocking(move || config::load(&path));
        Ok(read.await.map_err(ReloadError::Ended)??)
    }
}

/// Lists the files whose change matters.
pub(crate) fn files(origin: Option<&Path>, config: &Config) -> Vec<PathBuf> {
    let side_files = config::files(config);
    origin
        .map(Path::to_owned)
        .into_iter()
        .chain(side_files)
        .collect()
}
