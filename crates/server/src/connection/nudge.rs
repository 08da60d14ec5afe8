//! Being woken while being polled.
//!
//! The two sides of a request with a body, hyper's and the handler's, share one task and wake each
//! other with every piece. A scheduler takes a task that wakes itself for one that gives way: it goes
//! to the end of the queue, and another thread is woken to look for work, at the price of two system
//! calls for each piece. So a connection that is woken while it is polled is polled again at once.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// How often a connection is polled before others get their turn.
const ROUNDS: u8 = 16;

const WAITING: u8 = 0;
const POLLED: u8 = 1;
const WOKEN: u8 = 2;

/// Polls a future again for as long as it wakes itself, within bounds.
pub(crate) struct Nudge {
    inner: Arc<Inner>,
    /// The same, as the future sees it.
    waker: Waker,
}

#[derive(Debug, Default)]
struct Inner {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Nudge {
    pub(crate) fn new() -> Self {
        let inner = Arc::<Inner>::default();
        let waker = Waker::from(Arc::clone(&inner));
        Self { inner, waker }
    }

    pub(crate) fn poll<F: Future + Unpin>(
        &self,
        future: &mut F,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        let Inner { state, task } = &*self.inner;
        task.register(cx.waker());
        let mut inner = Context::from_waker(&self.waker);
        for _ in 0..ROUNDS {
            state.store(POLLED, Ordering::Release);
            let poll = Pin::new(&mut *future).poll(&mut inner);
            if poll.is_ready() || state.swap(WAITING, Ordering::AcqRel) == POLLED {
                return poll;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Wake for Inner {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        let before = self.state.compare_exchange(POLLED, WOKEN, success, failure);
        if before == Err(WAITING) {
            self.task.wake();
        }
    }
}

impl fmt::Debug for Nudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Nudge").field(&self.inner.state).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Polls once what wakes itself so often; yields the outcome, its polls, and wakes of the task.
    fn polls(nudge: &Nudge, times: usize) -> (Poll<()>, usize, usize) {
        let task = Arc::<Wakes>::default();
        let mut polls = 0;
        let mut future = poll_fn(|cx| {
            polls += 1;
            if polls <= times {
                cx.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        });
        let waker = Waker::from(Arc::clone(&task));
        let poll = nudge.poll(&mut future, &mut Context::from_waker(&waker));
        (poll, polls, task.0.load(Ordering::Relaxed))
    }

    #[test]
    fn what_wakes_itself_is_polled_again_within_bounds() {
        let nudge = Nudge::new();
        let rounds = usize::from(ROUNDS);
        for (times, want) in [
            (0, (Poll::Pending, 1, 0)),
            (2, (Poll::Pending, 3, 0)),
            (rounds - 1, (Poll::Pending, rounds, 0)),
            (usize::MAX, (Poll::Pending, rounds, 1)),
        ] {
            assert_eq!(polls(&nudge, times), want, "{times}");
        }
        let ready = &mut std::future::ready(7);
        let poll = nudge.poll(ready, &mut Context::from_waker(Waker::noop()));
        assert_eq!(poll, Poll::Ready(7));
    }

    #[test]
    fn whoever_wakes_between_polls_wakes_the_task() {
        let (nudge, task) = (Nudge::new(), Arc::<Wakes>::default());
        let waker = Waker::from(Arc::clone(&task));
        let mut kept = None;
        let mut future = poll_fn(|cx| {
            kept = Some(cx.waker().clone());
            Poll::<()>::Pending
        });
        let poll = nudge.poll(&mut future, &mut Context::from_waker(&waker));
        assert!(poll.is_pending());
        kept.unwrap().wake();
        assert_eq!(task.0.load(Ordering::Relaxed), 1);
    }
}
