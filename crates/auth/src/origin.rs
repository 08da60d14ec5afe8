//! Where this registry is found from outside, and where a login may return to.

use std::fmt;

/// Names the way to an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain.
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// Yields the name, as URLs write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Reads a name in any case.
    pub fn named(name: &str) -> Option<Self> {
        let mut known = [Self::Http, Self::Https].into_iter();
        known.find(|scheme| scheme.as_str().eq_ignore_ascii_case(name))
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Scheme, host and port of a URL: what browsers compare to tell pages apart.
///
/// Spec: RFC 6454, section 4.
///
/// ```
/// use auth::origin::Origin;
///
/// let origin = Origin::of("https://Reg.Example/home?x").ok_or("no origin")?;
/// assert_eq!(Some(&origin), Origin::of("https://reg.example:443").as_ref());
/// assert_eq!(origin.to_string(), "https://reg.example");
/// assert_eq!(Origin::of("https://reg.example@evil.example/"), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The way to it.
    pub scheme: Scheme,
    /// The host in lower case; an address of IPv6 in brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Origin {
    /// Reads the origin of an absolute URL.
    ///
    /// Knows plain URLs alone: whatever programs may read in more than one way has no origin, such
    /// as one with a user, a backslash, a space, an escape in the host, or anything beyond ASCII.
    pub fn of(url: &str) -> Option<Self> {
        if !is_plain(url) {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let scheme = Scheme::named(scheme)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, port) = host_and_port(rest.get(..end)?)?;
        Some(Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port: match port {
                "" => scheme.port(),
                port => port.parse().ok().filter(|port| *port != 0)?,
            },
        })
    }
}

/// Writes the origin as browsers do, the port only where it is not the usual one.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port } = self;
        write!(f, "{}://{host}", scheme.as_str())?;
        if *port == scheme.port() {
            return Ok(());
        }
        write!(f, ":{port}")
    }
}

/// Splits what stands between the slashes of a URL and its path.
fn host_and_port(authority: &str) -> Option<(&str, &str)> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (inner, after) = rest.split_once(']')?;
        let _: std::net::Ipv6Addr = inner.parse().ok()?;
        let port = match after {
            "" => "",
            after => after.strip_prefix(':')?,
        };
        (authority.get(..inner.len() + 2)?, port)
    } else {
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if host.is_empty() || !host.bytes().all(plain) {
            return None;
        }
        (host, port)
    };
    port.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some((host, port))
}

/// Tells whether a text holds nothing that one program drops or turns and another does not.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    text.bytes().all(plain)
}

/// Says what a trusted proxy tells of a request that it passed on.
///
/// Whoever fills it in has made sure that the peer is such a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// The way that the client took.
    pub scheme: Option<Scheme>,
    /// Host and port that the client used.
    pub host: Option<String>,
}

/// Knows where this registry is found from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public {
    /// The configured URL without slashes at its end.
    external: Option<String>,
    scheme: Scheme,
    /// Host and port that are listened on.
    listen: String,
}

impl Public {
    /// Takes the configured public URL, which may be empty, and what is listened on.
    pub fn new(external: &str, scheme: Scheme, address: &str, port: u16) -> Self {
        let external = external.trim().trim_end_matches('/');
        let bare_v6 = address.contains(':') && !address.starts_with('[');
        let listen = if bare_v6 {
            format!("[{address}]:{port}")
        } else {
            format!("{address}:{port}")
        };
        Self {
            external: (!external.is_empty()).then(|| external.to_owned()),
            scheme,
            listen,
        }
    }

    /// Yields the URL of this registry, without a slash at its end: the configured one, or what a
    /// trusted proxy says, or else what is listened on.
    ///
    /// Spec: core 6.4.
    pub fn base(&self, forwarded: Option<&Forwarded>) -> String {
        if let Some(external) = &self.external {
            return external.clone();
        }
        let told = forwarded.and_then(|forwarded| {
            let host = forwarded.host.as_deref()?;
            let scheme = forwarded.scheme.unwrap_or(self.scheme).as_str();
            Origin::of(&format!("{scheme}://{host}")).filter(|_| !host.contains(['/', '?', '#']))
        });
        match told {
            Some(origin) => origin.to_string(),
            None => format!("{}://{}", self.scheme.as_str(), self.listen),
        }
    }

    /// Yields the origin of the configured URL.
    pub fn origin(&self) -> Option<Origin> {
        self.external.as_deref().and_then(Origin::of)
    }
}

/// Knows where a login may return to.
#[derive(Clone, Debug, Default)]
pub struct Returns(Vec<Origin>);

impl Returns {
    /// Allows the origins of some URLs; those that have none allow nothing.
    pub fn new<'a>(urls: impl IntoIterator<Item = &'a str>) -> Self {
        Self(urls.into_iter().filter_map(Origin::of).collect())
    }

    /// Allows one more origin.
    #[must_use]
    pub fn and(mut self, origin: Option<Origin>) -> Self {
        self.0.extend(origin);
        self
    }

    /// Yields where a login returns to that asked for `target`: there, if it is a path of this
    /// registry or a URL of an allowed origin, else to `/`; nowhere if it asked for nothing.
    ///
    /// Spec: core 6.7. A path is refused as well when it becomes the name of a host once a proxy
    /// has decoded it.
    pub fn target(&self, target: &str) -> Option<String> {
        if target.is_empty() {
            return None;
        }
        let fits = is_own_path(target)
            || Origin::of(target).is_some_and(|origin| self.0.contains(&origin));
        Some(if fits { target } else { "/" }.to_owned())
    }
}

fn is_own_path(target: &str) -> bool {
    let is_path = |text: &str| text.starts_with('/') && !text.starts_with("//") && is_plain(text);
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let path = target.get(..end).unwrap_or_default();
    // Dots vanish when a browser resolves the path, and may leave two slashes.
    let starts_odd = ["/.", "/%2e"].iter().any(|odd| begins(path, odd));
    is_path(target) && !starts_odd && decodes_to_path(path)
}

/// Tells whether a path stays one, however often it is decoded at its start.
fn decodes_to_path(path: &str) -> bool {
    !["/%2f", "/%5c", "/%25", "/%0", "/%1"]
        .iter()
        .any(|odd| begins(path, odd))
}

fn begins(text: &str, start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests;
