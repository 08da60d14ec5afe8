//! The end of a session.
//!
//! Spec: core 6.4.

use std::sync::Arc;

use ext::{Access, ExtensionRoute, Methods, Request, Response, handler};
use oci::{Error, ErrorCode};
use serde_json::json;

use super::browser::Browsers;
use super::login::private;

/// Where a session ends.
pub const LOGOUT: &str = "/zot/auth/logout";

/// Yields the route of logouts.
pub fn routes(browsers: &Arc<Browsers>) -> Vec<ExtensionRoute> {
    let browsers = Arc::clone(browsers);
    let end = handler(move |request: Request| {
        let browsers = Arc::clone(&browsers);
        async move { ended(&browsers, &request).await }
    });
    vec![ExtensionRoute::new(
        LOGOUT,
        Methods::POST,
        Access::Public,
        end,
    )]
}

/// Removes the record, takes the cookies away, and says where the session at the other service ends.
/// Whoever has no session gets the same answer.
async fn ended(browsers: &Browsers, request: &Request) -> Result<Response, Error> {
    if request.path != LOGOUT {
        return Err(ErrorCode::NotFound.into());
    }
    let now = browsers.clock.now();
    let record = browsers.sessions.close(&request.headers, now).await;
    // Said to be over although it goes on: that would be worse than an error.
    let record = record.map_err(|error| Error::new(ErrorCode::Internal).caused_by(error))?;
    let forwarded = (browsers.outside)(&request.headers, request.caller.peer);
    let provider = record.and_then(|record| record.provider);
    let url = match (&browsers.login, &provider) {
        (Some(login), Some(provider)) => login.end_session(provider, forwarded.as_ref(), now).await,
        (None, _) | (_, None) => None,
    };
    let body = match url {
        Some(url) => json!({ "endSessionUrl": url }),
        None => json!({}),
    };
    let mut response = private(Response::json(body.to_string()));
    browsers
        .cookies(forwarded.as_ref())
        .end(&mut response.headers);
    Ok(response)
}
