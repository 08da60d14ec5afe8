//! Builds images, starts servers in process, holds the suites that every driver and store must pass.
