//! A login that is under way, as its browser holds it.
//!
//! Nothing of it is kept here: whoever asks for logins and never ends them costs no memory. The
//! cookie holds a random seed and what the login was begun for, with a signature; what the other
//! service is told (state, nonce, verifier) follows from the seed and a key of ours, so that the
//! cookie alone is of no use to anybody.
//!
//! Spec: `OpenID Connect` Core 1.0, 3.1.2.1 and 15.5.2; RFC 7636; RFC 9700, section 2.1.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use crate::session::signer::{self, Purpose};
use crate::session::{RecordsError, Signer};

/// How long a login may take.
pub const LIFE: Duration = Duration::from_mins(10);

/// The longest text in bytes that a cookie is made of: browsers drop cookies beyond 4 KiB.
pub(crate) const MAX_TEXT: usize = 1024;

/// What a login was begun for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Purposes {
    /// The name of the service.
    pub(crate) provider: String,
    /// Where the service sends the browser back to, as it was told.
    pub(crate) redirect_uri: String,
    /// Where the browser goes in the end, if it said so.
    pub(crate) target: Option<String>,
}

/// What the other service is told, and what it gives back. Nothing of it is printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Comes back in the answer, which thereby belongs to this browser.
    pub(crate) state: String,
    /// Comes back in the identity token, which thereby belongs to this login.
    pub(crate) nonce: String,
    /// Shows at the end that whoever ends the login began it.
    pub(crate) verifier: String,
}

impl Marks {
    /// Yields the challenge that belongs to the verifier, by method `S256`.
    pub(crate) fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier.as_bytes()))
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Marks")
    }
}

/// A login that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) purposes: Purposes,
    pub(crate) marks: Marks,
}

impl Pending {
    /// Begins a login and yields it with the value of the cookie.
    pub(crate) async fn begin(
        signer: &Signer,
        purposes: Purposes,
        now: SystemTime,
    ) -> Result<(Self, String), RecordsError> {
        let seed = signer::random().map_err(|error| RecordsError(Box::new(error)))?;
        let fields = fields(&seed, &purposes, seconds(now + LIFE));
        let signature = signer.sign(Purpose::Login, &[fields.as_bytes()]).await?;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        let marks = marks(signer, &seed).await?;
        let pending = Self { purposes, marks };
        Ok((pending, format!("{fields}.{signature}")))
    }

    /// Reads a cookie; `None` when it is not ours, was changed, or is too old.
    pub(crate) async fn read(
        signer: &Signer,
        cookie: &str,
        now: SystemTime,
    ) -> Result<Option<Self>, RecordsError> {
        let Some((fields, signature)) = cookie.rsplit_once('.') else {
            return Ok(None);
        };
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        let parts = [fields.as_bytes()];
        if !signer.is_signed(Purpose::Login, &parts, &signature).await? {
            return Ok(None);
        }
        let Some((seed, purposes, expires)) = parse(fields) else {
            return Ok(None);
        };
        if seconds(now) >= expires {
            return Ok(None);
        }
        let marks = marks(signer, &seed).await?;
        Ok(Some(Self { purposes, marks }))
    }
}

async fn marks(signer: &Signer, seed: &[u8]) -> Result<Marks, RecordsError> {
    let one = async |name| {
        let tag = signer.sign(Purpose::Derived(name), &[seed]).await?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(tag))
    };
    Ok(Marks {
        state: one("state").await?,
        nonce: one("nonce").await?,
        verifier: one("verifier").await?,
    })
}

/// Writes `<seed>.<end>.<provider>.<redirect uri>[.<target>]`, texts in base64url.
fn fields(seed: &[u8], purposes: &Purposes, expires: u64) -> String {
    let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let mut fields = vec![
        text(seed),
        expires.to_string(),
        text(purposes.provider.as_bytes()),
        text(purposes.redirect_uri.as_bytes()),
    ];
    let target = purposes.target.as_deref();
    fields.extend(target.map(|target| text(target.as_bytes())));
    fields.join(".")
}

fn parse(fields: &str) -> Option<(Vec<u8>, Purposes, u64)> {
    let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    let text = |field: &str| bytes(field).and_then(|bytes| String::from_utf8(bytes).ok());
    let fields: Vec<&str> = fields.split('.').collect();
    let (seed, expires, provider, redirect_uri, target) = match fields.as_slice() {
        [seed, expires, provider, redirect] => (seed, expires, provider, redirect, None),
        [seed, expires, provider, redirect, target] => {
            (seed, expires, provider, redirect, Some(text(target)?))
        }
        _ => return None,
    };
    let purposes = Purposes {
        provider: text(provider)?,
        redirect_uri: text(redirect_uri)?,
        target,
    };
    Some((bytes(seed)?, purposes, expires.parse().ok()?))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use meta::{MemoryStore, Meta};

    use super::*;
    use crate::session::{SessionKeys, StoredRecords};

    fn signer(hash: &[u8]) -> Signer {
        let records = StoredRecords::new(Meta::new(Arc::new(MemoryStore::new())));
        let keys = SessionKeys {
            hash: hash.to_vec(),
            encrypt: Vec::new(),
        };
        Signer::new(&keys, Arc::new(records))
    }

    fn purposes(target: Option<&str>) -> Purposes {
        Purposes {
            provider: "oidc".to_owned(),
            redirect_uri: "https://reg.example/zot/auth/callback/oidc".to_owned(),
            target: target.map(str::to_owned),
        }
    }

    #[tokio::test]
    async fn a_login_is_read_back_by_whoever_has_the_key() {
        let (ours, theirs) = (signer(b"a"), signer(b"b"));
        let (begun, end) = (UNIX_EPOCH + Duration::from_secs(1000), LIFE);
        for target in [None, Some("/"), Some("https://ui.example/a.b?c=d")] {
            let wanted = purposes(target);
            let (pending, cookie) = Pending::begin(&ours, wanted.clone(), begun).await.unwrap();
            assert!(
                cookie
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
            );
            for (signer, later, want) in [
                (&ours, Duration::ZERO, true),
                (&signer(b"a"), Duration::from_secs(599), true),
                (&ours, end, false),
                (&theirs, Duration::ZERO, false),
            ] {
                let read = Pending::read(signer, &cookie, begun + later).await.unwrap();
                assert_eq!(read.is_some(), want, "{target:?} {later:?}");
                if let Some(read) = read {
                    assert_eq!(
                        (read.purposes, read.marks),
                        (wanted.clone(), pending.marks.clone())
                    );
                }
            }
        }
    }

    #[tokio::test]
    async fn case_a03_marks_are_secrets_and_differ() {
        let signer = signer(b"a");
        let begin = async || {
            Pending::begin(&signer, purposes(None), UNIX_EPOCH)
                .await
                .unwrap()
        };
        let ((one, cookie), (two, _)) = (begin().await, begin().await);
        let Marks {
            state,
            nonce,
            verifier,
        } = &one.marks;
        let all = [state, nonce, verifier, &two.marks.state, &two.marks.nonce];
        for (position, mark) in all.iter().enumerate() {
            assert_eq!(mark.len(), 43);
            assert!(!all[..position].contains(mark));
            assert!(!cookie.contains(mark.as_str()));
            assert!(!format!("{one:?}{two:?}").contains(mark.as_str()));
        }
    }

    #[tokio::test]
    async fn a_changed_cookie_is_not_read() {
        let signer = signer(b"a");
        let (_, cookie) = Pending::begin(&signer, purposes(Some("/x")), UNIX_EPOCH)
            .await
            .unwrap();
        let fields: Vec<&str> = cookie.split('.').collect();
        for position in 0..fields.len() {
            let mut changed = fields.clone();
            changed[position] = "AAAA";
            let read = Pending::read(&signer, &changed.join("."), UNIX_EPOCH).await;
            assert!(read.unwrap().is_none(), "{position}");
            changed.remove(position);
            let read = Pending::read(&signer, &changed.join("."), UNIX_EPOCH).await;
            assert!(read.unwrap().is_none(), "{position}");
        }
        for odd in ["", ".", "a", "....."] {
            assert!(
                Pending::read(&signer, odd, UNIX_EPOCH)
                    .await
                    .unwrap()
                    .is_none()
            );
        }
    }

    /// Spec: RFC 7636, appendix B.
    #[test]
    fn challenges() {
        let marks = Marks {
            state: String::new(),
            nonce: String::new(),
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
        };
        assert_eq!(
            marks.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
