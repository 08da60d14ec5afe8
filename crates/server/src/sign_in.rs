//! The routes by which callers sign in and out, and keep ways to do so: values for the table of routes,
//! made of services of `auth`.
//!
//! | module | holds |
//! |---|---|
//! | [`api_key`] | keys that users make for themselves |
//! | [`token`] | the token service |
//! | [`browser`] | what the next two share: sessions, cookies, where this registry is found |
//! | [`login`] | to another service and back |
//! | [`logout`] | the end of a session |

pub mod api_key;
pub mod browser;
pub mod login;
pub mod logout;
pub mod token;
