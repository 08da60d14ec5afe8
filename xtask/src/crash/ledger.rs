//! What was promised, and what may be true after a kill.
//!
//! A tag and a manifest are registers: each write has a moment when it was asked for and, when it
//! was acknowledged, one when it was answered. A write that nobody answered may have happened or
//! not. A write is out of the question only when another one began after it was answered, and was
//! answered itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is written to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A tag: repository and name.
    Tag(&'static str, String),
    /// A manifest: repository and digest.
    Manifest(&'static str, Arc<str>),
}

/// The digest there, or nothing.
pub(super) type Value = Option<Arc<str>>;

#[derive(Debug)]
struct Write {
    value: Value,
    begun: u64,
    ended: Option<u64>,
}

impl Write {
    /// Tells whether this was over before the other, also over, began.
    fn before(&self, other: &Self) -> bool {
        other.ended.is_some() && self.ended.is_some_and(|ended| ended < other.begun)
    }
}

/// A request that is on its way.
#[derive(Debug)]
#[must_use = "an answer must be noted"]
pub(super) struct Ticket {
    begun: u64,
    keys: Vec<Key>,
}

/// All writes since the last look, and what was seen then.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// How many requests were acknowledged.
    pub(super) acknowledged: u64,
    /// How many were not.
    pub(super) unanswered: u64,
    now: u64,
    writes: BTreeMap<Key, Vec<Write>>,
    seen: BTreeMap<Key, Value>,
    /// What each manifest names.
    named: BTreeMap<Arc<str>, Named>,
}

/// What a manifest names.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    /// Its config and layers.
    pub(super) blobs: Vec<Arc<str>>,
    /// The manifest that it refers to.
    pub(super) subject: Option<Arc<str>>,
}

impl Ledger {
    /// Notes that a request is about to be sent, with all that it may write.
    pub(super) fn begin(&mut self, writes: Vec<(Key, Value)>) -> Ticket {
        self.now += 1;
        self.unanswered += 1;
        let begun = self.now;
        let keys = writes.iter().map(|(key, _)| key.clone()).collect();
        for (key, value) in writes {
            self.writes.entry(key).or_default().push(Write {
                value,
                begun,
                ended: None,
            });
        }
        Ticket { begun, keys }
    }

    /// Notes that a request was answered with success.
    pub(super) fn acknowledge(&mut self, ticket: &Ticket) {
        self.now += 1;
        self.unanswered -= 1;
        self.acknowledged += 1;
        for key in &ticket.keys {
            let writes = self.writes.get_mut(key).into_iter().flatten();
            for write in writes.filter(|write| write.begun == ticket.begun) {
                write.ended = Some(self.now);
            }
        }
    }

    /// Remembers what a manifest names.
    pub(super) fn describe(&mut self, manifest: Arc<str>, named: Named) {
        self.named.insert(manifest, named);
    }

    /// Yields what a manifest names.
    pub(super) fn named(&self, manifest: &str) -> Named {
        self.named.get(manifest).cloned().unwrap_or_default()
    }

    /// Yields the manifests of a repository that were there and refer to this one.
    pub(super) fn referrers(&self, repo: &str, subject: &Arc<str>) -> BTreeSet<String> {
        let present = self
            .seen
            .iter()
            .filter_map(|(key, value)| match (key, value) {
                (Key::Manifest(own, digest), Some(_)) if *own == repo => Some(digest),
                (Key::Manifest(..) | Key::Tag(..), _) => None,
            });
        let refers = |digest: &&Arc<str>| {
            self.named
                .get(*digest)
                .is_some_and(|named| named.subject.as_ref() == Some(subject))
        };
        present.filter(refers).map(ToString::to_string).collect()
    }

    /// Yields what may be true of a key now.
    pub(super) fn allowed(&self, key: &Key) -> Vec<Value> {
        let writes = self.writes.get(key).map_or(&[][..], Vec::as_slice);
        let possible = writes
            .iter()
            .filter(|write| !writes.iter().any(|other| write.before(other)));
        let mut values: Vec<Value> = possible.map(|write| write.value.clone()).collect();
        if writes.iter().all(|write| write.ended.is_none()) {
            values.push(self.settled_value(key));
        }
        values
    }

    /// Yields the keys that were written to since they were last settled.
    pub(super) fn open(&self) -> Vec<Key> {
        self.writes.keys().cloned().collect()
    }

    /// Yields everything that was ever settled, with its value.
    pub(super) fn settled(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.seen.iter()
    }

    /// Yields what was last seen of a key.
    pub(super) fn settled_value(&self, key: &Key) -> Value {
        self.seen.get(key).cloned().flatten()
    }

    /// Replaces the writes of a key by what was seen: from now on that is the truth.
    pub(super) fn settle(&mut self, key: Key, value: Value) {
        self.writes.remove(&key);
        self.seen.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::Tag("a", "t".into())
    }

    fn value(text: &str) -> Value {
        (!text.is_empty()).then(|| text.into())
    }

    fn begin(ledger: &mut Ledger, text: &str) -> Ticket {
        ledger.begin(vec![(key(), value(text))])
    }

    fn allowed(ledger: &Ledger) -> Vec<String> {
        let mut values: Vec<String> = ledger
            .allowed(&key())
            .into_iter()
            .map(|value| value.as_deref().unwrap_or("").to_owned())
            .collect();
        values.sort();
        values
    }

    #[test]
    fn what_was_never_written_is_absent() {
        assert_eq!(allowed(&Ledger::default()), [""]);
    }

    #[test]
    fn an_acknowledged_write_is_the_only_truth() {
        let mut ledger = Ledger::default();
        for text in ["1", "2", ""] {
            let ticket = begin(&mut ledger, text);
            ledger.acknowledge(&ticket);
            assert_eq!(allowed(&ledger), [text]);
        }
        assert_eq!((ledger.acknowledged, ledger.unanswered), (3, 0));
    }

    #[test]
    fn an_unanswered_write_leaves_both_outcomes() {
        let mut ledger = Ledger::default();
        let _lost = begin(&mut ledger, "1");
        assert_eq!(allowed(&ledger), ["", "1"]);
        let ticket = begin(&mut ledger, "2");
        ledger.acknowledge(&ticket);
        // it may still be on its way when the later one is answered
        assert_eq!(allowed(&ledger), ["1", "2"]);
        assert_eq!(ledger.unanswered, 1);
    }

    #[test]
    fn writes_that_overlap_may_come_in_either_order() {
        let mut ledger = Ledger::default();
        let first = begin(&mut ledger, "1");
        let second = begin(&mut ledger, "2");
        ledger.acknowledge(&second);
        ledger.acknowledge(&first);
        assert_eq!(allowed(&ledger), ["1", "2"]);
        let third = begin(&mut ledger, "3");
        ledger.acknowledge(&third);
        assert_eq!(allowed(&ledger), ["3"]);
    }

    #[test]
    fn only_referrers_that_are_there_count() {
        let mut ledger = Ledger::default();
        let subject: Arc<str> = "s".into();
        for (repo, digest, there) in [("a", "1", true), ("a", "2", false), ("b", "3", true)] {
            let named = Named {
                blobs: Vec::new(),
                subject: Some(Arc::clone(&subject)),
            };
            ledger.describe(digest.into(), named);
            ledger.settle(
                Key::Manifest(repo, digest.into()),
                there.then(|| digest.into()),
            );
        }
        ledger.settle(Key::Manifest("a", "4".into()), value("4"));
        assert_eq!(
            ledger.referrers("a", &subject),
            BTreeSet::from(["1".to_owned()])
        );
    }

    #[test]
    fn what_was_seen_is_the_truth_from_then_on() {
        let mut ledger = Ledger::default();
        let _lost = begin(&mut ledger, "1");
        ledger.settle(key(), value("1"));
        assert_eq!(allowed(&ledger), ["1"]);
        assert!(ledger.open().is_empty());
        let _lost = begin(&mut ledger, "");
        assert_eq!(allowed(&ledger), ["", "1"]);
    }
}
