//! The seam through which extensions come.

pub mod methods;

pub use methods::Methods;
