//! Routes of extensions.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use oci::Error;

use crate::methods::Methods;
use crate::request::{Request, Response};

/// The limit of a body in bytes where a route sets none.
pub const DEFAULT_BODY_LIMIT: usize = 64 * 1024;

/// Says who may use a route. The server sees to it before the handler is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Everybody; credentials are not looked at.
    Public,
    /// Everybody; credentials that are sent must be right.
    Anonymous,
    /// Whoever may use `/v2/`: what the methods of authentication that are on demand.
    Authenticated,
    /// Administrators.
    Admin,
    /// Whoever may read metrics.
    Metrics,
}

/// Says whether pages in browsers may use a route from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cors {
    /// They may: the headers are sent, and `OPTIONS` is answered before any authentication.
    Browser,
    /// No headers are sent.
    None,
}

/// Answers requests to a route.
pub trait Handler: Send + Sync {
    /// Answers a request.
    ///
    /// # Errors
    /// The error that the client reads; its `source` is logged.
    fn handle(&self, request: Request) -> BoxFuture<'_, Result<Response, Error>>;
}

struct FnHandler<F>(F);

impl<F, T> Handler for FnHandler<F>
where
    F: Fn(Request) -> T + Send + Sync,
    T: Future<Output = Result<Response, Error>> + Send + 'static,
{
    fn handle(&self, request: Request) -> BoxFuture<'_, Result<Response, Error>> {
        (self.0)(request).boxed()
    }
}

/// Makes a handler of a function that yields a future.
pub fn handler<F, T>(function: F) -> Arc<dyn Handler>
where
    F: Fn(Request) -> T + Send + Sync + 'static,
    T: Future<Output = Result<Response, Error>> + Send + 'static,
{
    Arc::new(FnHandler(function))
}

/// Describes a route of an extension.
///
/// A prefix owns its own path and everything below it. `/` owns what nothing else does, except below
/// `/v2`.
#[derive(Clone)]
pub struct ExtensionRoute {
    /// The path, with a slash at the front and none at the end.
    pub prefix: String,
    /// The methods that are answered, without `OPTIONS`, which [`Cors::Browser`] implies.
    pub methods: Methods,
    /// Who may use it.
    pub access: Access,
    /// Whether pages from elsewhere may.
    pub cors: Cors,
    /// The largest body in bytes that is read.
    pub body_limit: usize,
    /// Answers the requests.
    pub handler: Arc<dyn Handler>,
}

impl ExtensionRoute {
    /// Describes a route that browsers may use and that takes small bodies.
    pub fn new(
        prefix: impl Into<String>,
        methods: Methods,
        access: Access,
        handler: Arc<dyn Handler>,
    ) -> Self {
        Self {
            prefix: prefix.into(),
            methods,
            access,
            cors: Cors::Browser,
            body_limit: DEFAULT_BODY_LIMIT,
            handler,
        }
    }

    /// Yields the methods that are answered, `OPTIONS` included where it is.
    pub const fn answers(&self) -> Methods {
        match self.cors {
            Cors::Browser => self.methods.and(Methods::OPTIONS),
            Cors::None => self.methods,
        }
    }

    /// Tells whether the route owns a path.
    pub fn owns(&self, path: &str) -> bool {
        if self.prefix == "/" {
            return path != "/v2" && !path.starts_with("/v2/");
        }
        let tail = path.strip_prefix(self.prefix.as_str());
        tail.is_some_and(|tail| tail.is_empty() || tail.starts_with('/'))
    }
}

impl fmt::Debug for ExtensionRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtensionRoute")
            .field("prefix", &self.prefix)
            .field("methods", &self.methods)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}
