//! GitHub, and GitHub servers of one's own.
//!
//! There is no identity token: who somebody is, the API says. The name is the primary mail address,
//! the groups are the organisations and `organisation/team`.
//!
//! Spec: core 6.7.

use std::collections::BTreeSet;
use std::time::SystemTime;

use client::{Agent, Request, Response, Trust, Url};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::exchange::{Client, Grant, SecretIn, exchange};
use super::{Proof, ProviderError};
use crate::login::person::Person;

const AUTHORIZE: &str = "https://github.com/login/oauth/authorize";
const TOKEN: &str = "https://github.com/login/oauth/access_token";
const API: &str = "https://api.github.com";

/// The most pages of a list that are read, of a hundred entries each.
const MAX_PAGES: usize = 20;

/// A GitHub.
#[derive(Debug)]
pub(crate) struct GitHub {
    pub(crate) authorize: Url,
    token: Url,
    api: Url,
}

#[derive(Deserialize)]
struct Mail {
    email: String,
    #[serde(default)]
    primary: bool,
    verified: Option<bool>,
}

#[derive(Deserialize)]
struct Organisation {
    login: String,
}

#[derive(Deserialize)]
struct Team {
    slug: String,
    organization: Organisation,
}

impl GitHub {
    /// Takes its URLs; empty ones mean those of github.com, and an empty one of the API the one that
    /// belongs to `token_url`.
    ///
    /// # Errors
    /// What is no URL.
    pub(crate) fn new(authorize: &str, token: &str, api: &str) -> Result<Self, &'static str> {
        let url = |text: &str, usual: &str, fault: &'static str| {
            let text = if text.is_empty() { usual } else { text };
            Url::parse(text).map_err(|_address| fault)
        };
        let authorize = url(authorize, AUTHORIZE, "authurl is no http or https address")?;
        let token_url = url(token, TOKEN, "tokenurl is no http or https address")?;
        let usual = match token_url.host() {
            "github.com" => API.to_owned(),
            _ => format!("{}://{}/api/v3", token_url.scheme(), token_url.authority()),
        };
        let api = url(
            api,
            &usual,
            "the address of the API is no http or https address",
        )?;
        Ok(Self {
            authorize,
            token: token_url,
            api,
        })
    }

    /// Ends a login.
    pub(crate) async fn finish(
        &self,
        agent: &Agent,
        (id, proof): (&str, &Proof),
        grant: Grant<'_>,
        now: SystemTime,
    ) -> Result<Option<Person>, ProviderError> {
        let client = Client {
            id,
            proof,
            token_url: &self.token,
            audience: "",
            secret_in: SecretIn::Form,
            trust: Trust::Configured,
        };
        let tokens = exchange(agent, client, grant, now).await?;
        let api = Api {
            agent,
            base: &self.api,
            token: bearer(&tokens.access_token)?,
        };
        api.person().await
    }
}

/// Asks the API in the name of a user.
struct Api<'a> {
    agent: &'a Agent,
    base: &'a Url,
    token: HeaderValue,
}

impl Api<'_> {
    async fn person(&self) -> Result<Option<Person>, ProviderError> {
        let mails: Vec<Mail> = self.list("user/emails").await?.unwrap_or_default();
        // An address that nobody has shown to be his own names nobody.
        let mut primary = mails
            .into_iter()
            .filter(|mail| mail.primary && mail.verified != Some(false));
        let Some(mail) = primary.next() else {
            return Ok(None);
        };
        let organisations: Vec<Organisation> = self.list("user/orgs").await?.unwrap_or_default();
        let teams: Vec<Team> = self.list("user/teams").await?.unwrap_or_default();
        let teams = teams
            .into_iter()
            .map(|team| format!("{}/{}", team.organization.login, team.slug));
        let logins = organisations
            .into_iter()
            .map(|organisation| organisation.login);
        let groups: BTreeSet<String> = logins.chain(teams).collect();
        Ok(Person::new(&mail.email, groups))
    }

    /// Reads all pages of a list; `None` when the user has not allowed it.
    async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Option<Vec<T>>, ProviderError> {
        let mut next = Some(self.base.below(path)?.with_query("per_page=100")?);
        let mut items = Vec::new();
        for _ in 0..MAX_PAGES {
            let Some(url) = next else { break };
            let response = self.page(url).await?;
            if response.status == StatusCode::FORBIDDEN {
                return Ok(None);
            }
            let response = response.success()?;
            items.extend(response.json::<Vec<T>>()?);
            next = following(&response).filter(|url| url.is_same_origin(self.base));
        }
        Ok(Some(items))
    }

    async fn page(&self, url: Url) -> Result<Response, ProviderError> {
        let json = HeaderValue::from_static("application/vnd.github+json");
        let request = Request::get(url)
            .with_header(header::ACCEPT, json)
            .with_header(header::AUTHORIZATION, self.token.clone());
        Ok(self.agent.send(request).await?)
    }
}

/// Yields the header that an access token goes into.
pub(super) fn bearer(token: &str) -> Result<HeaderValue, ProviderError> {
    let odd = |_value| ProviderError::Answer("the access token is malformed");
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(odd)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Yields the address of the next page.
///
/// Spec: RFC 8288, section 3.
fn following(response: &Response) -> Option<Url> {
    let links = response.headers.get(header::LINK)?.to_str().ok()?;
    let next = links.split(',').find_map(|link| {
        let (target, parameters) = link.trim().split_once(';')?;
        let mut parameters = parameters.split(';').map(str::trim);
        let is_next = parameters.any(|parameter| parameter == "rel=\"next\"");
        let target = target.trim().strip_prefix('<')?.strip_suffix('>')?;
        is_next.then_some(target)
    })?;
    response.url.join(next).ok()
}
