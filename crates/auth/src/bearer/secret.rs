//! Keys of a token service out of AWS Secrets Manager.
//!
//! The secret is a JSON object: names of keys, each with a key in PEM or JSON as text. Nothing is
//! asked before the first token needs it; the last good keys serve while the service is down.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use client::{Agent, Request, Url};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{self, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use tracing::warn;

use crate::jwt::{Key, KeyError, TokenError};

use super::VerifyError;
use super::access::KeySource;
use super::sigv4::{Signed, Signing, authorization, stamp};

/// The time between two attempts after one that failed.
const PAUSE: Duration = Duration::from_secs(10);
/// The longest a request waits for another that is asking.
const WAIT: Duration = Duration::from_secs(5);
/// The longest secret in bytes, as AWS has it, and room for its escapes.
const MAX_SECRET: u64 = 256 * 1024;
/// The type of requests.
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
/// What is asked for.
const TARGET: &str = "secretsmanager.GetSecretValue";

/// Says where the secret is.
#[derive(Clone)]
pub struct SecretOptions {
    /// The region.
    pub region: String,
    /// The name of the secret.
    pub name: String,
    /// The time between two readings; zero means a minute.
    ///
    /// Compat: as zot.
    pub refresh: Duration,
    /// The address of the service, where it is not that of the region.
    pub endpoint: Option<Url>,
    /// The identifier of the access key.
    pub access_key: String,
    /// The secret access key.
    pub secret_key: String,
    /// The token of a session, if the access key is of one.
    pub session_token: Option<String>,
}

/// Keys are secrets, so they are not printed.
impl fmt::Debug for SecretOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretOptions")
            .field("region", &self.region)
            .field("name", &self.name)
            .field("refresh", &self.refresh)
            .finish_non_exhaustive()
    }
}

/// Says why the keys are not available.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The region or another part of the options is malformed.
    #[error("the region or the credentials of AWS Secrets Manager are malformed")]
    Options,
    /// The service did not answer, or refused.
    #[error("AWS Secrets Manager cannot be asked")]
    Request(#[from] client::Error),
    /// The secret is no JSON object of texts.
    #[error("the secret is no JSON object of texts")]
    Shape,
    /// A key in the secret cannot be used.
    #[error("the key {kid} of the secret cannot be used")]
    Key {
        /// Its name.
        kid: String,
        /// The cause.
        #[source]
        source: KeyError,
    },
    /// It failed a moment ago, and is not asked again yet.
    #[error("AWS Secrets Manager failed a moment ago")]
    Pause,
}

/// Finds keys in a secret.
pub struct SecretKeys {
    options: SecretOptions,
    url: Url,
    agent: Agent,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: HashMap<String, Arc<Key>>,
    next: Option<SystemTime>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SecretString")]
    secret: String,
}

impl SecretKeys {
    /// Takes where the secret is, and what asks for it.
    ///
    /// # Errors
    /// [`SecretError::Options`].
    pub fn new(mut options: SecretOptions, agent: Agent) -> Result<Self, SecretError> {
        if options.refresh.is_zero() {
            options.refresh = Duration::from_mins(1);
        }
        let region = &options.region;
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if region.is_empty() || !region.bytes().all(is_part) || options.access_key.is_empty() {
            return Err(SecretError::Options);
        }
        let end = if region.starts_with("cn-") { ".cn" } else { "" };
        let usual = format!("https://secretsmanager.{region}.amazonaws.com{end}/");
        let url = match &options.endpoint {
            Some(url) => url.clone(),
            None => Url::parse(&usual).map_err(|_error| SecretError::Options)?,
        };
        Ok(Self {
            options,
            url,
            agent,
            state: Mutex::default(),
        })
    }

    async fn key(&self, kid: &str, now: SystemTime) -> Result<Arc<Key>, VerifyError> {
        let locked = tokio::time::timeout(WAIT, self.state.lock()).await;
        let mut state = locked.map_err(|_elapsed| VerifyError::Keys(SecretError::Pause.into()))?;
        let is_due = state.next.is_none_or(|next| {
            let far = next.duration_since(now).unwrap_or_default();
            // A clock that was set back must not keep old keys for long.
            far.is_zero() || far > self.options.refresh.max(PAUSE)
        });
        if is_due {
            match self.read(now).await {
                Ok(keys) => {
                    state.keys = keys;
                    state.next = Some(now + self.options.refresh);
                }
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    warn!(error = %error, cause, "keys of the token service not read");
                    state.next = Some(now + PAUSE);
                    if state.keys.is_empty() {
                        return Err(VerifyError::Keys(error.into()));
                    }
                }
            }
        }
        if state.keys.is_empty() {
            return Err(VerifyError::Keys(SecretError::Pause.into()));
        }
        let key = state.keys.get(kid).map(Arc::clone);
        key.ok_or(VerifyError::Token(TokenError::UnknownKey))
    }

    async fn read(&self, now: SystemTime) -> Result<HashMap<String, Arc<Key>>, SecretError> {
        let response = self.agent.send(self.request(now)?).await?.success()?;
        let answer: Answer = response.json()?;
        let texts: HashMap<String, String> =
            serde_json::from_str(&answer.secret).map_err(|_error| SecretError::Shape)?;
        let keys = texts
            .into_iter()
            .map(|(kid, text)| match Key::read(text.as_bytes()) {
                Ok(key) => Ok((kid, Arc::new(key))),
                Err(source) => Err(SecretError::Key { kid, source }),
            });
        keys.collect()
    }

    fn request(&self, now: SystemTime) -> Result<Request, SecretError> {
        let body = json!({"SecretId": self.options.name}).to_string();
        let date = stamp(now);
        let mut headers = vec![
            ("content-type", CONTENT_TYPE),
            ("host", self.url.authority()),
            ("x-amz-date", date.as_str()),
        ];
        if let Some(token) = &self.options.session_token {
            headers.push(("x-amz-security-token", token));
        }
        headers.push(("x-amz-target", TARGET));
        let signing = Signing {
            access_key: &self.options.access_key,
            secret_key: &self.options.secret_key,
            region: &self.options.region,
            service: "secretsmanager",
            now,
        };
        let signed = Signed {
            method: "POST",
            path: self.url.path(),
            query: "",
            headers: &headers,
            body: body.as_bytes(),
        };
        let authorization = authorization(signing, signed);
        let kind = HeaderValue::from_static(CONTENT_TYPE);
        let mut request = Request::new(http::Method::POST, self.url.clone())
            .with_limit(MAX_SECRET)
            .with_body(kind, body);
        let more = [(header::AUTHORIZATION.as_str(), authorization.as_str())];
        for (name, value) in headers
            .into_iter()
            .chain(more)
            .filter(|(name, _)| *name != "host")
        {
            let name = HeaderName::try_from(name).map_err(|_error| SecretError::Options)?;
            let value = HeaderValue::try_from(value).map_err(|_error| SecretError::Options)?;
            request.headers.insert(name, value);
        }
        Ok(request)
    }
}

impl KeySource for SecretKeys {
    fn find<'a>(
        &'a self,
        kid: Option<&'a str>,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<Arc<Key>, VerifyError>> {
        async move {
            // Compat: a token must name its key.
            let kid = kid.ok_or(VerifyError::Token(TokenError::UnknownKey))?;
            self.key(kid, now).await
        }
        .boxed()
    }

    fn life(&self) -> Duration {
        self.options.refresh
    }
}

impl fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecretKeys").field(&self.options).finish()
    }
}

#[cfg(test)]
mod tests;
