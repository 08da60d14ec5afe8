//! The registry with every method on, and what it needs around it.

use std::net::SocketAddr;

use serde_json::{Value, json};
use testkit::client::Home;

use super::registry::{Link, Registry, Who, origin};
use crate::service::{
    Authority, Directory, GroupsIn, Provider, Signer, Way, basic, directory, provider,
};

/// The one who may do everything below `priv`.
pub(crate) const OWNER: (&str, &str) = ("alice", "alice's password");

/// One who may do nothing there.
pub(crate) const GUEST: (&str, &str) = ("bob", "bob's password");

/// The name in the client certificate of one who may read there.
pub(crate) const CARRIER: &str = "carol";

/// To whom tokens must be addressed.
pub(crate) const AUDIENCE: &str = "urn:example:registry";

/// What the registry is called in tokens.
pub(crate) const SERVICE: &str = "registry.example";

/// A registry with passwords, a directory, keys, tokens, `OpenID`, and certificates under TLS.
pub(crate) struct House {
    pub(crate) registry: Registry,
    pub(crate) authority: Authority,
    pub(crate) signer: Signer,
    pub(crate) provider: Provider,
    _directory: Directory,
}

impl House {
    /// Starts everything; none where something is not installed.
    pub(crate) fn start(link: Link) -> Option<Self> {
        let authority = Authority::new()?;
        let signer = Signer::new()?;
        let directory = Directory::start(&authority)?;
        let provider = Provider::start(GroupsIn::IdToken)?;
        Home::new().client("htpasswd")?;
        let registry = Registry::start(link, &authority, |home, address| {
            let mut http = http(link, home, address);
            let auth = &mut http["auth"];
            auth["ldap"] = directory.settings(Way::Tls, &authority);
            auth["openid"] = json!({"providers": {"oidc": provider.settings()}});
            auth["bearer"] = json!({
                "realm": format!("{}/zot/auth/token", origin(link, address)),
                "service": SERVICE,
                "cert": signer.public(),
                "oidc": [{
                    "issuer": provider.issuer(),
                    "audiences": [AUDIENCE],
                    "claimMapping": {"username": "'robots/' + claims.sub"},
                }],
            });
            if link == Link::Tls {
                auth["mtls"] = json!({"identityAttributes": ["CommonName"]});
            }
            http
        })?;
        Some(Self {
            registry,
            authority,
            signer,
            provider,
            _directory: directory,
        })
    }
}

/// Secrets that a registry of this kind is told.
pub(crate) fn secrets() -> [String; 6] {
    [
        OWNER.1.to_owned(),
        basic(OWNER.0, OWNER.1),
        GUEST.1.to_owned(),
        directory::USER.1.to_owned(),
        directory::ROOT_PASSWORD.to_owned(),
        provider::REGISTRY.1.to_owned(),
    ]
}

/// Yields [`OWNER`] as who asks.
pub(crate) fn owner() -> Who {
    Who::password(OWNER.0, OWNER.1)
}

/// Yields [`GUEST`] as who asks.
pub(crate) fn guest() -> Who {
    Who::password(GUEST.0, GUEST.1)
}

/// Yields settings with passwords and keys, and the rights that every test has in mind.
pub(crate) fn http(link: Link, home: &Home, address: SocketAddr) -> Value {
    let users = [OWNER, GUEST].map(|(user, password)| password_line(home, user, password));
    json!({
        "externalUrl": origin(link, address),
        // docker pushes what it imports with its own types
        "compat": ["docker2s2"],
        "auth": {
            "htpasswd": {"path": home.write("htpasswd", users.concat())},
            "apikey": true,
        },
        "accessControl": rights(),
    })
}

/// Yields a line of a password file.
pub(crate) fn password_line(home: &Home, user: &str, password: &str) -> String {
    let htpasswd = home.client("htpasswd").unwrap();
    let made = htpasswd.run(&["-nbB", "-C", "5", user, password]);
    format!("{}\n", made.text())
}

/// Yields `http.accessControl`.
pub(crate) fn rights() -> Value {
    let all = ["read", "create", "update", "delete"];
    let robot = format!("robots/{}", provider::ROBOT.0);
    json!({
        "repositories": {
            "pub/**": {
                "anonymousPolicy": ["read"],
                "defaultPolicy": ["read"],
                "policies": [{"users": [OWNER.0], "actions": all}],
            },
            "priv/**": {
                "policies": [
                    {"users": [OWNER.0], "actions": all},
                    {"users": [CARRIER, robot], "actions": ["read"]},
                    {"groups": [directory::GROUP, provider::GROUP], "actions": ["read", "create"]},
                ],
            },
        },
    })
}
