//! What the HTTP side needs to know of the configuration.

use config::{Config, Http};

use crate::cors;
use crate::page::MAX_ENTRIES;

/// Says whether manifests of Docker's types may be pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DockerTypes {
    /// They may.
    Accepted,
    /// They may not; those that stores hold are served all the same.
    Refused,
}

/// Holds what handlers need to know of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What pages in browsers are told.
    pub cors: cors::Policy,
    /// Whether manifests of Docker's types may be pushed.
    pub docker: DockerTypes,
    /// The largest manifest in bytes.
    pub max_manifest: usize,
    /// The most entries of one page of a list.
    pub max_page: usize,
}

impl Settings {
    /// Takes from the configuration what handlers need.
    pub fn from_config(config: &Config) -> Self {
        let Http {
            limits,
            allow_origin,
            auth,
            ..
        } = &config.http;
        let browser_methods = auth.htpasswd.path.is_some()
            || auth.ldap.is_some()
            || auth.openid.is_some()
            || auth.apikey;
        let docker = if config.http.is_compatible("docker2s2") {
            DockerTypes::Accepted
        } else {
            DockerTypes::Refused
        };
        Self {
            cors: cors::Policy::new(allow_origin, browser_methods),
            docker,
            max_manifest: saturated(limits.manifest_bytes),
            max_page: saturated(limits.page_size),
        }
    }
}

fn saturated(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cors: cors::Policy::default(),
            docker: DockerTypes::Refused,
            max_manifest: 4 * 1024 * 1024,
            max_page: MAX_ENTRIES,
        }
    }
}
