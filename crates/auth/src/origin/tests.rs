use proptest::prelude::*;

use super::*;

#[test]
fn origins() {
    let table = [
        ("http://a", "http://a"),
        ("HTTP://A.B/c?d#e", "http://a.b"),
        ("https://a:443?x", "https://a"),
        ("https://a:80", "https://a:80"),
        ("http://a:#", "http://a"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
        ("http://10.0.0.1:5000", "http://10.0.0.1:5000"),
        ("http://a_b", "http://a_b"),
    ];
    for (url, want) in table {
        let got = Origin::of(url).map(|origin| origin.to_string());
        assert_eq!(got.as_deref(), Some(want), "{url}");
    }
    for url in [
        "",
        "a",
        "/a",
        "//a",
        "ftp://a",
        "https:a",
        "https:/a",
        "https:///a",
        "http://",
        "http://:80",
        "http://a:0",
        "http://a:65536",
        "http://a:8x",
        "http://a:+1",
        "http://u@a",
        "http://a@b/c",
        "http://a%2eb",
        "http://a b",
        "http://a\\b",
        "http:\\\\a",
        "http://a\t",
        "http://a\n.b",
        "http://é",
        "http://[::1",
        "http://[::1]x",
        "http://[a]",
        "http://[]",
        " http://a",
        "javascript://a",
        "http://a:1:2",
    ] {
        assert_eq!(Origin::of(url), None, "{url:?}");
    }
}

/// The configured URL wins, and what a proxy says counts only if somebody trusts it.
#[test]
fn case_b20_the_base_is_public() {
    let told = |proto: Option<&str>, host: Option<&str>| {
        Some(Forwarded {
            scheme: proto.and_then(Scheme::named),
            host: host.map(str::to_owned),
        })
    };
    let https = told(Some("HTTPS"), Some("reg.example"));
    let table = [
        (
            "https://reg.example/",
            "0.0.0.0",
            None,
            "https://reg.example",
        ),
        (" https://a/x// ", "0.0.0.0", https.clone(), "https://a/x"),
        ("", "0.0.0.0", https, "https://reg.example"),
        ("", "127.0.0.1", None, "http://127.0.0.1:8080"),
        ("", "::1", None, "http://[::1]:8080"),
        ("", "[::1]", None, "http://[::1]:8080"),
        ("", "a", told(None, Some("b:81")), "http://b:81"),
        ("", "a", told(Some("https"), None), "http://a:8080"),
        ("", "a", told(Some("gopher"), Some("b")), "http://b"),
        ("", "a", told(Some("https"), Some("b/c")), "http://a:8080"),
        ("", "a", told(Some("https"), Some("u@b")), "http://a:8080"),
    ];
    for (external, address, forwarded, want) in table {
        let public = Public::new(external, Scheme::Http, address, 8080);
        assert_eq!(
            public.base(forwarded.as_ref()),
            want,
            "{external} {forwarded:?}"
        );
    }
    let public = Public::new("https://a/x", Scheme::Http, "b", 1);
    assert_eq!(public.origin(), Origin::of("https://a"));
    assert_eq!(Public::new("", Scheme::Http, "b", 1).origin(), None);
}

fn returns() -> Returns {
    Returns::new(["https://ui.example:8443/app", "nonsense"]).and(Origin::of("https://reg.example"))
}

/// Also fault 29 of zot: an open redirect, then a second way with a backslash.
#[test]
fn case_a07_a_login_returns_to_known_places() {
    let kept = [
        "/",
        "/home",
        "/image/a%2Fb/tag/1.0?x=%5c%2f#y",
        "/explore?search=//x",
        "https://ui.example:8443/home",
        "https://REG.example/home?x=https://evil.example",
        "https://reg.example:443",
    ];
    for target in kept {
        assert_eq!(returns().target(target).as_deref(), Some(target));
    }
    let turned = [
        "//evil",
        "/\\evil",
        "\\\\evil",
        "\\/evil",
        "https:evil",
        "https:/evil",
        "https:///evil",
        "%2f%2fevil",
        "/%2fevil",
        "/%2Fevil",
        "/%5cevil",
        "/%252fevil",
        "/%09/evil",
        "/./evil",
        "/.//evil",
        "/%2e%2f/evil",
        "/\t/evil",
        "/\n/evil",
        "/a\r\nSet-Cookie: x",
        "/a b",
        "/é",
        "home",
        "?x",
        "https://reg.example@evil.example/",
        "https://reg.example:x@evil.example/",
        "https://reg.example.evil.example/",
        "https://reg.example\\@evil.example/",
        "https://reg.example:8443/",
        "http://reg.example/",
        "https://ui.example/",
        "https://evil.example/https://reg.example",
        "https://[::1]/",
        "javascript:alert(1)",
        "data:text/html,x",
        " https://reg.example/",
        " /home",
        "\u{1}/home",
    ];
    for target in turned {
        assert_eq!(returns().target(target).as_deref(), Some("/"), "{target:?}");
    }
    assert_eq!(returns().target(""), None);
}

/// What a browser that is lenient makes of a target: what it drops, what it turns, what it resolves.
fn host_in_browser(target: &str) -> Option<String> {
    let text: String = target
        .trim_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !"\t\r\n".contains(*c))
        .map(|c| if c == '\\' { '/' } else { c })
        .collect();
    let lower = text.to_ascii_lowercase();
    let rest = ["https:", "http:"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme));
    let rest = rest.or(lower.starts_with("//").then_some(lower.as_str()))?;
    let authority = rest.trim_start_matches('/');
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    Some(host.to_owned())
}

proptest! {
    #[test]
    fn case_n29_no_target_leads_elsewhere(
        target in "(https?:)?[/\\\\]{0,3}([ \t\n@.:%/\\\\?#]|reg\\.example|ui\\.example:8443|evil|%2[fF]|%5[cC]){0,8}",
    ) {
        if let Some(landed) = returns().target(&target) {
            let host = host_in_browser(&landed);
            let known = ["reg.example", "reg.example:443", "ui.example:8443"];
            prop_assert!(
                host.as_deref().is_none_or(|host| known.contains(&host)),
                "{target:?} leads to {host:?}"
            );
            prop_assert!(!landed.contains(['\r', '\n', '\t', '\\', ' ']));
        }
    }

    #[test]
    fn any_text_is_judged(target in ".{0,40}", host in ".{0,20}") {
        let _ = returns().target(&target);
        let forwarded = Forwarded { scheme: None, host: Some(host) };
        let public = Public::new("", Scheme::Https, "a", 1);
        prop_assert!(Origin::of(&public.base(Some(&forwarded))).is_some());
    }
}
