//! All that depends on the configuration, as one value.
//!
//! A change of the configuration builds a new one and swaps it in whole; requests under way end
//! under the one that they began with.

use std::sync::Arc;
use std::time::Duration;

use auth::{Gate, Policy};
use ext::ExtensionRoute;

use crate::audit::Audit;
use crate::challenge::{Challenges, Origin};
use crate::client_address::TrustedProxies;
use crate::rate_limit::RateLimits;
use crate::settings::Settings;
use crate::sign_in::browser::Browsers;

/// Holds what a request is judged by.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// What handlers need to know.
    pub settings: Settings,
    /// By what callers are known.
    pub gate: Gate,
    /// What they may do.
    pub policy: Policy,
    /// With what they are told to come back.
    pub challenges: Challenges,
    /// Whether callers without credentials are let in as policies say.
    pub entry: Entry,
    /// How long wrong credentials are left without an answer.
    pub fail_delay: Duration,
    /// Where the registry is reached; what the request says when there is none.
    pub origin: Option<Origin>,
    /// Whose word counts on where a request came from.
    pub proxies: TrustedProxies,
    /// How many requests each client may make.
    pub rates: Option<Arc<RateLimits>>,
    /// Where changes and refusals are written down.
    pub audit: Option<Audit>,
    /// What signs browsers in and out.
    pub browsers: Option<Arc<Browsers>>,
    /// The routes for signing in.
    pub routes: Vec<ExtensionRoute>,
}

/// Says who is let in without credentials, once there are methods to sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entry {
    /// Whoever a policy gives some right to.
    #[default]
    ByPolicy,
    /// Nobody.
    ///
    /// Compat: what zot does once tokens are on.
    Nobody,
}

impl Snapshot {
    /// Asks nobody for credentials and lets everybody do everything.
    pub fn open(settings: Settings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// Finds the route for signing in that owns a path: the most specific one.
    pub(crate) fn route(&self, path: &str) -> Option<&ExtensionRoute> {
        ext::most_specific(&self.routes, path)
    }

    /// Tells whether callers without credentials are let in at all.
    pub(crate) fn admits_anonymous(&self) -> bool {
        self.gate.is_open() || (self.entry == Entry::ByPolicy && self.policy.has_anonymous_rights())
    }

    /// Tells whether clients have to be made to send what they have: some content is for everybody,
    /// some is not, and clients that are let in at the door would not ask again.
    pub(crate) fn asks_at_the_door(&self) -> bool {
        self.policy.has_anonymous_rights()
            && self.policy.has_known_rights()
            && !self.challenges.is_empty()
    }
}
