//! oidc-provider: an `OpenID` provider under node.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::client::{Home, skip, variable};
use testkit::http::{Remote, Request};
use testkit::process::Program;

use super::authority::basic;
use crate::scene::text;

/// How long it may take to start; a deadline for hangs.
const DEADLINE: Duration = Duration::from_mins(1);

/// The name and the secret of the registry there.
pub(crate) const REGISTRY: (&str, &str) = ("registry", "secret of the registry");

/// The same for a registry that has no secret and uses PKCE alone.
pub(crate) const PUBLIC: &str = "registry-without-secret";

/// The name and the secret of a program that asks for tokens by itself.
pub(crate) const ROBOT: (&str, &str) = ("robot", "secret of the robot");

/// The subject and the e-mail of a person in [`GROUP`].
pub(crate) const PERSON: (&str, &str) = ("olga", "olga@example.org");

/// The group of [`PERSON`].
pub(crate) const GROUP: &str = "editors";

/// Where groups are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupsIn {
    IdToken,
    UserInfo,
}

/// A provider that runs.
pub(crate) struct Provider {
    home: Home,
    issuer: String,
    _node: Program,
}

impl Provider {
    /// Starts it; none where node or the package is missing.
    pub(crate) fn start(groups: GroupsIn) -> Option<Self> {
        let home = Home::new();
        let node = home.client("node")?;
        let modules = modules()?;
        std::os::unix::fs::symlink(modules, home.join("node_modules")).unwrap();
        let script = text(&home.write("provider.mjs", include_str!("provider.mjs")));
        let command = node.command(&[&script, &options(groups).to_string()]);
        let (sender, issuers) = mpsc::channel();
        let node = Program::start(command, move |line| {
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            if let Some(issuer) = line["issuer"].as_str() {
                sender.send(issuer.to_owned()).ok();
            }
        });
        let Ok(issuer) = issuers.recv_timeout(DEADLINE) else {
            panic!("the provider tells no issuer:\n{}", node.log());
        };
        Some(Self {
            home,
            issuer,
            _node: node,
        })
    }

    /// Yields its URL.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Yields `http.auth.openid.providers.oidc`.
    pub(crate) fn settings(&self) -> Value {
        let credentials = json!({"clientid": REGISTRY.0, "clientsecret": REGISTRY.1});
        let credentials = self.home.write("client.json", credentials.to_string());
        json!({
            "issuer": self.issuer,
            "credentialsFile": credentials,
            "scopes": ["openid", "email", "groups"],
        })
    }

    /// Yields the same for a registry without a secret.
    pub(crate) fn public_settings(&self) -> Value {
        let scopes = ["openid", "email", "groups"];
        json!({"issuer": self.issuer, "clientid": PUBLIC, "scopes": scopes})
    }

    /// Yields a token of [`ROBOT`] for an audience.
    pub(crate) fn token(&self, audience: &str) -> String {
        let form = format!("grant_type=client_credentials&scope=pull&resource={audience}");
        let request = Request::new("POST", "/token")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Authorization", &basic(ROBOT.0, &escaped(ROBOT.1)))
            .body(form);
        let address = self.issuer.strip_prefix("http://").unwrap();
        let answer = Remote::new(address.parse().unwrap())
            .send(&request)
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }
}

/// Spec: RFC 6749, 2.3.1: names and secrets are written as in forms.
fn escaped(text: &str) -> String {
    text.replace(' ', "+")
}

/// Finds the folder of packages, which `.ci/run` fills.
fn modules() -> Option<PathBuf> {
    let home = variable("HOME").map(PathBuf::from).unwrap_or_default();
    let modules = variable("HOLDFAST_NODE_MODULES").map_or_else(
        || home.join(".cache/holdfast-e2e/node_modules"),
        PathBuf::from,
    );
    if modules.join("oidc-provider").is_dir() {
        return Some(modules);
    }
    skip("oidc-provider is not installed");
    None
}

fn options(groups: GroupsIn) -> Value {
    // a native client may be sent back to any port of the loopback address
    let client = |id: &str| {
        json!({
            "client_id": id,
            "application_type": "native",
            "redirect_uris": ["http://127.0.0.1/zot/auth/callback/oidc"],
            "post_logout_redirect_uris": ["http://127.0.0.1/login"],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
        })
    };
    let (mut registry, mut public) = (client(REGISTRY.0), client(PUBLIC));
    registry["client_secret"] = REGISTRY.1.into();
    public["token_endpoint_auth_method"] = "none".into();
    let robot = json!({
        "client_id": ROBOT.0,
        "client_secret": ROBOT.1,
        "redirect_uris": [],
        "response_types": [],
        "grant_types": ["client_credentials"],
    });
    let person = json!({"email": PERSON.1, "email_verified": true, "groups": [GROUP]});
    let groups = match groups {
        GroupsIn::IdToken => "id_token",
        GroupsIn::UserInfo => "userinfo",
    };
    json!({
        "clients": [registry, public, robot],
        "accounts": {PERSON.0: person},
        "groupsIn": groups,
    })
}

#[test]
fn it_is_discovered_and_issues_tokens() {
    let Some(provider) = Provider::start(GroupsIn::IdToken) else {
        return;
    };
    let address = provider.issuer().strip_prefix("http://").unwrap();
    let found = Remote::new(address.parse().unwrap());
    let found = found
        .send(&Request::get("/.well-known/openid-configuration"))
        .unwrap()
        .json();
    assert_eq!(found["issuer"], provider.issuer());
    assert!(found["end_session_endpoint"].is_string(), "{found}");
    let token = provider.token("urn:example:registry");
    assert_eq!(token.split('.').count(), 3);
}
