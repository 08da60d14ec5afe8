//! What a request is for: one pure function over its method and path.
//!
//! Paths are matched as they were sent. Nothing is percent-decoded, so two spellings never reach one
//! piece of content, and a name that exists as a value is a valid one.
//!
//! Spec: distribution 1.1, Endpoints. Compat: what zot's router answers, except where noted.

use ext::Methods;
use http::Method;
use oci::digest::DigestError;
use oci::name::NameError;
use oci::reference::ReferenceError;
use oci::{Digest, Error, ErrorCode, Reference, RepoName};

/// Names what a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/v2/`: does the registry speak the protocol.
    Base,
    /// `/v2/_catalog`: the repositories.
    Catalog,
    /// `/v2/_oci/ext/discover`: the extensions.
    Discover,
    /// `/v2/{name}/tags/list`.
    Tags {
        /// The repository.
        repo: RepoName,
    },
    /// `/v2/{name}/manifests/{reference}`.
    Manifest {
        /// The repository.
        repo: RepoName,
        /// The tag or digest. A tag to be pushed follows the grammar; others may be odd.
        reference: Reference,
    },
    /// `/v2/{name}/blobs/{digest}`.
    Blob {
        /// The repository.
        repo: RepoName,
        /// The blob.
        digest: Digest,
    },
    /// `/v2/{name}/blobs/uploads/`: where uploads start.
    Uploads {
        /// The repository.
        repo: RepoName,
    },
    /// `/v2/{name}/blobs/uploads/{session}`.
    Upload {
        /// The repository.
        repo: RepoName,
        /// The session as the client wrote it; it may be no identifier at all.
        id: Box<str>,
    },
    /// `/v2/{name}/referrers/{digest}`.
    Referrers {
        /// The repository.
        repo: RepoName,
        /// The manifest that is referred to.
        digest: Digest,
    },
    /// `/livez`, `/readyz` or `/startupz`, whatever the method.
    Health(Probe),
    /// Nothing of the core: an extension may own the path, else there is nothing.
    Other(Space),
    /// The path is not in clean form; the clean one, without the query (`301`).
    Redirect(Box<str>),
    /// The path is known, but not with this method (`405`).
    WrongMethod(Methods),
    /// The path has the shape of a route, but a part of it breaks its grammar.
    Invalid(Invalid),
}

/// Names what a health probe asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Is the process alive.
    Live,
    /// May requests be sent.
    Ready,
    /// Is start-up over.
    Started,
}

/// Tells which of the two kinds of error bodies a path gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// At or below `/v2`: the list of errors of the specification.
    Api,
    /// Elsewhere: text.
    Plain,
}

/// Says which part of a path is malformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// The repository name.
    Name(Box<str>, NameError),
    /// The digest of a blob.
    Digest(Box<str>, DigestError),
    /// The digest of a manifest that is referred to.
    Subject(Box<str>, DigestError),
    /// The digest under which a manifest would be pushed.
    Push(Box<str>, DigestError),
    /// A tag that may not be pushed.
    Tag(Box<str>),
    /// A reference under which no manifest can be.
    Reference(Box<str>),
}

impl From<Invalid> for Error {
    /// Yields what the client is told.
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid::Name(text, error) => Self::new(ErrorCode::NameInvalid)
                .with("name", text)
                .with("reason", error),
            Invalid::Digest(text, error) | Invalid::Subject(text, error) => {
                Self::new(ErrorCode::DigestInvalid)
                    .with("digest", text)
                    .with("reason", error)
            }
            Invalid::Push(text, error) => Self::new(ErrorCode::DigestInvalid)
                .with("reference", &text)
                .with("digest", text)
                .with("reason", error),
            Invalid::Tag(text) => Self::new(ErrorCode::ManifestInvalid)
                .with("reference", text)
                .with("reason", oci::tag::TagError),
            Invalid::Reference(text) => {
                Self::new(ErrorCode::ManifestUnknown).with("reference", text)
            }
        }
    }
}

impl Route {
    /// Yields the methods that the route answers.
    pub const fn methods(&self) -> Methods {
        match self {
            Self::Base
            | Self::Catalog
            | Self::Discover
            | Self::Tags { .. }
            | Self::Referrers { .. } => LIST,
            Self::Manifest { .. } => MANIFEST,
            Self::Blob { .. } => BLOB,
            Self::Uploads { .. } => UPLOADS,
            Self::Upload { .. } => UPLOAD,
            Self::Health(_) | Self::Other(_) | Self::Redirect(_) | Self::Invalid(_) => Methods::ANY,
            Self::WrongMethod(methods) => *methods,
        }
    }

    /// Yields the repository, if the route lies in one.
    pub const fn repo(&self) -> Option<&RepoName> {
        match self {
            Self::Tags { repo }
            | Self::Manifest { repo, .. }
            | Self::Blob { repo, .. }
            | Self::Uploads { repo }
            | Self::Upload { repo, .. }
            | Self::Referrers { repo, .. } => Some(repo),
            Self::Base
            | Self::Catalog
            | Self::Discover
            | Self::Health(_)
            | Self::Other(_)
            | Self::Redirect(_)
            | Self::WrongMethod(_)
            | Self::Invalid(_) => None,
        }
    }
}

// HEAD is answered wherever GET is. Compat: zot answers 405 to HEAD on lists, against RFC 9110.
const LIST: Methods = Methods::READ.and(Methods::OPTIONS);
const MANIFEST: Methods = LIST.and(Methods::PUT).and(Methods::DELETE);
const BLOB: Methods = Methods::READ.and(Methods::DELETE);
const UPLOADS: Methods = Methods::POST;
const UPLOAD: Methods = Methods::READ
    .and(Methods::PATCH)
    .and(Methods::PUT)
    .and(Methods::DELETE);

/// Finds what a request is for. `path` is as it was sent, without the query.
///
/// Never fails and never panics, whatever the path.
pub fn route(method: &Method, path: &str) -> Route {
    if let Some(clean) = cleaned(path) {
        return Route::Redirect(clean);
    }
    let Some(rest) = path.strip_prefix("/v2/") else {
        return outside(path);
    };
    let route = match rest {
        "" => Route::Base,
        "_catalog" => Route::Catalog,
        "_oci/ext/discover" => Route::Discover,
        _ => return in_repo(method, rest),
    };
    check(route, method)
}

fn outside(path: &str) -> Route {
    match path {
        "/livez" => Route::Health(Probe::Live),
        "/readyz" => Route::Health(Probe::Ready),
        "/startupz" => Route::Health(Probe::Started),
        "/v2" => Route::Other(Space::Api),
        _ => Route::Other(Space::Plain),
    }
}

fn check(route: Route, method: &Method) -> Route {
    let methods = route.methods();
    if methods.contains(method) {
        route
    } else {
        Route::WrongMethod(methods)
    }
}

/// The shape of a path within a repository: its noun and the segment behind it.
enum Shape<'a> {
    Tags,
    Manifest(&'a str),
    Blob(&'a str),
    Uploads,
    Upload(&'a str),
    Referrers(&'a str),
}

impl Shape<'_> {
    const fn methods(&self) -> Methods {
        match self {
            Self::Tags | Self::Referrers(_) => LIST,
            Self::Manifest(_) => MANIFEST,
            Self::Blob(_) => BLOB,
            Self::Uploads => UPLOADS,
            Self::Upload(_) => UPLOAD,
        }
    }
}

fn in_repo(method: &Method, rest: &str) -> Route {
    // No repository name starts with an underscore: extensions live there.
    if rest.starts_with('_') {
        return Route::Other(Space::Api);
    }
    let Some((name, shape)) = shape(rest) else {
        return Route::Other(Space::Api);
    };
    if !shape.methods().contains(method) {
        return Route::WrongMethod(shape.methods());
    }
    match name.parse() {
        Ok(repo) => of_shape(method, repo, &shape),
        Err(error) => Route::Invalid(Invalid::Name(name.into(), error)),
    }
}

/// Splits from the right, since names have any number of levels and may hold any noun.
fn shape(rest: &str) -> Option<(&str, Shape<'_>)> {
    let (head, last) = rest.rsplit_once('/')?;
    let (name, noun) = head.rsplit_once('/')?;
    let shape = match (noun, last) {
        ("tags", "list") => Shape::Tags,
        ("uploads", _) => {
            let (name, noun) = name.rsplit_once('/')?;
            let shape = if last.is_empty() {
                Shape::Uploads
            } else {
                Shape::Upload(last)
            };
            return (noun == "blobs").then_some((name, shape));
        }
        (_, "") => return None,
        ("manifests", reference) => Shape::Manifest(reference),
        ("blobs", digest) => Shape::Blob(digest),
        ("referrers", digest) => Shape::Referrers(digest),
        _ => return None,
    };
    Some((name, shape))
}

fn of_shape(method: &Method, repo: RepoName, shape: &Shape<'_>) -> Route {
    match *shape {
        Shape::Tags => Route::Tags { repo },
        Shape::Uploads => Route::Uploads { repo },
        Shape::Upload(id) => Route::Upload {
            repo,
            id: id.into(),
        },
        Shape::Manifest(text) => match reference(method, text) {
            Ok(reference) => Route::Manifest { repo, reference },
            Err(invalid) => Route::Invalid(invalid),
        },
        Shape::Blob(text) => match text.parse() {
            Ok(digest) => Route::Blob { repo, digest },
            Err(error) => Route::Invalid(Invalid::Digest(text.into(), error)),
        },
        Shape::Referrers(text) => match text.parse() {
            Ok(digest) => Route::Referrers { repo, digest },
            Err(error) => Route::Invalid(Invalid::Subject(text.into(), error)),
        },
    }
}

/// Reads what may be pushed strictly, and what may only be found leniently.
///
/// Compat: stores of other registries hold odd tags, which stay readable and deletable.
fn reference(method: &Method, text: &str) -> Result<Reference, Invalid> {
    let is_push = method == Method::PUT;
    match Reference::parse(text) {
        Ok(Reference::Tag(tag)) if is_push && !tag.is_conformant() => {
            Err(Invalid::Tag(text.into()))
        }
        Ok(reference) => Ok(reference),
        Err(ReferenceError::Digest(error)) if is_push => Err(Invalid::Push(text.into(), error)),
        Err(ReferenceError::Tag(_)) if is_push => Err(Invalid::Tag(text.into())),
        Err(_) => Err(Invalid::Reference(text.into())),
    }
}

/// Yields the clean form of a path, if it differs.
///
/// Compat: zot answers 301 with the clean path and the query to any method.
fn cleaned(path: &str) -> Option<Box<str>> {
    let inner = path.strip_prefix('/')?;
    let is_clean = |segment: &str| !matches!(segment, "" | "." | "..");
    let dirty = match inner.rsplit_once('/') {
        Some((head, last)) => !head.split('/').all(is_clean) || matches!(last, "." | ".."),
        None => matches!(inner, "." | ".."),
    };
    if !dirty {
        return None;
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in inner.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let mut clean = format!("/{}", kept.join("/"));
    // A folder stays one. The last segment of a dirty path may be a dot: that is no folder.
    if inner.ends_with('/') && !kept.is_empty() {
        clean.push('/');
    }
    Some(clean.into())
}

#[cfg(test)]
mod tests;
