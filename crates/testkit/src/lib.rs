//! Builds images, starts servers in process, holds the suites that every driver and store must pass.

pub mod client;
pub mod driver_suite;
pub mod http;
pub mod image;
pub mod process;
pub mod store_suite;

pub use driver_suite::driver_suite;
pub use store_suite::store_suite;
