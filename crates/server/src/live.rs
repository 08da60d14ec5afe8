//! What of a running server a new configuration reaches.

use std::sync::Arc;

use auth::Fips;
use config::Config;
use ext::{Extension, Host, InstallError};
use registry::Registry;
use storage::HeadRoom;

use crate::app::App;
use crate::compose::{ComposeError, Composer};
use crate::listen::Terms;
use crate::log::{Log, LogError};
use crate::settings;
use crate::stores;
use crate::tls::{Tls, TlsError};

/// Says why a configuration cannot be put to work. All is as it was then.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Something that requests are judged by cannot be built.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An extension refuses the configuration.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// The log cannot go where it is to go.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The process ends.
    #[error("building was cut short")]
    Ended(#[source] tokio::task::JoinError),
}

/// Holds what can be replaced while the server runs.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) registry: Arc<Registry>,
    pub(crate) app: Arc<App>,
    pub(crate) terms: Terms,
    pub(crate) head_room: HeadRoom,
    pub(crate) log: Log,
    pub(crate) composer: Composer,
    pub(crate) fips: Fips,
    pub(crate) built_in: BuiltIn,
}

/// The extensions of this build.
#[derive(Clone, Copy)]
pub(crate) struct BuiltIn(pub(crate) &'static [&'static dyn Extension]);

impl std::fmt::Debug for BuiltIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.0.iter().map(|extension| extension.name());
        f.debug_list().entries(names).finish()
    }
}

impl Live {
    /// Builds everything that a configuration asks for, and swaps it in once all of it is there.
    ///
    /// # Errors
    /// [`ApplyError`]; nothing has changed then.
    pub(crate) async fn apply(&mut self, config: &Config) -> Result<(), ApplyError> {
        let host = Host {
            registry: Arc::clone(&self.registry),
        };
        ext::install(self.built_in.0, config, &host)?;
        let tls = open_tls(config, self.fips).await?;
        let log = self.log.prepare(&settings::log_options(config))?;
        let snapshot = self.composer.compose(config)?;
        let before = self.log.replace(log);
        tokio::task::spawn_blocking(move || drop(before));
        self.app.set_snapshot(snapshot);
        self.composer.forget();
        self.terms.set(settings::limits(&config.http), tls);
        self.head_room.set(config.http.limits.min_free_space);
        stores::change(&self.registry, config);
        Ok(())
    }
}

/// Reads the certificates that a configuration names, if it asks for TLS.
///
/// # Errors
/// `Tls`, `Ended`.
pub(crate) async fn open_tls(config: &Config, fips: Fips) -> Result<Option<Arc<Tls>>, ApplyError> {
    let Some(options) = settings::tls_options(&config.http, fips) else {
        return Ok(None);
    };
    let opened = tokio::task::spawn_blocking(move || Tls::open(&options)).await;
    Ok(Some(Arc::new(opened.map_err(ApplyError::Ended)??)))
}
