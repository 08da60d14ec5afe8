//! The proxies of the environment.

use std::fmt;
use std::net::IpAddr;

use crate::error::Error;
use crate::url::Url;

/// Holds which proxies requests go through.
///
/// Read as Go reads them: `HTTPS_PROXY` for encrypted targets, `HTTP_PROXY` for others, in capitals
/// or small letters; `NO_PROXY` lists hosts, domains, addresses and networks that are asked
/// directly. This machine always is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    exceptions: Vec<Exception>,
}

/// Names the proxy of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Direct,
    Http,
    Https,
}

impl Proxies {
    /// Uses none.
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads the environment of the process.
    pub fn from_environment() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the proxies are settings of the machine, not of the registry"
        )]
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads an environment.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let either = |name: &str| {
            let value = variable(name).filter(|value| !value.is_empty());
            value.or_else(|| variable(&name.to_ascii_lowercase()))
        };
        let proxy = |name| either(name).filter(|value| !value.is_empty());
        let list = either("NO_PROXY").unwrap_or_default();
        let entries = list.split(',').map(str::trim);
        Self {
            http: proxy("HTTP_PROXY"),
            https: proxy("HTTPS_PROXY"),
            exceptions: entries.filter_map(Exception::parse).collect(),
        }
    }

    pub(crate) fn choose(&self, url: &Url) -> Choice {
        let (proxy, choice) = if url.is_secure() {
            (&self.https, Choice::Https)
        } else {
            (&self.http, Choice::Http)
        };
        if proxy.is_none() || is_this_machine(url.host()) {
            return Choice::Direct;
        }
        if self.exceptions.iter().any(|one| one.holds(url)) {
            return Choice::Direct;
        }
        choice
    }

    pub(crate) fn proxy(&self, choice: Choice, at: &Url) -> Result<Option<ureq::Proxy>, Error> {
        let text = match choice {
            Choice::Direct => None,
            Choice::Http => self.http.as_deref(),
            Choice::Https => self.https.as_deref(),
        };
        let unusable = |_error| Error::Proxy { at: at.clone() };
        text.map(ureq::Proxy::new).transpose().map_err(unusable)
    }
}

/// Proxies may carry passwords, so their addresses are not printed.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("http", &self.http.is_some())
            .field("https", &self.https.is_some())
            .finish_non_exhaustive()
    }
}

fn is_this_machine(host: &str) -> bool {
    let is_loopback = |address: IpAddr| address.is_loopback();
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(is_loopback)
}

/// An entry of `NO_PROXY`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Exception {
    All,
    Network(IpAddr, u8),
    /// A host and what is below it, with the port that it is for.
    Domain(String, Option<u16>),
    /// What is below a domain.
    Below(String, Option<u16>),
}

impl Exception {
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        if text.is_empty() {
            return None;
        }
        if text == "*" {
            return Some(Self::All);
        }
        if let Some((address, bits)) = text.split_once('/') {
            return Some(Self::Network(address.parse().ok()?, bits.parse().ok()?));
        }
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse() {
            return Some(Self::Network(address, u8::MAX));
        }
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (text.as_str(), None),
        };
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let below = name.strip_prefix("*.").or_else(|| name.strip_prefix('.'));
        match below {
            Some(below) => Some(Self::Below(below.to_owned(), port)),
            None => Some(Self::Domain(name.to_owned(), port)),
        }
    }

    fn holds(&self, url: &Url) -> bool {
        let host = url.host().trim_end_matches('.').to_ascii_lowercase();
        let is_port = |port: &Option<u16>| port.is_none_or(|port| port == url.port());
        let is_below = |domain: &str| {
            let tail = host.strip_suffix(domain);
            tail.is_some_and(|front| front.len() > 1 && front.ends_with('.'))
        };
        match self {
            Self::All => true,
            Self::Network(network, bits) => {
                let inside = |address| is_inside(address, *network, *bits);
                host.parse().is_ok_and(inside)
            }
            Self::Domain(domain, port) => (host == *domain || is_below(domain)) && is_port(port),
            Self::Below(domain, port) => is_below(domain) && is_port(port),
        }
    }
}

fn is_inside(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let shifted = |bits_of: u128, width: u8| {
        let drop = u32::from(width.saturating_sub(bits));
        bits_of.checked_shr(drop).unwrap_or(0)
    };
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            shifted(u32::from(a).into(), 32) == shifted(u32::from(b).into(), 32)
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => shifted(a.into(), 128) == shifted(b.into(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(no_proxy: &'static str) -> Proxies {
        Proxies::read(|name| match name {
            "HTTP_PROXY" => Some("http://user:marker@one.example:1".to_owned()),
            "https_proxy" => Some("two.example:2".to_owned()),
            "NO_PROXY" => Some(no_proxy.to_owned()),
            _ => None,
        })
    }

    #[test]
    fn chooses_as_go_does() {
        let table = [
            ("", "http://a.example/", Choice::Http),
            ("", "https://a.example/", Choice::Https),
            ("", "http://localhost:5000/", Choice::Direct),
            ("", "http://127.0.0.1/", Choice::Direct),
            ("", "http://[::1]/", Choice::Direct),
            ("*", "https://a.example/", Choice::Direct),
            ("a.example", "https://A.example/", Choice::Direct),
            ("a.example", "https://b.a.example/", Choice::Direct),
            ("a.example", "https://ba.example/", Choice::Https),
            (".a.example", "https://a.example/", Choice::Https),
            (".a.example", "https://b.a.example/", Choice::Direct),
            ("*.a.example", "https://b.a.example/", Choice::Direct),
            ("a.example:80", "https://a.example/", Choice::Https),
            ("a.example:443", "https://a.example/", Choice::Direct),
            ("x, 10.0.0.0/8", "http://10.2.3.4/", Choice::Direct),
            ("10.0.0.0/8", "http://11.2.3.4/", Choice::Http),
            ("10.2.3.4", "http://10.2.3.4:8080/", Choice::Direct),
            ("2001:db8::/32", "http://[2001:db8::9]/", Choice::Direct),
            ("0.0.0.0/0", "http://9.9.9.9/", Choice::Direct),
        ];
        for (list, url, want) in table {
            let got = proxies(list).choose(&Url::parse(url).unwrap());
            assert_eq!(got, want, "{list} {url}");
        }
        let none = Proxies::read(|_| None);
        let url = Url::parse("http://a.example/").unwrap();
        assert_eq!(none.choose(&url), Choice::Direct);
    }

    #[test]
    fn a_proxy_is_made_of_its_address_and_never_printed() {
        let url = Url::parse("https://a.example/").unwrap();
        let proxies = proxies("");
        let proxy = proxies.proxy(Choice::Https, &url).unwrap().unwrap();
        assert_eq!((proxy.host(), proxy.port()), ("two.example", 2));
        assert!(!format!("{proxies:?}").contains("marker"));
        let wrong = Proxies::read(|_| Some("ftp://x marker".to_owned()));
        let error = wrong.proxy(Choice::Https, &url).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("marker"),
            "{error:?}"
        );
    }
}
