//! What is known of a request beside who sent it.

use std::net::{IpAddr, SocketAddr};
use std::time::SystemTime;

use http::{HeaderMap, Method, header};

/// Most entries of `X-Forwarded-For` that conditions see.
const FORWARDED: usize = 64;

/// Names a version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

impl TlsVersion {
    /// The number, as conditions see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
        }
    }
}

/// Holds what conditions may look at of a request.
#[derive(Clone, Debug)]
pub struct Facts {
    /// When the request came in.
    pub time: SystemTime,
    /// The method.
    pub method: Method,
    /// The header `User-Agent`, empty when there is none.
    pub user_agent: String,
    /// The other end of the connection, an IPv4 address also where the socket is an IPv6 one.
    pub peer: IpAddr,
    /// The addresses of `X-Forwarded-For`, in their order, at most 64. Anybody can send them.
    pub forwarded_for: Vec<String>,
    /// The version of TLS, `None` without.
    pub tls: Option<TlsVersion>,
}

impl Facts {
    /// Reads the facts of a request.
    pub fn of(
        time: SystemTime,
        method: &Method,
        headers: &HeaderMap,
        peer: SocketAddr,
        tls: Option<TlsVersion>,
    ) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let forwarded = headers.get_all("x-forwarded-for").iter();
        let forwarded = forwarded.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        Self {
            time,
            method: method.clone(),
            user_agent: headers
                .get(header::USER_AGENT)
                .map(|value| text(value.as_bytes()))
                .unwrap_or_default(),
            peer: peer.ip().to_canonical(),
            forwarded_for: forwarded
                .map(|address| text(address.trim_ascii()))
                .filter(|address| !address.is_empty())
                .take(FORWARDED)
                .collect(),
            tls,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_from_a_request() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("user-agent", "docker/29"),
            ("x-forwarded-for", " 192.0.2.7 ,, 10.0.0.1"),
            ("x-forwarded-for", "10.0.0.2"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        let peer = "[::ffff:10.0.0.5]:4711".parse().unwrap();
        let (now, tls) = (SystemTime::UNIX_EPOCH, Some(TlsVersion::V1_3));
        let facts = Facts::of(now, &Method::PUT, &headers, peer, tls);
        assert_eq!(facts.user_agent, "docker/29");
        assert_eq!(facts.forwarded_for, ["192.0.2.7", "10.0.0.1", "10.0.0.2"]);
        assert_eq!(facts.peer.to_string(), "10.0.0.5");
        assert_eq!(facts.tls.map(TlsVersion::as_str), Some("1.3"));

        headers.insert("x-forwarded-for", "1,".repeat(5000).parse().unwrap());
        headers.remove("user-agent");
        let facts = Facts::of(now, &Method::PUT, &headers, peer, None);
        assert_eq!(facts.forwarded_for.len(), FORWARDED);
        assert_eq!(facts.user_agent, "");
    }
}
