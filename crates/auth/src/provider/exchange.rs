//! How a code becomes tokens, and how this registry proves itself.
//!
//! Spec: RFC 6749, sections 2.3.1, 4.1.3 and 5; RFC 7523, section 2.2; RFC 7636, section 4.5.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use client::{Agent, Request, Trust, Url};
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::json;

use super::{ProofOptions, ProviderError};
use crate::jwt::SigningKey;
use crate::session::signer;

/// How long a proof by a key is good for.
const PROOF_LIFE: Duration = Duration::from_mins(5);

/// The longest answer in bytes.
const MAX_ANSWER: u64 = 256 * 1024;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How this registry proves itself to a service. Nothing of it is printed.
pub(crate) enum Proof {
    /// By nothing but having begun the login.
    Nothing,
    /// By a secret.
    Secret(String),
    /// By a private key.
    Key(Box<SigningKey>),
}

impl Proof {
    /// Reads what is configured.
    ///
    /// # Errors
    /// That a key cannot be read.
    pub(crate) fn new(options: ProofOptions) -> Result<Self, &'static str> {
        match options {
            ProofOptions::Nothing => Ok(Self::Nothing),
            ProofOptions::Secret(secret) if secret.is_empty() => Ok(Self::Nothing),
            ProofOptions::Secret(secret) => Ok(Self::Secret(secret)),
            ProofOptions::Key(text) => Ok(Self::Key(Box::new(signing_key(&text)?))),
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Secret(_) => "Secret",
            Self::Key(_) => "Key",
        })
    }
}

/// Reads a key: PEM, or the JSON in which some services hand keys out.
fn signing_key(text: &[u8]) -> Result<SigningKey, &'static str> {
    #[derive(Deserialize)]
    struct Wrapped {
        key: String,
        #[serde(rename = "keyId")]
        id: String,
    }
    let unreadable = "the key is neither PEM with RSA, P-256 or P-384 nor JSON that wraps it";
    if text.trim_ascii_start().first() != Some(&b'{') {
        return SigningKey::from_pem(text).map_err(|_key| unreadable);
    }
    let Ok(Wrapped { key, id }) = serde_json::from_slice(text) else {
        return Err(unreadable);
    };
    let key = SigningKey::from_pem(key.as_bytes()).map_err(|_key| unreadable)?;
    Ok(key.with_kid(id))
}

/// Where a secret goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SecretIn {
    /// Into the header of Basic credentials.
    #[default]
    Header,
    /// Into the form.
    Form,
}

/// Lends what is the same for every login at a service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client<'a> {
    pub(super) id: &'a str,
    pub(super) proof: &'a Proof,
    pub(super) token_url: &'a Url,
    /// Whom a proof by a key is for.
    pub(super) audience: &'a str,
    pub(super) secret_in: SecretIn,
    pub(super) trust: Trust,
}

/// Lends what belongs to one login.
#[derive(Clone, Copy)]
pub(super) struct Grant<'a> {
    pub(super) code: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) verifier: Option<&'a str>,
}

/// Tokens, as a service hands them out. They are not printed.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    #[serde(default)]
    pub(super) id_token: Option<String>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

/// Says why a code did not become tokens. Holds nothing that was sent.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The service refused, in its words.
    #[error("the service answered {0}")]
    Refused(String),
    /// No proof could be made.
    #[error("no proof could be signed")]
    Proof,
}

/// Asks for tokens.
pub(super) async fn exchange(
    agent: &Agent,
    client: Client<'_>,
    grant: Grant<'_>,
    now: SystemTime,
) -> Result<Tokens, ProviderError> {
    let assertion = match client.proof {
        Proof::Key(key) => Some(assertion(key, client, now)?),
        Proof::Nothing | Proof::Secret(_) => None,
    };
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", grant.code),
        ("redirect_uri", grant.redirect_uri),
    ];
    form.extend(grant.verifier.map(|verifier| ("code_verifier", verifier)));
    let mut basic = None;
    match (client.proof, client.secret_in) {
        (Proof::Secret(secret), SecretIn::Header) => basic = Some(credentials(client.id, secret)),
        (Proof::Secret(secret), SecretIn::Form) => {
            form.extend([("client_id", client.id), ("client_secret", secret)]);
        }
        (Proof::Nothing | Proof::Key(_), _) => form.push(("client_id", client.id)),
    }
    if let Some(assertion) = &assertion {
        form.extend([
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ]);
    }
    let json = HeaderValue::from_static("application/json");
    let mut request = Request::form(client.token_url.clone(), form)
        .with_header(header::ACCEPT, json)
        .with_trust(client.trust)
        .with_limit(MAX_ANSWER);
    if let Some(basic) = basic.flatten() {
        request = request.with_header(header::AUTHORIZATION, basic);
    }
    tokens(agent.send(request).await?)
}

/// Reads the answer. GitHub says 200 to what it refuses.
fn tokens(response: client::Response) -> Result<Tokens, ProviderError> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    if let Ok(Refusal { error }) = response.json() {
        return Err(ExchangeError::Refused(code_of(&error)).into());
    }
    Ok(response.success()?.json()?)
}

/// Yields an error code as the specification spells them; other text may hold anything.
pub(crate) fn code_of(error: &str) -> String {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    if error.len() <= 64 && !error.is_empty() && error.bytes().all(known) {
        return error.to_owned();
    }
    "an unknown error".to_owned()
}

/// Yields Basic credentials, whose parts are escaped as in forms.
fn credentials(id: &str, secret: &str) -> Option<HeaderValue> {
    let escaped = |text: &str| {
        let pair = client::url::form([("", text)]);
        pair.trim_start_matches('=').to_owned()
    };
    let pair = format!("{}:{}", escaped(id), escaped(secret));
    let mut value =
        HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn assertion(
    key: &SigningKey,
    client: Client<'_>,
    now: SystemTime,
) -> Result<String, ExchangeError> {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let id = signer::random().map_err(|_random| ExchangeError::Proof)?;
    let claims = json!({
        "iss": client.id,
        "sub": client.id,
        "aud": client.audience,
        "iat": since.as_secs(),
        "exp": (since + PROOF_LIFE).as_secs(),
        "jti": hex::encode(id),
    });
    key.sign(&claims).map_err(|_sign| ExchangeError::Proof)
}
