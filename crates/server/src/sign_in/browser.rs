//! What the routes of browsers share, and the cookies that they set.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use auth::login::{CALLBACK, Login, pending};
use auth::origin::{Forwarded, Scheme};
use auth::session::{LIFE, Profiles, Sessions, Ticket, cookie, is_interface};
use auth::{Evidence, Identity};
use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use registry::Clock;
use tracing::warn;

/// What cannot stand in the value of a cookie, and the sign that marks what was escaped.
///
/// Spec: RFC 6265, section 4.1.1.
const ESCAPED: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b',')
    .add(b';')
    .add(b'\\')
    .add(b'%');

/// The cookie that tells pages who is logged in.
const USER: &str = "user";

/// Tells what a trusted proxy says of a request with these headers from this peer, if there is one.
pub type Outside = Arc<dyn Fn(&HeaderMap, SocketAddr) -> Option<Forwarded> + Send + Sync>;

/// Says which cookies browsers send over encrypted connections alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secure {
    /// All.
    Always,
    /// Those that were set under an encrypted address.
    ByAddress,
    /// None.
    Never,
}

impl Secure {
    /// Takes how this server listens, and `secureSession`.
    ///
    /// Compat: with TLS always, as zot. Without, and with nothing configured, browsers that find the
    /// registry under `https`, behind a proxy, get secure cookies; zot's are not.
    pub const fn of(listening: Scheme, configured: Option<bool>) -> Self {
        match (listening, configured) {
            (Scheme::Https, _) | (_, Some(true)) => Self::Always,
            (Scheme::Http, None) => Self::ByAddress,
            (Scheme::Http, Some(false)) => Self::Never,
        }
    }
}

/// Signs browsers in and out.
pub struct Browsers {
    /// The sessions.
    pub sessions: Sessions,
    /// What is remembered of users.
    pub profiles: Arc<dyn Profiles>,
    /// Logins at other services, if any is configured.
    pub login: Option<Login>,
    /// Which cookies are for encrypted connections.
    pub secure: Secure,
    /// What proxies say.
    pub outside: Outside,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Browsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browsers")
            .field("login", &self.login)
            .field("secure", &self.secure)
            .finish_non_exhaustive()
    }
}

impl Browsers {
    /// Begins a session for a user interface that has just sent a right password, and adds its
    /// cookies to the answer. Everybody else gets none.
    ///
    /// Spec: core 6.2, last paragraph.
    pub async fn welcome(
        &self,
        evidence: &Evidence<'_>,
        identity: &Identity,
        answer: &mut HeaderMap,
    ) {
        match self.sessions.open_for(evidence, identity).await {
            Ok(None) => {}
            Ok(Some(ticket)) => {
                let forwarded = (self.outside)(evidence.headers, evidence.peer);
                let name = identity.name().unwrap_or_default();
                let cookies = self.cookies(forwarded.as_ref());
                cookies.begin(answer, &ticket, name);
            }
            // The password was right all the same.
            Err(error) => {
                let error: &(dyn std::error::Error + 'static) = &error;
                warn!(error, "no session was begun");
            }
        }
    }

    /// Yields how cookies are set for a request.
    pub(crate) fn cookies(&self, forwarded: Option<&Forwarded>) -> Cookies {
        let by_address = || match &self.login {
            Some(login) => login.is_secure(forwarded),
            None => forwarded.is_some_and(|told| told.scheme == Some(Scheme::Https)),
        };
        let secure = match self.secure {
            Secure::Always => true,
            Secure::Never => false,
            Secure::ByAddress => by_address(),
        };
        Cookies {
            flag: if secure { "; Secure" } else { "" },
        }
    }
}

/// Adds to an answer that refuses a request what takes a useless cookie away from the user
/// interface: a session that has ended.
pub fn forget(request: &HeaderMap, answer: &mut HeaderMap) {
    let sent = cookie::cookies(request, cookie::SESSION).next().is_some();
    if sent && is_interface(request) {
        let end = "session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; SameSite=Lax";
        append(answer, end.to_owned());
    }
}

/// Sets cookies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cookies {
    flag: &'static str,
}

impl Cookies {
    /// Sets those of a session.
    pub(crate) fn begin(self, answer: &mut HeaderMap, ticket: &Ticket, user: &str) {
        let (ticket, life, flag) = (ticket.expose(), LIFE.as_secs(), self.flag);
        let user = utf8_percent_encode(user, &ESCAPED);
        let same = format!("Path=/; Max-Age={life}");
        append(
            answer,
            format!("session={ticket}; {same}; HttpOnly; SameSite=Lax{flag}"),
        );
        append(answer, format!("{USER}={user}; {same}; SameSite=Lax{flag}"));
    }

    /// Takes those of a session away.
    pub(crate) fn end(self, answer: &mut HeaderMap) {
        let flag = self.flag;
        let gone = "Path=/; Max-Age=0";
        append(
            answer,
            format!("session=; {gone}; HttpOnly; SameSite=Lax{flag}"),
        );
        append(answer, format!("{USER}=; {gone}; SameSite=Lax{flag}"));
    }

    /// Sets the one of a login that is under way.
    pub(crate) fn hold(self, answer: &mut HeaderMap, value: &str) {
        let (life, flag) = (pending::LIFE.as_secs(), self.flag);
        let rest = format!("Path={CALLBACK}; Max-Age={life}; HttpOnly; SameSite=Lax{flag}");
        append(answer, format!("{}={value}; {rest}", auth::login::COOKIE));
    }

    /// Takes the one of a login that is over away.
    pub(crate) fn release(self, answer: &mut HeaderMap) {
        let rest = format!(
            "Path={CALLBACK}; Max-Age=0; HttpOnly; SameSite=Lax{}",
            self.flag
        );
        append(answer, format!("{}=; {rest}", auth::login::COOKIE));
    }
}

fn append(answer: &mut HeaderMap, cookie: String) {
    // What was escaped above can be carried.
    if let Ok(mut value) = HeaderValue::try_from(cookie) {
        value.set_sensitive(true);
        answer.append(header::SET_COOKIE, value);
    }
}
