//! How a server is told to end, and how it tells its connections.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// How far the end of a server has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Requests are taken.
    Serving,
    /// Answers under way are finished, then connections close.
    Draining,
    /// Everything is dropped.
    Ended,
}

/// One switch for a server and all its connections; it moves forward only.
///
/// Clones are the same switch. Looking at it costs a load.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(Arc<Switch>);

#[derive(Debug, Default)]
struct Switch {
    stage: AtomicU8,
    changed: Arc<Notify>,
}

impl Shutdown {
    /// Ends the server softly: answers under way are finished.
    pub fn drain(&self) {
        self.set(1);
    }

    /// Ends the server at once.
    pub fn end(&self) {
        self.set(2);
    }

    fn set(&self, stage: u8) {
        self.0.stage.fetch_max(stage, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }

    /// Tells how far the end has come.
    pub fn stage(&self) -> Stage {
        match self.0.stage.load(Ordering::SeqCst) {
            0 => Stage::Serving,
            1 => Stage::Draining,
            _ => Stage::Ended,
        }
    }

    /// Waits until the end has come as far as `stage`.
    pub async fn reached(&self, stage: Stage) {
        let mut waiting = self.waiting();
        poll_fn(|cx| match waiting.poll(cx) {
            seen if seen >= stage => Poll::Ready(()),
            _ => Poll::Pending,
        })
        .await;
    }

    /// Yields what one task waits with.
    pub(crate) fn waiting(&self) -> Waiting {
        Waiting {
            shutdown: self.clone(),
            place: None,
        }
    }
}

/// Sees the stage and has its task woken when it changes.
#[derive(Debug)]
pub(crate) struct Waiting {
    shutdown: Shutdown,
    /// Who is woken, and the place in the queue. It is taken once and not at each poll, since the
    /// queue has one lock for all connections.
    place: Option<(Waker, Pin<Box<OwnedNotified>>)>,
}

impl Waiting {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Stage {
        let stage = self.shutdown.stage();
        let registered = self
            .place
            .as_ref()
            .is_some_and(|(waker, _)| waker.will_wake(cx.waker()));
        if stage == Stage::Ended || (registered && stage == Stage::Serving) {
            return stage;
        }
        let mut notified = match self.place.take() {
            Some((_, notified)) => notified,
            None => self.queue(),
        };
        // A change since the place was taken comes out as ready; then the next is waited for.
        while notified.as_mut().poll(cx).is_ready() {
            notified = self.queue();
        }
        self.place = Some((cx.waker().clone(), notified));
        self.shutdown.stage()
    }

    fn queue(&self) -> Pin<Box<OwnedNotified>> {
        Box::pin(Arc::clone(&self.shutdown.0.changed).notified_owned())
    }
}

#[cfg(test)]
mod tests;
