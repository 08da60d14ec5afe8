//! Under what connections begin.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use rustls::ServerConfig;

use super::Limits;
use crate::tls::Tls;

/// Limits and TLS of new connections; clones are the same. They may change while a server runs:
/// connections go on under what they began with.
#[derive(Clone, Debug)]
pub struct Terms(Arc<Held>);

#[derive(Debug)]
struct Held {
    limits: ArcSwap<Limits>,
    tls: ArcSwapOption<Tls>,
}

impl Terms {
    /// Starts with limits and, if connections are to be under TLS, with what they are served with.
    pub fn new(limits: Limits, tls: Option<Arc<Tls>>) -> Self {
        Self(Arc::new(Held {
            limits: ArcSwap::from_pointee(limits),
            tls: ArcSwapOption::new(tls),
        }))
    }

    /// Replaces both. How many connections there may be stays as it was at the start.
    pub fn set(&self, limits: Limits, tls: Option<Arc<Tls>>) {
        self.0.limits.store(Arc::new(limits));
        self.0.tls.store(tls);
    }

    pub(super) fn limits(&self) -> Limits {
        **self.0.limits.load()
    }

    pub(super) fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.0.tls.load().as_ref().map(|tls| tls.config())
    }
}

impl From<Limits> for Terms {
    fn from(limits: Limits) -> Self {
        Self::new(limits, None)
    }
}
