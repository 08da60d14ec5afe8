//! What has to be done now and then so that callers stay known and sessions end.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use auth::ApiKeys;
use tracing::warn;

use crate::app::App;

/// How long to rest in between. A power cut may cost the times of use of API keys since then.
const PERIOD: Duration = Duration::from_mins(10);

/// Does it, for ever.
pub(crate) async fn keep(keys: Arc<ApiKeys>, app: Arc<App>) {
    loop {
        tokio::time::sleep(PERIOD).await;
        write_down(&keys).await;
        app.sweep_sessions().await;
    }
}

/// Writes down which API keys were used.
pub(crate) async fn write_down(keys: &ApiKeys) {
    if let Err(error) = keys.flush().await {
        let error: &(dyn StdError + 'static) = &error;
        warn!(error, "times of use of API keys could not be written");
    }
}

impl App {
    /// Removes sessions that have ended.
    async fn sweep_sessions(&self) {
        let Some(browsers) = self.browsers() else {
            return;
        };
        loop {
            match browsers.sessions.sweep(browsers.clock.now()).await {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => return,
                Err(error) => {
                    let error: &(dyn StdError + 'static) = &error;
                    warn!(error, "sessions that have ended could not be removed");
                    return;
                }
            }
        }
    }

    /// Looks whether the services that users log in at can be used, and says which cannot and why.
    pub(crate) async fn look_at_logins(&self) {
        let Some(browsers) = self.browsers() else {
            return;
        };
        let Some(login) = &browsers.login else {
            return;
        };
        for (provider, error) in login.check(browsers.clock.now()).await {
            let error: &(dyn StdError + 'static) = &error;
            warn!(
                provider,
                error, "nobody can log in there for now, everything else works"
            );
        }
    }
}
