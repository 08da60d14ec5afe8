//! How a caller is told with what to come back.
//!
//! One header lists every method that is on, tokens first. Browsers and command line tools read the
//! whole list. Container clients look at the first challenge of a header alone: with tokens first
//! they ask the token service, which takes their passwords and also has something for those who
//! have none. Two headers would have some of them demand a password from everybody. So nobody has
//! to be known by his user agent.
//!
//! Spec: RFC 9110, 11.6.1; distribution, token authentication.

use http::HeaderValue;
use meta::Action;

use crate::client_address;
use crate::route::Route;

/// Says who issues tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TokenService {
    /// Nobody: no token is accepted.
    #[default]
    None,
    /// The one that the configuration names.
    Named {
        /// Its URL.
        realm: String,
        /// What this registry is called there.
        service: String,
    },
    /// This registry.
    Own {
        /// What this registry is called in its tokens; empty for its host.
        service: String,
    },
}

/// Says with what callers may come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenges {
    /// The realm of passwords, if any are accepted.
    pub basic: Option<String>,
    /// Who issues tokens.
    pub tokens: TokenService,
}

/// Where this registry is reached, as clients see it: `https://registry.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Takes the URL that the configuration gives.
    pub fn configured(url: &str) -> Option<Self> {
        let url = url.trim_end_matches('/');
        (!url.is_empty()).then(|| Self(url.to_owned()))
    }

    /// Makes one of what the request says.
    pub fn requested(origin: &client_address::Origin<'_>) -> Self {
        Self(origin.to_string())
    }

    /// Yields the URL, with no slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn host(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, host)| host)
    }
}

/// The path of the registry's own token service.
pub const TOKEN_PATH: &str = "/zot/auth/token";

impl Challenges {
    /// Tells whether there is nothing to come with.
    pub fn is_empty(&self) -> bool {
        self.basic.is_none() && self.tokens == TokenService::None
    }

    /// Yields the value of `WWW-Authenticate` for a caller who must come back with credentials.
    pub fn value(&self, scope: &str, origin: Option<&Origin>) -> Option<HeaderValue> {
        let tokens = self.bearer(scope, origin);
        let basic = self.basic.as_ref().map(|realm| {
            let realm = if realm.is_empty() {
                "Authorization Required"
            } else {
                realm
            };
            format!("Basic realm={}", quoted(realm))
        });
        let list: Vec<String> = tokens.into_iter().chain(basic).collect();
        if list.is_empty() {
            return None;
        }
        HeaderValue::from_str(&list.join(", ")).ok()
    }

    fn bearer(&self, scope: &str, origin: Option<&Origin>) -> Option<String> {
        let (realm, service) = match &self.tokens {
            TokenService::None => return None,
            TokenService::Named { realm, service } => (realm.clone(), service.as_str()),
            TokenService::Own { service } => {
                let origin = origin?;
                let service = if service.is_empty() {
                    origin.host()
                } else {
                    service
                };
                (format!("{}{TOKEN_PATH}", origin.as_str()), service)
            }
        };
        Some(format!(
            "Bearer realm={},service={},scope={}",
            quoted(&realm),
            quoted(service),
            quoted(scope)
        ))
    }

    /// Yields what the answer 200 of `/v2/` says to clients that learn from it that passwords are
    /// accepted.
    ///
    /// Compat: zot sends this form, with the realm as it is.
    pub fn hint(&self) -> Option<HeaderValue> {
        let text = match (&self.tokens, &self.basic) {
            (TokenService::Named { realm, .. }, _) => format!("bearer realm={realm}"),
            (_, Some(realm)) => format!("basic realm={realm}"),
            (TokenService::None | TokenService::Own { .. }, None) => return None,
        };
        HeaderValue::from_str(&text).ok()
    }
}

/// Spec: RFC 9110, 5.6.4.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars().filter(|char| !char.is_control()) {
        if matches!(char, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted.push('"');
    quoted
}

/// Yields the scope of tokens that a request needs; empty when any token will do.
pub fn scope(route: &Route, action: Action) -> String {
    let Some(repo) = route.repo() else {
        return String::new();
    };
    let actions = match action {
        Action::Read => "pull",
        Action::Create | Action::Update => "pull,push",
        Action::Delete => "delete",
    };
    format!("repository:{repo}:{actions}")
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::route::route;

    fn challenges(basic: Option<&str>, tokens: TokenService) -> Challenges {
        Challenges {
            basic: basic.map(str::to_owned),
            tokens,
        }
    }

    fn named() -> TokenService {
        TokenService::Named {
            realm: "https://auth.example/token".to_owned(),
            service: "a \"b\"".to_owned(),
        }
    }

    #[test]
    fn case_b16_the_challenge_lists_each_method() {
        let own = TokenService::Own {
            service: String::new(),
        };
        let table = [
            (challenges(None, TokenService::None), None),
            (
                challenges(Some(""), TokenService::None),
                Some(r#"Basic realm="Authorization Required""#),
            ),
            (
                challenges(None, named()),
                Some(r#"Bearer realm="https://auth.example/token",service="a \"b\"",scope="s""#),
            ),
            (
                challenges(Some("home"), own),
                Some(
                    r#"Bearer realm="http://r.example:5000/zot/auth/token",service="r.example:5000",scope="s", Basic realm="home""#,
                ),
            ),
        ];
        let origin = Origin::configured("http://r.example:5000");
        for (challenges, want) in table {
            let value = challenges.value("s", origin.as_ref());
            let value = value.as_ref().map(|value| value.to_str().unwrap());
            assert_eq!(value, want, "{challenges:?}");
            assert_eq!(challenges.is_empty(), want.is_none());
        }
    }

    #[test]
    fn success_hints_at_the_method_as_well() {
        let own = TokenService::Own {
            service: String::new(),
        };
        let table = [
            (challenges(None, TokenService::None), None),
            (challenges(Some(""), own), Some("basic realm=")),
            (
                challenges(Some("home"), TokenService::None),
                Some("basic realm=home"),
            ),
            (
                challenges(Some("home"), named()),
                Some("bearer realm=https://auth.example/token"),
            ),
        ];
        for (challenges, want) in table {
            let value = challenges.hint();
            assert_eq!(value.as_ref().map(|value| value.to_str().unwrap()), want);
        }
    }

    #[test]
    fn the_configured_origin_has_no_slash_at_its_end() {
        let given = Origin::configured("https://x.example/");
        assert_eq!(
            given.as_ref().map(Origin::as_str),
            Some("https://x.example")
        );
        assert_eq!(Origin::configured(""), None);
    }

    #[test]
    fn scopes_follow_the_route() {
        let table = [
            ("/v2/", Action::Read, ""),
            ("/v2/a/b/tags/list", Action::Read, "repository:a/b:pull"),
            (
                "/v2/a/manifests/t",
                Action::Create,
                "repository:a:pull,push",
            ),
            ("/v2/a/manifests/t", Action::Delete, "repository:a:delete"),
        ];
        for (path, action, want) in table {
            assert_eq!(scope(&route(&Method::GET, path), action), want, "{path}");
        }
    }
}
