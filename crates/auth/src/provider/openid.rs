//! Services that speak `OpenID Connect`.
//!
//! Spec: `OpenID Connect` Core 1.0, sections 3.1 and 5.3; Discovery 1.0; RP-Initiated Logout 1.0.

use std::sync::Arc;
use std::time::SystemTime;

use client::{Agent, Request, Trust, Url};
use http::header;
use serde_json::{Map, Value};

use super::exchange::{Client, Grant, SecretIn, Tokens, exchange};
use super::github::bearer;
use super::{Proof, ProviderError};
use crate::issuer::{Document, Issuer, IssuerCheck, IssuerError};
use crate::jwt::{Claims, Expiry, Token, TokenError};
use crate::login::person::{ClaimNames, Person};
use crate::session::signer::is_same_secret;

/// The longest answer in bytes about somebody.
const MAX_INFO: u64 = 256 * 1024;

/// A service that speaks `OpenID Connect`.
#[derive(Debug)]
pub(crate) struct OpenId {
    issuer: Issuer,
    claims: ClaimNames,
}

/// What an issuer says of itself, as far as logins need it.
#[derive(Debug)]
pub(crate) struct Found(Arc<Document>);

/// Lends what a login needs besides the service.
#[derive(Clone, Copy)]
pub(crate) struct Ending<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) proof: &'a Proof,
    pub(crate) grant: Grant<'a>,
    pub(crate) nonce: &'a str,
    pub(crate) now: SystemTime,
}

impl OpenId {
    /// Names an issuer; nothing is asked yet.
    ///
    /// # Errors
    /// [`IssuerError::Address`].
    pub(crate) fn new(issuer: &str, claims: ClaimNames, agent: Agent) -> Result<Self, IssuerError> {
        let issuer = Issuer::new(issuer, IssuerCheck::Enforced, agent)?;
        Ok(Self { issuer, claims })
    }

    /// Yields what the issuer says of itself, asked for if need be.
    ///
    /// # Errors
    /// [`ProviderError`], with the address that failed.
    pub(crate) async fn found(&self, now: SystemTime) -> Result<Found, ProviderError> {
        let found = Found(self.issuer.document(now).await?);
        found.place("authorization_endpoint")?;
        found.place("token_endpoint")?;
        Ok(found)
    }

    /// Tells whether an answer says that it comes from this issuer, or does not say from whom.
    ///
    /// Spec: RFC 9207, section 2.4.
    pub(crate) fn is_source(&self, issuer: Option<&str>) -> bool {
        issuer.is_none_or(|issuer| self.issuer.may_be(issuer))
    }

    /// Ends a login.
    pub(crate) async fn finish(
        &self,
        found: &Found,
        ending: Ending<'_>,
    ) -> Result<Option<Person>, ProviderError> {
        let (token_url, trust) = found.place("token_endpoint")?;
        let client = Client {
            id: ending.client_id,
            proof: ending.proof,
            token_url: &token_url,
            audience: self.issuer.name(),
            secret_in: found.secret_in(),
            trust,
        };
        let agent = self.issuer.agent();
        let tokens = exchange(agent, client, ending.grant, ending.now).await?;
        let claims = self.claims(&tokens, ending).await?;
        let info = match found.place("userinfo_endpoint") {
            Ok(place) => Some(userinfo(agent, place, &tokens, &claims).await?),
            Err(_absent) => None,
        };
        let claims = claims.into_value();
        let lists = [info.as_ref(), claims.as_object()];
        let lists: Vec<_> = lists.into_iter().flatten().collect();
        Ok(Person::of(&lists, &self.claims))
    }

    /// Checks the identity token and yields what it claims.
    async fn claims(&self, tokens: &Tokens, ending: Ending<'_>) -> Result<Claims, ProviderError> {
        let missing = ProviderError::Answer("there is no identity token");
        let text = tokens.id_token.as_deref().ok_or(missing)?;
        let token = Token::parse(text.as_bytes())?;
        let keys = self.issuer.keys(&token, ending.now).await?;
        let claims = token.verify(keys.for_token(&token))?;
        if !self.issuer.may_be(claims.issuer()) {
            return Err(TokenError::Issuer.into());
        }
        check(&claims, ending)?;
        Ok(claims)
    }
}

/// Checks what an identity token claims of itself besides its issuer.
///
/// Spec: `OpenID Connect` Core 1.0, 3.1.3.7.
fn check(claims: &Claims, ending: Ending<'_>) -> Result<(), ProviderError> {
    claims.check_times(ending.now, Expiry::Required)?;
    if !claims.is_for(&[ending.client_id]) {
        return Err(TokenError::Audience.into());
    }
    let party = claims.text("azp");
    let several = claims.audiences().len() > 1;
    if party.map_or(several, |party| party != ending.client_id) {
        return Err(TokenError::Audience.into());
    }
    let nonce = claims.text("nonce").unwrap_or_default();
    if !is_same_secret(nonce, ending.nonce) {
        return Err(ProviderError::Answer(
            "the identity token is of another login",
        ));
    }
    Ok(())
}

/// Asks who somebody is, and makes sure that the token is of the same person.
async fn userinfo(
    agent: &Agent,
    (url, trust): (Url, Trust),
    tokens: &Tokens,
    claims: &Claims,
) -> Result<Map<String, Value>, ProviderError> {
    let request = Request::get(url)
        .with_header(header::AUTHORIZATION, bearer(&tokens.access_token)?)
        .with_trust(trust)
        .with_limit(MAX_INFO);
    let response = agent.send(request).await?.success()?;
    let info: Map<String, Value> = response.json()?;
    let subject = info.get("sub").and_then(Value::as_str);
    if subject.is_none() || subject != claims.text("sub") {
        return Err(ProviderError::Answer(
            "user info and identity token are of two people",
        ));
    }
    Ok(info)
}

impl Found {
    /// Yields the address to log in at.
    pub(crate) fn authorize_url(&self) -> Result<Url, ProviderError> {
        self.place("authorization_endpoint").map(|(url, _)| url)
    }

    /// Yields the address to log out at.
    pub(crate) fn end_session_url(&self) -> Option<Url> {
        let place = self.place("end_session_endpoint").ok();
        place.map(|(url, _)| url)
    }

    /// Tells whether the issuer says that it knows PKCE.
    pub(crate) fn knows_pkce(&self) -> bool {
        self.lists("code_challenge_methods_supported", "S256")
    }

    /// The usual way is the header; some services know the form alone.
    fn secret_in(&self) -> SecretIn {
        let knows = |method| self.lists("token_endpoint_auth_methods_supported", method);
        if knows("client_secret_post") && !knows("client_secret_basic") {
            SecretIn::Form
        } else {
            SecretIn::Header
        }
    }

    fn place(&self, name: &'static str) -> Result<(Url, Trust), ProviderError> {
        self.0.endpoint(name).ok_or(ProviderError::Missing(name))
    }

    fn lists(&self, name: &str, wanted: &str) -> bool {
        self.0.list(name).any(|item| item == wanted)
    }
}
