use std::path::{Path, PathBuf};

use super::{Loaded, load_from, parse};
use crate::config::Config;
use crate::error::Error;
use crate::fold::Environment;
use crate::format::Format;
use crate::log::Level;
use crate::samples::{config, json, refusal, shared, warnings};

/// A folder that stands for the working directory that the samples expect.
fn sample_base(examples: &Path) -> (tempfile::TempDir, Environment) {
    let base = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(examples, base.path().join("examples")).unwrap();
    let environment = Environment {
        base: base.path().to_owned(),
    };
    (base, environment)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).collect()
}

const SIDE_FILES: [&str; 8] = [
    "config-ldap-credentials.json",
    "config-openid-github-credentials.json",
    "config-openid-gitlab-credentials.json",
    "config-openid-google-credentials.json",
    "config-openid-oidc-credentials.json",
    "sessionKeys.json",
    "sync-auth-filepath.json",
    "sync-oauth2-signing.json",
];

#[test]
fn accepts_all_samples_of_zot() {
    let Some(examples) = shared("zot-examples") else {
        return;
    };
    let examples = examples.canonicalize().unwrap();
    let (_base, environment) = sample_base(&examples);
    let mut paths = files(&examples);
    paths.extend(files(&examples.join("scale-out")));
    assert_eq!(paths.len(), 67);
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        match load_from(&path, &environment) {
            Ok(_) => assert!(!SIDE_FILES.contains(&name), "{name} is accepted"),
            Err(error) => {
                assert!(SIDE_FILES.contains(&name), "{name}: {error}");
                let text = error.to_string();
                assert!(
                    text.contains("'config.Config' has invalid keys: "),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn reads_what_the_samples_say() {
    let Some(examples) = shared("zot-examples") else {
        return;
    };
    let (_base, environment) = sample_base(&examples.canonicalize().unwrap());
    let sample = |name: &str| {
        load_from(&examples.join(name), &environment)
            .unwrap()
            .config
    };

    let config = sample("config-example.yaml");
    let ldap = config.http.auth.ldap.unwrap();
    assert_eq!(ldap.bind_dn, "cn=ldap-searcher,ou=Users,dc=example,dc=org");
    assert_eq!(ldap.bind_password.expose(), "ldap-searcher-password");
    assert_eq!((config.http.auth.fail_delay, ldap.port), (5, 389));

    let auth = sample("config-openid.json").http.auth;
    assert!(auth.apikey && auth.session_keys.is_some());
    let openid = auth.openid.unwrap();
    assert!(
        !openid
            .providers
            .get("GitHub")
            .unwrap()
            .client_secret
            .is_empty()
    );

    let storage = sample("config-retention.json").storage;
    assert_eq!(storage.retention.delay.as_secs(), 24 * 3600);
    assert!(storage.retention.policies[0].delete_untagged);
    assert!(!storage.sub_paths.get("/a").unwrap().gc);

    let redis = sample("config-redis-all-options.json")
        .storage
        .cache_driver
        .unwrap();
    assert_eq!(redis.texts("addr").len(), 3);
    assert_eq!(redis.duration("dial_timeout").unwrap().as_secs(), 5);
}

#[test]
fn defaults_are_those_of_zot() {
    let loaded = config(r#"{"log": {}}"#);
    assert_eq!(loaded, Config::default());
    assert!(loaded.storage.dedupe && loaded.storage.gc);
    assert_eq!(loaded.storage.gc_delay.as_secs(), 3600);
    assert_eq!(loaded.storage.retention.delay.as_secs(), 3600);
    assert_eq!(
        (loaded.http.address.as_str(), loaded.http.port.0),
        ("127.0.0.1", 8080)
    );
    assert_eq!(loaded.log.level, Level::Debug);
    assert_eq!(
        (loaded.http.read_timeout, loaded.http.write_timeout),
        (None, None)
    );
    assert!(loaded.http.access_control.is_none() && loaded.extensions.is_none());
    super::validate(&Config::built_in()).unwrap();
    assert_eq!(Config::built_in().log.level, Level::Info);
}

#[test]
fn messages_name_file_and_key() {
    for (text, message) in [
        (
            r#"{"foo": 1}"#,
            "invalid server config: decoding failed due to the following error(s): \
             'config.Config' has invalid keys: foo (foo: the keys here are distSpecVersion, ",
        ),
        (
            r#"{"storage": {"gcDelay": "soon"}}"#,
            "'Storage.GCDelay' time: invalid duration \"soon\" (key storage.gcDelay) (file test.json)",
        ),
        (
            r#"{"http": {"port": 65536}}"#,
            "invalid server config: invalid port 65536 (http.port in test.json)",
        ),
        (
            r#"{"http": {"port": "x"}}"#,
            "invalid server config: invalid port x",
        ),
        (
            "{}",
            "failed to load config due to the absence of any key:value pair",
        ),
        (
            "",
            "failed to load config due to the absence of any key:value pair",
        ),
        ("[]", "the document is not a set of keys and values"),
        (
            "{\"http\": ",
            "failed to parse: EOF while parsing a value at line 1 column 9 (file test.json)",
        ),
        (
            r#"{"log": {"level": "loud"}}"#,
            "invalid server config: invalid log level 'loud', supported levels are: debug, trace, info, \
             warn, warning, error, fatal, panic (log.level in test.json)",
        ),
        (
            r#"{"storage": {"gcTimeWindow": "1-2"}}"#,
            "invalid time \"1\", expected 24h format \"HH:MM\" (storage.gcTimeWindow",
        ),
        (
            r#"{"http": {"trustedProxies": ["10.0.0.0/8", "proxy"]}}"#,
            "\"proxy\" is not an IP address or a range such as 10.0.0.0/8 (http.trustedProxies.1",
        ),
        (
            r#"{"storage": {"gcDelay": "-1h"}}"#,
            "invalid server config: invalid garbage-collect delay specified -1h0m0s (storage.gcDelay",
        ),
    ] {
        let got = refusal(text);
        assert!(got.contains(message), "{text}\n{got}\n{message}");
        assert!(got.starts_with("invalid server config: "), "{got}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = super::load(Path::new("/nowhere/config.json")).unwrap_err();
    assert!(matches!(error, Error::Read { .. }));
    let text = error.to_string();
    assert_eq!(
        text,
        "invalid server config: failed to read the config file (file /nowhere/config.json)"
    );
}

#[test]
fn another_specification_is_only_a_warning() {
    let Loaded { config, warnings } = json(r#"{"distSpecVersion": "1.0.0"}"#).unwrap();
    assert_eq!(config.dist_spec_version, "1.1.1");
    assert_eq!(
        warnings[0].message,
        "config dist-spec version differs from version actually used"
    );
}

/// The same configuration in every format.
#[test]
fn formats_agree() {
    let documents = [
        (
            Format::Json,
            r#"{"HTTP": {"port": "5000", "tls": {"cert": "c", "key": "k"}}, "log": {"level": "warn"}}"#,
        ),
        (
            Format::Toml,
            "[http]\nport = 5000\n[http.tls]\ncert = 'c'\nkey = 'k'\n[log]\nlevel = 'warn'",
        ),
        (
            Format::Yaml,
            "http:\n  PORT: 5000\n  tls: {cert: c, key: k}\nlog:\n  level: warn\n",
        ),
        (
            Format::Hcl,
            "http {\n  port = 5000\n  tls {\n    cert = \"c\"\n    key = \"k\"\n  }\n}\nlog = { level = \"warn\" }\n",
        ),
        (
            Format::Ini,
            "; a comment\n[http]\nport=5000\n[http.tls]\ncert = c\nkey = \"k\"\n[log]\nlevel: warn\n",
        ),
        (
            Format::Dotenv,
            "# a comment\nexport HTTP__PORT=5000\nhttp.tls.cert='c'\nhttp::tls::key=\"k\"\nLOG__LEVEL=warn # ok\n",
        ),
        (
            Format::Properties,
            "! a comment\nhttp.port = 5000\nhttp::tls::cert: c\nhttp.tls.key k\nlog.level=wa\\\n  rn\n",
        ),
    ];
    let first = parse(documents[0].1.as_bytes(), Format::Json, "first")
        .unwrap()
        .config;
    assert_eq!(first.http.port.0, 5000);
    for (format, text) in documents {
        let read = |format| parse(text.as_bytes(), format, "document").map(|loaded| loaded.config);
        assert_eq!(read(format).unwrap(), first, "{format:?}");
        assert_eq!(
            read(Format::Guess).unwrap(),
            first,
            "{format:?} without an extension"
        );
    }
}

#[test]
fn a_file_without_extension_is_said_so() {
    let loaded = parse(b"log:\n  level: info\n", Format::Guess, "holdfast").unwrap();
    let message = "config file with no extension, trying all supported config types";
    assert_eq!(loaded.warnings[0].message, message);
    let error = parse(b"neither\\", Format::Guess, "holdfast").unwrap_err();
    assert!(
        error.to_string().contains("none of the supported formats"),
        "{error}"
    );
}

/// Files with directory credentials, and what is said of each.
const SECRET_FILES: &[(&str, &str, &str)] = &[
    (
        "fine.json",
        r#"{"BINDDN": "me", "bindpassword": "marker"}"#,
        "",
    ),
    ("fine.yaml", "bindDN: me\nbindPassword: marker\n", ""),
    (
        "more.json",
        r#"{"bindDN": "me", "bindPassword": "marker", "x": 1}"#,
        "failed to load secret file due to unknown keys",
    ),
    (
        "less.json",
        r#"{"bindPassword": "marker"}"#,
        "failed to load secret file due to unset keys",
    ),
    (
        "none.json",
        "{}",
        "failed to load secret file due to the absence of any key:value pair",
    ),
    (
        "broken.json",
        r#"{"bindPassword": "marker"#,
        "failed to read secret file: it does not parse",
    ),
    (
        "bare",
        r#"{"bindPassword": "marker"}"#,
        "its name needs an extension",
    ),
    ("gone.json", "", "No such file"),
];

#[test]
fn secret_files_must_be_complete() {
    let base = tempfile::tempdir().unwrap();
    let environment = Environment {
        base: base.path().to_owned(),
    };
    let auth = |name: &str| {
        format!(
            r#"{{"http": {{"auth": {{"ldap": {{"address": "a", "baseDN": "b", "userAttribute": "c",
                "credentialsFile": "{name}"}}}}}}}}"#
        )
    };
    for (name, content, message) in SECRET_FILES.iter().copied() {
        if name != "gone.json" {
            #[expect(clippy::disallowed_methods, reason = "test data")]
            std::fs::write(base.path().join(name), content).unwrap();
        }
        let config = base.path().join("config.json");
        #[expect(clippy::disallowed_methods, reason = "test data")]
        std::fs::write(&config, auth(name)).unwrap();
        match load_from(&config, &environment) {
            Ok(loaded) => {
                assert_eq!(message, "", "{name} is accepted");
                assert_eq!(loaded.config.http.auth.ldap.unwrap().bind_dn, "me");
            }
            Err(error) => {
                let text = error.to_string();
                assert!(
                    !message.is_empty() && text.contains(message),
                    "{name}: {text}"
                );
                assert!(text.starts_with("invalid server config: "), "{text}");
                assert!(text.contains("http.auth.ldap.credentialsFile") && text.contains(name));
                assert!(!format!("{text}{error:?}").contains("marker"), "{text}");
            }
        }
    }
}

#[test]
fn without_credentials_the_bind_is_anonymous() {
    let text =
        r#"{"http": {"auth": {"ldap": {"address": "a", "basedn": "b", "userAttribute": "c"}}}}"#;
    assert_eq!(config(text).http.auth.ldap.unwrap().bind_dn, "anonym-user");
}

#[test]
fn warnings_carry_their_key() {
    assert_eq!(
        warnings(r#"{"storage": {"gc": false, "gcDelay": "1h"}}"#),
        ["garbage collection is off, its settings have no effect key=storage settings=gcDelay"]
    );
}
