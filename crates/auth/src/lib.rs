//! Who is calling, and what they may do.
//!
//! Knows headers and identities. Knows nothing of routes, of bodies, or of how a refusal is worded.
//!
//! ```
//! use auth::{Identity, Policy};
//! use meta::Action;
//!
//! let rights = Policy::Open.rights(&Identity::Anonymous);
//! assert!(rights.allows(&"team/app".parse()?, Action::Read));
//! # Ok::<(), oci::name::NameError>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`identity`] | who is calling |
//! | [`gate`] | the methods that are tried, in order |
//! | [`limit`] | what credentials themselves allow |
//! | [`policy`] | what an identity may do |

pub mod gate;
pub mod identity;
pub mod limit;
pub mod policy;

pub use gate::{Authenticator, Authorization, Evidence, Gate, Refusal, Verdict};
pub use identity::{Identity, Method, User};
pub use limit::{Grant, Limit, LimitMode, Reach};
pub use policy::Policy;
