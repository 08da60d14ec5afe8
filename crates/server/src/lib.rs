//! HTTP: routes, handlers, middleware, listening, draining.
