//! `verify`.

use std::path::Path;

use anyhow::Context;
use config::Config;
use server::run;

/// Checks a configuration file and logs the outcome to stdout.
pub(crate) fn verify(path: &Path) -> anyhow::Result<()> {
    let mut config = Config::default();
    config.log.level = config::Level::Info;
    let log = run::open_log(&config)?;
    let file = path.display();
    let checked = config::load(path).map_err(anyhow::Error::from);
    let checked = checked.and_then(|loaded| {
        let judged = server::compose::check(&loaded.config);
        judged.context("invalid server config").map(|()| loaded)
    });
    match &checked {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                tracing::warn!(fields = ?warning.fields, "{}", warning.message);
            }
            tracing::info!(config = %file, "config file is valid");
        }
        Err(error) => {
            let error = format!("{error:#}");
            tracing::error!(config = %file, error, "invalid config file");
        }
    }
    log.flush();
    checked?;
    Ok(())
}
