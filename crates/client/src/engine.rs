//! The agents of ureq below ours: one for each way to a target, made when first used.

use std::error::Error as StdError;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;

use crate::agent::Options;
use crate::error::{Cause, Error};
use crate::local::{GuardedResolver, LocalTarget};
use crate::proxy::Choice;
use crate::url::Url;

/// Names a way to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) proxy: Choice,
    /// Whether looked-up addresses are judged.
    pub(crate) guarded: bool,
    /// Whether trusted certificates are needed.
    pub(crate) secure: bool,
}

/// Holds the agents: at most one for each way.
#[derive(Default)]
pub(crate) struct Engines(Mutex<Vec<(Way, ureq::Agent)>>);

impl Engines {
    pub(crate) fn get(&self, way: Way, options: &Options, at: &Url) -> Result<ureq::Agent, Error> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, agent)) = made.iter().find(|(known, _)| *known == way) {
            return Ok(agent.clone());
        }
        let agent = build(way, options, at)?;
        made.push((way, agent.clone()));
        Ok(agent)
    }
}

fn build(way: Way, options: &Options, at: &Url) -> Result<ureq::Agent, Error> {
    let proxy = options.proxies.proxy(way.proxy, at)?;
    // A proxy may itself be reached by TLS.
    let by_tls = |proxy: &ureq::Proxy| proxy.protocol() == ureq::ProxyProtocol::Https;
    let roots = if way.secure || proxy.as_ref().is_some_and(by_tls) {
        options.roots.load()?
    } else {
        RootCerts::new_with_certs(&[])
    };
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy)
        .user_agent(options.user_agent.as_str())
        .http_status_as_error(false)
        .max_redirects(0)
        .max_response_header_size(64 * 1024)
        .timeout_connect(Some(options.connect_timeout))
        .timeout_global(Some(options.total_timeout))
        .build();
    let connector = DefaultConnector::default();
    Ok(if way.guarded && way.proxy == Choice::Direct {
        ureq::Agent::with_parts(config, connector, GuardedResolver::default())
    } else {
        ureq::Agent::with_parts(config, connector, DefaultResolver::default())
    })
}

/// Says what an error of ureq means. Its own text may hold addresses in full, so it is kept only
/// where it cannot.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enum is open; what is not named here cannot happen with our settings"
)]
pub(crate) fn explain(error: ureq::Error, at: &Url) -> Error {
    let at = at.clone();
    match error {
        ureq::Error::Timeout(_) => Error::Timeout { at },
        ureq::Error::Io(source) => explain_io(source, at),
        ureq::Error::Rustls(source) => Error::Tls {
            at,
            source: source.into(),
        },
        ureq::Error::Tls(reason) => Error::Tls {
            at,
            source: reason.into(),
        },
        ureq::Error::TlsRequired => Error::Tls {
            at,
            source: "the connection is not encrypted".into(),
        },
        ureq::Error::Other(source) if source.is::<LocalTarget>() => Error::Local { at },
        ureq::Error::Http(source) => Error::Request {
            at,
            source: source.into(),
        },
        ureq::Error::HostNotFound => connect(at, "the host is unknown"),
        ureq::Error::ConnectProxyFailed(_) => connect(at, "the proxy refused"),
        ureq::Error::InvalidProxyUrl => Error::Proxy { at },
        ureq::Error::Protocol(_) => Error::Protocol {
            at,
            source: "it is not HTTP".into(),
        },
        ureq::Error::LargeResponseHeader(..) => Error::Protocol {
            at,
            source: "the header is too long".into(),
        },
        _ => connect(at, "the connection failed"),
    }
}

fn connect(at: Url, reason: &'static str) -> Error {
    let source = Cause::from(reason);
    Error::Connect { at, source }
}

fn explain_io(source: io::Error, at: Url) -> Error {
    let is_tls = source
        .get_ref()
        .is_some_and(<dyn StdError + Send + Sync>::is::<rustls::Error>);
    let source = Cause::from(source);
    if is_tls {
        Error::Tls { at, source }
    } else {
        Error::Connect { at, source }
    }
}
