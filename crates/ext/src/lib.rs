//! The seam through which extensions come.
//!
//! An extension puts values into a [`Plan`] and is done: routes, checks of pushes, tasks. There is no
//! life cycle to take part in, and nothing of the core can be changed. This crate knows no extension,
//! no router and no socket; who calls a [`Handler`] has found out before what the caller may do.
//!
//! ```
//! use std::sync::Arc;
//!
//! use ext::{Access, ExtensionRoute, Methods, Plan, Request, Response, handler};
//!
//! let mut plan = Plan::default();
//! plan.fixed.routes.push(ExtensionRoute::new(
//!     "/v2/_zot/ext/hello",
//!     Methods::GET,
//!     Access::Authenticated,
//!     handler(|_: Request| async { Ok(Response::json(b"{}".to_vec())) }),
//! ));
//! plan.fixed.endpoints.push("/v2/_zot/ext/hello");
//! assert!(plan.fixed.route("/v2/_zot/ext/hello/you").is_some());
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`extension`] | the trait, what it is lent, and how all are installed |
//! | [`plan`] | what an extension adds |
//! | [`route`], [`methods`] | routes, who may use them, and their handlers |
//! | [`request`] | what a handler is given and what it yields |
//! | [`task`] | work on a timetable |

pub mod extension;
pub mod methods;
pub mod plan;
pub mod request;
pub mod route;
pub mod task;

pub use extension::{Extension, Host, InstallError, install, missing};
pub use methods::Methods;
pub use plan::{Fixed, Plan, Reloadable, most_specific};
pub use request::{Caller, Content, Request, Response};
pub use route::{Access, Cors, ExtensionRoute, Handler, handler};
pub use task::{Next, Priority, Task, TaskError, Timetable};
