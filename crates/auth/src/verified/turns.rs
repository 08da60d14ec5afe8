//! Turns: how many passwords are checked at once, and who comes next.
//!
//! Addresses take turns, not requests: whoever sends a thousand wrong passwords waits behind his
//! own, and a newcomer is next but for one password of each address that waits.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::Busy;

/// How many may wait in all.
const WAITING: usize = 1024;

/// How many may wait of one address: a build farm behind one address is no attack.
const WAITING_OF_ONE: usize = 256;

/// Where requests come from, as far as one can be told from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source(IpAddr);

impl Source {
    /// Counts the addresses of one IPv6 network as one: its owner has all of them.
    pub(crate) fn new(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() >> 64 << 64;
                Self(IpAddr::V6(Ipv6Addr::from_bits(network)))
            }
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    free: usize,
    waiting: usize,
    queues: HashMap<Source, VecDeque<oneshot::Sender<Turn>>>,
    /// The sources that wait, the next one first.
    order: VecDeque<Source>,
}

impl State {
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some(source) = self.order.pop_front() {
            let Some(queue) = self.queues.get_mut(&source) else {
                continue;
            };
            let next = queue.pop_front();
            if queue.is_empty() {
                self.queues.remove(&source);
            } else {
                self.order.push_back(source);
            }
            if next.is_some() {
                self.waiting -= 1;
                return next;
            }
        }
        None
    }

    /// Takes those off the queues who have gone away.
    fn tidy(&mut self) {
        self.waiting = 0;
        for queue in self.queues.values_mut() {
            queue.retain(|sender| !sender.is_closed());
            self.waiting += queue.len();
        }
        self.queues.retain(|_, queue| !queue.is_empty());
        let queues = &self.queues;
        self.order.retain(|source| queues.contains_key(source));
    }

    fn is_full(&self, source: Source) -> bool {
        let of_one = self.queues.get(&source).map_or(0, VecDeque::len);
        self.waiting >= WAITING || of_one >= WAITING_OF_ONE
    }

    fn wait(&mut self, source: Source) -> Result<oneshot::Receiver<Turn>, Busy> {
        if self.is_full(source) {
            self.tidy();
            if self.is_full(source) {
                return Err(Busy);
            }
        }
        let (sender, receiver) = oneshot::channel();
        let queue = self.queues.entry(source).or_default();
        if queue.is_empty() {
            self.order.push_back(source);
        }
        queue.push_back(sender);
        self.waiting += 1;
        Ok(receiver)
    }
}

/// Gives turns.
#[derive(Debug)]
pub(crate) struct Turns(Mutex<State>);

impl Turns {
    /// Allows `count` at once, at least one.
    pub(crate) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            free: count.max(1),
            ..State::default()
        })))
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Busy`] when too many wait.
    ///
    /// # Cancel safety
    /// A dropped call gives its turn to the next.
    pub(crate) async fn take(self: &Arc<Self>, source: Source) -> Result<Turn, Busy> {
        let receiver = {
            let mut state = self.0.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Turn(Some(Arc::clone(self))));
            }
            state.wait(source)?
        };
        receiver.await.map_err(|_closed| Busy)
    }
}

/// Allows one check; gives itself on when dropped.
#[derive(Debug)]
pub(crate) struct Turn(Option<Arc<Turns>>);

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.0.take() else {
            return;
        };
        loop {
            let next = {
                let mut state = turns.0.lock();
                let next = state.next();
                if next.is_none() {
                    state.free += 1;
                }
                next
            };
            let Some(next) = next else {
                return;
            };
            match next.send(Self(Some(Arc::clone(&turns)))) {
                Ok(()) => return,
                // Whoever waited has gone away: on to the next.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn source(last: u8) -> Source {
        Source::new(IpAddr::from([10, 0, 0, last]))
    }

    #[test]
    fn networks_of_ipv6_are_one_source() {
        let table = [
            ("10.0.0.1", "10.0.0.2", false),
            ("10.0.0.1", "::ffff:10.0.0.1", true),
            ("2001:db8::1", "2001:db8::ffff:2", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ];
        for (one, two, want) in table {
            let same = Source::new(one.parse().unwrap()) == Source::new(two.parse().unwrap());
            assert_eq!(same, want, "{one} {two}");
        }
    }

    #[tokio::test]
    async fn case_a48_a_newcomer_does_not_wait_behind_a_crowd() {
        let turns = Turns::new(1);
        let first = turns.take(source(1)).await.unwrap();
        let mut crowd: Vec<_> = (0..100).map(|_| Box::pin(turns.take(source(1)))).collect();
        for one in &mut crowd {
            assert!(one.now_or_never().is_none());
        }
        let mut newcomer = Box::pin(turns.take(source(2)));
        assert!((&mut newcomer).now_or_never().is_none());

        drop(first);
        let one = (&mut crowd[0]).now_or_never().unwrap().unwrap();
        assert!((&mut newcomer).now_or_never().is_none());
        drop(one);
        drop(newcomer.now_or_never().unwrap().unwrap());
        assert!((&mut crowd[1]).now_or_never().is_some());
    }

    #[tokio::test]
    async fn case_a48_the_queues_are_bounded() {
        let turns = Turns::new(1);
        let held = turns.take(source(1)).await.unwrap();
        let mut waiting: Vec<_> = (0..WAITING_OF_ONE)
            .map(|_| Box::pin(turns.take(source(1))))
            .collect();
        for one in &mut waiting {
            assert!(one.now_or_never().is_none());
        }
        let refused = turns.take(source(1)).now_or_never();
        assert!(matches!(refused, Some(Err(Busy))));
        assert!(turns.take(source(2)).now_or_never().is_none());

        // Those who have gone away make room, and get no turn.
        waiting.truncate(1);
        let mut again = Box::pin(turns.take(source(1)));
        assert!((&mut again).now_or_never().is_none());
        drop(held);
        drop(waiting.pop().unwrap().now_or_never().unwrap().unwrap());
        drop(again.now_or_never().unwrap().unwrap());
        let state = turns.0.lock();
        assert_eq!((state.free, state.waiting), (1, 0));
        assert!(state.queues.is_empty() && state.order.is_empty());
    }

    #[tokio::test]
    async fn a_turn_that_nobody_fetches_goes_on() {
        let turns = Turns::new(1);
        let held = turns.take(source(1)).await.unwrap();
        let mut gone = Box::pin(turns.take(source(1)));
        assert!((&mut gone).now_or_never().is_none());
        drop(held);
        drop(gone);
        assert_eq!(turns.0.lock().free, 1);
    }
}
