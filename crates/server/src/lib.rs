//! HTTP: routes, handlers, middleware, listening, draining.

pub mod access;
pub mod app;
pub mod body;
pub mod condition;
pub mod connection;
pub mod cors;
mod handler;
pub mod header;
pub mod intake;
pub mod listen;
pub mod page;
pub mod query;
pub mod request_id;
pub mod respond;
pub mod body;
pub mod connection;
pub mod incoming;
pub mod listen;
pub mod log;
pub mod route;
pub mod settings;
pub mod unsupported;

pub use app::App;
pub use route::Route;
pub use settings::Settings;
pub use unsupported::{ignored, unsupported};
