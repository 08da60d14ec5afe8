//! Routes of extensions: found, guarded and answered here, written elsewhere.

use std::error::Error as StdError;
use std::io;

use ext::{Content, Cors, ExtensionRoute};
use futures_util::StreamExt;
use http::{HeaderValue, Method, StatusCode, header as names};
use oci::{Error, ErrorCode};
use registry::Source;

use crate::admission::Door;
use crate::app::{App, Request, nothing};
use crate::body::Body;
use crate::header;
use crate::intake;
use crate::respond::Reply;
use crate::route::Space;

/// Answers a path that is none of the core's.
pub(crate) async fn answer(
    app: &App,
    request: Request<'_>,
    space: Space,
    source: &mut Source<'_>,
) -> Result<Reply, Error> {
    let Some(route) = find(app, request) else {
        if space == Space::Api {
            // Whether there is something at all is for those who are let in.
            app.enter(request, Door::Side).await?;
        }
        return nothing(space);
    };
    guarded(app, request, (space, route), source).await
}

/// Adds what belongs on every answer of an extension's route, errors too.
pub(crate) fn finish(app: &App, request: Request<'_>, reply: &mut Reply) {
    let Some(route) = find(app, request) else {
        return;
    };
    let nosniff = HeaderValue::from_static("nosniff");
    reply.headers.insert(names::X_CONTENT_TYPE_OPTIONS, nosniff);
    if route.cors == Cors::Browser {
        request
            .snapshot
            .settings
            .cors
            .apply_extension(route.answers(), &mut reply.headers);
    }
}

/// Looks among the core's own routes of this kind first: those for signing in.
fn find<'a>(app: &'a App, request: Request<'a>) -> Option<&'a ExtensionRoute> {
    let path = request.parts.uri.path();
    let own = request.snapshot.route(path);
    own.or_else(|| app.plan.route(path))
}

async fn guarded(
    app: &App,
    request: Request<'_>,
    (space, route): (Space, &ExtensionRoute),
    source: &mut Source<'_>,
) -> Result<Reply, Error> {
    let method = &request.parts.method;
    if method == Method::OPTIONS && route.cors == Cors::Browser {
        return Ok(Reply::new(StatusCode::NO_CONTENT));
    }
    if !route.answers().contains(method) {
        return Ok(wrong_method(space, route));
    }
    let caller = app.admit(request, route.access).await?;
    let body = intake::read_all(&request.parts.headers, source, route.body_limit).await?;
    let response = route.handler.handle(ext::Request {
        method: method.clone(),
        path: request.parts.uri.path().to_owned(),
        query: request.parts.uri.query().map(str::to_owned),
        headers: request.parts.headers.clone(),
        body,
        caller,
    });
    Ok(translated(request, response.await?))
}

fn wrong_method(space: Space, route: &ExtensionRoute) -> Reply {
    let mut reply = Reply::new(StatusCode::METHOD_NOT_ALLOWED);
    if space == Space::Api {
        reply = Reply::json(Error::new(ErrorCode::Unsupported).to_body());
        reply.status = StatusCode::METHOD_NOT_ALLOWED;
    }
    reply.with(names::ALLOW, header::of_text(&route.answers().to_string()))
}

fn translated(request: Request<'_>, response: ext::Response) -> Reply {
    let body = match response.content {
        Content::Bytes(bytes) => Body::full(bytes),
        Content::Stream { length, stream } => {
            let stream = storage::Body::Stream(stream.map(|piece| piece.map_err(broken)).boxed());
            let Request {
                connection, parts, ..
            } = request;
            Body::content(stream, length, connection, parts.version)
        }
    };
    Reply {
        status: response.status,
        headers: response.headers,
        body,
    }
}

/// Carries an extension's failure to the body, which knows those of storage.
fn broken(error: Box<dyn StdError + Send + Sync>) -> storage::Error {
    storage::Error::from_io(io::Error::other(error), &storage::Key::root())
}
