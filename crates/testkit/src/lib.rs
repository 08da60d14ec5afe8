//! Builds images, starts servers, holds the suites that every driver and store must pass.
//!
//! For tests only: what fails here ends the test that asked for it. It does not know what any test
//! is about, and no crate of the product imports it.
//!
//! ```
//! use testkit::image::Image;
//!
//! let image = Image::sample(1);
//! let report = Image::artifact("application/vnd.example.report").subject(&image).build();
//! assert_ne!(report.digest, image.digest);
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`image`] | images, indexes and artifacts, built in memory and written as layouts |
//! | [`http`] | a blocking HTTP/1.1 client that can misbehave, and the verbs of the API |
//! | [`process`] | the registry as a program, and other programs beside a test |
//! | [`client`] | command-line clients in a home of their own |
//! | [`mod@driver_suite`], [`mod@store_suite`] | what every driver and every store must do |

pub mod client;
pub mod driver_suite;
pub mod http;
pub mod image;
pub mod process;
pub mod server;
pub mod store_suite;

pub use driver_suite::driver_suite;
pub use store_suite::store_suite;
