//! Logins at other services: away, and back.
//!
//! Spec: core 6.7.

use std::error::Error as StdError;
use std::sync::Arc;

use auth::login::{Answer, CALLBACK, LoggedIn, Login, LoginError, Wish};
use ext::{Access, Content, Cors, ExtensionRoute, Methods, Request, Response, handler};
use http::{HeaderValue, StatusCode, header as names};
use oci::{Error, ErrorCode};
use tracing::warn;

use super::browser::Browsers;
use crate::header;
use crate::query::{Query, invalid};

/// Where a login begins.
pub const LOGIN: &str = "/zot/auth/login";

/// Yields the routes of logins; none when no service is configured.
pub fn routes(browsers: &Arc<Browsers>) -> Vec<ExtensionRoute> {
    if browsers.login.is_none() {
        return Vec::new();
    }
    let begin = Arc::clone(browsers);
    let begin = handler(move |request: Request| {
        let browsers = Arc::clone(&begin);
        async move { begun(&browsers, &request).await }
    });
    let finish = Arc::clone(browsers);
    let finish = handler(move |request: Request| {
        let browsers = Arc::clone(&finish);
        async move { finished(&browsers, &request).await }
    });
    let route = |prefix, handler| ExtensionRoute {
        cors: Cors::None,
        ..ExtensionRoute::new(prefix, Methods::ANY, Access::Public, handler)
    };
    vec![route(LOGIN, begin), route(CALLBACK, finish)]
}

async fn begun(browsers: &Browsers, request: &Request) -> Result<Response, Error> {
    let login = login(browsers)?;
    if request.path != LOGIN {
        return Err(ErrorCode::NotFound.into());
    }
    let query = Query::new(request.query.as_deref());
    let provider = query.one("provider")?.unwrap_or_default();
    let target = query.one("callback_ui")?.unwrap_or_default();
    let forwarded = (browsers.outside)(&request.headers, request.caller.peer);
    let wish = Wish {
        provider: &provider,
        target: &target,
        forwarded: forwarded.as_ref(),
        now: browsers.clock.now(),
    };
    let begun = login.begin(wish).await.map_err(refused)?;
    let mut response = redirect(&begun.location);
    let cookies = browsers.cookies(forwarded.as_ref());
    cookies.hold(&mut response.headers, &begun.cookie);
    Ok(response)
}

async fn finished(browsers: &Browsers, request: &Request) -> Result<Response, Error> {
    let login = login(browsers)?;
    let below = request.path.strip_prefix(CALLBACK).unwrap_or_default();
    let provider = below.strip_prefix('/').ok_or(ErrorCode::NotFound)?;
    let query = Query::new(request.query.as_deref());
    let [state, code, error, issuer] = [
        query.one("state")?,
        query.one("code")?,
        query.one("error")?,
        query.one("iss")?,
    ];
    let answer = Answer {
        provider,
        state: state.as_deref().unwrap_or_default(),
        code: code.as_deref(),
        error: error.as_deref(),
        issuer: issuer.as_deref(),
    };
    let now = browsers.clock.now();
    let done = login.finish(answer, &request.headers, now).await;
    let forwarded = (browsers.outside)(&request.headers, request.caller.peer);
    let cookies = browsers.cookies(forwarded.as_ref());
    let mut response = match done {
        Ok(logged_in) => {
            let mut response = arrived(&logged_in);
            let LoggedIn {
                person, provider, ..
            } = logged_in;
            let noted = browsers
                .profiles
                .note(&person.name, &person.groups, now)
                .await;
            noted.map_err(|error| Error::new(ErrorCode::Internal).caused_by(error))?;
            let opened = browsers
                .sessions
                .open(&person.name, Some(&provider), now)
                .await;
            let ticket =
                opened.map_err(|error| Error::new(ErrorCode::Internal).caused_by(error))?;
            cookies.begin(&mut response.headers, &ticket, &person.name);
            response
        }
        Err(error) => failed(provider, error)?,
    };
    cookies.release(&mut response.headers);
    Ok(response)
}

fn login(browsers: &Browsers) -> Result<&Login, Error> {
    browsers.login.as_ref().ok_or(ErrorCode::NotFound.into())
}

/// Yields the answer to somebody who is logged in: on to where the browser wanted to go.
fn arrived(logged_in: &LoggedIn) -> Response {
    match &logged_in.target {
        Some(target) => redirect(target),
        None => private(Response::empty(StatusCode::CREATED)),
    }
}

/// Yields why a login did not begin.
fn refused(error: LoginError) -> Error {
    match error {
        LoginError::UnknownProvider => invalid("provider", error),
        LoginError::Unavailable { .. } => {
            let reason = error.to_string();
            Error::new(ErrorCode::Unavailable)
                .because(reason)
                .caused_by(error)
        }
        LoginError::Stray
        | LoginError::Refused { .. }
        | LoginError::Failed { .. }
        | LoginError::Nameless { .. }
        | LoginError::Records(_) => Error::new(ErrorCode::Internal).caused_by(error),
    }
}

/// Yields the answer to a login that failed: text, for it is a person who reads it. There is no
/// challenge, so that the browser does not ask for a password of its own accord.
fn failed(provider: &str, error: LoginError) -> Result<Response, Error> {
    let status = match error {
        LoginError::UnknownProvider => return Err(ErrorCode::NotFound.into()),
        LoginError::Records(_) | LoginError::Unavailable { .. } => return Err(refused(error)),
        LoginError::Refused { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        LoginError::Stray | LoginError::Failed { .. } | LoginError::Nameless { .. } => {
            StatusCode::UNAUTHORIZED
        }
    };
    let logged: &(dyn StdError + 'static) = &error;
    warn!(provider, error = logged, "login failed");
    let mut response = private(Response::empty(status));
    response.headers.insert(names::CONTENT_TYPE, header::TEXT);
    response.content = Content::Bytes(format!("{error}\n").into());
    Ok(response)
}

fn redirect(location: &str) -> Response {
    let mut response = private(Response::empty(StatusCode::FOUND));
    let location = header::of_text(location);
    response.headers.insert(names::LOCATION, location);
    response
}

/// Nobody keeps these answers, and nobody is told the address that led to them: it held a code.
pub(super) fn private(mut response: Response) -> Response {
    let (no_store, no_referrer) = ("no-store", "no-referrer");
    let headers = &mut response.headers;
    headers.insert(names::CACHE_CONTROL, HeaderValue::from_static(no_store));
    headers.insert(
        names::REFERRER_POLICY,
        HeaderValue::from_static(no_referrer),
    );
    response
}

#[cfg(test)]
mod tests;
