//! Builds images, starts servers in process, holds the suites that every driver and store must pass.

pub mod driver_suite;

pub use driver_suite::driver_suite;
