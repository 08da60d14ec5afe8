//! Every request has a route; a clean path stays, a route tells its methods and names its repository as sent.
#![no_main]

use http::Method;
use libfuzzer_sys::fuzz_target;
use oci::Reference;
use server::route::{Route, route};

const METHODS: [Method; 8] = [
    Method::GET,
    Method::HEAD,
    Method::PUT,
    Method::POST,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
];

fuzz_target!(|input: (u8, &str)| {
    let (choice, path) = input;
    let method = &METHODS[usize::from(choice) % METHODS.len()];
    let found = route(method, path);
    match &found {
        Route::Redirect(clean) => {
            assert!(clean.starts_with('/') && !clean.starts_with("//"));
            let next = route(method, clean);
            assert!(!matches!(next, Route::Redirect(_)), "{clean} is not clean");
            return;
        }
        Route::WrongMethod(methods) => assert!(!methods.contains(method)),
        other => assert!(other.methods().contains(method)),
    }
    if let Some(repo) = found.repo() {
        let rest = path.strip_prefix("/v2/").expect("a repository lies in the API");
        let rest = rest.strip_prefix(repo.as_str()).expect("names are as sent");
        assert_eq!(rest, behind(&found), "all of the path is read");
    }
});

/// Writes what a route says of the path behind the name.
fn behind(route: &Route) -> String {
    match route {
        Route::Tags { .. } => "/tags/list".to_owned(),
        Route::Manifest { reference, .. } => match reference {
            Reference::Tag(tag) => format!("/manifests/{tag}"),
            Reference::Digest(digest) => format!("/manifests/{digest}"),
        },
        Route::Blob { digest, .. } => format!("/blobs/{digest}"),
        Route::Uploads { .. } => "/blobs/uploads/".to_owned(),
        Route::Upload { id, .. } => format!("/blobs/uploads/{id}"),
        Route::Referrers { digest, .. } => format!("/referrers/{digest}"),
        other => panic!("{other:?} lies in no repository"),
    }
}
