//! HTTP: routes, handlers, middleware, listening, draining.

pub mod body;
pub mod connection;
pub mod listen;
pub mod route;
