//! Who a client is: the other end of the connection, or whom a trusted proxy names.
//!
//! ```text
//! client ── proxy A ── proxy B ── us      X-Forwarded-For: …, client, A      peer: B
//! ```
//!
//! Headers are read from the right, where the nearest proxy writes, and only as far as every step
//! is trusted: what stands further left may have come from the client itself. Without
//! `http.trustedProxies` no header counts.
//!
//! Compat: zot believes the headers of everybody. A trusted proxy must set `X-Forwarded-For`, or
//! replace `X-Real-IP` where it sets only that.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use auth::origin::{Forwarded, Scheme};
use config::Network;
use http::uri::Authority;
use http::{HeaderMap, Uri, header as names};

/// How many entries of a header are read: more proxies than there are between anybody and us.
const HOPS: usize = 32;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const REAL_IP: &str = "x-real-ip";

/// Lends what is known of where a request came from.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The other end of the connection.
    pub peer: SocketAddr,
    /// How the connection is spoken.
    pub scheme: Scheme,
    /// The target of the request, which names the host in HTTP/2.
    pub uri: &'a Uri,
    /// The headers of the request.
    pub headers: &'a HeaderMap,
}

/// Names a client. Displays as the log shows it.
///
/// Compat: `address:port` of the other end, as in zot; an address alone where a proxy has named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The other end of the connection.
    pub peer: SocketAddr,
    /// The address of the client; IPv4 that is written as IPv6 counts as IPv4.
    pub address: IpAddr,
}

impl Client {
    /// Takes the other end of the connection for the client.
    pub fn direct(peer: SocketAddr) -> Self {
        let address = peer.ip().to_canonical();
        Self { peer, address }
    }

    /// Yields what to count the client by: see [`network`].
    pub fn network(&self) -> IpAddr {
        network(self.address)
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.address == self.peer.ip().to_canonical() {
            SocketAddr::new(self.address, self.peer.port()).fmt(f)
        } else {
            self.address.fmt(f)
        }
    }
}

/// Takes a client for its network where one client has many addresses: an IPv6 /64.
pub fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Names the registry as its client sees it. Displays as the beginning of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// How the client speaks.
    pub scheme: Scheme,
    /// Host, and port where it is not the usual one. Its form was checked; that it is ours was not.
    pub host: &'a str,
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)
    }
}

/// The proxies whose headers count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// Trusts the ranges of `http.trustedProxies`.
    pub const fn new(ranges: Vec<Network>) -> Self {
        Self(ranges)
    }

    /// Finds out who sent a request.
    pub fn client(&self, received: &Received<'_>) -> Client {
        self.path(received).0
    }

    /// Finds out how the client names the registry; `None` when the request names no host, or none
    /// that could be put into a URL.
    pub fn origin<'a>(&self, received: &Received<'a>) -> Option<Origin<'a>> {
        let Received { uri, headers, .. } = *received;
        let (_, hops) = self.path(received);
        let said = |name| said_at(headers, name, hops);
        let scheme = said(FORWARDED_PROTO).and_then(Scheme::named);
        let host = match said(FORWARDED_HOST).and_then(host) {
            Some(host) => host,
            None => match uri.authority() {
                Some(authority) => host(authority.as_str())?,
                None => host(only(headers, names::HOST.as_str())?)?,
            },
        };
        Some(Origin {
            scheme: scheme.unwrap_or(received.scheme),
            host,
        })
    }

    /// Yields what the proxy that the client spoke to says of the request, if it is one that is
    /// trusted.
    pub fn forwarded(&self, headers: &HeaderMap, peer: SocketAddr) -> Option<Forwarded> {
        let uri = Uri::from_static("/");
        let received = Received {
            peer,
            scheme: Scheme::Http,
            uri: &uri,
            headers,
        };
        let (_, hops) = self.path(&received);
        let said = |name| said_at(headers, name, hops);
        (hops > 0).then(|| Forwarded {
            scheme: said(FORWARDED_PROTO).and_then(Scheme::named),
            host: said(FORWARDED_HOST).and_then(host).map(str::to_owned),
        })
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(address))
    }

    /// Walks from the peer towards the client; yields the client, and how many proxies that are
    /// trusted stand between.
    fn path(&self, received: &Received<'_>) -> (Client, usize) {
        let mut client = Client::direct(received.peer);
        if !self.trusts(client.address) {
            return (client, 0);
        }
        let headers = received.headers;
        if !headers.contains_key(FORWARDED_FOR) {
            let named = only(headers, REAL_IP).and_then(address);
            client.address = named.unwrap_or(client.address);
            return (client, 1);
        }
        let mut hops = 0;
        for entry in from_the_right(headers, FORWARDED_FOR).take(HOPS) {
            // A proxy that names nobody is the last one that is known.
            let Some(named) = entry.and_then(address) else {
                break;
            };
            hops += 1;
            client.address = named;
            if !self.trusts(named) {
                break;
            }
        }
        (client, hops.max(1))
    }
}

/// Yields what the proxy that the client spoke to has said: one entry for each proxy since, or
/// fewer where they replace what they were told.
fn said_at<'a>(headers: &'a HeaderMap, name: &str, hops: usize) -> Option<&'a str> {
    from_the_right(headers, name).take(hops).last().flatten()
}

/// Yields the entries of a list over all lines of a header, the last first; `None` for what is no
/// text.
fn from_the_right<'a>(
    headers: &'a HeaderMap,
    name: &str,
) -> impl Iterator<Item = Option<&'a str>> + use<'a> {
    let lines = headers.get_all(name).into_iter().rev();
    lines.flat_map(|line| {
        let entries = line.as_bytes().rsplit(|&byte| byte == b',');
        entries.map(|entry| std::str::from_utf8(entry).ok().map(str::trim))
    })
}

/// Yields the value of a header that is given once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).into_iter();
    let first = values.next()?;
    match values.next() {
        Some(_) => None,
        None => first.to_str().ok().map(str::trim),
    }
}

/// Reads an address, with or without brackets and port.
fn address(text: &str) -> Option<IpAddr> {
    let plain = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let parsed = match plain {
        Some(plain) => plain.parse().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    };
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    parsed.or_else(with_port).map(|ip| ip.to_canonical())
}

/// Takes a host for what it is, or not at all: it goes into URLs.
///
/// Spec: RFC 3986, section 3.2.2, without user and without empty names.
fn host(text: &str) -> Option<&str> {
    let authority: Authority = text.parse().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    let is_plain = text.len() <= 255 && text.bytes().all(plain);
    let has_port = text.len() == authority.host().len() || authority.port_u16().is_some();
    (is_plain && has_port && !authority.host().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
