//! Who is calling, and what they may do.
//!
//! Knows headers and identities. Knows nothing of routes, of bodies, or of how a refusal is worded.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use auth::policy::{Entry, Facts, PolicyOptions};
//! use auth::{Identity, Policy};
//! use meta::Action;
//!
//! let policy = Policy::compile(&PolicyOptions {
//!     repositories: vec![(
//!         "public/**".to_owned(),
//!         Entry {
//!             anonymous: vec!["read".to_owned()],
//!             ..Entry::default()
//!         },
//!     )],
//!     ..PolicyOptions::default()
//! })?;
//! let facts = || {
//!     let headers = http::HeaderMap::new();
//!     let peer = ([192, 0, 2, 1], 4711).into();
//!     Facts::of(SystemTime::UNIX_EPOCH, &http::Method::GET, &headers, peer, None)
//! };
//! let rights = policy.rights(&Identity::Anonymous, facts);
//! assert!(rights.allows(&"public/app".parse()?, Action::Read));
//! assert!(!rights.allows(&"team/app".parse()?, Action::Read));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`identity`] | who is calling |
//! | [`gate`] | the methods that are tried, in order |
//! | [`basic`] | names with passwords: the header, and who is asked in which order |
//! | [`htpasswd`], [`ldap`], [`api_key`] | those who are asked |
//! | [`verified`] | what was found right a short while ago |
//! | [`user`] | what the store remembers of users |
//! | [`bearer`] | callers with a token |
//! | [`workload`], [`issuer`] | identity tokens of others, and who issues them |
//! | [`token`] | handing tokens out and exchanging them |
//! | [`jwt`] | signed tokens: their keys, what they claim, whether they hold |
//! | [`policy`] | what an identity may do |
//! | [`limit`] | what credentials themselves allow |
//! | [`session`] | browsers that are logged in |
//! | [`login`], [`provider`] | logins in the browser, at other services |
//! | [`origin`] | where this registry is found, and where a login may return to |
//! | [`certificate`] | names from certificates of clients |
//! | [`condition`] | expressions over requests and claims |

pub mod api_key;
pub mod basic;
pub mod bearer;
pub mod certificate;
pub mod condition;
pub mod gate;
pub mod htpasswd;
pub mod identity;
pub mod issuer;
pub mod jwt;
pub mod ldap;
pub mod limit;
pub mod login;
pub mod origin;
pub mod policy;
pub mod provider;
pub mod session;
pub mod token;
pub mod user;
pub mod verified;
pub mod workload;

pub use api_key::{ApiKeyError, ApiKeys, NewKey};
pub use basic::{Basic, BasicParts, Credentials};
/// Requests to other services, for whoever hands agents to issuers and token services.
pub use client;
pub use gate::{Authenticator, Authorization, Evidence, Gate, Refusal, Verdict};
pub use htpasswd::{Fips, Htpasswd, HtpasswdError, HtpasswdOptions};
pub use identity::{Identity, Method, User};
pub use ldap::{Ldap, LdapError, LdapOptions};
pub use limit::{Actions, Limit, LimitEntry, LimitMode, Scope};
pub use policy::Policy;
pub use user::Users;
pub use verified::{Busy, Verified, VerifiedOptions};
