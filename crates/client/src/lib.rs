//! Requests to other services over HTTP and HTTPS.
//!
//! The floor that token services, issuers and mirrors stand on: timeouts, limits of bodies, trusted
//! certificates, proxies, and redirects that cannot lead credentials or the server itself astray.
//! Knows nothing of what is asked for, of configuration files or of caches; and holds no secrets
//! but those of a request under way, which no error and no `Debug` prints.
//!
//! ```
//! use client::{Agent, Options, Request, Url};
//!
//! let agent = Agent::new(Options::default());
//! let url = Url::parse("http://127.0.0.1:1/token?secret=1")?;
//! let error = agent.send_blocking(Request::get(url)).unwrap_err();
//! assert!(error.to_string().ends_with("http://127.0.0.1:1/token"));
//! # Ok::<(), client::Error>(())
//! ```
//!
//! The provider of ciphers is ring, given to each agent: none need be installed for the process.
//!
//! | module | holds |
//! |---|---|
//! | [`agent`] | what sends requests, from blocking and from asynchronous code |
//! | [`request`], [`response`] | what is sent and what comes back |
//! | [`url`] | addresses that print without their secrets |
//! | [`roots`] | the certificates that are trusted |
//! | [`proxy`] | the proxies of the environment |
//! | [`local`] | addresses that nobody else may send us to |
//! | [`error`] | what goes wrong, by kind |

pub mod agent;
mod engine;
pub mod error;
pub mod local;
pub mod proxy;
pub mod request;
pub mod response;
pub mod roots;
pub mod url;

pub use agent::{Agent, Options};
pub use error::Error;
pub use local::LocalTargets;
pub use proxy::Proxies;
pub use request::{Redirects, Request, Trust};
pub use response::Response;
pub use roots::Roots;
pub use url::Url;
