//! HTTP: routes, handlers, middleware, listening, draining.

pub mod access;
pub mod body;
pub mod condition;
pub mod connection;
pub mod cors;
pub mod header;
pub mod intake;
pub mod listen;
pub mod page;
pub mod query;
pub mod request_id;
pub mod route;
pub mod settings;
