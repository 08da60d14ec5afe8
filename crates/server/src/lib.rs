//! HTTP: routes, handlers, middleware, listening, draining.
//!
//! Translates between requests and the engine. Knows no order of steps of a push, no file of a store
//! and no extension by name: an [`App`] is handed an engine, its settings and what extensions add.
//!
//! ```no_run
//! # async fn example(registry: std::sync::Arc<registry::Registry>) -> Result<(), server::listen::ListenError> {
//! use std::sync::Arc;
//!
//! use server::connection::Connection;
//! use server::listen::{Limits, Listener, Shutdown, serve};
//! use server::{App, Settings};
//!
//! let app = Arc::new(App::open(registry, Settings::default(), ext::Fixed::default()));
//! let handler = move |connection: Arc<Connection>, request| {
//!     let app = Arc::clone(&app);
//!     async move { app.handle(&connection, request).await }
//! };
//! let listener = Listener::bind("127.0.0.1", 8080)?;
//! serve(listener, Arc::new(handler), Shutdown::default(), Limits::default()).await;
//! # Ok(())
//! # }
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`listen`], [`connection`] | ports, sockets, files that the kernel sends |
//! | [`app`] | the way of a request: route, identity, rights, handler, answer |
//! | [`route`] | what a request is for, a pure function |
//! | [`access`], `admission`, [`challenge`] | what right it needs, who is let in, with what to come back |
//! | `handler` | one file per noun: blob, upload, manifest, tag, referrer, catalog, and the rest |
//! | [`query`], [`page`], [`condition`], [`header`], [`incoming`], [`intake`] | the parts of requests |
//! | [`client_address`], [`rate_limit`] | who a client is, and how much it may ask for |
//! | [`respond`], [`body`], [`cors`], [`request_id`] | the parts of answers |
//! | [`run`] | composition: from a configuration to a server that has ended |
//! | [`sign_in`] | the routes by which callers sign in |
//! | `sessions` | how many uploads each client has begun |
//! | [`snapshot`] | all that a change of the configuration replaces |
//! | [`settings`], [`mod@unsupported`] | what the configuration means here, and what it cannot have |
//! | [`tls`] | certificates, and how they are replaced |
//! | [`log`], [`audit`] | lines in zot's form, and the record of who changed what |
//! | [`watch`] | which files have changed |

pub mod access;
mod admission;
pub mod app;
pub mod audit;
pub mod body;
pub mod challenge;
pub mod client_address;
pub mod compose;
pub mod condition;
pub mod connection;
pub mod cors;
mod handler;
pub mod header;
mod housekeeping;
pub mod incoming;
pub mod intake;
pub mod listen;
pub mod live;
pub mod log;
pub mod page;
pub mod query;
pub mod rate_limit;
mod reload;
pub mod request_id;
pub mod respond;
pub mod route;
pub mod run;
mod sessions;
pub mod settings;
pub mod sign_in;
pub mod snapshot;
mod stores;
pub mod tls;
pub mod unsupported;
pub mod watch;

pub use app::App;
/// The seam of extensions, for the list that a binary holds.
pub use ext::Extension;
pub use route::Route;
pub use settings::Settings;
pub use snapshot::Snapshot;
pub use unsupported::{ignored, unsupported};
