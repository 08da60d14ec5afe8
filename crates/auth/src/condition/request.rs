//! What conditions see of a request: the variable `req`.

use super::moment::Timestamp;
use super::value::Value;
use crate::policy::Facts;

/// Lends what conditions see of a request.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) repo: &'a str,
    pub(crate) action: &'static str,
    /// A tag or digest, or nothing.
    pub(crate) reference: &'a str,
    pub(crate) user: Option<&'a str>,
    pub(crate) groups: &'a [String],
    pub(crate) admin: bool,
    pub(crate) claims: Option<&'a serde_json::Value>,
}

impl Request<'_> {
    /// Yields the value of `req`.
    ///
    /// Compat: `claims` is an empty map, not null, where the credentials carry none.
    ///
    /// Spec: core contract, 8.
    pub(crate) fn into_value(self) -> Value {
        let reference = self.reference;
        let (kind, tag, digest) = match reference {
            "" => ("", "", ""),
            digest if digest.contains(':') => ("digest", "", digest),
            tag => ("tag", tag, ""),
        };
        let Facts {
            time,
            method,
            user_agent,
            peer,
            forwarded_for,
            tls,
        } = self.facts;
        let nothing = || Value::fields([]);
        Value::fields([
            ("time", Value::Timestamp(Timestamp::of_system(*time))),
            ("method", Value::text(method)),
            ("userAgent", Value::text(user_agent)),
            ("action", Value::text(self.action)),
            ("repository", Value::text(self.repo)),
            ("reference", Value::text(reference)),
            ("referenceType", Value::text(kind)),
            ("tag", Value::text(tag)),
            ("digest", Value::text(digest)),
            (
                "user",
                Value::fields([
                    ("username", Value::text(self.user.unwrap_or_default())),
                    ("groups", Value::texts(self.groups)),
                ]),
            ),
            (
                "auth",
                Value::fields([
                    ("anonymous", Value::Bool(self.user.is_none())),
                    ("admin", Value::Bool(self.admin)),
                ]),
            ),
            (
                "client",
                Value::fields([
                    ("ip", Value::text(peer.to_string())),
                    ("forwardedFor", Value::texts(forwarded_for)),
                ]),
            ),
            (
                "tls",
                Value::fields([
                    ("enabled", Value::Bool(tls.is_some())),
                    ("version", Value::text(tls.map_or("", |tls| tls.as_str()))),
                ]),
            ),
            ("claims", self.claims.map_or_else(nothing, Value::of_json)),
        ])
    }
}
