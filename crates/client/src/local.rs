//! Addresses of this machine and its link, which nobody else may send us to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Says whether an address that another service named may be one of this machine or its link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LocalTargets {
    /// It may not.
    #[default]
    Refuse,
    /// It may: for tests and for set-ups on one machine.
    Allow,
}

/// The target is one of this machine or its link.
#[derive(Debug, thiserror::Error)]
#[error("local address")]
pub(crate) struct LocalTarget;

/// Tells whether a host is an address or a name of this machine or its link.
///
/// Names are judged by what they say; what they stand for is judged when they are looked up.
pub fn is_local_host(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let is_name = |name: &str| host.eq_ignore_ascii_case(name);
    let below = host.rsplit('.').next().unwrap_or_default();
    host.parse().is_ok_and(is_local_address)
        || is_name("localhost")
        || below.eq_ignore_ascii_case("localhost")
        || is_name("metadata.google.internal")
        || is_number(host)
}

/// Tells whether an address is one of this machine or its link: loopback, link-local, unspecified,
/// multicast, or where clouds keep the credentials of a machine.
pub fn is_local_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_local_v4(address),
        IpAddr::V6(address) => is_local_v6(address),
    }
}

fn is_local_v4(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    first == 0
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address == Ipv4Addr::new(100, 100, 100, 200)
        || address == Ipv4Addr::new(168, 63, 129, 16)
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    let inside = match address.segments() {
        // mapped, compatible, and translated addresses
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    };
    inside.is_some_and(is_local_v4)
        || address.is_loopback()
        || address.is_unicast_link_local()
        || address.is_multicast()
        || address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
}

/// `2130706433` and `0x7f.1` are addresses to the C library.
fn is_number(host: &str) -> bool {
    let mut parts = host.split('.');
    !host.is_empty()
        && !host.contains(':')
        && host.parse::<Ipv4Addr>().is_err()
        && parts.all(|part| {
            let hex = part.strip_prefix("0x").or_else(|| part.strip_prefix("0X"));
            let decimal = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            decimal || hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        })
}

/// Looks names up and refuses those that stand for a local address, so that a name cannot be
/// changed between the check and the connection.
#[derive(Debug, Default)]
pub(crate) struct GuardedResolver(DefaultResolver);

impl Resolver for GuardedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = self.0.resolve(uri, config, timeout)?;
        if addresses
            .iter()
            .any(|address| is_local_address(address.ip()))
        {
            return Err(ureq::Error::Other(Box::new(LocalTarget)));
        }
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_a34_knows_local_hosts_in_every_spelling() {
        let table = [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::", true),
            ("0.0.0.0", true),
            ("::ffff:127.0.0.1", true),
            ("::7f00:1", true),
            ("64:ff9b::a9fe:a9fe", true),
            ("169.254.169.254", true),
            ("fe80::1", true),
            ("fd00:ec2::254", true),
            ("localhost", true),
            ("LOCALHOST.", true),
            ("db.localhost", true),
            ("metadata.google.internal", true),
            ("2130706433", true),
            ("0x7f000001", true),
            ("127.1", true),
            ("10.0.0.1", false),
            ("192.168.1.1", false),
            ("1.1.1.1", false),
            ("2001:db8::1", false),
            ("fd00::1", false),
            ("registry.example", false),
            ("localhost.example", false),
            ("0xdeadbeef.example", false),
        ];
        for (host, want) in table {
            assert_eq!(is_local_host(host), want, "{host}");
        }
    }
}
