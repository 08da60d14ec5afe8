//! From a request to its answer: route, identity, rights, handler.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use arc_swap::ArcSwap;
use auth::Identity;
use auth::origin::Scheme;
use auth::session::is_interface;
use ext::Fixed;
use futures_util::FutureExt;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Response, StatusCode, header as names};
use oci::{Error, ErrorCode};
use registry::{Registry, Source};

use crate::access;
use crate::admission::{self, Door};
use crate::audit;
use crate::body::Body;
use crate::challenge::Origin;
use crate::client_address::{Client, Received, TrustedProxies};
use crate::connection::Connection;
use crate::handler::{self, Call};
use crate::header;
use crate::incoming;
use crate::log::{Access, Log};
use crate::rate_limit;
use crate::request_id::RequestIds;
use crate::respond::{self, Reply, Subject};
use crate::route::{Probe, Route, Space, route};
use crate::sessions::Sessions;
use crate::settings::Settings;
use crate::sign_in::browser::Browsers;
use crate::snapshot::Snapshot;

/// The HTTP side of a registry as a value. Binding a port is somebody else's work.
pub struct App {
    pub(crate) registry: Arc<Registry>,
    pub(crate) plan: Fixed,
    snapshot: ArcSwap<Snapshot>,
    pub(crate) sessions: Sessions,
    ids: RequestIds,
    log: Option<Log>,
    started: AtomicBool,
    ready: AtomicBool,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("plan", &self.plan)
            .field("snapshot", &self.snapshot.load())
            .finish_non_exhaustive()
    }
}

impl App {
    /// Puts the HTTP side together: nobody needs credentials and everybody may do everything.
    pub fn open(registry: Arc<Registry>, settings: Settings, plan: Fixed) -> Self {
        Self::new(registry, Snapshot::open(settings), plan)
    }

    /// Puts the HTTP side together.
    pub fn new(registry: Arc<Registry>, snapshot: Snapshot, plan: Fixed) -> Self {
        Self {
            registry,
            plan,
            snapshot: ArcSwap::from_pointee(snapshot),
            sessions: Sessions::default(),
            ids: RequestIds::new(),
            log: None,
            started: AtomicBool::new(false),
            ready: AtomicBool::new(false),
        }
    }

    /// Has a line written for each request.
    #[must_use]
    pub fn with_log(mut self, log: Log) -> Self {
        self.log = Some(log);
        self
    }

    /// Replaces all that depends on the configuration; requests under way keep what they began with.
    pub fn set_snapshot(&self, snapshot: Snapshot) {
        self.snapshot.store(Arc::new(snapshot));
    }

    /// Says that start-up is over: `/startupz` answers 200 from now on.
    pub fn set_started(&self) {
        self.started.store(true, Ordering::Release);
    }

    /// Says whether requests may be sent, as `/readyz` answers. While draining they may not.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }

    pub(crate) fn browsers(&self) -> Option<Arc<Browsers>> {
        self.snapshot.load().browsers.clone()
    }

    pub(crate) fn holds(&self, probe: Probe) -> bool {
        match probe {
            Probe::Live => true,
            Probe::Started => self.started.load(Ordering::Acquire),
            Probe::Ready => self.ready.load(Ordering::Acquire),
        }
    }

    /// Answers a request as it comes from a connection. Never fails: whatever goes wrong becomes an
    /// answer.
    ///
    /// # Cancel safety
    /// Dropped when the client goes away. Content that was acknowledged stays; an upload keeps what
    /// it has.
    pub async fn handle(
        &self,
        connection: &Connection,
        request: http::Request<hyper::body::Incoming>,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let limits = self.snapshot.load().settings.body;
        let mut source = incoming::Source::new(body, limits);
        self.answer(connection, &parts, &mut source).await
    }

    /// Answers a request whose body comes from anywhere; otherwise as [`Self::handle`].
    pub async fn answer(
        &self,
        connection: &Connection,
        parts: &Parts,
        source: &mut Source<'_>,
    ) -> Response<Body> {
        let begun = Instant::now();
        let (snapshot, who) = (self.snapshot.load_full(), OnceLock::new());
        let request = Request {
            connection,
            parts,
            snapshot: &snapshot,
            client: client(connection, parts, &snapshot.proxies),
            who: &who,
        };
        let object = parts.uri.path_and_query().map_or("*", PathAndQuery::as_str);
        let watch = snapshot.audit.as_ref().map(|audit| {
            audit.watch(audit::Asked {
                client: request.client,
                method: &parts.method,
                object,
                headers: &parts.headers,
                who: &who,
            })
        });
        let reply = self.limited(request, begun, source).await;
        if let Some(watch) = watch {
            watch.finish(reply.status).await;
        }
        if let Some(log) = self.log.as_ref().filter(|_| snapshot.settings.access_log) {
            log.access(&Access {
                username: who.get().and_then(Identity::name),
                client: request.client,
                method: &parts.method,
                path: object,
                status: reply.status.as_u16(),
                latency: begun.elapsed(),
                body_size: reply.body.left(),
                headers: &parts.headers,
            });
        }
        reply.into_response(&parts.method)
    }

    /// Answers a request unless its client makes too many.
    async fn limited(&self, request: Request<'_>, now: Instant, source: &mut Source<'_>) -> Reply {
        let Request { parts, client, .. } = request;
        let Some(rates) = &request.snapshot.rates else {
            return self.finished(request, source).await;
        };
        let (method, path) = (&parts.method, parts.uri.path());
        let judgement = rates.judge(
            &rate_limit::Asked {
                client,
                method,
                path,
            },
            now,
        );
        let id = self.ids.of(&parts.headers);
        let subject = Subject {
            id: &id,
            method,
            path,
        };
        let mut reply = match judgement.refusal(subject) {
            Some(refusal) => refusal.with(header::X_REQUEST_ID, id.into_value()),
            None => self.finished(request, source).await,
        };
        let forwarded_for = parts.headers.get("x-forwarded-for");
        judgement.mark(client, forwarded_for, &mut reply.headers);
        reply
    }

    /// Answers a request, with all headers that every answer has.
    async fn finished(&self, request: Request<'_>, source: &mut Source<'_>) -> Reply {
        let Request {
            parts, snapshot, ..
        } = request;
        let (method, path) = (&parts.method, parts.uri.path());
        let id = self.ids.of(&parts.headers);
        let route = route(method, path);
        let subject = Subject {
            id: &id,
            method,
            path,
        };
        let work = AssertUnwindSafe(self.reply(request, &route, source)).catch_unwind();
        let mut reply = match work.await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => respond::error(&error, subject),
            Err(panic) => respond::panicked(panic.as_ref(), subject),
        };
        if matches!(route, Route::Other(_)) {
            handler::extension::finish(self, request, &mut reply);
        }
        admission::challenge(request, &route, &mut reply);
        if is_interface(&parts.headers) {
            self.keep_session(request, &mut reply).await;
        }
        snapshot
            .settings
            .cors
            .apply(&route, method, &mut reply.headers);
        if reply.status == StatusCode::METHOD_NOT_ALLOWED {
            let allow = header::of_text(&route.methods().to_string());
            reply.headers.entry(names::ALLOW).or_insert(allow);
        }
        reply.headers.insert(header::X_REQUEST_ID, id.into_value());
        reply
    }

    async fn reply(
        &self,
        request: Request<'_>,
        route: &Route,
        source: &mut Source<'_>,
    ) -> Result<Reply, Error> {
        if let Some(reply) = self.early(request.parts, route) {
            return reply;
        }
        if let Route::Other(space) = route {
            return handler::extension::answer(self, request, *space, source).await;
        }
        let caller = self.enter(request, Door::of(route)).await?;
        let now = self.registry.clock().now();
        access::check(route, &request.parts.method, &caller, now)?;
        let call = Call {
            app: self,
            request,
            caller: &caller,
        };
        handler::dispatch(&call, route, source).await
    }

    /// Answers what needs no identity.
    fn early(&self, parts: &Parts, route: &Route) -> Option<Result<Reply, Error>> {
        match route {
            Route::Redirect(path) => Some(Ok(redirect(path, parts.uri.query()))),
            Route::Health(probe) => Some(Ok(handler::health::answer(self.holds(*probe)))),
            Route::WrongMethod(_) => Some(Err(ErrorCode::Unsupported.into())),
            Route::Base
            | Route::Catalog
            | Route::Discover
            | Route::Tags { .. }
            | Route::Manifest { .. }
            | Route::Referrers { .. } => {
                let preflight = parts.method == Method::OPTIONS;
                preflight.then(|| Ok(Reply::new(StatusCode::NO_CONTENT)))
            }
            Route::Blob { .. }
            | Route::Uploads { .. }
            | Route::Upload { .. }
            | Route::Other(_)
            | Route::Invalid(_) => None,
        }
    }
}

/// Lends what is known of a request before anybody has looked at who sent it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) parts: &'a Parts,
    pub(crate) snapshot: &'a Snapshot,
    /// Where the request came from.
    pub(crate) client: Client,
    /// Who is calling, once that is known: for the log.
    pub(crate) who: &'a OnceLock<Identity>,
}

impl Request<'_> {
    /// Yields where the registry is reached, as this client sees it.
    pub(crate) fn origin(&self) -> Option<Origin> {
        if let Some(origin) = &self.snapshot.origin {
            return Some(origin.clone());
        }
        let received = received(self.connection, self.parts);
        let origin = self.snapshot.proxies.origin(&received)?;
        Some(Origin::requested(&origin))
    }
}

fn client(connection: &Connection, parts: &Parts, proxies: &TrustedProxies) -> Client {
    proxies.client(&received(connection, parts))
}

fn received<'a>(connection: &Connection, parts: &'a Parts) -> Received<'a> {
    Received {
        peer: connection.peer(),
        scheme: if connection.is_tls() {
            Scheme::Https
        } else {
            Scheme::Http
        },
        uri: &parts.uri,
        headers: &parts.headers,
    }
}

fn redirect(path: &str, query: Option<&str>) -> Reply {
    let location = match query {
        Some(query) => header::of_text(&format!("{path}?{query}")),
        None => header::of_text(path),
    };
    Reply::new(StatusCode::MOVED_PERMANENTLY).with(names::LOCATION, location)
}

/// Answers a path at which there is nothing.
pub(crate) fn nothing(space: Space) -> Result<Reply, Error> {
    match space {
        Space::Api => Err(ErrorCode::NotFound.into()),
        Space::Plain => Ok(Reply::text(StatusCode::NOT_FOUND, "404 page not found\n")),
    }
}

#[cfg(test)]
mod tests;
