use super::*;

const POLICY: &str = r#"
[licenses]
allow = ["MIT"]
[bans]
deny = [{ crate = "openssl", reason = "one TLS stack" }]
skip = [{ crate = "hashbrown@0.14", reason = "indexes of the store still want it" }]
[sources]
allow-registry = ["https://example.org/index"]
"#;

fn package(name: &str, version: &str) -> Foreign {
    Foreign {
        name: name.into(),
        version: version.into(),
        licence: "MIT".into(),
        source: "registry+https://example.org/index".into(),
    }
}

fn faults(packages: &[Foreign]) -> Vec<String> {
    let mut all = vec![package("hashbrown", "0.14.5")];
    all.extend_from_slice(packages);
    judge(&toml::from_str(POLICY).unwrap(), &all)
}

#[test]
fn clean_dependencies_pass() {
    assert_eq!(
        faults(&[package("hashbrown", "0.16.0"), package("a", "1.0.0")]),
        Vec::<String>::new()
    );
}

#[test]
fn what_is_not_allowed_is_a_fault() {
    let gpl = Foreign {
        licence: "GPL-3.0".into(),
        ..package("a", "1.0.0")
    };
    let git = Foreign {
        source: "git+https://example.org/a".into(),
        ..package("a", "1.0.0")
    };
    let cases = [
        (vec![gpl], "licence"),
        (vec![git], "comes from"),
        (vec![package("openssl", "0.10.1")], "banned"),
        (
            vec![package("a", "1.0.0"), package("a", "2.0.0")],
            "versions 1.0.0, 2.0.0",
        ),
        (
            vec![
                package("hashbrown", "0.16.0"),
                package("hashbrown", "0.15.0"),
            ],
            "versions 0.15.0",
        ),
    ];
    for (packages, want) in cases {
        let faults = faults(&packages);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains(want), "{faults:?}");
    }
}

#[test]
fn exceptions_want_a_reason_and_a_use() {
    let mut policy: Policy = toml::from_str(POLICY).unwrap();
    policy.bans.skip.push(Named {
        spec: "gone@1".into(),
        reason: String::new(),
    });
    let faults = judge(&policy, &[package("hashbrown", "0.14.5")]);
    assert_eq!(faults.len(), 2, "{faults:?}");
}

#[test]
fn versions_match_by_whole_parts() {
    for (version, wanted, want) in [
        ("1.2.3", "1", true),
        ("1.2.3", "=1.2.3", true),
        ("1.20.0", "1.2", false),
        ("10.0.0", "1", false),
    ] {
        assert_eq!(starts(version, wanted), want, "{version} {wanted}");
    }
}
