//! Probes. Everybody may ask, with any method.

use http::StatusCode;

use crate::respond::Reply;

/// Answers whether what a probe asks for holds.
///
/// Compat: the words are those of zot.
pub(crate) fn answer(holds: bool) -> Reply {
    if holds {
        Reply::text(StatusCode::OK, "ok")
    } else {
        let text = "internal server error: not ready yet\n";
        Reply::text(StatusCode::INTERNAL_SERVER_ERROR, text)
    }
}
