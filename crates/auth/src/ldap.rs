//! Passwords that a directory knows.
//!
//! A user is looked for with the name of the service, on a connection that is kept for the next one.
//! Then his name in the directory is taken with his password, on a connection of its own: none that
//! is kept is ever bound as a user.
//!
//! The few messages that this takes are written here: a library for all of LDAP is half a megabyte,
//! and sets no bounds to what it reads.

mod ber;
mod connection;
#[cfg(test)]
mod directory;
mod filter;
mod message;
mod pool;
mod tls;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ClientConfig;
use tokio::time::{sleep, timeout};
use tracing::warn;

use crate::verified::Busy;
use crate::verified::turns::{Source, Turns};
use connection::{Connection, Found};
use message::{Code, Entry, Search};
use pool::Pool;

pub use filter::FilterError;
pub use tls::{Trust, TrustError, client_config};

/// How often the directory is tried in one login.
const TRIES: u32 = 4;

/// How long the first pause between tries is; each one after it is twice as long.
const PAUSE: Duration = Duration::from_millis(100);

/// Says how a directory is spoken to.
#[derive(Clone, Debug)]
pub enum Transport {
    /// In the open.
    Plain,
    /// In TLS from the first byte.
    Tls(Arc<ClientConfig>),
    /// In TLS after the directory has agreed to it.
    StartTls(Arc<ClientConfig>),
}

/// Says how deep below the base users are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Right below it.
    OneLevel,
    /// Everywhere below it.
    Subtree,
}

/// The name and password with which users are looked for. An empty password takes no name.
#[derive(Clone, Default)]
pub struct ServiceAccount {
    /// The name in the directory.
    pub dn: String,
    /// The password.
    pub password: String,
}

/// The password is not printed.
impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("dn", &self.dn)
            .finish_non_exhaustive()
    }
}

/// Says where a directory is and how users are found in it.
#[derive(Clone, Debug)]
pub struct LdapOptions {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub transport: Transport,
    /// Where users are looked for.
    pub base: String,
    /// How deep.
    pub depth: Depth,
    /// The attribute that holds the name that users log in with.
    pub user_attribute: String,
    /// What else holds of users.
    pub user_filter: Option<String>,
    /// The attribute whose values are the groups of a user.
    pub group_attribute: Option<String>,
    /// With what name users are looked for.
    pub account: ServiceAccount,
    /// How many logins go on at once; each takes two connections at most.
    pub connections: usize,
    /// How long one step may take: to connect, to take a name, to search.
    pub step: Duration,
    /// How long a login may take in all, with everything that is tried again.
    pub total: Duration,
    /// How long a connection is kept that nobody uses.
    pub keep: Duration,
}

impl LdapOptions {
    /// Describes a directory with the limits that suit most.
    pub fn new(host: impl Into<String>, port: u16, transport: Transport) -> Self {
        Self {
            host: host.into(),
            port,
            transport,
            base: String::new(),
            depth: Depth::OneLevel,
            user_attribute: String::new(),
            user_filter: None,
            group_attribute: None,
            account: ServiceAccount::default(),
            connections: 8,
            step: Duration::from_secs(5),
            total: Duration::from_secs(15),
            keep: Duration::from_mins(1),
        }
    }
}

/// A directory could not be asked, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum LdapError {
    /// What is configured makes no sense.
    #[error("{0}")]
    Options(&'static str),
    /// The filter of users is malformed.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// There is no connection to be had.
    #[error("no connection to the directory")]
    Connect(#[source] io::Error),
    /// TLS failed: the directory may not be whom it says.
    #[error("no secure connection to the directory")]
    Tls(#[source] io::Error),
    /// The connection broke.
    #[error("the connection to the directory broke")]
    Io(#[source] io::Error),
    /// The directory hung up.
    #[error("the directory closed the connection")]
    Closed,
    /// The directory took too long.
    #[error("the directory took too long")]
    Timeout,
    /// The directory said something odd.
    #[error("directory: {0}")]
    Protocol(&'static str),
    /// The directory refused what is not the user's to get right.
    #[error("the directory refused {operation} with result {code}")]
    Refused {
        /// What was refused.
        operation: &'static str,
        /// The result code of RFC 4511.
        code: u32,
    },
    /// Too many logins wait already.
    #[error(transparent)]
    Busy(#[from] Busy),
}

impl LdapError {
    const fn refused(operation: &'static str, code: Code) -> Self {
        Self::Refused {
            operation,
            code: code.0,
        }
    }

    /// Tells whether another try may do better.
    const fn is_passing(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Io(_) | Self::Closed | Self::Timeout => true,
            Self::Refused { code, .. } => Code(*code).is_passing(),
            Self::Options(_)
            | Self::Filter(_)
            | Self::Tls(_)
            | Self::Protocol(_)
            | Self::Busy(_) => false,
        }
    }
}

/// Checks passwords with a directory.
pub struct Ldap {
    options: LdapOptions,
    filter: Option<Vec<u8>>,
    account: ArcSwap<ServiceAccount>,
    pool: Arc<Pool>,
    turns: Arc<Turns>,
}

impl Ldap {
    /// Prepares to ask a directory. Nothing is sent before the first login.
    ///
    /// # Errors
    /// [`LdapError::Options`] and [`LdapError::Filter`].
    pub fn new(options: LdapOptions) -> Result<Self, LdapError> {
        if !filter::is_attribute(&options.user_attribute) {
            return Err(LdapError::Options("the user attribute is malformed"));
        }
        let groups = options.group_attribute.as_deref();
        if groups.is_some_and(|name| !filter::is_attribute(name)) {
            return Err(LdapError::Options("the group attribute is malformed"));
        }
        let text = options.user_filter.as_deref();
        let text = text.filter(|text| !text.trim().is_empty());
        Ok(Self {
            filter: text.map(filter::parse).transpose()?,
            account: ArcSwap::from_pointee(options.account.clone()),
            pool: Pool::new(options.keep),
            turns: Turns::new(options.connections),
            options,
        })
    }

    /// Looks for users with another name and password from now on.
    pub fn set_account(&self, account: ServiceAccount) {
        self.account.store(Arc::new(account));
        self.pool.renew();
    }

    /// Checks the password of a user; yields his groups, or `None` when there is no such user or the
    /// password is not his.
    ///
    /// An empty password is refused without a word to the directory, which would take it for no
    /// password at all and agree (RFC 4513, 5.1.2).
    ///
    /// # Errors
    /// [`LdapError`]: nothing is known of the password.
    pub(crate) async fn check(
        &self,
        user: &str,
        password: &[u8],
        source: Source,
    ) -> Result<Option<Vec<String>>, LdapError> {
        // Some directories end a password at the first zero byte.
        if user.is_empty() || password.is_empty() || password.contains(&0) {
            return Ok(None);
        }
        let checked = timeout(self.options.total, async {
            let _turn = self.turns.take(source).await?;
            self.check_now(user, password).await
        });
        checked.await.map_err(|_elapsed| LdapError::Timeout)?
    }

    async fn check_now(
        &self,
        user: &str,
        password: &[u8],
    ) -> Result<Option<Vec<String>>, LdapError> {
        let filter = filter::of_user(&self.options.user_attribute, user, self.filter.as_deref());
        let mut tries = Tries::new();
        let found = loop {
            match self.find(&filter).await {
                Ok(found) => break found,
                Err(error) => tries.again(error).await?,
            }
        };
        let entry = match found {
            Found::One(entry) if entry.dn.is_empty() => {
                return Err(LdapError::Protocol("an entry has no name"));
            }
            Found::One(entry) => entry,
            Found::Nobody => return Ok(None),
            Found::Several => {
                warn!(
                    username = user,
                    "several entries of the directory match a user"
                );
                return Ok(None);
            }
        };
        let Entry { dn, values } = entry;
        let mut tries = Tries::new();
        let bound = loop {
            match self.bind_user(&dn, password).await {
                Ok(bound) => break bound,
                Err(error) => tries.again(error).await?,
            }
        };
        if !bound {
            return Ok(None);
        }
        let mut groups = values;
        if self.options.group_attribute.is_none() {
            groups.clear();
        }
        groups.sort_unstable();
        groups.dedup();
        Ok(Some(groups))
    }

    /// Looks for a user on a kept connection, or on a new one where that is broken.
    async fn find(&self, filter: &[u8]) -> Result<Found, LdapError> {
        let generation = self.pool.generation();
        if let Some(connection) = self.pool.take() {
            match self.search(connection, generation, filter).await {
                Err(LdapError::Io(_) | LdapError::Closed | LdapError::Timeout) => {}
                found => return found,
            }
        }
        let mut connection = self.connect().await?;
        let account = self.account.load_full();
        let password = account.password.as_bytes();
        let bound = self.step(connection.bind(&account.dn, password)).await?;
        if bound != Code::SUCCESS {
            return Err(LdapError::refused("the service account", bound));
        }
        self.search(connection, generation, filter).await
    }

    async fn search(
        &self,
        mut connection: Connection,
        generation: u64,
        filter: &[u8],
    ) -> Result<Found, LdapError> {
        let search = Search {
            base: &self.options.base,
            scope: match self.options.depth {
                Depth::OneLevel => 1,
                Depth::Subtree => 2,
            },
            filter,
            attribute: self.options.group_attribute.as_deref(),
            seconds: u32::try_from(self.options.step.as_secs().max(1)).unwrap_or(u32::MAX),
        };
        let found = self.step(connection.search(&search)).await?;
        self.pool.put(connection, generation);
        Ok(found)
    }

    /// Tells whether the directory takes the password for this name.
    async fn bind_user(&self, dn: &str, password: &[u8]) -> Result<bool, LdapError> {
        let mut connection = self.connect().await?;
        let bound = self.step(connection.bind(dn, password)).await?;
        // The farewell is not waited for longer than for anything else.
        let _ = timeout(self.options.step, connection.close()).await;
        match bound {
            Code::SUCCESS => Ok(true),
            code if code.is_about_credentials() => Ok(false),
            code => Err(LdapError::refused("a login", code)),
        }
    }

    async fn connect(&self) -> Result<Connection, LdapError> {
        self.step(Connection::open(&self.options)).await
    }

    async fn step<T>(
        &self,
        work: impl Future<Output = Result<T, LdapError>>,
    ) -> Result<T, LdapError> {
        let done = timeout(self.options.step, work).await;
        done.map_err(|_elapsed| LdapError::Timeout)?
    }
}

impl fmt::Debug for Ldap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ldap")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Counts the tries of one step of a login.
struct Tries {
    left: u32,
    pause: Duration,
}

impl Tries {
    const fn new() -> Self {
        Self {
            left: TRIES - 1,
            pause: PAUSE,
        }
    }

    /// Waits for the next try.
    ///
    /// # Errors
    /// The error itself, when there is none or when it would not help.
    async fn again(&mut self, error: LdapError) -> Result<(), LdapError> {
        if self.left == 0 || !error.is_passing() {
            return Err(error);
        }
        sleep(self.pause).await;
        self.left -= 1;
        self.pause *= 2;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
