//! What every backend must do, run on every backend.

#[cfg(test)]
mod driver;
#[cfg(test)]
mod store;
