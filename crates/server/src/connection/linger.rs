//! Ends a connection so that the client sees the answer and not a reset.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Bounds what is read and thrown away after an answer that came before the end of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LingerLimits {
    /// The longest time, in all.
    pub time: Duration,
    /// The most bytes.
    pub bytes: u64,
}

impl Default for LingerLimits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(1),
            bytes: 16 << 20,
        }
    }
}

/// Reads and discards what a client still sends.
///
/// A socket that is closed with unread bytes in it makes the kernel send a reset, and a reset may
/// overtake the answer. So the sending half is closed first and the rest is read, within bounds.
#[derive(Debug, Default)]
pub(crate) struct Linger {
    left: Option<u64>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Linger {
    /// Reads until the client closes, or a bound is met.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        tcp: &mut TcpStream,
        limits: LingerLimits,
    ) -> Poll<io::Result<()>> {
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limits.time)));
        if timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let left = self.left.get_or_insert(limits.bytes);
        let mut space = [0; 16 << 10];
        loop {
            let mut buf = ReadBuf::new(&mut space);
            match Pin::new(&mut *tcp).poll_read(cx, &mut buf) {
                Poll::Pending => return Poll::Pending,
                // The client has closed, or is gone already: nothing more to be careful about.
                Poll::Ready(Ok(())) if buf.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => {}
            }
            *left = left.saturating_sub(u64::try_from(buf.filled().len()).unwrap_or(*left));
            if *left == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
