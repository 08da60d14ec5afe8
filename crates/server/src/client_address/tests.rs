use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

fn proxies() -> TrustedProxies {
    let ranges = ["10.0.0.0/8", "fd00::/8"];
    TrustedProxies::new(ranges.map(|range| range.parse().unwrap()).into())
}

/// Reads `name: value` lines.
fn headers(lines: &str) -> HeaderMap {
    let lines = lines.split(" | ").filter(|line| !line.is_empty());
    let pairs = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        let name = match name {
            "for" => FORWARDED_FOR,
            "real" => REAL_IP,
            "proto" => FORWARDED_PROTO,
            "host" => FORWARDED_HOST,
            other => other,
        };
        let name: HeaderName = name.parse().unwrap();
        (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
    });
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(name, value);
    }
    map
}

fn received<'a>(peer: &str, uri: &'a Uri, headers: &'a HeaderMap) -> Received<'a> {
    Received {
        peer: peer.parse().unwrap(),
        scheme: Scheme::Http,
        uri,
        headers,
    }
}

fn client(peer: &str, lines: &str) -> String {
    let (uri, headers) = (Uri::from_static("/v2/"), headers(lines));
    proxies()
        .client(&received(peer, &uri, &headers))
        .to_string()
}

const PROXY: &str = "10.0.0.1:9";

#[test]
fn case_a47_forwarded_addresses_count_from_trusted_proxies_only() {
    let direct = "203.0.113.9:4711";
    let table = [
        // Nobody is believed who is not trusted.
        (direct, "", direct),
        (direct, "for: 198.51.100.1", direct),
        (direct, "real: 198.51.100.1", direct),
        ("[2001:db8::1]:5", "for: 10.0.0.7", "[2001:db8::1]:5"),
        // A proxy is, and the nearest one that is not ends the way.
        (PROXY, "", PROXY),
        (PROXY, "for: 198.51.100.1", "198.51.100.1"),
        (PROXY, "for: 127.0.0.1, 198.51.100.1", "198.51.100.1"),
        (
            PROXY,
            "for: 127.0.0.1, 198.51.100.1,10.9.9.9",
            "198.51.100.1",
        ),
        (
            PROXY,
            "for: 1.1.1.1 | for: 198.51.100.1, fd00::2",
            "198.51.100.1",
        ),
        (PROXY, "for: 10.0.0.5, 10.0.0.6", "10.0.0.5"),
        ("[::ffff:10.0.0.1]:9", "for: 198.51.100.1", "198.51.100.1"),
        ("[fd00::1]:9", "for: 2001:db8::7", "2001:db8::7"),
        // The forms that proxies write.
        (PROXY, "for: 198.51.100.1:5123", "198.51.100.1"),
        (PROXY, "for: [2001:db8::7]", "2001:db8::7"),
        (PROXY, "for: [2001:db8::7]:443", "2001:db8::7"),
        (PROXY, "for: ::ffff:198.51.100.1", "198.51.100.1"),
        // What is no address ends the way at the last one that is known.
        (PROXY, "for: ", PROXY),
        (PROXY, "for: unknown", PROXY),
        (PROXY, "for: 1.1.1.1, ", PROXY),
        (PROXY, "for: 1.1.1.1, \u{e4}, 10.0.0.2", "10.0.0.2"),
        (PROXY, "for: 010.1.1.1", PROXY),
        (PROXY, "for: 1.1.1.1:99999", PROXY),
        (PROXY, "for: [1.1.1.1]", PROXY),
        (PROXY, "for: fe80::1%eth0", PROXY),
        (PROXY, "for: 1.1.1.1\" onload", PROXY),
        // The other header counts where the first is absent, and is given once.
        (PROXY, "real: 198.51.100.1", "198.51.100.1"),
        (PROXY, "real: 1.1.1.1 | for: 198.51.100.1", "198.51.100.1"),
        (PROXY, "real: 1.1.1.1 | for: unknown", PROXY),
        (PROXY, "real: 1.1.1.1 | real: 2.2.2.2", PROXY),
        (PROXY, "real: 1.1.1.1, 2.2.2.2", PROXY),
    ];
    for (peer, lines, expected) in table {
        assert_eq!(client(peer, lines), expected, "{peer} {lines}");
    }
}

#[test]
fn only_so_many_hops_are_read() {
    let long = format!("for: 1.1.1.1{}", ", 10.0.0.2".repeat(1000));
    assert_eq!(client(PROXY, &long), "10.0.0.2");
    let short = format!("for: 1.1.1.1{}", ", 10.0.0.2".repeat(HOPS - 1));
    assert_eq!(client(PROXY, &short), "1.1.1.1");
}

#[test]
fn without_a_list_nobody_is_trusted() {
    let (uri, headers) = (Uri::from_static("/"), headers("for: 1.1.1.1 | host: evil"));
    let received = received("127.0.0.1:1", &uri, &headers);
    let none = TrustedProxies::default();
    assert_eq!(none.client(&received).to_string(), "127.0.0.1:1");
    assert_eq!(none.origin(&received), None);
}

#[test]
fn case_a47_forwarded_hosts_count_from_trusted_proxies_only() {
    let far = "203.0.113.9:1";
    let table = [
        (far, "/v2/", "host: r.example", ""),
        (far, "/v2/", "Host: r.example:5000", "http://r.example:5000"),
        (far, "http://h2.example/v2/", "", "http://h2.example"),
        (
            far,
            "/v2/",
            "Host: r.example | host: evil | proto: https",
            "http://r.example",
        ),
        (far, "/v2/", "Host: a | Host: b", ""),
        (
            PROXY,
            "/v2/",
            "Host: in | host: r.example | proto: https",
            "https://r.example",
        ),
        (PROXY, "/v2/", "Host: in | proto: HTTPS", "https://in"),
        (
            PROXY,
            "/v2/",
            "Host: in | proto: gopher | host: a b",
            "http://in",
        ),
        (PROXY, "/v2/", "Host: [::1]:80", "http://[::1]:80"),
        // One proxy: what stands left of its own entry came from the client.
        (
            PROXY,
            "/v2/",
            "Host: in | for: 1.1.1.1 | host: evil, r.example",
            "http://r.example",
        ),
        // Two: the outer one knows how the client speaks, and may have been told alone.
        (
            PROXY,
            "/v2/",
            "Host: in | for: 1.1.1.1, 10.0.0.2 | proto: http, https, http",
            "https://in",
        ),
        (
            PROXY,
            "/v2/",
            "Host: in | for: 1.1.1.1, 10.0.0.2 | proto: https",
            "https://in",
        ),
    ];
    for (peer, uri, lines, expected) in table {
        let (uri, headers) = (uri.parse().unwrap(), headers_of_host(lines));
        let origin = proxies().origin(&received(peer, &uri, &headers));
        let text = origin.map(|origin| origin.to_string()).unwrap_or_default();
        assert_eq!(text, expected, "{peer} {lines}");
    }
}

/// `Host` is the header, `host` what was forwarded.
fn headers_of_host(lines: &str) -> HeaderMap {
    let mut map = headers(&lines.replace("Host: ", "x-host: "));
    let hosts: Vec<_> = map.get_all("x-host").into_iter().cloned().collect();
    for host in hosts {
        map.append(names::HOST, host);
    }
    map
}

#[test]
fn hosts_that_would_change_a_url_are_refused() {
    let bad = [
        "",
        "user@evil",
        "a/b",
        "a?b",
        "a#b",
        "a\\b",
        "a b",
        "a,b",
        "a:b",
        "a:",
        ":80",
        "a:99999",
        "[::1",
        "a\"b",
        "a<b>",
        "\u{e4}",
        "a%2fb",
        "javascript:alert(1)",
        "[::1]x",
    ];
    for text in bad {
        assert_eq!(host(text), None, "{text}");
    }
    assert_eq!(host(&"a".repeat(256)), None);
    for text in [
        "a",
        "r.example.org",
        "a_b-c:1",
        "127.0.0.1:80",
        "[2001:db8::1]",
    ] {
        assert_eq!(host(text), Some(text));
    }
}

#[test]
fn clients_of_ipv6_are_counted_by_network() {
    for (address, expected) in [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::1", "::"),
    ] {
        let (address, expected): (IpAddr, IpAddr) =
            (address.parse().unwrap(), expected.parse().unwrap());
        assert_eq!(network(address), expected);
        let peer = SocketAddr::new(address, 1);
        assert_eq!(Client::direct(peer).network(), expected);
    }
}

proptest! {
    /// Whatever a client writes left of what the proxy adds changes nothing.
    #[test]
    fn case_a47_clients_cannot_choose_who_they_are(forged in "[ -~]{0,60}") {
        let (uri, mut headers) = (Uri::from_static("/v2/"), HeaderMap::new());
        headers.append(FORWARDED_FOR, HeaderValue::from_str(&forged).unwrap());
        let direct = received("203.0.113.9:1", &uri, &headers);
        prop_assert_eq!(proxies().client(&direct), Client::direct(direct.peer));

        let seen = HeaderValue::from_str(&format!("{forged}, 203.0.113.9")).unwrap();
        headers.insert(FORWARDED_FOR, seen);
        let through = received(PROXY, &uri, &headers);
        prop_assert_eq!(proxies().client(&through).address.to_string(), "203.0.113.9");
    }

    #[test]
    fn hosts_that_are_taken_stay_hosts(text in "\\PC{0,20}") {
        if let Some(host) = host(&text) {
            let url = format!("https://{host}/v2/");
            let parsed: Uri = url.parse().unwrap();
            prop_assert_eq!(parsed.authority().unwrap().as_str(), host);
            prop_assert_eq!(parsed.path(), "/v2/");
        }
    }
}
