//! What people who run registries reported, as far as one sees it in requests and answers.
//!
//! Which test is whose is listed in `cases.md`.

mod memory;
mod pull;
mod push;
mod referrer;
mod storage;
