//! Integration and end-to-end tests.
#![doc = ""]
#![doc = include_str!("../cases.md")]
