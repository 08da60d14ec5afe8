use std::time::Duration;

use crate::duration::hours;
use crate::samples::{config, refusal, warnings};

#[test]
fn collection_times_follow_from_gc() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    for (keys, expected) in [
        ("{}", (hours(1), hours(1), hours(1))),
        (r#"{"gcDelay": "2h"}"#, (hours(2), hours(1), hours(2))),
        (
            r#"{"gcDelay": "2h", "retention": {"delay": "5m"}}"#,
            (hours(2), hours(1), minutes(5)),
        ),
        (r#"{"gc": false}"#, (minutes(0), minutes(0), minutes(0))),
        (
            r#"{"gc": false, "gcInterval": "5m"}"#,
            (minutes(0), minutes(5), minutes(0)),
        ),
        (
            r#"{"GC": "false", "retention": {"DELAY": "5m"}}"#,
            (minutes(0), minutes(0), minutes(5)),
        ),
    ] {
        let storage = config(&format!(r#"{{"log": {{}}, "storage": {keys}}}"#)).storage;
        let got = (
            storage.gc_delay,
            storage.gc_interval,
            storage.retention.delay,
        );
        assert_eq!(got, expected, "{keys}");
    }
}

#[test]
fn sub_paths_inherit_nothing() {
    let text = r#"{"storage": {"gcDelay": "3h", "subPaths": {"/a": {}, "/b": {"gc": true}, "/c": {"gc": true, "gcDelay": "2h"}}}}"#;
    let storage = config(text).storage;
    let [a, b, c] = ["/a", "/b", "/c"].map(|route| storage.sub_paths.get(route).unwrap());
    assert!(!a.dedupe && !a.gc && a.gc_delay.is_zero() && a.retention.delay.is_zero());
    assert_eq!(
        (b.gc_delay, b.gc_interval, b.retention.delay),
        (hours(1), hours(1), hours(1))
    );
    assert_eq!(
        (c.gc_delay, c.gc_interval, c.retention.delay),
        (hours(2), hours(1), hours(2))
    );
    let routes: Vec<String> = storage.routes().map(|(route, _)| route).collect();
    assert_eq!(routes, ["a", "b", "c"]);
}

#[test]
fn remote_cache_follows_from_storage() {
    let cache = r#""cacheDriver": {"name": "redis"}"#;
    for (keys, expected) in [
        (
            format!(r#""storageDriver": {{"name": "s3"}}, {cache}"#),
            true,
        ),
        (
            r#""storageDriver": {"name": "s3"}, "dedupe": false"#.to_owned(),
            false,
        ),
        (
            r#""storageDriver": {"name": "s3"}, "remoteCache": false"#.to_owned(),
            false,
        ),
        (r#""dedupe": true"#.to_owned(), false),
    ] {
        let storage = config(&format!(r#"{{"storage": {{{keys}}}}}"#)).storage;
        assert_eq!(storage.remote_cache, expected, "{keys}");
    }
}

#[test]
fn drivers_are_completed() {
    let storage = |driver: &str| {
        let text = format!(r#"{{"storage": {{"dedupe": false, "storageDriver": {driver}}}}}"#);
        config(&text).storage.storage_driver.unwrap()
    };
    for root in ["", "/"] {
        let driver = storage(&format!(r#"{{"name": "gcs", "rootDirectory": "{root}"}}"#));
        assert_eq!(driver.text("rootdirectory").as_deref(), Some("/zot"));
    }
    assert_eq!(
        storage(r#"{"name": "azure"}"#)
            .text("rootdirectory")
            .as_deref(),
        Some("/zot")
    );
    assert_eq!(storage(r#"{"name": "s3"}"#).get("rootdirectory"), None);
    let endpoint = r#""regionendpoint": "localhost:4566""#;
    let driver = storage(&format!(r#"{{"name": "s3", {endpoint}}}"#));
    assert_eq!(driver.flag("forcepathstyle"), Some(true));
    let driver = storage(&format!(
        r#"{{"name": "s3", {endpoint}, "forcePathStyle": false}}"#
    ));
    assert_eq!(driver.flag("forcepathstyle"), Some(false));
}

#[test]
fn empty_extensions_are_on_where_zot_says_so() {
    let on = |keys: &str| {
        let text = format!(r#"{{"extensions": {keys}}}"#);
        config(&text).extensions.unwrap().enabled().join(" ")
    };
    for (keys, expected) in [
        ("{}", ""),
        (
            r#"{"metrics": {}, "search": {"enable": true}}"#,
            "search metrics",
        ),
        (
            r#"{"search": {}, "sync": {}, "metrics": {}, "scrub": {}, "lint": {}, "ui": {}, "trust": {}, "events": {}}"#,
            "search sync metrics scrub lint ui trust",
        ),
        (
            r#"{"lint": {"enable": null}, "events": {"enable": true}}"#,
            "lint events",
        ),
        (r#"{"search": {"enable": false}}"#, ""),
    ] {
        assert_eq!(on(keys), expected, "{keys}");
    }
    assert_eq!(
        warnings(r#"{"extensions": {"events": {}}}"#),
        ["events are off unless they are enabled key=extensions.events.enable"]
    );
}

#[test]
fn short_intervals_are_raised() {
    let text = r#"{"extensions": {"search": {"cve": {"updateInterval": "5m"}}, "scrub": {"interval": "1h"}}}"#;
    let extensions = config(text).extensions.unwrap();
    assert_eq!(extensions.scrub.unwrap().interval, hours(2));
    assert_eq!(
        extensions.search.unwrap().cve.unwrap().update_interval,
        hours(2)
    );
    assert_eq!(warnings(text).len(), 2);
    for text in [
        r#"{"extensions": {"scrub": {"interval": 0}}}"#,
        r#"{"extensions": {"scrub": {}}}"#,
    ] {
        assert_eq!(
            config(text).extensions.unwrap().scrub.unwrap().interval,
            hours(24)
        );
        assert!(warnings(text).is_empty());
    }
}

#[test]
fn search_has_the_databases_of_trivy() {
    let text = r#"{"extensions": {"search": {"cve": {}}}}"#;
    let cve = config(text)
        .extensions
        .unwrap()
        .search
        .unwrap()
        .cve
        .unwrap();
    assert_eq!(cve.trivy.db_repository, "ghcr.io/aquasecurity/trivy-db");
    assert_eq!(
        cve.trivy.java_db_repository,
        "ghcr.io/aquasecurity/trivy-java-db"
    );
    assert_eq!(cve.trivy.vuln_severity_sources, ["auto"]);
    let sbom =
        r#"{"extensions": {"search": {"cve": {"trivy": {"sbom": {"format": "CycloneDX"}}}}}}"#;
    let cve = config(sbom)
        .extensions
        .unwrap()
        .search
        .unwrap()
        .cve
        .unwrap();
    assert_eq!(cve.trivy.sbom.format, "cyclonedx");
}

fn with_repositories(keys: &str) -> String {
    format!(
        r#"{{"http": {{"auth": {{"htpasswd": {{"path": "x"}}}}, "accessControl": {{"repositories": {keys}}}}}}}"#
    )
}

#[test]
fn case_b24_a_leading_slash_is_taken_off_with_a_message() {
    let text = with_repositories(r#"{"/repo1/**": {"defaultPolicy": ["read"]}}"#);
    let access = config(&text).http.access_control.unwrap();
    let globs: Vec<String> = access.globs().map(|(glob, _)| glob).collect();
    assert_eq!(globs, ["repo1/**"]);
    let message = "repository names have no leading slash, the pattern is used without it \
                   pattern=/repo1/** used=repo1/**";
    assert_eq!(warnings(&text), [message]);
    let both = r#"{"/repo1/**": {"defaultPolicy": ["read"]}, "repo1/**": {}}"#;
    let text = refusal(&with_repositories(both));
    assert!(text.contains("pattern is given both as"), "{text}");
}

#[test]
fn what_has_no_effect_is_said() {
    let cases = [
        (
            with_repositories(r#"{"**": {"defaultPolicy": ["raed", "read"]}}"#),
            "an action that is not known allows nothing key=http.accessControl action=raed",
        ),
        (
            r#"{"http": {"compat": ["docker2s2", "sparse", "x"]}}"#.to_owned(),
            "a compatibility that is not known has no effect key=http.compat value=x",
        ),
        (
            r#"{"extensions": {"mgmt": {}}}"#.to_owned(),
            "redundant setting is ignored key=extensions.mgmt instead=extensions.search",
        ),
        (
            r#"{"storage": {"cacheDriver": {"name": "redis"}}}"#.to_owned(),
            "cacheDriver has no effect while remoteCache is off, the local store is used \
             key=storage.cacheDriver",
        ),
        (
            r#"{"storage": {"retention": {"policies": [{"repositories": ["/a/**"]}]}}}"#.to_owned(),
            "a retention pattern with a leading slash matches no repository \
             key=storage.retention.policies pattern=/a/**",
        ),
        (
            r#"{"extensions": {"sync": {"registries": [{"urls": ["https://a"], "credentialHelper": "x"}]}}}"#.to_owned(),
            "a credential helper that is not known gives no credentials \
             key=extensions.sync.registries[0] value=x",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(warnings(&text), [message]);
    }
}

#[test]
fn mirrored_tags_that_retention_removes_are_said() {
    let text = |patterns: &str| {
        format!(
            r#"{{"storage": {{"retention": {{"policies": [
                {{"repositories": ["x/a/**"], "keepTags": [{{"patterns": {patterns}}}]}}]}}}},
            "extensions": {{"sync": {{"registries": [{{"urls": ["https://a"], "content": [
                {{"prefix": "/a/**", "destination": "/x", "tags": {{"regex": "^v"}}}}]}}]}}}}}}"#
        )
    };
    assert_eq!(
        warnings(&text(r#"["^w"]"#)),
        ["retention does not keep the tags that are mirrored \
          repositories=x/a/** regex=^v key=extensions.sync.registries[0]"]
    );
    assert!(warnings(&text(r#"["^w", "^v"]"#)).is_empty());
    assert!(warnings(&text("[]")).is_empty());
}
