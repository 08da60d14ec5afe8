//! An identity as the rules look at it.

use crate::identity::Identity;
use crate::limit::Limit;

/// Lends what the rules look at of a caller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    /// The name; `None` for anonymous callers.
    pub(super) name: Option<&'a str>,
    pub(super) groups: &'a [String],
    pub(super) limit: Option<&'a Limit>,
    pub(super) claims: Option<&'a serde_json::Value>,
}

impl<'a> Subject<'a> {
    pub(super) fn of(who: &'a Identity) -> Self {
        // A caller without a name is nobody that a policy can mean.
        let name = who.name().filter(|name| !name.is_empty());
        Self {
            name,
            groups: name.map(|_| who.groups()).unwrap_or_default(),
            limit: who.user().and_then(|user| user.limit.as_deref()),
            claims: who.user().and_then(|user| user.claims.as_deref()),
        }
    }
}
