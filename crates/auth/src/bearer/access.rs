//! Tokens with an access list, signed by a token service.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use meta::Action;
use serde_json::Value;

use crate::identity::{Identity, Method, User};
use crate::jwt::{self, Claims, Expiry, Key, LEEWAY, Token, TokenError};
use crate::limit::{Actions, Limit, LimitEntry, LimitMode, Scope};

use super::VerifyError;
use super::memory::Lease;

/// Yields keys that may change while the server runs.
pub trait KeySource: Send + Sync + std::fmt::Debug {
    /// Finds the key of a name, as tokens name it.
    fn find<'a>(
        &'a self,
        kid: Option<&'a str>,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<Arc<Key>, VerifyError>>;

    /// Yields how long what a key has verified may be remembered.
    fn life(&self) -> Duration;
}

/// Where the key of a token service comes from.
#[derive(Clone, Debug)]
pub enum Keys {
    /// The one of the configuration.
    One(Arc<Key>),
    /// A place that holds several by name.
    Source(Arc<dyn KeySource>),
}

/// Verifies tokens with an access list.
///
/// Spec: distribution token authentication, the JWT.
#[derive(Clone, Debug)]
pub struct AccessTokens {
    keys: Keys,
    service: String,
}

impl AccessTokens {
    /// Takes the keys of the token service and the name of this registry there; where that is blank
    /// no audience is checked.
    pub fn new(keys: Keys, service: impl Into<String>) -> Self {
        Self {
            keys,
            service: service.into(),
        }
    }

    /// Verifies a token, and yields whom it stands for.
    ///
    /// Compat: zot checks neither audience nor issuer; the audience is checked here where a token
    /// has one.
    pub(super) async fn verify(
        &self,
        token: &Token<'_>,
        now: SystemTime,
    ) -> Result<(Identity, Lease), VerifyError> {
        let (claims, life) = match &self.keys {
            Keys::One(key) => (token.verify([key.as_ref()])?, None),
            Keys::Source(source) => {
                let key = source.find(token.kid(), now).await?;
                (token.verify([key.as_ref()])?, Some(now + source.life()))
            }
        };
        claims.check_times(now, Expiry::Optional)?;
        let is_open = self.service.is_empty() || claims.get("aud").is_none_or(Value::is_null);
        if !is_open && !claims.is_for(&[&self.service]) {
            return Err(TokenError::Audience.into());
        }
        let end = claims.time("exp")?.map(|end| end + LEEWAY);
        let end = end.into_iter().chain(life).min();
        let mut user = User::new("", Vec::new(), Method::Token);
        user.limit = Some(Arc::new(Limit {
            mode: LimitMode::Replace,
            entries: entries(&claims, actions_of)?,
        }));
        Ok((Identity::User(Arc::new(user)), Lease { now, end }))
    }
}

/// Reads the claim `access`, whose actions are these words. Entries for other things than repositories grant nothing here.
pub(crate) fn entries(
    claims: &Claims,
    words: fn(&str) -> &'static [Action],
) -> Result<Vec<LimitEntry>, TokenError> {
    const WRONG: TokenError = TokenError::Malformed("its access list is malformed");
    let list = match claims.get("access") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(WRONG),
    };
    let mut entries = Vec::new();
    for entry in list {
        let text = |name: &str| match entry.get(name) {
            None | Some(Value::Null) => Ok(""),
            Some(value) => value.as_str().ok_or(WRONG),
        };
        let expires = match entry.get("exp") {
            None | Some(Value::Null) => None,
            Some(value) => Some(jwt::numeric_date(value)?),
        };
        let actions = match entry.get("actions") {
            None | Some(Value::Null) => Actions::NONE,
            Some(value) => actions(value.as_array().ok_or(WRONG)?, words),
        };
        if !entry.is_object() {
            return Err(WRONG);
        }
        if text("type")? == "repository" {
            entries.push(LimitEntry {
                scope: Scope::Exactly(text("name")?.to_owned()),
                actions,
                expires,
            });
        }
    }
    Ok(entries)
}

fn actions(list: &[Value], words: fn(&str) -> &'static [Action]) -> Actions {
    let named = list.iter().filter_map(Value::as_str).flat_map(words);
    named.fold(Actions::NONE, |set, action| set.with(*action))
}

/// Yields what a word of an access list or a scope allows; nothing for an unknown one.
pub(crate) fn actions_of(word: &str) -> &'static [Action] {
    match word {
        "pull" => &[Action::Read],
        "push" => &[Action::Create, Action::Update],
        "delete" => &[Action::Delete],
        "*" => &[Action::Read, Action::Create, Action::Update, Action::Delete],
        _ => &[],
    }
}
