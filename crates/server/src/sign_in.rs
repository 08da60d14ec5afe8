//! Routes by which callers sign in and keep ways to do so.
//!
//! | module | holds |
//! |---|---|
//! | [`api_key`] | keys that users make for themselves |

pub mod api_key;
//! The routes by which callers sign in: values for the table of routes, made of services of `auth`.

pub(crate) mod token;
