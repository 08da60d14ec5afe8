//! Where in a document a value stands.

use std::fmt;

/// A position in the document, as a path of keys for people and as zot names it in its messages.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    path: String,
    go: String,
    last: String,
}

impl Place {
    /// The whole document.
    pub(crate) fn root(name: &str) -> Self {
        Self {
            path: String::new(),
            go: name.to_owned(),
            last: String::new(),
        }
    }

    /// A key of a section.
    pub(crate) fn key(&self, key: &str) -> Self {
        if self.path.is_empty() {
            return Self {
                path: key.to_owned(),
                go: go_name(key),
                last: key.to_owned(),
            };
        }
        Self {
            path: format!("{}.{key}", self.path),
            go: format!("{}.{}", self.go, go_name(key)),
            last: key.to_owned(),
        }
    }

    /// A name in a map.
    pub(crate) fn entry(&self, name: &str) -> Self {
        self.suffixed(&format!("[{name}]"))
    }

    /// An item of a list.
    pub(crate) fn item(&self, at: usize) -> Self {
        self.suffixed(&format!("[{at}]"))
    }

    fn suffixed(&self, suffix: &str) -> Self {
        Self {
            path: format!("{}{suffix}", self.path),
            go: format!("{}{suffix}", self.go),
            last: self.last.clone(),
        }
    }

    /// The path, such as `storage.subPaths[/a].gcDelay`; empty for the whole document.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The last key of the path.
    pub(crate) fn last(&self) -> &str {
        &self.last
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.go)
    }
}

/// Compat: messages such as `'Storage.GCDelay' time: invalid duration "x"` name fields, not keys.
fn go_name(key: &str) -> String {
    const WHOLE: [(&str, &str); 4] = [
        ("openid", "OpenID"),
        ("apikey", "APIKey"),
        ("htpasswd", "HTPasswd"),
        ("cacert", "CACert"),
    ];
    const FIRST: [&str; 11] = [
        "http", "gc", "tls", "ldap", "cve", "ui", "aws", "oidc", "mtls", "sbom", "uri",
    ];
    if let Some((_, name)) = WHOLE.iter().find(|(known, _)| *known == key) {
        return (*name).to_owned();
    }
    let end = key
        .find(|c: char| c.is_ascii_uppercase())
        .unwrap_or(key.len());
    let (first, rest) = key.split_at(end);
    if FIRST.contains(&first) {
        return first.to_ascii_uppercase() + rest;
    }
    let mut chars = first.chars();
    let initial: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    initial + chars.as_str() + rest
}
