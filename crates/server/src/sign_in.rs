//! Routes by which callers sign in and keep ways to do so.
//!
//! | module | holds |
//! |---|---|
//! | [`api_key`] | keys that users make for themselves |

pub mod api_key;
//! The routes by which callers sign in: values for the table of routes, made of services of `auth`.

pub(crate) mod token;
//! Routes of those who sign in and out in a browser.
//!
//! | module | holds |
//! |---|---|
//! | [`browser`] | what these routes share: sessions, cookies, where this registry is found |
//! | [`login`] | to another service and back |
//! | [`logout`] | the end of a session |

pub mod browser;
pub mod login;
pub mod logout;
