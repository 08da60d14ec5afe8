//! The seam through which extensions come.
//!
//! An extension puts values into a plan and is done: routes, checks of pushes, tasks. There is no
//! life cycle to take part in, and nothing of the core can be changed. This crate knows no extension,
//! no router and no socket; who calls a [`Handler`] has found out before what the caller may do.
//!
//! | module | holds |
//! |---|---|
//! | [`route`], [`methods`] | routes, who may use them, and their handlers |
//! | [`request`] | what a handler is given and what it yields |
//! | [`task`] | work on a timetable |

pub mod methods;
pub mod request;
pub mod route;
pub mod task;

pub use methods::Methods;
pub use request::{Caller, Content, Request, Response};
pub use route::{Access, Cors, ExtensionRoute, Handler, handler};
pub use task::{Next, Priority, Task, TaskError, Timetable};
