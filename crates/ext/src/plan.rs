//! What extensions add.

use std::sync::Arc;

use registry::hook::{EventSink, PushCheck};

use crate::route::ExtensionRoute;
use crate::task::Task;

/// Collects what the extensions add.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What stands from start to stop.
    pub fixed: Fixed,
    /// What is replaced when the configuration changes.
    pub reloadable: Reloadable,
}

/// What stands from start to stop.
#[derive(Clone, Debug, Default)]
pub struct Fixed {
    /// The routes. The one with the longest prefix that owns a path answers.
    pub routes: Vec<ExtensionRoute>,
    /// The checks of pushes, asked in order.
    pub push_checks: Vec<Arc<dyn PushCheck>>,
    /// Who is told of what has happened, in order.
    pub event_sinks: Vec<Arc<dyn EventSink>>,
    /// The paths that discovery lists, in the order of installation.
    pub endpoints: Vec<&'static str>,
}

/// What is replaced when the configuration changes.
#[derive(Clone, Debug, Default)]
pub struct Reloadable {
    /// The work on a timetable.
    pub tasks: Vec<Arc<dyn Task>>,
}

/// Finds the route among `routes` that owns a path: the most specific one.
pub fn most_specific<'a>(routes: &'a [ExtensionRoute], path: &str) -> Option<&'a ExtensionRoute> {
    let owners = routes.iter().filter(|route| route.owns(path));
    owners.max_by_key(|route| route.prefix.len())
}

impl Fixed {
    /// Finds the route that owns a path: the most specific one.
    pub fn route(&self, path: &str) -> Option<&ExtensionRoute> {
        most_specific(&self.routes, path)
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::methods::Methods;
    use crate::request::Response;
    use crate::route::{Access, handler};

    #[test]
    fn the_most_specific_route_owns_a_path() {
        let mut fixed = Fixed::default();
        for prefix in ["/", "/v2/_zot/ext/search", "/metrics", "/metrics/deep"] {
            let handler = handler(|_| async { Ok(Response::empty(StatusCode::OK)) });
            let route = ExtensionRoute::new(prefix, Methods::GET, Access::Public, handler);
            fixed.routes.push(route);
        }
        let table = [
            ("/", Some("/")),
            ("/login", Some("/")),
            ("/metrics", Some("/metrics")),
            ("/metrics/x", Some("/metrics")),
            ("/metrics/deep/x", Some("/metrics/deep")),
            ("/metricsx", Some("/")),
            ("/v2/_zot/ext/search", Some("/v2/_zot/ext/search")),
            ("/v2/_zot/ext/search/x", Some("/v2/_zot/ext/search")),
            ("/v2/_zot/ext/searchx", None),
            ("/v2", None),
            ("/v2/x", None),
        ];
        for (path, want) in table {
            let found = fixed.route(path).map(|route| route.prefix.as_str());
            assert_eq!(found, want, "{path}");
        }
    }
}
