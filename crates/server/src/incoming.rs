//! Bodies of requests.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http_body::Body;
use hyper::body::Incoming;
use registry::SourceError;
use tokio::time::{Instant, Sleep};

/// How long the body of a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimits {
    /// Without a byte coming.
    pub idle: Option<Duration>,
    /// In all, from the head on.
    pub total: Option<Duration>,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            idle: Some(Duration::from_mins(1)),
            total: None,
        }
    }
}

impl BodyLimits {
    /// Names the setting that ended a request: whoever reads the log can change it.
    fn say_late(&self, is_idle: bool) {
        let (setting, limit) = if is_idle {
            ("http.limits.idleTimeout", self.idle)
        } else {
            ("http.readTimeout", self.total)
        };
        tracing::warn!(setting, ?limit, "the body of a request took too long");
    }
}

/// Why a body was not read into memory.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It did not come to its end.
    #[error("reading request body")]
    Source(#[from] SourceError),
    /// It is longer than it may be, in bytes.
    #[error("request body is larger than {0} bytes")]
    TooLarge(u64),
}

/// A request's body as a stream of bytes, with a limit of time.
///
/// There is one timer, and it is moved only when it fires: a piece that comes costs a look at the
/// clock.
#[derive(Debug)]
pub struct Source<B = Incoming> {
    body: B,
    limits: BodyLimits,
    began: Instant,
    moved: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B> Source<B>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Unpin,
{
    /// Begins to read a body.
    pub fn new(body: B, limits: BodyLimits) -> Self {
        let now = Instant::now();
        Self {
            body,
            limits,
            began: now,
            moved: now,
            timer: None,
        }
    }

    /// Yields the length in bytes, if the client declared one.
    pub fn declared(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    /// Tells whether everything was read.
    pub fn is_finished(&self) -> bool {
        self.body.is_end_stream()
    }

    /// Yields the next piece.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, SourceError>>> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
                return self.poll_late(cx).map(|()| Some(Err(SourceError::Stalled)));
            };
            match frame {
                None => return Poll::Ready(None),
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(SourceError::Closed(error.into()))));
                }
                Some(Ok(frame)) => {
                    self.moved = Instant::now();
                    // Trailers mean nothing here.
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }

    /// Waits until the body is late.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let idle = self.limits.idle.map(|idle| self.moved + idle);
        let total = self.limits.total.map(|total| self.began + total);
        let Some(at) = idle.into_iter().chain(total).min() else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= at {
                self.limits.say_late(idle.is_some_and(|idle| idle <= at));
                return Poll::Ready(());
            }
            timer.as_mut().reset(at);
        }
    }

    /// Reads all of a body that may be so many bytes long.
    ///
    /// A body that declares more is refused unread, and one that turns out to be longer is not read
    /// on. Memory is taken for what came and never for what was promised.
    ///
    /// # Errors
    /// `TooLarge` above the limit.
    pub async fn read_all(mut self, limit: u64) -> Result<Bytes, ReadError> {
        if self.body.size_hint().lower() > limit {
            return Err(ReadError::TooLarge(limit));
        }
        let Some(first) = self.piece().await.transpose()? else {
            return Ok(Bytes::new());
        };
        if self.body.is_end_stream() && within(&first, 0, limit) {
            return Ok(first);
        }
        let declared = self.declared().and_then(|rest| usize::try_from(rest).ok());
        let mut all = BytesMut::with_capacity(first.len() + declared.unwrap_or(0).min(FIRST));
        let mut next = Some(first);
        while let Some(piece) = next {
            if !within(&piece, all.len(), limit) {
                return Err(ReadError::TooLarge(limit));
            }
            all.extend_from_slice(&piece);
            next = self.piece().await.transpose()?;
        }
        Ok(all.freeze())
    }

    async fn piece(&mut self) -> Option<Result<Bytes, SourceError>> {
        poll_fn(|cx| self.poll_piece(cx)).await
    }
}

/// How much memory is taken at first for a body whose length is declared.
const FIRST: usize = 256 << 10;

fn within(piece: &Bytes, before: usize, limit: u64) -> bool {
    u64::try_from(piece.len() + before).is_ok_and(|len| len <= limit)
}

impl<B> Stream for Source<B>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Unpin,
{
    type Item = Result<Bytes, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_piece(cx)
    }
}

#[cfg(test)]
mod tests;
