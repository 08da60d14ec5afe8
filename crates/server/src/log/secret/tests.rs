use super::*;

#[test]
fn names_that_carry_secrets_are_known_in_any_case() {
    for part in PARTS {
        assert!(
            matches!(part.as_bytes()[0], b'a' | b'c' | b'p' | b's' | b't'),
            "{part}"
        );
        for name in [
            part.to_owned(),
            part.to_ascii_uppercase(),
            format!("x-{part}-y"),
            format!("X{part}"),
        ] {
            assert!(is_secret(&name), "{name}");
            assert!(is_secret_key(&name), "{name}");
        }
    }
    for name in [
        "",
        "a",
        "accept",
        "host",
        "user-agent",
        "toke",
        "content-type",
    ] {
        assert!(!is_secret(name), "{name}");
    }
}

#[test]
fn keys_of_queries_are_known_whole_and_escaped() {
    for key in ["code", "STATE", "sig", "%63ode", "%74oken", "co%64e"] {
        assert!(is_secret_key(key), "{key}");
    }
    for key in [
        "codec",
        "n",
        "last",
        "digest",
        "mount",
        "from",
        "%zz",
        "artifactType",
    ] {
        assert!(!is_secret_key(key), "{key}");
    }
}
