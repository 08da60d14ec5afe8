//! What pages in browsers are told.
//!
//! Compat: zot sends these headers on the routes that its user interface calls, whoever asks.

use ext::Methods;
use http::Method;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, HeaderMap, HeaderValue,
};

use crate::route::{Invalid, Route};

const ALLOWED_HEADERS: HeaderValue =
    HeaderValue::from_static("Authorization,content-type,X-ZOT-API-CLIENT");
const LIST: HeaderValue = HeaderValue::from_static("GET,OPTIONS");
const MANIFEST: HeaderValue = HeaderValue::from_static("HEAD,GET,DELETE,OPTIONS");
const YES: HeaderValue = HeaderValue::from_static("true");

/// Says which pages may read answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    origin: HeaderValue,
    /// Whether pages may send the user's credentials.
    credentials: bool,
}

impl Policy {
    /// Allows `origin`, or every page when it is empty.
    ///
    /// Credentials may be sent when a method is on that browsers remember, and only by pages of a
    /// named origin.
    pub fn new(origin: &str, browser_methods: bool) -> Self {
        let every = origin.is_empty() || origin == "*";
        let value = if every { "*" } else { origin };
        Self {
            // An origin that no header can carry lets no page in.
            origin: HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("null")),
            credentials: browser_methods && !every,
        }
    }

    /// Adds what belongs on an answer of a core route.
    pub fn apply(&self, route: &Route, method: &Method, headers: &mut HeaderMap) {
        match route {
            Route::Base
            | Route::Catalog
            | Route::Discover
            | Route::Tags { .. }
            | Route::Referrers { .. }
            | Route::Invalid(Invalid::Subject(..)) => self.apply_all(LIST, headers),
            Route::Manifest { .. } | Route::Invalid(Invalid::Reference(_)) => match *method {
                Method::HEAD | Method::OPTIONS => self.apply_all(MANIFEST, headers),
                Method::GET => self.apply_origin(headers),
                Method::DELETE => {
                    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.origin.clone());
                }
                _ => {}
            },
            Route::Blob { .. }
            | Route::Uploads { .. }
            | Route::Upload { .. }
            | Route::Health(_)
            | Route::Other(_)
            | Route::Redirect(_)
            | Route::WrongMethod(_)
            | Route::Invalid(_) => {}
        }
    }

    /// Adds what belongs on an answer of an extension's route that answers `methods`.
    pub fn apply_extension(&self, methods: Methods, headers: &mut HeaderMap) {
        let methods = crate::header::of_text(&methods.to_string());
        self.apply_all(methods, headers);
    }

    fn apply_all(&self, methods: HeaderValue, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        self.apply_origin(headers);
    }

    fn apply_origin(&self, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.origin.clone());
        if self.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, YES);
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new("", false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::route;

    fn applied(policy: &Policy, method: &Method, path: &str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        policy.apply(&route(method, path), method, &mut headers);
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| {
                let name = name.as_str().trim_start_matches("access-control-allow-");
                format!("{name}={}", value.to_str().unwrap())
            })
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn each_route_has_its_headers() {
        let policy = Policy::default();
        let names = "headers=Authorization,content-type,X-ZOT-API-CLIENT";
        let list = vec![names, "methods=GET,OPTIONS", "origin=*"];
        let manifest = vec![names, "methods=HEAD,GET,DELETE,OPTIONS", "origin=*"];
        let table = [
            (Method::GET, "/v2/", list.clone()),
            (Method::OPTIONS, "/v2/_catalog", list.clone()),
            (Method::GET, "/v2/a/tags/list", list.clone()),
            (Method::HEAD, "/v2/a/manifests/t", manifest.clone()),
            (Method::OPTIONS, "/v2/a/manifests/t", manifest.clone()),
            (Method::GET, "/v2/a/manifests/t", vec!["origin=*"]),
            (Method::DELETE, "/v2/a/manifests/t", vec!["origin=*"]),
            (Method::PUT, "/v2/a/manifests/t", vec![]),
            // pages read errors too
            (Method::GET, "/v2/a/manifests/sha256:0", vec!["origin=*"]),
            (Method::HEAD, "/v2/a/manifests/sha256:0", manifest),
            (Method::GET, "/v2/a/referrers/sha256:0", list),
            (Method::GET, "/v2/a/blobs/sha256:0", vec![]),
            (Method::POST, "/v2/a/blobs/uploads/", vec![]),
        ];
        for (method, path, want) in table {
            assert_eq!(applied(&policy, &method, path), want, "{method} {path}");
        }
    }

    #[test]
    fn credentials_need_a_named_origin_and_a_method() {
        let table = [
            ("", true, false),
            ("*", true, false),
            ("https://ui.example", true, true),
            ("https://ui.example", false, false),
        ];
        for (origin, methods, want) in table {
            let policy = Policy::new(origin, methods);
            let headers = applied(&policy, &Method::GET, "/v2/a/manifests/t");
            let has = headers.contains(&"credentials=true".to_owned());
            assert_eq!(has, want, "{origin:?} {methods}");
        }
    }
}
