//! Who is calling, and what they may do.
//!
//! Knows headers and identities. Knows nothing of routes, of bodies, or of how a refusal is worded.
//! No method of authentication and no access policy is here yet: [`Gate::open`] takes everybody for
//! anonymous and [`Policy::Open`] allows everything. A configuration that asks for more must be
//! refused by whoever reads it.
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
//! | [`policy`] | what an identity may do |

pub mod gate;
pub mod identity;
pub mod policy;

pub use gate::{Authenticator, Evidence, Gate, Verdict};
pub use identity::{Identity, User};
pub use policy::Policy;
