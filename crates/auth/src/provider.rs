//! Services that users log in at.
//!
//! | module | holds |
//! |---|---|
//! | `openid` | those that speak `OpenID Connect` |
//! | `github` | GitHub, which speaks OAuth 2 and has its own way to say who somebody is |
//! | `exchange` | how a code becomes tokens, and how this registry proves itself |

mod exchange;
mod github;
mod openid;

use std::fmt;
use std::time::SystemTime;

use client::{Agent, Url};

pub use exchange::ExchangeError;
pub(crate) use exchange::code_of;

use crate::issuer::IssuerError;
use crate::jwt::TokenError;
use crate::login::pending::Pending;
use crate::login::person::{ClaimNames, Person};
use exchange::{Grant, Proof};
use github::GitHub;
use openid::{Ending, OpenId};

/// Says which protocol a service speaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `OpenID Connect`; everything else is found at the issuer.
    OpenId {
        /// URL of the issuer.
        issuer: String,
        /// The claims that say who somebody is.
        claims: ClaimNames,
    },
    /// GitHub's way. Empty URLs mean those of github.com.
    GitHub {
        /// URL to log in at.
        authorize_url: String,
        /// URL of tokens.
        token_url: String,
        /// URL below which the API is; empty for the one that belongs to `token_url`.
        api_url: String,
    },
}

/// Describes a service.
#[derive(Clone, Debug)]
pub struct ProviderOptions {
    /// The name in routes: `google`, `gitlab`, `oidc` or `github`.
    pub name: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// Name of this registry at the service.
    pub client_id: String,
    /// How this registry proves itself to the service.
    pub proof: ProofOptions,
    /// What is asked of the service.
    pub scopes: Vec<String>,
}

/// How this registry proves itself to a service, as it is configured. Secrets are not printed.
#[derive(Clone, Default)]
pub enum ProofOptions {
    /// By nothing but having begun the login (PKCE).
    #[default]
    Nothing,
    /// By a secret.
    Secret(String),
    /// By a private key: PEM, or JSON with `key` in PEM and `keyId`.
    Key(Vec<u8>),
}

impl fmt::Debug for ProofOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Secret(_) => "Secret",
            Self::Key(_) => "Key",
        })
    }
}

/// Says why a service cannot be used, or did not say who somebody is.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// A setting is of no use.
    #[error("{0}")]
    Setting(&'static str),
    /// The service was not reached, or its answer is of no use.
    #[error("the service could not be asked")]
    Request(#[from] client::Error),
    /// The issuer did not say what it is.
    #[error("the service cannot be used")]
    Issuer(#[from] IssuerError),
    /// The issuer has no such address, or names a malformed one.
    #[error("the issuer has no proper {0}")]
    Missing(&'static str),
    /// The code was not accepted.
    #[error("the login was not accepted")]
    Exchange(#[from] ExchangeError),
    /// The identity token does not hold.
    #[error("the identity token does not hold")]
    Token(#[from] TokenError),
    /// The answers contradict each other, or lack something.
    #[error("{0}")]
    Answer(&'static str),
}

/// A service, or why its settings are of no use.
#[derive(Debug)]
pub(crate) struct Provider {
    name: String,
    client_id: String,
    scopes: String,
    service: Result<Service, Fault>,
}

#[derive(Debug)]
struct Service {
    proof: Proof,
    kind: Kind,
}

/// Says which setting is of no use.
#[derive(Debug)]
enum Fault {
    Setting(&'static str),
    Issuer(IssuerError),
}

impl From<&'static str> for Fault {
    fn from(reason: &'static str) -> Self {
        Self::Setting(reason)
    }
}

impl From<IssuerError> for Fault {
    fn from(error: IssuerError) -> Self {
        Self::Issuer(error)
    }
}

#[derive(Debug)]
enum Kind {
    OpenId(OpenId),
    GitHub(Agent, Box<GitHub>),
}

impl Provider {
    pub(crate) fn new(options: ProviderOptions, agent: &Agent) -> Self {
        let is_openid = matches!(options.protocol, Protocol::OpenId { .. });
        let mut scopes = options.scopes;
        if is_openid && !scopes.iter().any(|scope| scope == "openid") {
            scopes.insert(0, "openid".to_owned());
        }
        Self {
            name: options.name,
            client_id: options.client_id,
            scopes: scopes.join(" "),
            service: Service::new(options.protocol, options.proof, agent.clone()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether the service can be used.
    pub(crate) async fn check(&self, now: SystemTime) -> Result<(), ProviderError> {
        match &self.service()?.kind {
            Kind::OpenId(openid) => openid.found(now).await.map(drop),
            Kind::GitHub(..) => Ok(()),
        }
    }

    /// Yields where a browser goes to log in.
    pub(crate) async fn authorize(
        &self,
        pending: &Pending,
        now: SystemTime,
    ) -> Result<String, ProviderError> {
        let service = self.service()?;
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", pending.purposes.redirect_uri.as_str()),
            ("scope", self.scopes.as_str()),
            ("state", pending.marks.state.as_str()),
        ];
        let (url, mut pkce) = match &service.kind {
            Kind::OpenId(openid) => {
                let found = openid.found(now).await?;
                query.push(("nonce", pending.marks.nonce.as_str()));
                (found.authorize_url()?, found.knows_pkce())
            }
            Kind::GitHub(_, github) => (github.authorize.clone(), false),
        };
        pkce |= service.is_public();
        let challenge = pending.marks.challenge();
        if pkce {
            let method = ("code_challenge_method", "S256");
            query.extend([("code_challenge", challenge.as_str()), method]);
        }
        Ok(with_query(&url, query))
    }

    /// Ends a login with the code and the issuer of the answer.
    pub(crate) async fn finish(
        &self,
        (code, issuer): (&str, Option<&str>),
        pending: &Pending,
        now: SystemTime,
    ) -> Result<Option<Person>, ProviderError> {
        let service = self.service()?;
        let mut grant = Grant {
            code,
            redirect_uri: &pending.purposes.redirect_uri,
            verifier: None,
        };
        let verifier = Some(pending.marks.verifier.as_str());
        match &service.kind {
            Kind::OpenId(openid) => {
                let found = openid.found(now).await?;
                if !openid.is_source(issuer) {
                    return Err(ProviderError::Answer("the answer is of another issuer"));
                }
                grant.verifier = verifier.filter(|_| found.knows_pkce() || service.is_public());
                let ending = Ending {
                    client_id: &self.client_id,
                    proof: &service.proof,
                    grant,
                    nonce: &pending.marks.nonce,
                    now,
                };
                openid.finish(&found, ending).await
            }
            Kind::GitHub(agent, github) => {
                grant.verifier = verifier.filter(|_| service.is_public());
                let client = (self.client_id.as_str(), &service.proof);
                github.finish(agent, client, grant, now).await
            }
        }
    }

    /// Yields where a browser ends its session at the service, and comes back from to `back`.
    pub(crate) async fn end_session(&self, back: &str, now: SystemTime) -> Option<String> {
        let Kind::OpenId(openid) = &self.service().ok()?.kind else {
            return None;
        };
        let found = openid.found(now).await.ok()?;
        let query = [
            ("client_id", self.client_id.as_str()),
            ("post_logout_redirect_uri", back),
        ];
        found.end_session_url().map(|url| with_query(&url, query))
    }

    fn service(&self) -> Result<&Service, ProviderError> {
        self.service.as_ref().map_err(|fault| match fault {
            Fault::Setting(reason) => ProviderError::Setting(reason),
            Fault::Issuer(error) => ProviderError::Issuer(error.clone()),
        })
    }
}

impl Service {
    fn new(protocol: Protocol, proof: ProofOptions, agent: Agent) -> Result<Self, Fault> {
        let kind = match protocol {
            Protocol::OpenId { issuer, claims } => {
                Kind::OpenId(OpenId::new(&issuer, claims, agent)?)
            }
            Protocol::GitHub {
                authorize_url,
                token_url,
                api_url,
            } => {
                let github = GitHub::new(&authorize_url, &token_url, &api_url)?;
                Kind::GitHub(agent, Box::new(github))
            }
        };
        let proof = Proof::new(proof)?;
        Ok(Self { proof, kind })
    }

    /// Without a proof of its own, a registry shows that it began the login itself.
    const fn is_public(&self) -> bool {
        matches!(self.proof, Proof::Nothing)
    }
}

/// Adds to the query of an address.
fn with_query<'a>(url: &Url, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let query = client::url::form(pairs);
    match url.query() {
        Some(own) if !own.is_empty() => format!("{url}?{own}&{query}"),
        Some(_) | None => format!("{url}?{query}"),
    }
}
