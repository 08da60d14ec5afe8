//! Address ranges.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value as Json;

use crate::decode::{self, Decode};
use crate::error::Fault;
use crate::shape::{Blank, Shape, Shaped};

/// A range of IP addresses: `10.0.0.0/8`, `fd00::/8`, or a single address.
///
/// ```
/// let range: config::Network = "10.0.0.0/8".parse()?;
/// assert!(range.contains("10.1.2.3".parse().unwrap()));
/// assert!(!range.contains("11.1.2.3".parse().unwrap()));
/// # Ok::<(), config::NetworkError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The text is no address and no address with a prefix length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an IP address or a range such as 10.0.0.0/8")]
pub struct NetworkError(String);

impl Network {
    /// Tells whether an address is in the range. IPv4 addresses that are written as IPv6 count as
    /// IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (own, own_width) = bits(self.address);
        let (other, other_width) = bits(address);
        let outside = u32::from(own_width.saturating_sub(self.prefix));
        let shifted = |bits: u128| bits.checked_shr(outside).unwrap_or(0);
        own_width == other_width && shifted(own) == shifted(other)
    }
}

/// The bits of an address, and how many there are.
fn bits(address: IpAddr) -> (u128, u8) {
    match address.to_canonical() {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let parse = || {
            let (address, prefix) = match text.trim().split_once('/') {
                Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
                None => (text.trim(), None),
            };
            let address: IpAddr = address.parse().ok()?;
            let (_, width) = bits(address);
            let prefix = prefix.unwrap_or(width);
            (prefix <= width).then_some(Self {
                address: address.to_canonical(),
                prefix,
            })
        };
        parse().ok_or_else(|| NetworkError(text.to_owned()))
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Decode for Network {
    fn decode(value: Json) -> Result<Self, Fault> {
        decode::parsed(value)
    }
}

impl Shaped for Network {
    const SHAPE: &'static Shape = &Shape::Text(Blank::Kept);
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn ranges_hold_what_they_say() {
        for (range, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("192.168.1.7", "192.168.1.7", true),
            ("192.168.1.7", "192.168.1.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("fd00::/8", "fd12::1", true),
            ("::1", "::1", true),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ] {
            let range: Network = range.parse().unwrap();
            assert_eq!(
                range.contains(address.parse().unwrap()),
                inside,
                "{range} {address}"
            );
            assert_eq!(range.to_string().parse(), Ok(range));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "proxy",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "10.0.0/8",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
