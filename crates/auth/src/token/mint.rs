//! Tokens of this server.
//!
//! A token says who its bearer is and what it was asked for, not what the bearer may do: that is
//! decided when it is used, by the policy of that moment, and the scopes only narrow it. So a
//! right that is taken away is gone at once; a password or key that is taken away ends all tokens
//! by [`Mint::revoke`], and clients that still know a password get new ones unseen.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use meta::Action;
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Map, Value, json};

use crate::bearer::{Lease, Memory, entries};
use crate::identity::{Identity, Method, User};
use crate::jwt::{Claims, Expiry, Key, SigningKey, Token, TokenError};
use crate::limit::{Actions, Limit, LimitEntry, LimitMode, Scope};

use super::wanted::Wanted;

/// How long a token holds. Docker assumes a minute where none is said.
const LIFE: Duration = Duration::from_mins(5);
/// The longest token that is handed out, in bytes: it must fit into a header with others.
const MAX_TOKEN: usize = 12 * 1024;
/// Names lists of repositories in the access list of a token of this server.
const CATALOG: &str = "registry";

/// Says why no token is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// The system has no random numbers.
    #[error("no key for tokens could be made")]
    Key,
    /// The caller has too many groups, or asks for too much.
    #[error("the token would be too long")]
    TooLong,
}

/// Holds a token that was made.
#[derive(Clone)]
pub struct Minted {
    /// The token.
    pub token: String,
    /// How long it holds.
    pub expires_in: Duration,
    /// When it was made.
    pub issued_at: SystemTime,
}

/// A token is a secret, so it is not printed.
impl fmt::Debug for Minted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minted")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// Makes tokens of this server and verifies them.
pub struct Mint {
    signer: SigningKey,
    key: Key,
    kid: String,
    service: String,
    /// In milliseconds since 1970: what was made before does not hold.
    not_before: AtomicU64,
    memory: ArcSwap<Memory>,
}

impl Mint {
    /// Makes a mint for a service, the name of this registry in challenges. Without a seed its key
    /// lives as long as it does; servers that share their work share 32 secret bytes.
    ///
    /// # Errors
    /// [`MintError::Key`].
    pub fn new(service: impl Into<String>, seed: Option<&[u8; 32]>) -> Result<Self, MintError> {
        let mut bytes = [0; 32];
        if let Some(seed) = seed {
            bytes = *seed;
        } else {
            let filled = SystemRandom::new().fill(&mut bytes);
            filled.map_err(|_error| MintError::Key)?;
        }
        let signer = SigningKey::from_seed(&bytes).map_err(|_error| MintError::Key)?;
        let key = signer.public().map_err(|_error| MintError::Key)?;
        let hash = digest::digest(&digest::SHA256, &bytes);
        let hash = digest::digest(&digest::SHA256, hash.as_ref());
        let kid = format!(
            "holdfast-{}",
            hex::encode(hash.as_ref().get(..8).unwrap_or_default())
        );
        Ok(Self {
            signer: signer.with_kid(kid.as_str()),
            key,
            kid,
            service: service.into(),
            not_before: AtomicU64::new(0),
            memory: ArcSwap::new(Memory::new()),
        })
    }

    /// Yields the name of this registry in challenges.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Makes a token for a caller whose credentials are right, or for the anonymous one.
    ///
    /// It is for nothing but the scopes, and less where the credentials themselves are limited.
    ///
    /// # Errors
    /// [`MintError::TooLong`].
    pub fn issue(
        &self,
        identity: &Identity,
        wanted: &[Wanted],
        now: SystemTime,
    ) -> Result<Minted, MintError> {
        let millis = millis(now);
        let mut claims = json!({
            "iss": self.kid,
            "aud": self.service,
            "iat": seconds(millis),
            "exp": seconds(millis.saturating_add(u64::try_from(LIFE.as_millis()).unwrap_or(0))),
        });
        if let (Some(user), Some(claims)) = (identity.user(), claims.as_object_mut()) {
            claims.insert("sub".to_owned(), user.name.as_str().into());
            claims.insert("groups".to_owned(), user.groups.clone().into());
            let limit = user.limit.as_deref();
            claims.insert("access".to_owned(), access(wanted, limit, now));
        }
        let token = self.signer.sign(&claims).map_err(|_error| MintError::Key)?;
        if token.len() > MAX_TOKEN {
            return Err(MintError::TooLong);
        }
        Ok(Minted {
            token,
            expires_in: LIFE,
            issued_at: now,
        })
    }

    /// Ends all tokens that were made before: a password or a key has gone.
    pub fn revoke(&self, now: SystemTime) {
        // What is made in the same millisecond must not live on.
        let after = millis(now).saturating_add(1);
        self.not_before.fetch_max(after, Ordering::SeqCst);
        // Last: whoever still works with the old memory remembers in vain.
        self.memory.store(Memory::new());
    }

    /// Finds a token that was verified a moment ago.
    pub(crate) fn recall(&self, text: &[u8], now: SystemTime) -> Option<Identity> {
        self.memory.load().get(text, now)
    }

    /// Tells whether a token says that it is of this server.
    pub fn is_own(&self, token: &Token<'_>) -> bool {
        token.kid() == Some(self.kid.as_str())
    }

    /// Verifies a token, of which `text` is all, and yields whom it stands for.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(
        &self,
        token: &Token<'_>,
        text: &[u8],
        now: SystemTime,
    ) -> Result<Identity, TokenError> {
        let memory = self.memory.load_full();
        let not_before = self.not_before.load(Ordering::SeqCst);
        let claims = token.verify([&self.key])?;
        claims.check_times(now, Expiry::Required)?;
        if !claims.is_for(&[&self.service]) {
            return Err(TokenError::Audience);
        }
        let made = claims.time("iat")?.map_or(0, millis);
        if made < not_before {
            return Err(TokenError::Expired);
        }
        let identity = bearer(&claims)?;
        let end = claims.time("exp")?;
        memory.put(text, identity.clone(), Lease { now, end });
        Ok(identity)
    }
}

impl fmt::Debug for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mint")
            .field("kid", &self.kid)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

fn bearer(claims: &Claims) -> Result<Identity, TokenError> {
    let Some(name) = claims.text("sub") else {
        return Ok(Identity::Anonymous);
    };
    let groups = claims.get("groups").and_then(Value::as_array);
    let groups = groups.into_iter().flatten().filter_map(Value::as_str);
    let mut user = User::new(name, groups.map(str::to_owned).collect(), Method::Token);
    let mut entries = entries(claims, own_word)?;
    let list = claims.get("access").and_then(Value::as_array);
    let globs = list
        .into_iter()
        .flatten()
        .filter(|entry| kind(entry) == CATALOG);
    for entry in globs {
        let pattern = entry
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let glob = oci::glob::RepoGlob::new(pattern)
            .map_err(|_error| TokenError::Malformed("its access list is malformed"))?;
        entries.push(LimitEntry {
            scope: Scope::Matching(glob),
            actions: Actions::of(&[Action::Read]),
            expires: None,
        });
    }
    user.limit = Some(Arc::new(Limit {
        mode: LimitMode::Narrow,
        entries,
    }));
    Ok(Identity::User(Arc::new(user)))
}

fn kind(entry: &Value) -> &str {
    entry
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Writes down what both the scopes and the limit of the credentials allow.
fn access(wanted: &[Wanted], limit: Option<&Limit>, now: SystemTime) -> Value {
    let mut list = Vec::new();
    for one in wanted {
        match one {
            Wanted::Repository { name, actions } => {
                let may = |action: &Action| {
                    let is_limited = limit.is_some_and(|limit| !limit.allows(name, *action, now));
                    actions.contains(*action) && !is_limited
                };
                list.push(entry(
                    "repository",
                    name,
                    Action::ALL.into_iter().filter(may),
                ));
            }
            Wanted::Catalog => list.extend(catalog(limit, now)),
        }
    }
    Value::Array(list)
}

/// Lists show what may be read: everything, or what limited credentials reach.
fn catalog(limit: Option<&Limit>, now: SystemTime) -> Vec<Value> {
    let Some(limit) = limit else {
        return vec![entry(CATALOG, "**", [Action::Read])];
    };
    let readable = limit.entries.iter().filter(|entry| {
        entry.actions.contains(Action::Read) && entry.expires.is_none_or(|end| now < end)
    });
    let entries = readable.map(|readable| match &readable.scope {
        Scope::Exactly(name) => entry("repository", name, [Action::Read]),
        Scope::Matching(glob) => entry(CATALOG, glob.as_str(), [Action::Read]),
    });
    entries.collect()
}

fn entry(kind: &str, name: &str, actions: impl IntoIterator<Item = Action>) -> Value {
    let words: Vec<&str> = actions.into_iter().map(word).collect();
    let mut entry = Map::new();
    entry.insert("type".to_owned(), kind.into());
    entry.insert("name".to_owned(), name.into());
    entry.insert("actions".to_owned(), words.into());
    Value::Object(entry)
}

/// Reads the words of [`word`].
fn own_word(word: &str) -> &'static [Action] {
    match word {
        "pull" => &[Action::Read],
        "create" => &[Action::Create],
        "update" => &[Action::Update],
        "delete" => &[Action::Delete],
        _ => &[],
    }
}

const fn word(action: Action) -> &'static str {
    match action {
        Action::Read => "pull",
        Action::Create => "create",
        Action::Update => "update",
        Action::Delete => "delete",
    }
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    // Claims go through numbers with a fraction; a microsecond makes up for what they lose.
    u64::try_from((since + Duration::from_micros(1)).as_millis()).unwrap_or(u64::MAX)
}

/// Writes milliseconds as seconds with a fraction.
fn seconds(millis: u64) -> Value {
    Duration::from_millis(millis).as_secs_f64().into()
}

#[cfg(test)]
mod tests;
