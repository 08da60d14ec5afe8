//! `extensions`: what a full build adds. Every build decodes and checks these keys; one that lacks
//! an extension says so in its log and goes on.

mod events;
mod lint;
mod search;
mod sync;

use std::time::Duration;

pub use events::{EventCredentials, EventSink, EventTls, Events};
pub use lint::{Lint, LintAnnotation, LintRule};
pub use search::{Cve, Sbom, Search, Trivy};
pub use sync::{
    CREDENTIAL_HELPERS, Oauth2Helper, Sync, SyncContent, SyncRegistry, SyncTags, TOKEN_EXCHANGE,
};

use crate::duration::hours;
use crate::shape::section;

section! {
    /// The extensions. An empty object switches its extension on, except for `events`.
    pub struct Extensions {
        /// Search, and the routes of the management interface.
        "search" => search: Option<Search>,
        /// Mirrors of other registries.
        "sync" => sync: Option<Sync>,
        /// Metrics for Prometheus.
        "metrics" => metrics: Option<Metrics>,
        /// Periodic checks of all content.
        "scrub" => scrub: Option<Scrub>,
        /// Rules for manifests that are pushed.
        "lint" => lint: Option<Lint>,
        /// The web interface; needs `search`.
        "ui" => ui: Option<Ui>,
        /// Checks of signatures.
        "trust" => trust: Option<Trust>,
        /// Messages about changes to other services.
        "events" => events: Option<Events>,
        /// Accepted and ignored: on with `search`.
        "mgmt" => mgmt: Option<Redundant>,
        /// Accepted and ignored: `http.auth.apikey` counts.
        "apikey" | "apiKey" => apikey: Option<Redundant>,
    }
}

section! {
    /// Metrics for Prometheus.
    pub struct Metrics {
        /// Whether the extension is on.
        "enable" => enable: bool = true,
        /// The exposition for Prometheus.
        "prometheus" => prometheus: Prometheus,
    }
}

section! {
    /// The exposition for Prometheus.
    pub struct Prometheus {
        /// Path of the route.
        "path" => path: String = "/metrics".to_owned(),
    }
}

section! {
    /// Periodic checks of all content.
    pub struct Scrub {
        /// Whether the extension is on.
        "enable" => enable: bool = true,
        /// Time between two rounds; at least 2h, 0 means 24h.
        "interval" => interval: Duration = hours(24),
    }
}

section! {
    /// The web interface.
    pub struct Ui {
        /// Whether the extension is on.
        "enable" => enable: bool = true,
    }
}

section! {
    /// Checks of signatures.
    pub struct Trust {
        /// Whether the extension is on.
        "enable" => enable: bool = true,
        /// Take keys of cosign.
        "cosign" => cosign: bool,
        /// Take certificates of notation.
        "notation" => notation: bool,
    }
}

section! {
    /// An extension that other keys switch on.
    pub struct Redundant {
        /// Ignored.
        "enable" => enable: bool = true,
    }
}

impl Extensions {
    /// Search, if it is on.
    pub fn search_enabled(&self) -> Option<&Search> {
        self.search.as_ref().filter(|search| search.enable)
    }

    /// Mirrors, if they are on.
    pub fn sync_enabled(&self) -> Option<&Sync> {
        self.sync.as_ref().filter(|sync| sync.enable)
    }

    /// The names of the extensions that are on, in the order in which they are listed above.
    pub fn enabled(&self) -> Vec<&'static str> {
        let on = [
            (
                "search",
                self.search.as_ref().is_some_and(|search| search.enable),
            ),
            ("sync", self.sync.as_ref().is_some_and(|sync| sync.enable)),
            (
                "metrics",
                self.metrics.as_ref().is_some_and(|metrics| metrics.enable),
            ),
            (
                "scrub",
                self.scrub.as_ref().is_some_and(|scrub| scrub.enable),
            ),
            ("lint", self.lint.as_ref().is_some_and(|lint| lint.enable)),
            ("ui", self.ui.as_ref().is_some_and(|ui| ui.enable)),
            (
                "trust",
                self.trust.as_ref().is_some_and(|trust| trust.enable),
            ),
            (
                "events",
                self.events.as_ref().is_some_and(|events| events.enable),
            ),
        ];
        on.into_iter()
            .filter(|(_, on)| *on)
            .map(|(name, _)| name)
            .collect()
    }
}
