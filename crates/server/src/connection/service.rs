//! The handler as hyper sees it.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use super::Connection;
use super::watch::Active;
use crate::body::{Body, BodyError};

/// Answers requests; a function of the connection and the request is one.
pub trait Handler: Send + Sync + 'static {
    /// What yields the answer.
    type Future: Future<Output = Response<Body>> + Send + 'static;

    /// Begins to answer.
    fn handle(&self, connection: Arc<Connection>, request: Request<Incoming>) -> Self::Future;
}

impl<F, Fut> Handler for F
where
    F: Fn(Arc<Connection>, Request<Incoming>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    type Future = Fut;

    fn handle(&self, connection: Arc<Connection>, request: Request<Incoming>) -> Fut {
        self(connection, request)
    }
}

/// Gives one connection's requests to the handler.
#[derive(Debug)]
pub(crate) struct Service<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) connection: Arc<Connection>,
}

impl<H: Handler> hyper::service::Service<Request<Incoming>> for Service<H> {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Answering<H::Future>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let active = Active::begin(&self.connection, !request.body().is_end_stream());
        Answering {
            // Boxed once, so that a request of any size costs hyper one pointer.
            future: Box::pin(self.handler.handle(Arc::clone(&self.connection), request)),
            active: Some(active),
        }
    }
}

/// Waits for the handler; a handler that panics answers 500.
#[derive(Debug)]
pub(crate) struct Answering<F> {
    future: Pin<Box<F>>,
    active: Option<Active>,
}

impl<F: Future<Output = Response<Body>>> Future for Answering<F> {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let poll = catch_unwind(AssertUnwindSafe(|| this.future.as_mut().poll(cx)));
        let response = match poll {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(response)) => response,
            Err(panic) => panicked(panic.as_ref()),
        };
        let active = this.active.take();
        Poll::Ready(Ok(response.map(|body| Answer {
            body,
            _active: active,
        })))
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Response<Body> {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(error = text.unwrap_or("no text"), "panic recovered");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// A body that keeps its request counted.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Body,
    _active: Option<Active>,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
