//! `/zot/auth/token`: where clients turn what they have into a token.
//!
//! In this order: an identity token that came in the place of a password is its own answer; name and
//! password are looked up here, and a token of this server is the answer; callers without credentials
//! get a token of the anonymous caller, where a policy has something for them; the rest is passed on
//! to another token service, where one is configured.
//!
//! Spec: core contract, 6.9; distribution, token authentication.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use auth::token::{
    Accepted, Exchange, Exchanged, Mint, MintError, Passed, Upstream, Wanted, basic_header,
    form_credentials, is_form,
};
use auth::{Authorization, Credentials, Evidence, Gate, Identity, Refusal};
use ext::{Access, ExtensionRoute, Methods, Request, Response};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use oci::{Error, ErrorCode};
use registry::Clock;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::{error, warn};

use crate::challenge::TOKEN_PATH;
use crate::header::JSON;
use crate::query::Query;

/// The largest form in bytes.
const FORM_LIMIT: usize = 64 * 1024;

/// Says whether callers without credentials get a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anonymous {
    /// They do: a policy has something for them.
    Served,
    /// They are asked for credentials.
    Refused,
}

/// Answers token requests.
pub struct TokenEndpoint {
    /// Accepts identity tokens.
    pub exchange: Exchange,
    /// Makes tokens of this server, if it does.
    pub mint: Option<Arc<Mint>>,
    /// Whether the anonymous caller gets one.
    pub anonymous: Anonymous,
    /// Knows names and passwords.
    pub passwords: Gate,
    /// Takes what is for another token service.
    pub upstream: Option<Upstream>,
    /// The realm of the challenge.
    pub realm: String,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint")
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// Yields the routes. Credentials are the handler's to look at: not all of them are for this server.
pub fn routes(endpoint: Arc<TokenEndpoint>) -> Vec<ExtensionRoute> {
    let handler = ext::handler(move |request: Request| {
        let endpoint = Arc::clone(&endpoint);
        async move { Ok(endpoint.answer(&request).await) }
    });
    let methods = Methods::GET.and(Methods::POST);
    let mut route = ExtensionRoute::new(TOKEN_PATH, methods, Access::Public, handler);
    route.body_limit = FORM_LIMIT;
    vec![route]
}

impl TokenEndpoint {
    async fn answer(&self, request: &Request) -> Response {
        let mut response = match self.decide(request).await {
            Ok(response) => response,
            Err(Denial::Challenge) => self.challenge(),
            Err(Denial::Error(status, error)) => failure(status, &error),
        };
        let headers = &mut response.headers;
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        response
    }

    async fn decide(&self, request: &Request) -> Result<Response, Denial> {
        let now = self.clock.now();
        let sent = Sent::read(request, now)?;
        let credentials: Vec<&str> = sent.credentials.iter().map(String::as_str).collect();
        match self.exchange.exchange(&credentials, now).await {
            Exchanged::Accepted(accepted) => {
                let token = credentials
                    .get(accepted.position)
                    .copied()
                    .unwrap_or_default();
                return Ok(same_token(token, accepted));
            }
            Exchanged::Refused => return Err(Denial::Challenge),
            Exchanged::Foreign => {}
        }
        if let (Some(mint), Some(headers)) = (&self.mint, &sent.basic) {
            match self.identify(headers, request, now).await? {
                Some(identity) => return minted(mint, &identity, &sent.wanted(request), now),
                // A wrong password may be right elsewhere.
                None if self.upstream.is_none() => return Err(Denial::Challenge),
                None => {}
            }
        }
        if let (Some(mint), Anonymous::Served, true) = (&self.mint, self.anonymous, sent.is_empty())
        {
            return minted(mint, &Identity::Anonymous, &sent.wanted(request), now);
        }
        match &self.upstream {
            Some(upstream) => pass(upstream, request).await,
            None => Err(Denial::Challenge),
        }
    }

    /// Yields who has this name and password; nobody when they are wrong.
    async fn identify(
        &self,
        headers: &HeaderMap,
        request: &Request,
        now: SystemTime,
    ) -> Result<Option<Identity>, Denial> {
        let evidence = Evidence {
            headers,
            peer: request.caller.peer,
            certificate: None,
            now,
        };
        match self.passwords.identify(&evidence).await {
            Ok(identity) => Ok(Some(identity).filter(|identity| identity.user().is_some())),
            Err(Refusal::Wrong | Refusal::InvalidToken) => Ok(None),
            Err(Refusal::Failed(cause)) => {
                error!(error = %cause, "credentials could not be checked");
                let error = Error::new(ErrorCode::Internal);
                Err(Denial::Error(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    error.into(),
                ))
            }
        }
    }

    fn challenge(&self) -> Response {
        let error = Error::new(ErrorCode::Unauthorized);
        let mut response = failure(StatusCode::UNAUTHORIZED, &error);
        let realm = self.realm.replace(['"', '\\'], "");
        let value = HeaderValue::try_from(format!("Basic realm=\"{realm}\""));
        let value = value.unwrap_or(HeaderValue::from_static("Basic realm=\"zot\""));
        response.headers.insert(header::WWW_AUTHENTICATE, value);
        response
    }
}

/// Says why there is no token.
enum Denial {
    /// Credentials are needed, or others.
    Challenge,
    /// The request cannot be answered.
    Error(StatusCode, Box<Error>),
}

/// Holds what a client sent.
struct Sent {
    /// What may be tokens, in the order in which they are tried.
    credentials: Vec<String>,
    /// Headers with name and password, if the client sent both, wherever it did.
    basic: Option<HeaderMap>,
    /// The scopes of a form.
    scopes: Vec<String>,
}

impl Sent {
    fn read(request: &Request, now: SystemTime) -> Result<Self, Denial> {
        let evidence = Evidence {
            headers: &request.headers,
            peer: request.caller.peer,
            certificate: None,
            now,
        };
        let mut credentials = Vec::new();
        let mut basic = None;
        match evidence.authorization() {
            Authorization::Several => {
                let error = Error::new(ErrorCode::Unsupported);
                return Err(Denial::Error(StatusCode::UNAUTHORIZED, error.into()));
            }
            Authorization::Basic(sent) => {
                basic = Some(request.headers.clone());
                let read = Credentials::read(sent);
                let password = read.and_then(|read| String::from_utf8(read.password).ok());
                credentials.extend(password.map(|password| password.trim().to_owned()));
            }
            Authorization::Absent | Authorization::Bearer(_) | Authorization::Other => {}
        }
        let form = form_credentials(&request.headers, &request.body).map_err(|error| {
            let error = Error::new(ErrorCode::ParameterInvalid).with("reason", error);
            Denial::Error(StatusCode::BAD_REQUEST, error.into())
        })?;
        let mut scopes = Vec::new();
        if let (Ok(text), true) = (
            std::str::from_utf8(&request.body),
            is_form(&request.headers),
        ) {
            let form = Query::new(Some(text));
            scopes.extend(form.all("scope").map(Cow::into_owned));
            basic = basic.or_else(|| login(form));
        }
        credentials.extend(form);
        let mut seen = HashSet::new();
        credentials.retain(|one| !one.is_empty() && seen.insert(one.clone()));
        Ok(Self {
            credentials,
            basic,
            scopes,
        })
    }

    fn is_empty(&self) -> bool {
        self.credentials.is_empty() && self.basic.is_none()
    }

    fn wanted(&self, request: &Request) -> Vec<Wanted> {
        let query = Query::new(request.query.as_deref());
        let asked: Vec<Cow<'_, str>> = query.all("scope").collect();
        let own = self.scopes.iter().map(String::as_str);
        Wanted::read(asked.iter().map(AsRef::as_ref).chain(own))
    }
}

/// Yields headers with the name and password of a form, as clients of OAuth 2 send them.
///
/// Spec: RFC 6749, 4.3.2.
fn login(form: Query<'_>) -> Option<HeaderMap> {
    let field = |name: &'static str| form.one(name).ok().flatten();
    let value = basic_header(&field("username")?, &field("password")?)?;
    Some(HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
}

fn minted(
    mint: &Mint,
    identity: &Identity,
    wanted: &[Wanted],
    now: SystemTime,
) -> Result<Response, Denial> {
    let minted = mint.issue(identity, wanted, now).map_err(|error| {
        warn!(error = %error, "no token made");
        let code = match error {
            MintError::TooLong => ErrorCode::ParameterInvalid,
            MintError::Key => ErrorCode::Internal,
        };
        let status = StatusCode::from_u16(code.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Denial::Error(status, Error::new(code).with("reason", error).into())
    })?;
    let seconds = minted.expires_in.as_secs();
    Ok(token(&minted.token, seconds, Some(minted.issued_at)))
}

fn same_token(text: &str, accepted: Accepted) -> Response {
    token(text, accepted.expires_in.as_secs(), accepted.issued_at)
}

/// Compat: `issued_at` is blank when a token does not say when it was issued.
fn token(text: &str, seconds: u64, issued: Option<SystemTime>) -> Response {
    let issued = issued.and_then(|time| {
        let time = OffsetDateTime::from(time).replace_nanosecond(0).ok()?;
        time.format(&Rfc3339).ok()
    });
    let body = json!({
        "token": text,
        "access_token": text,
        "expires_in": seconds,
        "issued_at": issued.unwrap_or_default(),
    });
    Response::json(body.to_string())
}

async fn pass(upstream: &Upstream, request: &Request) -> Result<Response, Denial> {
    let passed = Passed {
        method: &request.method,
        query: request.query.as_deref().unwrap_or_default(),
        headers: &request.headers,
        body: &request.body,
    };
    let (status, headers, body) = upstream.pass(passed).await.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        warn!(error = %error, cause, "token request not passed on");
        let reason = "failed to proxy token request";
        let error = Error::new(ErrorCode::Unsupported).with("reason", reason);
        Denial::Error(StatusCode::BAD_GATEWAY, error.into())
    })?;
    let mut response = Response::json(body);
    response.status = status;
    response.headers = headers;
    // What another service may do in browsers is not for it to say here.
    let cors = |name: &header::HeaderName| name.as_str().starts_with("access-control-");
    let foreign: Vec<_> = response
        .headers
        .keys()
        .filter(|name| cors(name))
        .cloned()
        .collect();
    for name in foreign {
        response.headers.remove(name);
    }
    Ok(response)
}

fn failure(status: StatusCode, error: &Error) -> Response {
    let mut response = Response::json(error.to_body());
    response.status = status;
    response.headers.insert(header::CONTENT_TYPE, JSON);
    response
}

#[cfg(test)]
mod tests;
