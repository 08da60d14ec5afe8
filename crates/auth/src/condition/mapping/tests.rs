//! Claims and what they make of a caller.

use serde_json::json;

use super::*;

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    pairs.iter().map(own).collect()
}

fn options(
    username: &str,
    groups: &str,
    variables: &[(&str, &str)],
    validations: &[(&str, &str)],
) -> MappingOptions {
    MappingOptions {
        username: username.to_owned(),
        groups: groups.to_owned(),
        variables: pairs(variables),
        validations: pairs(validations),
    }
}

fn claims() -> Json {
    json!({
        "iss": "https://issuer.example.com", "sub": "123", "email": "ann@example.com",
        "email_verified": true, "org": "myorg", "groups": ["admin", "developers"], "empty": "",
        "number": 5, "mixed": ["a", 1], "none": null, "repository": "myorg/myrepo",
        "repository_owner": "myorg", "ref": "refs/heads/main",
        "kubernetes.io/serviceaccount/namespace": "production",
        "kubernetes.io/serviceaccount/service-account.name": "my-app",
    })
}

/// Maps; yields name and groups, or why not.
fn map(options: &MappingOptions) -> String {
    match Mapping::compile(options).unwrap().apply(&claims()) {
        Ok(mapped) => format!("{} [{}]", mapped.username, mapped.groups.join(" ")),
        Err(error) => format!("! {}", chain(&error)),
    }
}

#[test]
fn claims_make_a_user() {
    let email = ("claims.email_verified == true", "email must be verified");
    let org = ("claims.org == 'other'", "must be in other");
    let in_orgs = ("claims.org in vars.allowed", "organization not allowed");
    let filtered = "claims.groups.filter(g, g.startsWith('a')).map(g, g.upperAscii())";
    let check =
        |options: &MappingOptions, want: &str| assert_eq!(map(options), want, "{options:?}");

    check(
        &options("", "", &[], &[]),
        "https://issuer.example.com/123 []",
    );
    let both = options("claims.email", "claims.groups", &[], &[]);
    check(&both, "ann@example.com [admin developers]");
    check(&options("claims.sub", filtered, &[], &[]), "123 [ADMIN]");
    check(&options("claims.sub", "", &[], &[email]), "123 []");
    let refused = "! claim validation failed: must be in other";
    check(&options("claims.sub", "", &[], &[email, org]), refused);

    let prefix = [("prefix", "'user-'")];
    check(
        &options("vars.prefix + claims.sub", "", &prefix, &[]),
        "user-123 []",
    );
    let domain = [("domain", "claims.email.split('@')[1]")];
    check(&options("vars.domain", "", &domain, &[]), "example.com []");
    let chain = [("a", "claims.org"), ("b", "'org-' + vars.a")];
    check(&options("vars.b", "", &chain, &[]), "org-myorg []");
    let orgs = [("allowed", "['myorg', 'org2']")];
    check(&options("claims.sub", "", &orgs, &[in_orgs]), "123 []");
}

#[test]
fn jobs_and_pods_become_users() {
    let job = options(
        "vars.repo",
        "['github-actions', 'ci']",
        &[
            ("repo", "claims.repository"),
            ("owner", "claims.repository_owner"),
        ],
        &[
            ("vars.owner == 'myorg'", "only myorg"),
            ("claims.ref.startsWith('refs/heads/')", "must be a branch"),
        ],
    );
    assert_eq!(map(&job), "myorg/myrepo [github-actions ci]");
    let pod = options(
        "vars.ns + ':' + vars.sa",
        "['k8s-workloads']",
        &[
            ("ns", "claims['kubernetes.io/serviceaccount/namespace']"),
            (
                "sa",
                "claims['kubernetes.io/serviceaccount/service-account.name']",
            ),
        ],
        &[(
            "vars.ns in ['production', 'staging']",
            "namespace not allowed",
        )],
    );
    assert_eq!(map(&pod), "production:my-app [k8s-workloads]");
}

#[test]
fn claims_that_do_not_fit_are_refused() {
    let table = [
        (
            options("claims.nope", "", &[], &[]),
            "username expression: no such key: nope",
        ),
        (
            options("claims.number", "", &[], &[]),
            "username expression: the result is not a string",
        ),
        (
            options("claims.sub", "claims.nope", &[], &[]),
            "groups expression: no such key: nope",
        ),
        (
            options("claims.sub", "claims.org", &[], &[]),
            "groups expression: the result is not a list of strings",
        ),
        (
            options("claims.sub", "claims.mixed", &[], &[]),
            "groups expression: the result is not a string",
        ),
        (
            options("claims.sub", "claims.none", &[], &[]),
            "groups expression: the result is not a list of strings",
        ),
        (
            options("claims.sub", "", &[("bad", "claims.nope")], &[]),
            "variable 'bad': no such key: nope",
        ),
        (
            options("claims.sub", "", &[], &[("claims.nope == 1", "m")]),
            "validation expression: no such key: nope",
        ),
    ];
    for (options, want) in table {
        assert_eq!(
            map(&options),
            format!("! failed to evaluate {want}"),
            "{options:?}"
        );
    }
    let empty = options("claims.empty", "", &[], &[]);
    assert_eq!(
        map(&empty),
        "! the username expression yields an empty name"
    );
}

#[test]
fn a_mapping_that_is_wrong_is_refused() {
    let parse = |expression: &str| {
        format!(
            "failed to parse the CEL expression '{expression}': ERROR: <input>:1:8: Syntax error: \
             unexpected end of the expression"
        )
    };
    let of = |place: &str, why: &str| format!("failed to parse CEL expression for {place}: {why}");
    let bad = "claims.";
    let table = [
        (options(bad, "", &[], &[]), of("username", &parse(bad))),
        (options("", bad, &[], &[]), of("groups", &parse(bad))),
        (
            options("", "", &[("org", bad)], &[]),
            of("variable[0] (name: org)", &parse(bad)),
        ),
        (
            options("", "", &[], &[(bad, "m")]),
            of("validation[0]", &parse(bad)),
        ),
        (
            options("", "", &[("", "1")], &[]),
            "variable[0]: the name is empty".to_owned(),
        ),
        (
            options("", "", &[], &[("true", "")]),
            "validation[0]: the message is empty".to_owned(),
        ),
        (
            options("", "", &[], &[("claims.org", "m")]),
            of(
                "validation[0]",
                "CEL expression output type mismatch: expected bool, got dyn",
            ),
        ),
        (
            options("vars", "", &[], &[("req.tag == 'x'", "m")]),
            of(
                "validation[0]",
                "failed to parse the CEL expression 'req.tag == 'x'': ERROR: <input>:1:1: \
                 undeclared reference to 'req' (in container '')",
            ),
        ),
    ];
    for (options, want) in table {
        let error = Mapping::compile(&options).unwrap_err();
        assert_eq!(chain(&error), want, "{options:?}");
    }
}

/// Yields an error with its causes, as a log has them.
fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
