//! Passwords from a file, as `htpasswd` and `mkpasswd` write it.

mod file;
mod hash;
mod sha_crypt;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use arc_swap::ArcSwap;
use ring::hmac;
use ring::rand::SystemRandom;
use tokio::sync::Semaphore;

use crate::verified::turns::{Source, Turns};
use crate::verified::{Busy, NoRandom};
use file::{File, Task};

/// The largest file in bytes that is read.
pub const FILE_LIMIT: usize = 16 * 1024 * 1024;

/// The longest password in bytes: no tool makes longer ones, and the time of some hashes grows with
/// the square of it.
const PASSWORD_LIMIT: usize = 1024;

/// The memory of all argon2 checks that go on at once, in KiB.
const MEMORY: u32 = 512 * 1024;

/// Says whether only what FIPS 140 knows may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fips {
    /// Everything may.
    #[default]
    Off,
    /// Users with bcrypt or argon2 cannot log in.
    Only,
}

/// How passwords are checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct HtpasswdOptions {
    /// How many are checked at once; `None` for as many as there are cores.
    pub checks: Option<NonZeroUsize>,
    /// Which hashes may be used.
    pub fips: Fips,
}

/// The password file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HtpasswdError {
    /// It is larger than [`FILE_LIMIT`].
    #[error("the password file is larger than {FILE_LIMIT} bytes")]
    TooLarge,
    /// There is no secret to be had.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// Checks passwords against a file.
///
/// Understands bcrypt (`$2a$`, `$2b$`, `$2y$`), SHA-crypt (`$5$`, `$6$`) and argon2id. What is none
/// of these never matches. Costs that would keep the machine busy for more than some seconds are
/// refused.
///
/// Compat: the last of several lines of a user counts.
pub struct Htpasswd {
    file: ArcSwap<File>,
    fips: Fips,
    turns: Arc<Turns>,
    memory: Arc<Semaphore>,
    /// Picks whose hash is computed for users who are not there.
    key: hmac::Key,
}

impl Htpasswd {
    /// Reads a password file.
    ///
    /// # Errors
    /// [`HtpasswdError`].
    pub fn new(bytes: &[u8], options: HtpasswdOptions) -> Result<Self, HtpasswdError> {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        let htpasswd = Self {
            file: ArcSwap::default(),
            fips: options.fips,
            turns: Turns::new(options.checks.unwrap_or_else(cores).get()),
            memory: Arc::new(Semaphore::new(
                usize::try_from(MEMORY).unwrap_or(usize::MAX),
            )),
            key: key.map_err(|_unspecified| NoRandom)?,
        };
        htpasswd.reload(bytes)?;
        Ok(htpasswd)
    }

    /// Takes another file in place of the one before, as a whole; yields how many users it has.
    ///
    /// Through [`Basic::reload_passwords`](crate::basic::Basic::reload_passwords), what was found
    /// right before is forgotten too.
    ///
    /// # Errors
    /// [`HtpasswdError`]: the one before stays.
    pub fn reload(&self, bytes: &[u8]) -> Result<usize, HtpasswdError> {
        if bytes.len() > FILE_LIMIT {
            return Err(HtpasswdError::TooLarge);
        }
        let file = File::parse(bytes, self.fips);
        let users = file.len();
        self.file.store(Arc::new(file));
        Ok(users)
    }

    /// Yields how many users the file has.
    pub fn users(&self) -> usize {
        self.file.load().len()
    }

    /// Tells whether this is the password of the user.
    ///
    /// Waits for a turn, then computes in the blocking pool. A user who is not there costs as much as
    /// one who is.
    ///
    /// # Errors
    /// [`Busy`] when too many wait.
    pub(crate) async fn check(
        &self,
        user: &str,
        password: &[u8],
        source: Source,
    ) -> Result<bool, Busy> {
        let Task::Check(hash, counts) = self.file.load().task(user, &self.key) else {
            return Ok(false);
        };
        if password.len() > PASSWORD_LIMIT {
            return Ok(false);
        }
        let turn = self.turns.take(source).await?;
        let memory = Arc::clone(&self.memory).acquire_many_owned(hash.memory());
        let memory = memory.await.map_err(|_closed| Busy)?;
        let password = password.to_vec();
        // The turn goes along: a caller who goes away does not stop the computation.
        let right = tokio::task::spawn_blocking(move || {
            let right = hash.verify(&password);
            drop((turn, memory));
            right
        });
        Ok(right.await.unwrap_or(false) && counts)
    }
}

impl fmt::Debug for Htpasswd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Htpasswd")
            .field("users", &self.users())
            .field("fips", &self.fips)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
