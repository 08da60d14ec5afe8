//! The methods by which callers are known.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::HeaderMap;

use crate::identity::Identity;

/// Lends what a request says of its sender.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The headers. They hold secrets, so nothing prints them.
    pub headers: &'a HeaderMap,
    /// The other end of the connection.
    pub peer: SocketAddr,
}

impl fmt::Debug for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evidence")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// Says what a method makes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The request carries nothing that the method reads: the next one is asked.
    Absent,
    /// The caller is known.
    Known(Identity),
    /// The request carries credentials of this method, and they are wrong.
    Refused,
}

/// Knows callers by one kind of credentials.
pub trait Authenticator: Send + Sync + fmt::Debug {
    /// Judges a request. Never writes to a store because of it.
    fn authenticate<'a>(&'a self, evidence: &'a Evidence<'a>) -> BoxFuture<'a, Verdict>;
}

/// Holds the methods that are on, in the order in which they are tried.
#[derive(Clone, Debug)]
pub struct Gate {
    methods: Arc<[Arc<dyn Authenticator>]>,
}

impl Gate {
    /// Builds a gate without methods: everybody is anonymous.
    pub fn open() -> Self {
        Self::with(Vec::new())
    }

    /// Builds a gate that tries `methods` in their order.
    pub fn with(methods: Vec<Arc<dyn Authenticator>>) -> Self {
        Self {
            methods: methods.into(),
        }
    }

    /// Finds out who is calling; `None` when credentials are wrong.
    ///
    /// The first method that finds credentials of its kind decides.
    pub async fn identify(&self, evidence: &Evidence<'_>) -> Option<Identity> {
        for method in self.methods.iter() {
            match method.authenticate(evidence).await {
                Verdict::Absent => {}
                Verdict::Known(identity) => return Some(identity),
                Verdict::Refused => return None,
            }
        }
        Some(Identity::Anonymous)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::identity::User;

    #[derive(Debug)]
    struct Fixed(Verdict);

    impl Authenticator for Fixed {
        fn authenticate<'a>(&'a self, _: &'a Evidence<'a>) -> BoxFuture<'a, Verdict> {
            let verdict = self.0.clone();
            async move { verdict }.boxed()
        }
    }

    fn identify(verdicts: &[Verdict]) -> Option<Identity> {
        let mut methods: Vec<Arc<dyn Authenticator>> = Vec::new();
        for verdict in verdicts {
            methods.push(Arc::new(Fixed(verdict.clone())));
        }
        let gate = Gate::with(methods);
        let headers = HeaderMap::new();
        let evidence = Evidence {
            headers: &headers,
            peer: ([127, 0, 0, 1], 1).into(),
        };
        gate.identify(&evidence).now_or_never().unwrap()
    }

    #[test]
    fn the_first_method_with_an_opinion_decides() {
        let user = Identity::User(Arc::new(User {
            name: "ann".to_owned(),
            groups: Vec::new(),
        }));
        let known = Verdict::Known(user.clone());
        let table = [
            (vec![], Some(Identity::Anonymous)),
            (vec![Verdict::Absent], Some(Identity::Anonymous)),
            (vec![Verdict::Absent, known.clone()], Some(user.clone())),
            (vec![known.clone(), Verdict::Refused], Some(user)),
            (vec![Verdict::Refused, known], None),
        ];
        for (verdicts, want) in table {
            assert_eq!(identify(&verdicts), want, "{verdicts:?}");
        }
    }

    #[test]
    fn evidence_prints_no_secrets() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Basic c2VjcmV0".parse().unwrap());
        let evidence = Evidence {
            headers: &headers,
            peer: ([127, 0, 0, 1], 1).into(),
        };
        assert!(!format!("{evidence:?}").contains("c2VjcmV0"));
    }
}
