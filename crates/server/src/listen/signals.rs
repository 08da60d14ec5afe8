//! Signals of the operating system.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

use super::{Shutdown, Stage};

/// Begins to listen to signals: the first SIGTERM or SIGINT drains, a second one ends at once, and
/// SIGHUP calls `reload`.
///
/// Compat: zot stops on SIGHUP.
///
/// # Errors
/// What the system says when it takes no handler.
pub fn signals<F>(shutdown: Shutdown, mut reload: F) -> io::Result<()>
where
    F: FnMut() + Send + 'static,
{
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
                _ = hangup.recv() => {
                    reload();
                    continue;
                }
            };
            if shutdown.stage() != Stage::Serving {
                tracing::warn!(signal = name, "second signal, ending at once");
                return shutdown.end();
            }
            tracing::info!(signal = name, "signal received, draining");
            shutdown.drain();
        }
    });
    Ok(())
}
