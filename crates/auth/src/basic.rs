//! The header that carries a name and a password.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tracing::warn;

use crate::api_key::{ApiKeys, Checked};
use crate::gate::{Authenticator, Authorization, Evidence, Refusal, Verdict};
use crate::htpasswd::{Htpasswd, HtpasswdError};
use crate::identity::{Identity, Method, User};
use crate::ldap::{Ldap, LdapError};
use crate::user::Users;
use crate::verified::turns::Source;
use crate::verified::{Known, Outcome, Verified};

/// A name and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name, never empty.
    pub user: String,
    /// The password; any bytes.
    pub password: Vec<u8>,
}

impl Credentials {
    /// Reads what follows the scheme: base64 of name and password with a colon between them. A colon
    /// may be part of the password. `None` when it is not that.
    ///
    /// Spec: RFC 7617, 2.
    pub fn read(sent: &[u8]) -> Option<Self> {
        let mut bytes = STANDARD.decode(sent).ok()?;
        let colon = bytes.iter().position(|byte| *byte == b':')?;
        let mut password = bytes.split_off(colon);
        password.remove(0);
        let user = String::from_utf8(bytes).ok()?;
        (!user.is_empty()).then_some(Self { user, password })
    }
}

/// The password is not printed.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Says who knows passwords; whatever is `None` is off.
#[derive(Clone, Debug, Default)]
pub struct BasicParts {
    /// The password file.
    pub passwords: Option<Arc<Htpasswd>>,
    /// The directory.
    pub directory: Option<Arc<Ldap>>,
    /// Keys that users made.
    pub keys: Option<Arc<ApiKeys>>,
    /// Where logins are noted.
    pub users: Option<Arc<Users>>,
}

impl BasicParts {
    const fn is_off(&self) -> bool {
        self.passwords.is_none() && self.directory.is_none() && self.keys.is_none()
    }
}

/// Knows callers by name and password.
///
/// A password that is an API key is judged as that and goes nowhere else: not to a directory, which
/// would learn it and count it as a wrong password. Otherwise the password file is asked, then the
/// directory; each is asked whatever the one before said. What is right is remembered for a while.
#[derive(Debug)]
pub struct Basic {
    parts: Arc<BasicParts>,
    verified: Arc<Verified>,
    /// Who this is before `verified`.
    verifier: u64,
}

impl Basic {
    /// Puts the parts together. They share what was found right with [`ApiKeys`] and [`Users`].
    pub fn new(parts: BasicParts, verified: Arc<Verified>) -> Self {
        Self {
            parts: Arc::new(parts),
            verifier: verified.verifier(),
            verified,
        }
    }

    /// Takes another password file, and forgets what was found right; yields how many users it has,
    /// zero where no file is configured.
    ///
    /// # Errors
    /// [`HtpasswdError`]: the one before stays.
    pub fn reload_passwords(&self, bytes: &[u8]) -> Result<usize, HtpasswdError> {
        let Some(passwords) = &self.parts.passwords else {
            return Ok(0);
        };
        let users = passwords.reload(bytes)?;
        self.verified.forget_all();
        Ok(users)
    }

    fn judge<'a>(&self, evidence: &Evidence<'a>) -> Result<Verdict, BoxFuture<'a, Verdict>> {
        let Authorization::Basic(sent) = evidence.authorization() else {
            return Ok(Verdict::Absent);
        };
        if self.parts.is_off() {
            return Ok(Verdict::Absent);
        }
        let (mark, now) = (self.verified.mark(self.verifier, sent), evidence.now);
        if let Some(known) = self.verified.get(&mark, now) {
            return Ok(known_verdict(known, now));
        }
        let Some(credentials) = Credentials::read(sent) else {
            return Ok(Verdict::Refused(Refusal::Wrong));
        };
        let (parts, verified) = (Arc::clone(&self.parts), Arc::clone(&self.verified));
        let source = Source::new(evidence.peer.ip());
        let check = async move {
            let check = || checked(parts, credentials, source, now).boxed();
            match verified.check(mark, now, check).await.into_result() {
                Ok(known) => known_verdict(known, now),
                Err(refusal) => Verdict::Refused(refusal),
            }
        };
        Err(check.boxed())
    }
}

impl Authenticator for Basic {
    fn authenticate<'a>(&'a self, evidence: &'a Evidence<'a>) -> BoxFuture<'a, Verdict> {
        match self.judge(evidence) {
            Ok(verdict) => std::future::ready(verdict).boxed(),
            Err(check) => check,
        }
    }
}

fn known_verdict(known: Known, now: SystemTime) -> Verdict {
    if let Some(usage) = &known.usage {
        usage.note(now);
    }
    Verdict::Known(Identity::User(known.user))
}

/// Asks all who may know the password.
async fn checked(
    parts: Arc<BasicParts>,
    credentials: Credentials,
    source: Source,
    now: SystemTime,
) -> Outcome {
    let Credentials { user, password } = credentials;
    if let Some(keys) = &parts.keys {
        match keys.check(&user, &password, now).await {
            Ok(Checked::Known(known)) => return Outcome::Known(known),
            Ok(Checked::Wrong) => return Outcome::Wrong,
            Ok(Checked::Unknown) => {}
            Err(error) => return Outcome::failed(error),
        }
    }
    if let Some(passwords) = &parts.passwords {
        match passwords.check(&user, &password, source).await {
            Ok(true) => {
                let user = User::new(user, Vec::new(), Method::Htpasswd);
                return logged_in(&parts, user, now).await;
            }
            Ok(false) => {}
            Err(_busy) => return Outcome::Busy,
        }
    }
    if let Some(directory) = &parts.directory {
        match directory.check(&user, &password, source).await {
            Ok(Some(groups)) => {
                let user = User::new(user, groups, Method::Ldap);
                return logged_in(&parts, user, now).await;
            }
            Ok(None) => {}
            Err(LdapError::Busy(_)) => return Outcome::Busy,
            Err(error) => return Outcome::failed(error),
        }
    }
    Outcome::Wrong
}

async fn logged_in(parts: &BasicParts, user: User, now: SystemTime) -> Outcome {
    if let Some(users) = &parts.users
        && let Err(error) = users.note(&user.name, &user.groups, now).await
    {
        // The password is right all the same.
        warn!(
            username = user.name,
            %error,
            "failed to note a login"
        );
    }
    Outcome::Known(Known {
        user: Arc::new(user),
        expires: None,
        usage: None,
    })
}

#[cfg(test)]
mod tests;
