//! Runs a connection and ends it when it takes too long or the server drains.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::Connection;
use super::nudge::Nudge;
use crate::listen::{Shutdown, Stage, Waiting};

/// How long a connection may take over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From the first byte of a request to the end of its head; also from connecting to that.
    pub header: Duration,
    /// Without a request.
    pub idle: Duration,
    /// Without the client taking a byte of an answer.
    pub stalled: Duration,
    /// For the whole of an answer, from the end of the request's head; none by default.
    pub answer: Option<Duration>,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(5),
            idle: Duration::from_mins(2),
            stalled: Duration::from_mins(1),
            answer: None,
        }
    }
}

/// A connection that can be asked to end after the answers under way.
pub(crate) trait Graceful: Future + Unpin {
    fn graceful(self: Pin<&mut Self>);
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By itself: the client closed, or an error did.
    Done,
    /// The head of a request did not come in time, and nothing was being answered.
    HeaderTimeout,
    /// The client took no byte of an answer for too long.
    Stalled,
    /// The whole of an answer took too long.
    AnswerTimeout,
    /// No request came for too long.
    Idle,
    /// The time for draining was over.
    Dropped,
}

impl End {
    /// Names the setting that cut an answer off, for whoever wonders why.
    fn tell(self) {
        let setting = match self {
            Self::Stalled => "http.limits.idleTimeout",
            Self::AnswerTimeout => "http.writeTimeout",
            Self::Done | Self::HeaderTimeout | Self::Idle | Self::Dropped => return,
        };
        tracing::warn!(setting, "an answer took too long");
    }
}

/// Which rules hold for unanswered bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Bytes outside of requests are the head of the next.
    Http1,
    /// Bytes outside of requests are mostly frames of control.
    Http2,
}

/// Polls a connection and, at the end of each poll, decides by when something must happen.
///
/// One timer serves all limits. It is moved only when a limit comes nearer than it is set; when it
/// fires early, it is set anew. So a request touches no timer.
pub(crate) struct Drive<C> {
    conn: C,
    nudge: Nudge,
    connection: Arc<Connection>,
    protocol: Protocol,
    patience: Patience,
    timer: Pin<Box<Sleep>>,
    /// When bytes last moved.
    moved: Instant,
    /// When the head of a request began to come.
    head: Option<Instant>,
    /// The last request seen, and when.
    request: (u32, Instant),
    waiting: Waiting,
    stage: Stage,
}

impl<C: Graceful> Drive<C> {
    pub(crate) fn new(
        conn: C,
        connection: Arc<Connection>,
        (protocol, patience): (Protocol, Patience),
        shutdown: &Shutdown,
    ) -> Self {
        let now = Instant::now();
        Self {
            conn,
            nudge: Nudge::new(),
            connection,
            protocol,
            patience,
            timer: Box::pin(tokio::time::sleep_until(now + patience.header)),
            moved: now,
            head: Some(now),
            request: (0, now),
            waiting: shutdown.waiting(),
            stage: Stage::Serving,
        }
    }

    pub(crate) fn into_inner(self) -> C {
        self.conn
    }

    /// Notes what the poll before did, and yields when patience ends, if it can.
    fn limit(&mut self) -> Option<(Instant, End)> {
        let watch = self.connection.watch();
        if watch.take_progress() {
            self.moved = Instant::now();
        }
        if watch.served() != self.request.0 {
            self.request = (watch.served(), self.moved);
        }
        let partial = self.protocol == Protocol::Http1 && watch.is_partial();
        let fresh = self.request.0 == 0;
        self.head = match self.head {
            Some(since) if partial || fresh => Some(since),
            None if partial => Some(self.moved),
            _ => None,
        };
        let (active, blocked) = (watch.is_active(), watch.is_blocked());
        let total = self.patience.answer.filter(|_| active || blocked);
        let total = total.map(|limit| (self.request.1 + limit, End::AnswerTimeout));
        let next = match self.head {
            _ if blocked => Some((self.moved + self.patience.stalled, End::Stalled)),
            _ if active => None,
            Some(since) => Some((since + self.patience.header, End::HeaderTimeout)),
            None => Some((self.moved + self.patience.idle, End::Idle)),
        };
        match (total, next) {
            (Some(total), Some(next)) => Some(if total.0 < next.0 { total } else { next }),
            (total, next) => total.or(next),
        }
    }

    fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let Some((at, end)) = self.limit() else {
            return Poll::Pending;
        };
        if at < self.timer.deadline() {
            self.timer.as_mut().reset(at);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if self.timer.deadline() >= at {
                end.tell();
                return Poll::Ready(end);
            }
            self.timer.as_mut().reset(at);
        }
        Poll::Pending
    }
}

impl<C: Graceful> Future for Drive<C> {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let this = &mut *self;
        let stage = this.waiting.poll(cx);
        if stage == Stage::Ended {
            return Poll::Ready(End::Dropped);
        }
        if stage == Stage::Draining && this.stage == Stage::Serving {
            this.stage = stage;
            Pin::new(&mut this.conn).graceful();
        }
        if this.nudge.poll(&mut this.conn, cx).is_ready() {
            return Poll::Ready(End::Done);
        }
        this.poll_limit(cx)
    }
}
