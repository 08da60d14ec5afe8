use http::Method;
use oci::tag::Tag;
use proptest::prelude::*;

use super::*;

const D: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn repo(name: &str) -> RepoName {
    name.parse().unwrap()
}

fn get(path: &str) -> Route {
    route(&Method::GET, path)
}

#[test]
fn finds_fixed_routes() {
    let table = [
        ("/v2/", Route::Base),
        ("/v2/_catalog", Route::Catalog),
        ("/v2/_oci/ext/discover", Route::Discover),
        ("/livez", Route::Health(Probe::Live)),
        ("/readyz", Route::Health(Probe::Ready)),
        ("/startupz", Route::Health(Probe::Started)),
        ("/v2", Route::Other(Space::Api)),
        ("/v2/_zot/ext/search", Route::Other(Space::Api)),
        ("/v2/_zot/ext/manifests/x", Route::Other(Space::Api)),
        ("/v2/a", Route::Other(Space::Api)),
        ("/v2/a/b", Route::Other(Space::Api)),
        ("/v2/tags/list", Route::Other(Space::Api)),
        ("/v2/manifests/x", Route::Other(Space::Api)),
        ("/v2/a/manifests/", Route::Other(Space::Api)),
        ("/v2/a/tags/list/", Route::Other(Space::Api)),
        ("/v2/a/tags/other", Route::Other(Space::Api)),
        ("/v2/a/uploads/x", Route::Other(Space::Api)),
        ("/v2/uploads/", Route::Other(Space::Api)),
        ("/v2x/", Route::Other(Space::Plain)),
        ("/v1/a/tags/list", Route::Other(Space::Plain)),
        ("/", Route::Other(Space::Plain)),
        ("/livez/", Route::Other(Space::Plain)),
        ("*", Route::Other(Space::Plain)),
        ("", Route::Other(Space::Plain)),
    ];
    for (path, want) in table {
        assert_eq!(get(path), want, "{path}");
    }
}

#[test]
fn finds_routes_in_repositories_of_any_depth() {
    let names = [
        "a",
        "a/b",
        "a/b/c/d/e/f/g",
        "manifests",
        "blobs/uploads",
        "a/blobs",
        "tags/list",
    ];
    for name in names {
        let repo = repo(name);
        let digest: Digest = D.parse().unwrap();
        let at = |tail: &str| get(&format!("/v2/{name}/{tail}"));
        assert_eq!(at("tags/list"), Route::Tags { repo: repo.clone() });
        let reference = Reference::Tag(Tag::stored("v1").unwrap());
        let want = Route::Manifest {
            repo: repo.clone(),
            reference,
        };
        assert_eq!(at("manifests/v1"), want);
        let want = Route::Manifest {
            repo: repo.clone(),
            reference: Reference::Digest(digest),
        };
        assert_eq!(at(&format!("manifests/{D}")), want);
        let want = Route::Blob {
            repo: repo.clone(),
            digest,
        };
        assert_eq!(at(&format!("blobs/{D}")), want);
        let want = Route::Referrers {
            repo: repo.clone(),
            digest,
        };
        assert_eq!(at(&format!("referrers/{D}")), want);
        let id = "some-session".into();
        let want = Route::Upload {
            repo: repo.clone(),
            id,
        };
        assert_eq!(at("blobs/uploads/some-session"), want);
        let path = format!("/v2/{name}/blobs/uploads/");
        assert_eq!(route(&Method::POST, &path), Route::Uploads { repo });
    }
}

#[test]
fn names_the_methods_that_would_do() {
    let manifest = format!("/v2/a/manifests/{D}");
    let blob = format!("/v2/a/blobs/{D}");
    let table = [
        (Method::POST, "/v2/", "HEAD,GET,OPTIONS"),
        (Method::DELETE, "/v2/_catalog", "HEAD,GET,OPTIONS"),
        (Method::PUT, "/v2/a/tags/list", "HEAD,GET,OPTIONS"),
        (Method::PATCH, &manifest, "HEAD,GET,PUT,DELETE,OPTIONS"),
        (Method::POST, &blob, "HEAD,GET,DELETE"),
        (Method::OPTIONS, &blob, "HEAD,GET,DELETE"),
        (Method::GET, "/v2/a/blobs/uploads/", "POST"),
        (
            Method::POST,
            "/v2/a/blobs/uploads/x",
            "HEAD,GET,PUT,PATCH,DELETE",
        ),
        // Without the slash this is a blob named `uploads`.
        (Method::POST, "/v2/a/blobs/uploads", "HEAD,GET,DELETE"),
        (Method::TRACE, "/v2/", "HEAD,GET,OPTIONS"),
    ];
    for (method, path, want) in table {
        let Route::WrongMethod(methods) = route(&method, path) else {
            panic!("{method} {path} is answered");
        };
        assert_eq!(methods.to_string(), want, "{method} {path}");
    }
}

#[test]
fn answers_what_breaks_a_grammar() {
    let long = format!("/v2/{}/tags/list", "a".repeat(256));
    let reserved = "/v2/a/index.json/tags/list";
    let table = [
        (Method::GET, "/v2/A/tags/list", "NAME_INVALID"),
        (Method::GET, "/v2/a%2fb/tags/list", "NAME_INVALID"),
        (Method::PUT, "/v2/a_/manifests/x", "NAME_INVALID"),
        (Method::POST, "/v2/-a/blobs/uploads/", "NAME_INVALID"),
        (Method::GET, &long, "NAME_INVALID"),
        (Method::GET, reserved, "NAME_INVALID"),
        (Method::GET, "/v2/a/blobs/sha256:xyz", "DIGEST_INVALID"),
        (Method::HEAD, "/v2/a/blobs/latest", "DIGEST_INVALID"),
        (Method::DELETE, "/v2/a/blobs/md5:00", "DIGEST_INVALID"),
        (Method::GET, "/v2/a/referrers/sha256:1", "DIGEST_INVALID"),
        (Method::PUT, "/v2/a/manifests/sha512:0", "DIGEST_INVALID"),
        (Method::PUT, "/v2/a/manifests/a:b", "MANIFEST_INVALID"),
        (Method::PUT, "/v2/a/manifests/t%2Fx", "MANIFEST_INVALID"),
        (Method::PUT, "/v2/a/manifests/.x", "MANIFEST_INVALID"),
        (Method::GET, "/v2/a/manifests/sha256:0", "MANIFEST_UNKNOWN"),
        (Method::HEAD, "/v2/a/manifests/sha256:0", "MANIFEST_UNKNOWN"),
        (
            Method::DELETE,
            "/v2/a/manifests/sha256:",
            "MANIFEST_UNKNOWN",
        ),
    ];
    for (method, path, want) in table {
        let Route::Invalid(invalid) = route(&method, path) else {
            panic!("{method} {path} is taken");
        };
        assert_eq!(Error::from(invalid).code.as_str(), want, "{method} {path}");
    }
}

#[test]
fn finds_odd_tags_that_stores_may_hold() {
    for tag in ["a:b", ".x", "t%2Fx", &"t".repeat(200)] {
        for method in [Method::GET, Method::HEAD, Method::DELETE] {
            let route = route(&method, &format!("/v2/a/manifests/{tag}"));
            let reference = Reference::Tag(Tag::stored(tag).unwrap());
            let repo = repo("a");
            assert_eq!(route, Route::Manifest { repo, reference }, "{method} {tag}");
        }
    }
}

#[test]
fn redirects_to_clean_paths() {
    let table = [
        ("//", "/"),
        ("//v2/", "/v2/"),
        ("/v2//a/tags/list", "/v2/a/tags/list"),
        ("/v2/./a/tags/list", "/v2/a/tags/list"),
        ("/v2/a/../b/tags/list", "/v2/b/tags/list"),
        ("/v2/a/tags/..", "/v2/a"),
        ("/v2/a/tags/.", "/v2/a/tags"),
        ("/../../etc/passwd", "/etc/passwd"),
        ("/..", "/"),
        ("//evil.example/..//x/", "/x/"),
        ("/v2/a/blobs/uploads//", "/v2/a/blobs/uploads/"),
    ];
    for (path, want) in table {
        assert_eq!(get(path), Route::Redirect(want.into()), "{path}");
    }
}

fn component() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,4}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}"
}

fn method() -> impl Strategy<Value = Method> {
    proptest::sample::select(vec![
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::POST,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ])
}

proptest! {
    #[test]
    fn every_valid_name_is_found(
        parts in proptest::collection::vec(component(), 1..12),
        tag in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}",
    ) {
        let name = parts.join("/");
        prop_assume!(name.parse::<RepoName>().is_ok());
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let found = route(&method, &format!("/v2/{name}/manifests/{tag}"));
            let Route::Manifest { repo, reference } = found else {
                return Err(TestCaseError::fail(format!("{found:?}")));
            };
            prop_assert_eq!(repo.as_str(), &name);
            prop_assert_eq!(reference.to_string(), tag.clone());
        }
    }

    #[test]
    fn any_text_is_routed(method in method(), path in "\\PC*") {
        route(&method, &path);
    }

    #[test]
    fn clean_paths_are_final(method in method(), path in "(/|/v2|/a|/\\.|/\\.\\.|/blobs|/uploads|/tags|/list){0,8}") {
        if let Route::Redirect(clean) = route(&method, &path) {
            prop_assert!(clean.starts_with('/') && !clean.starts_with("//"));
            let again = route(&method, &clean);
            prop_assert!(!matches!(again, Route::Redirect(_)), "{} to {:?}", clean, again);
        }
    }
}
