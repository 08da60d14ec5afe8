//! What right each method on each route needs.
//!
//! The decision is a pure function of the route, so that a test can walk all of them.

use std::borrow::Cow;
use std::time::SystemTime;

use ext::Caller;
use http::Method;
use meta::{Action, Refusal};
use oci::{Error, ErrorCode, Reference, RepoName};

use crate::route::Route;

/// Says what a request needs before it is looked at any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need<'a> {
    /// Nothing: not even credentials are looked at.
    Nothing,
    /// To be let in: what the methods of authentication that are on demand.
    Entry,
    /// A right in a repository.
    Right(&'a RepoName, Action),
    /// The right to create or to update there; which one depends on the tags that exist.
    Push(&'a RepoName),
}

/// Yields what a method on a route needs.
///
/// Compat: those of zot, where cancelling an upload needs the right to delete.
pub fn rights_needed<'a>(route: &'a Route, method: &Method) -> Need<'a> {
    match route {
        Route::Health(_) | Route::Redirect(_) | Route::WrongMethod(_) => Need::Nothing,
        // What an extension's route needs is for that route to say.
        Route::Base | Route::Catalog | Route::Discover | Route::Other(_) | Route::Invalid(_) => {
            Need::Entry
        }
        Route::Manifest { repo, .. } if method == Method::PUT => Need::Push(repo),
        Route::Tags { repo }
        | Route::Manifest { repo, .. }
        | Route::Blob { repo, .. }
        | Route::Uploads { repo }
        | Route::Upload { repo, .. }
        | Route::Referrers { repo, .. } => Need::Right(repo, action(method)),
    }
}

fn action(method: &Method) -> Action {
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => Action::Read,
        Method::DELETE => Action::Delete,
        _ => Action::Create,
    }
}

/// Judges whether a caller has what a route needs.
///
/// A push needs one of two rights at first; which one is for the engine to judge, tag by tag.
///
/// # Errors
/// `Unauthorized` for a caller who may come back with credentials, or with a token that is for more;
/// `Denied` for others.
pub fn check(
    route: &Route,
    method: &Method,
    caller: &Caller,
    now: SystemTime,
) -> Result<(), Error> {
    if caller.rights.is_everything() {
        return Ok(());
    }
    let reference = reference(route);
    let judge = |repo, action| caller.rights.judge(repo, action, &reference);
    let (repo, action, judged) = match rights_needed(route, method) {
        Need::Nothing | Need::Entry => return Ok(()),
        Need::Right(repo, action) => (repo, action, judge(repo, action)),
        Need::Push(repo) => {
            let judged = judge(repo, Action::Create).or_else(|refusal| {
                let update = judge(repo, Action::Update);
                update.map_err(|other| {
                    if other.reason.is_some() {
                        other
                    } else {
                        refusal
                    }
                })
            });
            (repo, Action::Create, judged)
        }
    };
    judged.map_err(|refusal| {
        if needs_wider_token(caller, repo, action, now) {
            Error::new(ErrorCode::Unauthorized)
        } else {
            refused(caller, refusal)
        }
    })
}

/// Tells whether a caller came with a token that is not for this, as clients do who ask for another
/// one when they are told to.
fn needs_wider_token(caller: &Caller, repo: &RepoName, action: Action, now: SystemTime) -> bool {
    let user = caller.identity.user();
    let limit = user
        .filter(|user| user.method == auth::Method::Token)
        .and_then(|user| user.limit.as_ref());
    limit.is_some_and(|limit| !limit.allows(repo.as_str(), action, now))
}

/// What conditions of a policy know as the reference.
///
/// Compat: in zot only manifests have one.
fn reference(route: &Route) -> Cow<'_, str> {
    let Route::Manifest { reference, .. } = route else {
        return Cow::Borrowed("");
    };
    match reference {
        Reference::Tag(tag) => Cow::Borrowed(tag.as_str()),
        Reference::Digest(digest) => Cow::Owned(digest.to_string()),
    }
}

/// Yields the error for a caller who lacks a right.
pub fn denied(caller: &Caller) -> Error {
    refused(caller, Refusal::default())
}

/// Does the same with the reason that a policy gives.
pub fn refused(caller: &Caller, refusal: Refusal) -> Error {
    // Whoever came with credentials is not helped by being asked for them, even if they name nobody.
    let error = Error::new(match caller.identity.user() {
        Some(_) => ErrorCode::Denied,
        None => ErrorCode::Unauthorized,
    });
    match refusal.reason {
        Some(reason) => error.with("reason", &reason).because(reason),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use auth::{Identity, User};
    use meta::{Rights, Rule};

    use super::*;
    use crate::route::route;

    const D: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn every_method_on_every_route_has_its_need() {
        let entry = "entry";
        let table = [
            ("/v2/", "GET HEAD", entry),
            ("/v2/_catalog", "GET HEAD", entry),
            ("/v2/_oci/ext/discover", "GET HEAD", entry),
            ("/v2/_zot/ext/x", "GET POST PUT", entry),
            ("/v2/A/tags/list", "GET", entry),
            ("/v2/r/tags/list", "GET HEAD", "read"),
            ("/v2/r/manifests/t", "GET HEAD", "read"),
            ("/v2/r/manifests/t", "PUT", "push"),
            ("/v2/r/manifests/t", "DELETE", "delete"),
            ("/v2/r/blobs/{D}", "GET HEAD", "read"),
            ("/v2/r/blobs/{D}", "DELETE", "delete"),
            ("/v2/r/blobs/uploads/", "POST", "create"),
            ("/v2/r/blobs/uploads/x", "GET HEAD", "read"),
            ("/v2/r/blobs/uploads/x", "PATCH PUT", "create"),
            ("/v2/r/blobs/uploads/x", "DELETE", "delete"),
            ("/v2/r/referrers/{D}", "GET HEAD", "read"),
            ("/livez", "GET POST", "nothing"),
            ("/v2/r/tags/list", "POST", "nothing"),
        ];
        for (path, methods, want) in table {
            let path = path.replace("{D}", D);
            for method in methods.split(' ') {
                let method = method.parse().unwrap();
                let route = route(&method, &path);
                let got = match rights_needed(&route, &method) {
                    Need::Nothing => "nothing",
                    Need::Entry => "entry",
                    Need::Push(_) => "push",
                    Need::Right(_, Action::Read) => "read",
                    Need::Right(_, Action::Create) => "create",
                    Need::Right(_, Action::Update) => "update",
                    Need::Right(_, Action::Delete) => "delete",
                };
                assert_eq!(got, want, "{method} {path}");
            }
        }
    }

    struct Only(Action);

    impl Rule for Only {
        fn allows(&self, _: &RepoName, action: Action) -> bool {
            action == self.0
        }
    }

    #[test]
    fn refusals_depend_on_who_is_calling() {
        let user = Identity::User(Arc::new(User::new(
            "ann",
            Vec::new(),
            auth::Method::Htpasswd,
        )));
        let code = |identity: &Identity, allowed, line: &str| {
            let caller = Caller {
                identity: identity.clone(),
                rights: Rights::by(Arc::new(Only(allowed))),
                admin: false,
                peer: ([127, 0, 0, 1], 1).into(),
            };
            let (method, path) = line.split_once(' ').unwrap();
            let method = method.parse().unwrap();
            let checked = check(
                &route(&method, path),
                &method,
                &caller,
                SystemTime::UNIX_EPOCH,
            );
            checked.err().map(|error| error.code)
        };
        let anonymous = Identity::Anonymous;
        let (denied, unknown) = (Some(ErrorCode::Denied), Some(ErrorCode::Unauthorized));
        let table = [
            (&user, Action::Read, "GET /v2/r/tags/list", None),
            (&user, Action::Create, "GET /v2/r/tags/list", denied),
            (&anonymous, Action::Create, "GET /v2/r/tags/list", unknown),
            (&user, Action::Create, "PUT /v2/r/manifests/t", None),
            (&user, Action::Update, "PUT /v2/r/manifests/t", None),
            (&user, Action::Read, "PUT /v2/r/manifests/t", denied),
            (&anonymous, Action::Read, "GET /v2/_catalog", None),
        ];
        for (identity, allowed, line, want) in table {
            assert_eq!(code(identity, allowed, line), want, "{allowed:?} {line}");
        }
    }
}
