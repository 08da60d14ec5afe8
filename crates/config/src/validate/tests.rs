use crate::samples::{json, refusal};

/// Documents that are refused, each with the message that scripts look for.
fn assert_refused(cases: &[(&str, &str)]) {
    for (text, message) in cases {
        let got = refusal(text);
        let expected = format!("invalid server config: {message}");
        assert!(got.starts_with(&expected), "{text}\n{got}\n{expected}");
        assert!(got.ends_with(" in test.json)"), "{got}");
    }
}

fn assert_accepted(texts: &[&str]) {
    for text in texts {
        json(text)
            .map_err(|error| format!("{text}: {error}"))
            .unwrap();
    }
}

#[test]
fn retention() {
    assert_refused(&[
        (
            r#"{"storage": {"retention": {"policies": [{"repositories": ["[a"]}]}}}"#,
            "retention repo glob pattern could not be compiled: [a",
        ),
        (
            r#"{"storage": {"subPaths": {"/a": {"retention": {"policies": [{"keepTags": [{"patterns": "("}]}]}}}}}"#,
            "retention tag regex could not be compiled: ( (storage.subPaths[/a].retention.policies[0]",
        ),
        (
            r#"{"storage": {"subPaths": {"/a": {"gc": true, "gcDelay": 0}}}}"#,
            "invalid GC delay configuration - cannot be negative or zero: 0s",
        ),
        (
            r#"{"storage": {"subPaths": {"/a/b": {}}}}"#,
            "invalid storage config, a substore route must be one path segment",
        ),
        (
            r#"{"storage": {"gcTimeWindow": "10:00"}}"#,
            "invalid gcTimeWindow \"10:00\", expected format \"HH:MM-HH:MM\"",
        ),
        (
            r#"{"storage": {"gcTimeWindow": "10:00-24:00"}}"#,
            "invalid time \"24:00\", expected 24h format \"HH:MM\"",
        ),
        (
            r#"{"storage": {"gcTimeWindow": "1:00-01:00"}}"#,
            "start and end of the window cannot be equal",
        ),
    ]);
    assert_accepted(&[
        r#"{"storage": {"gcTimeWindow": "9:00-01:00"}}"#,
        r#"{"storage": {"gcTimeWindow": ""}}"#,
    ]);
}

#[test]
fn ldap_and_certificates() {
    let missing = "invalid LDAP configuration: invalid LDAP configuration, missing mandatory key:";
    let ldap = |keys: &str| format!(r#"{{"http": {{"auth": {{"ldap": {{{keys}}}}}}}}}"#);
    let tls = r#""tls": {"cert": "c", "key": "k", "cacert": "a"}"#;
    let mtls = |keys: &str| format!(r#"{{"http": {{{tls}, "auth": {{"mtls": {{{keys}}}}}}}}}"#);
    assert_refused(&[
        (&ldap(""), &format!("{missing} userAttribute")),
        (
            &ldap(r#""userAttribute": "uid""#),
            &format!("{missing} address"),
        ),
        (
            &ldap(r#""userAttribute": "uid", "address": "a""#),
            &format!("{missing} basedn"),
        ),
        (
            r#"{"http": {"tls": {"cert": "c", "key": "k"}, "auth": {"mtls": {}}}}"#,
            "mTLS configuration requires TLS to be enabled with CA certificate",
        ),
        (
            &mtls(r#""identityAttributes": ["CN", "Name", "x"]"#),
            "unsupported identity attribute: Name, x",
        ),
        (
            &mtls(r#""identityAttributes": ["uri"], "uriSanPattern": "(""#),
            "invalid URI SAN pattern: (",
        ),
        (
            &mtls(r#""uriSanPattern": "x""#),
            "uriSanPattern is only supported for URI/URL MTLS identity attribute",
        ),
        (
            &mtls(r#""dnsSanIndex": 1"#),
            "dnsSanIndex is only supported for URI/URL MTLS identity attribute",
        ),
    ]);
    assert_accepted(&[
        &mtls(""),
        &mtls(r#""identityAttributes": ["RFC822Name", "URL"], "emailSanIndex": 2"#),
    ]);
}

#[test]
fn openid_and_sessions() {
    let provider = |name: &str, keys: &str| {
        format!(
            r#"{{"http": {{"auth": {{"openid": {{"providers": {{"{name}": {{{keys}}}}}}}}}}}}}"#
        )
    };
    let session =
        |keys: &str| format!(r#"{{"http": {{"auth": {{"sessionDriver": {{{keys}}}}}}}}}"#);
    let oidc = "OpenID provider config requires clientid, issuer and scopes parameters";
    let oauth = "OAuth2 provider config requires clientid and scopes parameters";
    assert_refused(&[
        (&provider("gitea", ""), "unsupported openid/oauth2 provider"),
        (
            &provider("oidc", r#""clientid": "a", "scopes": ["s"]"#),
            oidc,
        ),
        (
            &provider("google", r#""issuer": "a", "scopes": ["s"]"#),
            oidc,
        ),
        (
            &provider("GitLab", r#""issuer": "a", "clientid": "s""#),
            oidc,
        ),
        (&provider("github", r#""clientid": "a""#), oauth),
        (&session(""), "must provide session driver name!"),
        (
            &session(r#""name": "etcd""#),
            "session store driver etcd is not allowed!",
        ),
    ]);
    assert_accepted(&[
        &provider("GitHub", r#""clientid": "a", "scopes": "s""#),
        &session(r#""name": "local""#),
    ]);
}

#[test]
fn bearer() {
    let bearer = |keys: &str| format!(r#"{{"http": {{"auth": {{"bearer": {{{keys}}}}}}}}}"#);
    let upstream = |keys: &str| bearer(&format!(r#""upstreamTokenEndpoint": {{{keys}}}"#));
    let manager = |keys: &str| bearer(&format!(r#""awsSecretsManager": {{{keys}}}"#));
    let oidc = |keys: &str| {
        bearer(&format!(
            r#""oidc": [{{"issuer": "i", "audiences": ["a"]}}, {{{keys}}}]"#
        ))
    };
    assert_refused(&[
        (
            &bearer(r#""cert": "c", "awsSecretsManager": {"region": "r", "secretName": "s"}"#),
            "cannot configure both cert and awsSecretsManager for bearer authentication",
        ),
        (&manager(""), "awsSecretsManager region must be specified"),
        (
            &manager(r#""region": "r""#),
            "awsSecretsManager secretName must be specified",
        ),
        (
            &oidc(r#""audiences": ["a"]"#),
            "oidc issuer must be specified",
        ),
        (
            &oidc(r#""issuer": "i", "audiences": [" "]"#),
            "oidc audiences must be specified",
        ),
        (
            &oidc(
                r#""issuer": "i", "audiences": ["a"], "certificateAuthority": "x", "certificateAuthorityFile": "y""#,
            ),
            "certificateAuthority and certificateAuthorityFile exclude each other",
        ),
        (
            &upstream(r#""realm": "https://a""#),
            "upstreamTokenEndpoint.realm and upstreamTokenEndpoint.service must be configured together",
        ),
        (
            &upstream(r#""realm": "a/b", "service": "s""#),
            "upstreamTokenEndpoint.realm must be an absolute URL",
        ),
        (
            &upstream(r#""realm": "http://a/b", "service": "s""#),
            "upstreamTokenEndpoint.realm must use https unless upstreamTokenEndpoint.allowInsecureHttp is true",
        ),
    ]);
    assert_accepted(&[
        &upstream(r#""realm": "http://a/b", "service": "s", "allowInsecureHttp": true"#),
        &bearer(r#""oidc": [{}], "exclusive": true"#),
    ]);
}

/// A document with one registry to mirror.
fn registry(http: &str, keys: &str) -> String {
    format!(
        r#"{{"http": {{{http}}}, "extensions": {{"sync": {{"registries": [{{"urls": "https://a", {keys}}}]}}}}}}"#
    )
}

#[test]
fn sync_requests() {
    let registry = |keys: &str| registry("", keys);
    assert_refused(&[
        (
            &registry(r#""manifestCheckInterval": "1m""#),
            "manifestCheckInterval requires onDemand to be enabled",
        ),
        (
            &registry(r#""maxRetries": 3"#),
            "retryDelay is required when using maxRetries",
        ),
        (
            &registry(r#""maxRetryDelay": "3s""#),
            "retryDelay is required when using maxRetryDelay",
        ),
        (
            &registry(r#""retryDelay": "5s", "maxRetryDelay": "3s""#),
            "maxRetryDelay must be greater than or equal to retryDelay",
        ),
        (
            &registry(r#""reqConcurrent": 0"#),
            "reqConcurrent must be greater than 0",
        ),
        (
            &registry(r#""reqPerSec": 0"#),
            "reqPerSec must be a finite value greater than 0",
        ),
        (
            &registry(r#""maxIdleConnsPerHost": 0"#),
            "maxIdleConnsPerHost must be greater than 0",
        ),
        (
            &registry(r#""preserveDigest": true"#),
            "can not use PreserveDigest option without enabling http.Compat",
        ),
    ]);
}

#[test]
fn sync_content_and_credentials() {
    let with = registry;
    let registry = |keys: &str| with("", keys);
    let content = |keys: &str| registry(&format!(r#""content": [{{{keys}}}]"#));
    let helper = |keys: &str| {
        registry(&format!(
            r#""credentialHelper": "oauth2", "oauth2CredentialHelper": {{{keys}}}"#
        ))
    };
    let invalid = "invalid oauth2CredentialHelper config";
    assert_refused(&[
        (
            &content(r#""prefix": "[a""#),
            "sync prefix could not be compiled: [a",
        ),
        (
            &content(r#""tags": {"regex": "("}"#),
            "sync content regex could not be compiled: (",
        ),
        (
            &content(r#""tags": {"excludeRegex": "("}"#),
            "sync content excludeRegex could not be compiled: (",
        ),
        (
            &content(r#""prefix": "a", "destination": "/", "stripPrefix": true"#),
            "can not use stripPrefix true and destination '/' without using glob patterns in prefix",
        ),
        (&registry(r#""credentialHelper": "oauth2""#), invalid),
        (&helper(r#""assertionFile": "a""#), invalid),
        (
            &helper(r#""tokenURL": "t", "assertionFile": "a", "signingFile": "b""#),
            invalid,
        ),
        (
            &helper(r#""tokenURL": "t", "signingFile": "b", "audience": "a""#),
            invalid,
        ),
        (
            &helper(r#""tokenURL": "t", "signingFile": "b", "grantType": "x""#),
            invalid,
        ),
    ]);
    assert_accepted(&[
        &with(r#""compat": "docker2s2""#, r#""preserveDigest": true"#),
        &content(
            r#""prefix": "a/**", "destination": "/", "stripPrefix": true, "tags": {"regex": ""}"#,
        ),
        r#"{"extensions": {"sync": {"enable": false, "registries": [{"maxRetries": 1}]}}}"#,
    ]);
}

#[test]
fn stores() {
    let stores = |root: &str, a: &str, b: &str| {
        format!(
            r#"{{"storage": {{"rootDirectory": "{root}", "subPaths": {{
                "/a": {{"rootDirectory": "{a}"}}, "/b": {{"rootDirectory": "{b}"}}}}}}}}"#
        )
    };
    assert_refused(&[
        (
            &stores("/tmp/zot", "/tmp/ZOT/", "/x"),
            "invalid storage config, default storage and substore (route: /a) cannot use the same root directory",
        ),
        (
            &stores("/tmp/zot", "/x", "/x/y"),
            "invalid storage config, substore (route: /b) root directory cannot be inside substore (route: /a) root directory",
        ),
        (
            &stores("/tmp/zot/in", "/tmp/zot", "/x"),
            "invalid storage config, default storage root directory cannot be inside substore (route: /a) root directory",
        ),
    ]);
    assert_accepted(&[
        &stores("/tmp/zot", "/tmp/zot1", "/tmp/zot2"),
        r#"{"storage": {"rootDirectory": "/tmp", "subPaths": {"/a": {"rootDirectory": "/tmp/a", "storageDriver": {"name": "gcs"}}}}}"#,
    ]);
}

#[test]
fn caches_and_drivers() {
    let storage = |keys: &str| format!(r#"{{"storage": {{{keys}}}}}"#);
    let sub_path = |keys: &str| format!(r#"{{"storage": {{"subPaths": {{"/a": {{{keys}}}}}}}}}"#);
    let s3 = r#""storageDriver": {"name": "s3"}"#;
    let redis = r#""cacheDriver": {"name": "redis"}, "remoteCache": true"#;
    let dynamo = r#""cacheDriver": {"name": "dynamodb"}, "remoteCache": true"#;
    assert_refused(&[
        (
            &storage(s3),
            "invalid database config, dedupe set to true with remote storage and database, but no remote database configured",
        ),
        (
            &storage(dynamo),
            "invalid database config, cannot have local storage driver with remote database!",
        ),
        (
            &storage(&format!(r#"{s3}, "cacheDriver": {{"name": "etcd"}}"#)),
            "invalid database config, unsupported database driver",
        ),
        (
            &sub_path(redis),
            "invalid database config, cannot have local storage driver with remote database!",
        ),
        (
            &sub_path(&format!("{s3}, {redis}")),
            "invalid database config, unsupported database driver",
        ),
        (
            &storage(r#""dedupe": false, "storageDriver": {"name": "ftp"}"#),
            "unsupported storage driver",
        ),
        (
            &storage(r#""redirectBlobURL": true"#),
            "invalid storage config, redirectBlobURL is supported only for s3/gcs/azure storage",
        ),
        (
            r#"{"storage": {"dedupe": false, "storageDriver": {"name": "s3"}}, "extensions": {"sync": {}}}"#,
            "using both sync and remote storage features needs config.Extensions.Sync.DownloadDir to be specified",
        ),
    ]);
    assert_accepted(&[
        &storage(redis),
        &storage(&format!("{s3}, {dynamo}")),
        &sub_path(&format!("{s3}, {dynamo}")),
        &storage(&format!(
            r#"{s3}, "dedupe": false, "redirectBlobURL": true"#
        )),
    ]);
}

#[test]
fn extensions() {
    let extensions = |keys: &str| format!(r#"{{"extensions": {{{keys}}}}}"#);
    let metrics = |path: &str| {
        extensions(&format!(
            r#""metrics": {{"prometheus": {{"path": "{path}"}}}}"#
        ))
    };
    let lint = |rule: &str| extensions(&format!(r#""lint": {{"rules": [{{{rule}}}]}}"#));
    let message = "failed to enable cve scanning due to incompatibility with remote storage, please disable cve";
    assert_refused(&[
        (&metrics("/a/"), "invalid metrics path"),
        (&metrics("/a/../b"), "invalid metrics path"),
        (&metrics(""), "invalid metrics path"),
        (&metrics("a"), "metrics path must start with /"),
        (&metrics("/"), "provided metrics path is disallowed"),
        (&metrics("/v2"), "provided metrics path is disallowed"),
        (
            &extensions(r#""ui": {}"#),
            "failed to enable ui, search extension must be enabled",
        ),
        (
            r#"{"storage": {"subPaths": {"/a": {"storageDriver": {"name": "s3"}}}}, "extensions": {"search": {"cve": {}}}}"#,
            message,
        ),
        (
            &extensions(r#""events": {"sinks": [{"type": "mail"}]}"#),
            "event sink is not supported",
        ),
        (
            &lint(r#""repositories": ["[a"]"#),
            "lint repo glob pattern could not be compiled: [a",
        ),
        (
            &lint(r#""annotations": [{"pattern": "x"}]"#),
            "lint annotation needs a key",
        ),
        (
            &lint(r#""annotations": [{"key": "a", "pattern": "("}]"#),
            "lint annotation regex could not be compiled: (",
        ),
    ]);
    assert_accepted(&[
        &metrics("/a/b"),
        &extensions(r#""ui": {}, "search": {}"#),
        &extensions(r#""ui": {"enable": false}"#),
        &lint(
            r#""repositories": "team/**", "annotations": [{"key": "a", "pattern": "^v"}, {"key": "b"}]"#,
        ),
    ]);
}

#[test]
fn access() {
    let access = |keys: &str| format!(r#"{{"http": {{"accessControl": {{{keys}}}}}}}"#);
    let with_login = |keys: &str| {
        format!(
            r#"{{"http": {{"auth": {{"htpasswd": {{"path": "x"}}}}, "accessControl": {{{keys}}}}}}}"#
        )
    };
    let needs = "access control config requires one of htpasswd, ldap, openid or mTLS authentication or using only 'anonymousPolicy' policies";
    let conditions =
        r#""repositories": {"prod/**": {"policies": [{"conditions": [{"expression": " "}]}]}}"#;
    assert_refused(&[
        (&access(r#""adminPolicy": {"users": ["a"]}"#), needs),
        (
            &access(r#""repositories": {"**": {"defaultPolicy": ["read"]}}"#),
            needs,
        ),
        (
            &access(
                r#""repositories": {"**": {"policies": [{"users": "a"}], "anonymousPolicy": ["read"]}}"#,
            ),
            needs,
        ),
        (&access(r#""metrics": {"users": ["a"]}"#), needs),
        (
            &with_login(r#""repositories": {"[a": {}}"#),
            "failed to compile authorization pattern",
        ),
        (
            &with_login(conditions),
            "repositories[\"prod/**\"].policies[0]: condition[0]: the expression is empty",
        ),
        (
            r#"{"cluster": {}}"#,
            "cannot have 0 members in a scale out cluster",
        ),
        (
            r#"{"cluster": {"members": ["a:1"], "hashKey": "short"}}"#,
            "hashKey for scale out cluster must have 16 characters",
        ),
    ]);
    assert_accepted(&[
        &access(r#""repositories": {"**": {"anonymousPolicy": ["read"]}}"#),
        &access(r#""metrics": {"anonymousPolicy": ["read"]}"#),
        &with_login(r#""adminPolicy": {"users": ["a"]}"#),
        r#"{"http": {"auth": {"apikey": true}, "accessControl": {"adminPolicy": {"users": ["a"]}}}}"#,
        r#"{"http": {"tls": {"cert": "c", "key": "k", "cacert": "a"}, "accessControl": {"adminPolicy": {"users": ["a"]}}}}"#,
    ]);
}

#[test]
fn case_b19_client_certificates_go_with_policies() {
    assert_accepted(&[
        r#"{"http": {"tls": {"cert": "c", "key": "k", "cacert": "a"}, "auth": {"htpasswd": {"path": "x"},
        "mtls": {"identityAttributes": ["CN"]}}, "accessControl": {"repositories": {"**": {"policies": [
        {"users": ["alice"], "actions": ["read"]}]}}}}}"#,
    ]);
}

#[test]
fn the_first_check_in_zots_order_decides() {
    let text = r#"{"http": {"port": 70000}, "storage": {"gcDelay": "-1h", "storageDriver": {"name": "x"}}, "cluster": {}}"#;
    assert_refused(&[(text, "invalid port 70000")]);
    let text = r#"{"http": {"auth": {"ldap": {}, "sessionDriver": {}}}, "extensions": {"ui": {}}, "cluster": {}}"#;
    assert_refused(&[(text, "invalid LDAP configuration")]);
    assert_refused(&[(
        r#"{"extensions": {"ui": {}}, "cluster": {}}"#,
        "failed to enable ui",
    )]);
}

#[test]
fn limits_let_something_through() {
    assert_refused(&[
        (
            r#"{"http": {"limits": {"pageSize": 0}}}"#,
            "limit must be at least 1 (http.limits.pageSize",
        ),
        (
            r#"{"http": {"limits": {"manifestBytes": 10}}}"#,
            "limit must be at least 1024",
        ),
        (
            r#"{"http": {"limits": {"headerTimeout": 0}}}"#,
            "limit must be greater than 0",
        ),
    ]);
    assert_accepted(&[
        r#"{"http": {"limits": {"maxOpenUploads": 0, "idleTimeout": 0, "minFreeSpace": 0}}}"#,
    ]);
}
