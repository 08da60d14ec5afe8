//! Builds images, starts servers in process, holds the suites that every driver and store must pass.

pub mod driver_suite;
pub mod store_suite;

pub use driver_suite::driver_suite;
pub use store_suite::store_suite;
