//! HTTP: routes, handlers, middleware, listening, draining.

pub mod route;
