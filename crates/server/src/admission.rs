//! Who is let in: identity, the door, and what a caller who is turned away is told.

use std::net::SocketAddr;

use auth::policy::Facts;
use auth::session::is_interface;
use auth::{Authorization, Evidence, Identity, Refusal};
use ext::{Access, Caller};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header as names};
use meta::Action;
use oci::{Error, ErrorCode};

use crate::access::{self, Need};
use crate::app::{App, Request};
use crate::challenge;
use crate::respond::Reply;
use crate::route::Route;
use crate::sign_in::browser;

impl App {
    /// Finds out who is calling.
    ///
    /// # Errors
    /// `Unauthorized` for wrong credentials, after the delay that the configuration asks for;
    /// `Unavailable` when they could not be checked.
    pub(crate) async fn identify(&self, request: Request<'_>) -> Result<Identity, Error> {
        let evidence = self.evidence(request);
        let identity = match request.snapshot.gate.identify(&evidence).await {
            Ok(identity) => identity,
            Err(refusal) => return Err(refused(request, refusal).await),
        };
        // Asked once per request, so the first answer is the only one.
        let _ = request.who.set(identity.clone());
        Ok(identity)
    }

    /// Finds out who is calling, and turns callers away who need credentials and have none.
    ///
    /// # Errors
    /// As [`Self::identify`], and `Unauthorized`.
    pub(crate) async fn enter(&self, request: Request<'_>, at: Door) -> Result<Caller, Error> {
        let identity = self.identify(request).await?;
        if matches!(identity, Identity::Anonymous) && !self.is_open_to_all(request, at) {
            return Err(ErrorCode::Unauthorized.into());
        }
        Ok(self.caller(identity, request))
    }

    fn is_open_to_all(&self, request: Request<'_>, at: Door) -> bool {
        let snapshot = request.snapshot;
        let asks = at == Door::Front && snapshot.asks_at_the_door();
        let has_token = || self.evidence(request).authorization() != Authorization::Absent;
        snapshot.admits_anonymous()
            && (!asks || is_interface(&request.parts.headers) || has_token())
    }

    /// Lets callers in as the access class of a route says.
    pub(crate) async fn admit(
        &self,
        request: Request<'_>,
        access: Access,
    ) -> Result<Caller, Error> {
        let caller = match access {
            Access::Public => return Ok(self.caller(Identity::Anonymous, request)),
            Access::Anonymous | Access::Metrics => {
                let identity = self.identify(request).await?;
                self.caller(identity, request)
            }
            Access::Authenticated | Access::Admin => self.enter(request, Door::Side).await?,
        };
        let may = match access {
            Access::Public | Access::Anonymous | Access::Authenticated => true,
            Access::Admin => caller.admin,
            Access::Metrics => may_read_metrics(request, &caller.identity),
        };
        if may {
            Ok(caller)
        } else {
            Err(access::denied(&caller))
        }
    }

    pub(crate) fn caller(&self, identity: Identity, request: Request<'_>) -> Caller {
        let facts = || {
            let Request {
                connection, parts, ..
            } = request;
            let now = self.registry.clock().now();
            let tls = connection.tls().map(|session| session.version);
            Facts::of(now, &parts.method, &parts.headers, connection.peer(), tls)
        };
        let policy = &request.snapshot.policy;
        Caller {
            rights: policy.rights(&identity, facts),
            admin: policy.is_admin(&identity, facts),
            peer: request.connection.peer(),
            identity,
        }
    }

    /// Begins a session for a user interface that has sent a right password, and takes a cookie away
    /// that is of no use.
    pub(crate) async fn keep_session(&self, request: Request<'_>, reply: &mut Reply) {
        let Some(browsers) = &request.snapshot.browsers else {
            return;
        };
        let who = request.who.get();
        if reply.status.is_success()
            && let Some(identity) = who
        {
            let evidence = self.evidence(request);
            let headers = &mut reply.headers;
            browsers.welcome(&evidence, identity, headers).await;
        } else if reply.status == StatusCode::UNAUTHORIZED {
            browser::forget(&request.parts.headers, &mut reply.headers);
        }
    }

    fn evidence<'a>(&self, request: Request<'a>) -> Evidence<'a> {
        let tls = request.connection.tls();
        Evidence {
            headers: &request.parts.headers,
            peer: SocketAddr::new(request.client.address, request.client.peer.port()),
            certificate: tls.and_then(|session| session.client.as_deref()),
            now: self.registry.clock().now(),
        }
    }
}

/// By which way a caller comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// `/v2/`, where clients learn whether they need credentials.
    Front,
    /// Anywhere else.
    Side,
}

impl Door {
    pub(crate) const fn of(route: &Route) -> Self {
        if matches!(route, Route::Base) {
            Self::Front
        } else {
            Self::Side
        }
    }
}

fn may_read_metrics(request: Request<'_>, identity: &Identity) -> bool {
    let snapshot = request.snapshot;
    let known = identity.user().is_some() || snapshot.gate.is_open();
    snapshot.policy.may_read_metrics(identity) && (known || snapshot.policy.has_anonymous_metrics())
}

/// The delay costs the caller time, and us no more than a timer.
async fn refused(request: Request<'_>, refusal: Refusal) -> Error {
    match refusal {
        Refusal::Wrong | Refusal::InvalidToken => {
            let delay = request.snapshot.fail_delay;
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            ErrorCode::Unauthorized.into()
        }
        Refusal::Failed(source) => Error::new(ErrorCode::Unavailable).caused_by(source),
    }
}

/// Tells a caller who was turned away with what to come back, and clients at the front door what is
/// accepted.
///
/// Compat: zot names its methods on all three statuses, but never to its user interface.
pub(crate) fn challenge(request: Request<'_>, route: &Route, reply: &mut Reply) {
    let Request {
        parts, snapshot, ..
    } = request;
    if snapshot.challenges.is_empty() || is_interface(&parts.headers) {
        return;
    }
    let value = match reply.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            let scope = match access::rights_needed(route, &parts.method) {
                Need::Right(_, action) => challenge::scope(route, action),
                Need::Push(_) => challenge::scope(route, Action::Create),
                Need::Nothing | Need::Entry => String::new(),
            };
            let origin = request.origin();
            snapshot.challenges.value(&scope, origin.as_ref())
        }
        StatusCode::OK if matches!(route, Route::Base) && parts.method == Method::GET => {
            snapshot.challenges.hint()
        }
        _ => return,
    };
    if let Some(value) = value {
        set(&mut reply.headers, value);
    }
}

fn set(headers: &mut HeaderMap, value: HeaderValue) {
    headers.entry(names::WWW_AUTHENTICATE).or_insert(value);
}
