//! Upload sessions.
