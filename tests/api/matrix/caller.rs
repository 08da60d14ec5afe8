//! Everybody who calls: each way to sign in, with each set of rights.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::Action;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use serde_json::json;

use super::issuer::{self, ISSUER_SEED, OTHER_SEED, SERVICE_SEED};
use super::world::{Asked, World};

/// A way to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Htpasswd,
    ApiKey,
    Session,
    AccessToken,
    Workload,
    OwnToken,
    Certificate,
}

impl Way {
    pub(crate) const ALL: [Self; 7] = [
        Self::Htpasswd,
        Self::ApiKey,
        Self::Session,
        Self::AccessToken,
        Self::Workload,
        Self::OwnToken,
        Self::Certificate,
    ];
}

/// What a caller sends to be known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) certificate: Option<Arc<[u8]>>,
}

impl Credentials {
    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Tells whether the user interface sends them, which gets no challenge.
    pub(crate) fn are_of_interface(&self) -> bool {
        self.headers.iter().any(|(name, _)| *name == INTERFACE.0)
    }

    /// Yields the scheme of `Authorization`; empty without it.
    pub(crate) fn scheme(&self) -> &str {
        let mut found = self.headers.iter();
        let found = found.find(|(name, _)| *name == AUTHORIZATION);
        found.map_or("", |(_, value)| value.split(' ').next().unwrap())
    }
}

const AUTHORIZATION: &str = "authorization";
const INTERFACE: (&str, &str) = ("x-zot-api-client", "zot-ui");

/// Yields name and password.
pub(crate) fn basic(name: &str, password: &str) -> Credentials {
    let text = STANDARD.encode(format!("{name}:{password}"));
    Credentials::default().with(AUTHORIZATION, format!("Basic {text}"))
}

fn bearer(token: &str) -> Credentials {
    Credentials::default().with(AUTHORIZATION, format!("Bearer {token}"))
}

/// Yields a token of the token service with an access list.
pub(crate) fn access_token(seed: u8, access: &serde_json::Value) -> Credentials {
    bearer(&issuer::token(
        seed,
        json!({"aud": "r.example", "access": access}),
    ))
}

/// Yields a certificate with a common name, or with no name at all.
pub(crate) fn certificate(name: &str) -> Credentials {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    if !name.is_empty() {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    let key = KeyPair::generate().unwrap();
    let signed = params.self_signed(&key).unwrap();
    Credentials {
        certificate: Some(signed.der().to_vec().into()),
        ..Credentials::default()
    }
}

/// Says what a caller is to the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Anonymous,
    /// Whoever has sent what is not right.
    Wrong,
    /// With the name that policies know; empty for an access list.
    Known(&'static str),
}

/// What a token says that it is for.
#[derive(Clone, Debug)]
pub(crate) struct Scope(pub(crate) Vec<Action>);

/// One who calls.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) label: String,
    pub(crate) way: Way,
    pub(crate) credentials: Credentials,
    pub(crate) standing: Standing,
    /// What the credentials are for, in the repositories `lab/app` and `lab/none`; `None` for all
    /// that their owner may do.
    pub(crate) scope: Option<Scope>,
}

/// Names with the rights that policies give them in `lab/**`; the administrator has all of them
/// everywhere.
pub(crate) const RIGHTS: [(&str, &[Action]); 6] = [
    ("none", &[]),
    ("read", &[Action::Read]),
    ("create", &[Action::Create]),
    ("update", &[Action::Update]),
    ("delete", &[Action::Delete]),
    ("admin", &Action::ALL),
];

/// What access lists can say, with what it allows.
const WORDS: [(&str, &[Action]); 5] = [
    ("", &[]),
    ("pull", &[Action::Read]),
    ("push", &[Action::Create, Action::Update]),
    ("delete", &[Action::Delete]),
    ("*", &Action::ALL),
];

/// Yields everybody who is known by a way, and those who try to be.
pub(crate) async fn callers(world: &World, way: Way) -> Vec<Caller> {
    let mut callers = Vec::new();
    let mut add = |label: &str, credentials, standing, scope: Option<&[Action]>| {
        callers.push(Caller {
            label: format!("{way:?} {label}"),
            way,
            credentials,
            standing,
            scope: scope.map(|actions| Scope(actions.to_vec())),
        });
    };
    if way == Way::AccessToken {
        for (word, actions) in WORDS {
            let credentials = access_token(SERVICE_SEED, &list(word));
            add(word, credentials, Standing::Known(""), Some(actions));
        }
    } else {
        let limit = (way == Way::OwnToken).then_some(&Action::ALL[..]);
        for (name, _) in RIGHTS {
            let credentials = sign_in(world, way, name).await;
            add(name, credentials, Standing::Known(name), limit);
        }
    }
    for credentials in wrong(world, way).await {
        add("wrong", credentials, Standing::Wrong, None);
    }
    if way == Way::Session {
        let alone = Credentials::default().with(INTERFACE.0, INTERFACE.1);
        add("anonymous", alone, Standing::Anonymous, None);
    }
    if way == Way::OwnToken {
        let only = own_token(world, &basic("admin", "pw"), "pull").await;
        let scope = Some(&[Action::Read][..]);
        add("admin pull", only, Standing::Known("admin"), scope);
        let nobody = own_token(world, &Credentials::default(), "pull").await;
        add("anonymous", nobody, Standing::Anonymous, None);
    }
    callers
}

/// Yields the one who sends nothing.
pub(crate) fn anonymous() -> Caller {
    Caller {
        label: "anonymous".to_owned(),
        way: Way::Htpasswd,
        credentials: Credentials::default(),
        standing: Standing::Anonymous,
        scope: None,
    }
}

fn list(word: &str) -> serde_json::Value {
    let entry = |name| json!({"type": "repository", "name": name, "actions": [word]});
    json!([entry("lab/app"), entry("lab/none")])
}

/// Yields right credentials of a name.
pub(crate) async fn sign_in(world: &World, way: Way, name: &str) -> Credentials {
    let password = basic(name, "pw");
    match way {
        Way::Htpasswd => password,
        Way::ApiKey => {
            let made = Asked::of("POST /zot/auth/apikey").body(&"{}".into());
            let made = world.send(&password, &made).await;
            let key = made.json()["apiKey"].as_str().map(str::to_owned);
            basic(name, &key.unwrap_or_else(|| panic!("{made:?}")))
        }
        Way::Session => {
            let page = password.with(INTERFACE.0, INTERFACE.1);
            let entered = world.get(&page, "/v2/").await;
            let cookies = entered.headers.get_all("set-cookie").iter();
            let mut pairs = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next());
            let pair = pairs.find_map(|pair| pair.filter(|pair| pair.starts_with("session=")));
            let pair = pair.unwrap_or_else(|| panic!("{entered:?}")).to_owned();
            let page = Credentials::default().with(INTERFACE.0, INTERFACE.1);
            page.with("cookie", pair)
        }
        Way::AccessToken => access_token(SERVICE_SEED, &list("*")),
        Way::Workload => bearer(&issuer::token(ISSUER_SEED, claims(world, name))),
        Way::OwnToken => own_token(world, &password, "pull,push,delete").await,
        Way::Certificate => certificate(name),
    }
}

async fn own_token(world: &World, owner: &Credentials, actions: &str) -> Credentials {
    let scope = |repo| format!("scope=repository:{repo}:{actions}");
    let (one, two) = (scope("lab/app"), scope("lab/none"));
    let target = format!("/zot/auth/token?service=r.example&{one}&{two}");
    let made = world.get(owner, &target).await;
    let token = made.json()["token"].as_str().map(str::to_owned);
    bearer(&token.unwrap_or_else(|| panic!("{made:?}")))
}

fn claims(world: &World, name: &str) -> serde_json::Value {
    json!({"iss": world.issuer, "sub": name, "aud": "holdfast"})
}

/// Yields what looks like credentials of a way and is none.
async fn wrong(world: &World, way: Way) -> Vec<Credentials> {
    match way {
        Way::Htpasswd => vec![
            basic("admin", "no"),
            basic("nobody", "pw"),
            basic("admin", "pw").with(AUTHORIZATION, "Basic YWRtaW46cHc="),
            Credentials::default().with(AUTHORIZATION, "Negotiate YWRtaW46cHc="),
        ],
        Way::ApiKey => {
            let others = sign_in(world, way, "read").await;
            let text = others.headers[0].1.trim_start_matches("Basic ").to_owned();
            let text = String::from_utf8(STANDARD.decode(text).unwrap()).unwrap();
            let key = text.trim_start_matches("read:");
            vec![
                basic("admin", &format!("zak_{}", "0".repeat(32))),
                basic("admin", key),
            ]
        }
        Way::Session => {
            let page = Credentials::default().with(INTERFACE.0, INTERFACE.1);
            vec![page.with("cookie", format!("session={}", "0".repeat(128)))]
        }
        Way::AccessToken => vec![
            access_token(OTHER_SEED, &list("*")),
            bearer("no.to.ken"),
            bearer(&issuer::token(
                SERVICE_SEED,
                json!({"aud": "elsewhere", "access": list("*")}),
            )),
        ],
        Way::Workload => {
            let mut late = claims(world, "admin");
            late["exp"] = json!(issuer::seconds() - 3600);
            let mut other = claims(world, "admin");
            other["aud"] = json!("elsewhere");
            let forged = issuer::token(OTHER_SEED, claims(world, "admin"));
            let ended = issuer::token(ISSUER_SEED, late);
            let foreign = issuer::token(ISSUER_SEED, other);
            vec![bearer(&forged), bearer(&ended), bearer(&foreign)]
        }
        Way::OwnToken => {
            let right = sign_in(world, way, "read").await.headers[0].1.clone();
            let (signed, _) = right.rsplit_once('.').unwrap();
            let signature = "A".repeat(86);
            vec![Credentials::default().with(AUTHORIZATION, format!("{signed}.{signature}"))]
        }
        Way::Certificate => vec![certificate("")],
    }
}
