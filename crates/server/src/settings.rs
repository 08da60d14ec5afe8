//! What the HTTP side needs to know of the configuration.

use std::time::Duration;

use auth::Fips;
use config::{Config, Http};

use crate::connection::Patience;
use crate::cors;
use crate::incoming::BodyLimits;
use crate::listen::Limits;
use crate::log::LogOptions;
use crate::page::MAX_ENTRIES;
use crate::tls::{Algorithms, TlsOptions};

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
    /// How long the body of a request may take.
    pub body: BodyLimits,
    /// The largest manifest in bytes.
    pub max_manifest: usize,
    /// The most entries of one page of a list.
    pub max_page: usize,
    /// The most unfinished uploads of one client; 0 for any number.
    pub max_uploads: usize,
    /// Whether each request has a line in the log.
    pub access_log: bool,
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
            body: body_limits(&config.http),
            max_manifest: saturated(limits.manifest_bytes),
            max_page: saturated(limits.page_size),
            max_uploads: saturated(limits.max_open_uploads),
            access_log: config.log.access_log,
        }
    }
}

/// Takes what connections may take.
///
/// Compat: a timeout that the user sets bounds the whole; one that is absent means time without
/// progress.
pub(crate) fn limits(http: &Http) -> Limits {
    let defaults = Limits::default();
    let idle = http.limits.idle_timeout;
    Limits {
        header: usize::try_from(http.limits.header_bytes).unwrap_or(usize::MAX),
        drain: http.drain_timeout,
        patience: Patience {
            header: http.limits.header_timeout,
            stalled: if idle.is_zero() { Duration::MAX } else { idle },
            answer: http.write_timeout.filter(|total| !total.is_zero()),
            ..defaults.patience
        },
        ..defaults
    }
}

/// Takes which certificates to serve with; `None` for plain connections.
pub(crate) fn tls_options(http: &Http, fips: Fips) -> Option<TlsOptions> {
    let tls = http.tls.as_ref()?;
    Some(TlsOptions {
        cert: tls.cert.clone()?,
        key: tls.key.clone()?,
        ca: tls.cacert.clone(),
        algorithms: match fips {
            Fips::Off => Algorithms::All,
            Fips::Only => Algorithms::Fips,
        },
    })
}

/// Says which methods of signing in are on.
///
/// Compat: the lines that zot writes at a start and after a reload.
pub(crate) fn say_methods(config: &Config) {
    let (http, auth) = (&config.http, &config.http.auth);
    let bearer = auth.bearer.as_ref();
    let methods = [
        (
            "jwt bearer authentication",
            bearer.is_some_and(config::Bearer::is_traditional),
        ),
        (
            "oidc bearer authentication",
            bearer.is_some_and(config::Bearer::is_oidc),
        ),
        (
            "basic authentication (htpasswd)",
            auth.htpasswd.path.is_some(),
        ),
        ("basic authentication (LDAP)", auth.ldap.is_some()),
        ("basic authentication (API key)", auth.apikey),
        ("OpenID authentication", auth.openid.is_some()),
        ("mutual TLS authentication", http.is_mtls()),
    ];
    for (method, enabled) in methods {
        tracing::info!(enabled, "{method}");
    }
}

/// Takes where the log goes, and what is in it.
pub(crate) fn log_options(config: &Config) -> LogOptions {
    LogOptions {
        level: config.log.level.as_str().to_owned(),
        output: config.log.output.clone(),
    }
}

/// Without a limit of the whole, progress counts; one that was given means what it says.
///
/// Compat: zot's default of 60 seconds for the whole would cut long uploads.
fn body_limits(http: &Http) -> BodyLimits {
    let limited = |limit: Duration| (!limit.is_zero()).then_some(limit);
    BodyLimits {
        idle: limited(http.limits.idle_timeout),
        total: http.read_timeout.and_then(limited),
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
            body: BodyLimits::default(),
            max_manifest: 4 * 1024 * 1024,
            max_page: MAX_ENTRIES,
            max_uploads: 1000,
            access_log: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use config::{Format, parse};

    use super::*;

    fn read(http: &str) -> Settings {
        let text = format!(r#"{{"storage":{{"rootDirectory":"/srv/r"}},"http":{{{http}}}}}"#);
        let loaded = parse(text.as_bytes(), Format::Json, "test").unwrap();
        Settings::from_config(&loaded.config)
    }

    #[test]
    fn case_b12_progress_counts_unless_a_total_is_given() {
        let minute = Some(Duration::from_mins(1));
        let table = [
            ("", minute, None),
            (
                r#""readTimeout":"5m""#,
                minute,
                Some(Duration::from_mins(5)),
            ),
            (r#""readTimeout":"0s""#, minute, None),
            (r#""limits":{"idleTimeout":"0s"}"#, None, None),
        ];
        for (http, idle, total) in table {
            assert_eq!(read(http).body, BodyLimits { idle, total }, "{http}");
        }
    }

    #[test]
    fn takes_what_handlers_need() {
        let plain = read("");
        assert_eq!(plain.docker, DockerTypes::Refused);
        assert_eq!(
            (plain.max_manifest, plain.max_page),
            (4 * 1024 * 1024, 10_000)
        );
        let other = read(
            r#""compat":["docker2s2"],"allowOrigin":"https://ui.example","limits":{"manifestBytes":2048,"pageSize":8}"#,
        );
        assert_eq!(other.docker, DockerTypes::Accepted);
        assert_eq!(other.cors, cors::Policy::new("https://ui.example", false));
        assert_eq!((other.max_manifest, other.max_page), (2048, 8));
    }
}
