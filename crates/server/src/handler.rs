//! What each route does. Handlers translate; the order of steps is the engine's.

use std::sync::Arc;

use ext::Caller;
use http::{HeaderMap, Method, Version};
use oci::Error;
use registry::{Registry, Source};

use crate::app::{App, Request, nothing};
use crate::connection::Connection;
use crate::page::{OddCount, PageRequest};
use crate::query::Query;
use crate::respond::Reply;
use crate::route::{Route, Space};
use crate::settings::Settings;

pub(crate) mod base;
pub(crate) mod blob;
pub(crate) mod catalog;
pub(crate) mod extension;
pub(crate) mod health;
pub(crate) mod manifest;
pub(crate) mod range;
pub(crate) mod referrer;
pub(crate) mod tag;
pub(crate) mod upload;

/// Lends a handler what it works on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) app: &'a App,
    pub(crate) request: Request<'a>,
    pub(crate) caller: &'a Caller,
}

impl<'a> Call<'a> {
    pub(crate) fn registry(&self) -> &'a Arc<Registry> {
        &self.app.registry
    }

    pub(crate) fn settings(&self) -> &'a Settings {
        &self.request.snapshot.settings
    }

    pub(crate) fn method(&self) -> &'a Method {
        &self.request.parts.method
    }

    pub(crate) fn headers(&self) -> &'a HeaderMap {
        &self.request.parts.headers
    }

    pub(crate) fn path(&self) -> &'a str {
        self.request.parts.uri.path()
    }

    pub(crate) fn query(&self) -> Query<'a> {
        Query::new(self.request.parts.uri.query())
    }

    /// Reads which part of a list is asked for.
    pub(crate) fn page(&self, odd: OddCount) -> Result<PageRequest<'a>, Error> {
        PageRequest::read(self.query(), odd, self.settings().max_page)
    }

    pub(crate) fn connection(&self) -> &'a Connection {
        self.request.connection
    }

    pub(crate) fn version(&self) -> Version {
        self.request.parts.version
    }
}

/// Hands a request to the handler of its route; its method is one that the route answers.
pub(crate) async fn dispatch(
    call: &Call<'_>,
    route: &Route,
    source: &mut Source<'_>,
) -> Result<Reply, Error> {
    match route {
        Route::Base => Ok(base::base()),
        Route::Discover => base::discover(call),
        Route::Catalog => catalog::list(call).await,
        Route::Tags { repo } => tag::list(call, repo).await,
        Route::Manifest { repo, reference } => {
            manifest::answer(call, repo, reference, source).await
        }
        Route::Blob { repo, digest } => blob::answer(call, repo, digest).await,
        Route::Uploads { repo } => upload::start(call, repo, source).await,
        Route::Upload { repo, id } => upload::answer(call, repo, id, source).await,
        Route::Referrers { repo, digest } => referrer::list(call, repo, digest).await,
        Route::Invalid(invalid) => Err(invalid.clone().into()),
        // Answered before anybody was identified.
        Route::Health(_) | Route::Other(_) | Route::Redirect(_) | Route::WrongMethod(_) => {
            nothing(Space::Api)
        }
    }
}

/// Answers 200 with a value as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<Reply, Error> {
    match serde_json::to_vec(value) {
        Ok(text) => Ok(Reply::json(text)),
        Err(error) => Err(Error::new(oci::ErrorCode::Internal).caused_by(error)),
    }
}
