//! Requests and the answers that they must have, in process.
