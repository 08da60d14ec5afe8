//! Names from certificates of clients.
//!
//! A certificate comes here as the TLS layer has verified it; this only reads what it says. The
//! reading is a walk over the few fields that name somebody, strict and without allocation before a
//! field counts: parsers of whole certificates would be larger than all of it.

use std::str::FromStr;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use regex::Regex;

use crate::gate::{Authenticator, Evidence, Refusal, Verdict};
use crate::identity::{Identity, Method, User};

mod der;
mod fields;
mod subject;
mod version1;

use fields::Fields;
pub use version1::{PublicKey, Version1};

/// Says where in a certificate the name of its owner is looked for.
#[derive(Clone, Debug)]
pub struct NameRule {
    /// The attributes in the order in which they are tried; the first that yields a name counts.
    pub attributes: Vec<Attribute>,
    /// What a URI must match somewhere; its first group is the name.
    pub uri_pattern: Option<Regex>,
    /// Which URI counts, from 0.
    pub uri_index: usize,
    /// Which DNS name counts, from 0.
    pub dns_index: usize,
    /// Which mail address counts, from 0.
    pub email_index: usize,
}

impl Default for NameRule {
    fn default() -> Self {
        Self {
            attributes: vec![Attribute::CommonName],
            uri_pattern: None,
            uri_index: 0,
            dns_index: 0,
            email_index: 0,
        }
    }
}

/// A part of a certificate that may name its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// The common name of the subject.
    CommonName,
    /// The whole subject, such as `CN=alice,O=Acme`.
    Subject,
    /// A mail address among the alternative names.
    Email,
    /// A URI among the alternative names.
    Uri,
    /// A DNS name among the alternative names.
    DnsName,
}

/// A word that names no attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unsupported identity attribute: {0}")]
pub struct UnknownAttribute(pub String);

impl FromStr for Attribute {
    type Err = UnknownAttribute;

    /// Reads a word in any case.
    ///
    /// Compat: the words are zot's.
    fn from_str(word: &str) -> Result<Self, UnknownAttribute> {
        Ok(match word.to_ascii_lowercase().as_str() {
            "commonname" | "cn" => Self::CommonName,
            "subject" | "dn" => Self::Subject,
            "email" | "rfc822name" => Self::Email,
            "uri" | "url" => Self::Uri,
            "dnsname" | "dns" => Self::DnsName,
            _ => return Err(UnknownAttribute(word.to_owned())),
        })
    }
}

/// Knows callers by the certificate that the connection was made with.
#[derive(Clone, Debug, Default)]
pub struct Certificates(NameRule);

impl Certificates {
    /// Takes names from where `rule` says.
    pub const fn new(rule: NameRule) -> Self {
        Self(rule)
    }
}

impl Authenticator for Certificates {
    fn authenticate<'a>(&'a self, evidence: &'a Evidence<'a>) -> BoxFuture<'a, Verdict> {
        let verdict = match evidence.certificate.map(|der| name(der, &self.0)) {
            None => Verdict::Absent,
            Some(None) => Verdict::Refused(Refusal::Wrong),
            Some(Some(name)) => {
                let user = User::new(name, Vec::new(), Method::Certificate);
                Verdict::Known(Identity::User(Arc::new(user)))
            }
        };
        std::future::ready(verdict).boxed()
    }
}

/// Yields the name of a certificate's owner; none when no attribute yields one, or the certificate is
/// malformed.
///
/// A name is never empty and holds no control character, which no policy could mean.
pub fn name(der: &[u8], rule: &NameRule) -> Option<String> {
    let fields = Fields::read(der)?;
    let names = rule.attributes.iter().filter_map(|attribute| {
        let name = rule.look(*attribute, &fields)?;
        (!name.is_empty() && !name.contains(char::is_control)).then_some(name)
    });
    { names }.next()
}

impl NameRule {
    fn look(&self, attribute: Attribute, fields: &Fields<'_>) -> Option<String> {
        let text = |name: Option<&&str>| name.map(|name| (*name).to_owned());
        match attribute {
            Attribute::CommonName => fields.subject.common_name().map(str::to_owned),
            Attribute::Subject => Some(fields.subject.to_string()),
            Attribute::Email => text(fields.emails.get(self.email_index)),
            Attribute::DnsName => text(fields.dns_names.get(self.dns_index)),
            Attribute::Uri => {
                let uri = canonical(fields.uris.get(self.uri_index)?);
                let Some(pattern) = &self.uri_pattern else {
                    return Some(uri);
                };
                let group = pattern.captures(&uri)?.get(1)?;
                Some(group.as_str().to_owned())
            }
        }
    }
}

/// Writes the scheme of a URI in small letters, since its case means nothing.
///
/// Compat: as Go does. Spec: RFC 3986, 3.1.
fn canonical(uri: &str) -> String {
    match uri.split_once(':') {
        Some((scheme, rest)) => format!("{}:{rest}", scheme.to_ascii_lowercase()),
        None => uri.to_owned(),
    }
}

#[cfg(test)]
mod tests;
