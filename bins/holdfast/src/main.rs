//! The registry.

fn main() {}
