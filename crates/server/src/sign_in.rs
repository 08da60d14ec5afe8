//! Routes by which callers sign in and keep ways to do so.
//!
//! | module | holds |
//! |---|---|
//! | [`api_key`] | keys that users make for themselves |

pub mod api_key;
