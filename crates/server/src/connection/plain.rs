//! A socket without TLS: the kernel sends files on it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read as _, ReadBufCursor, Write as _};
use hyper_util::rt::TokioIo;
use rustix::net::{SendAncillaryBuffer, SendFlags};
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::files::{FileTable, Found};
use super::warm::Warmth;

/// How much of a file is given to one system call. Measured: half a MiB is best, by up to a third;
/// with more, what the client reads has left the cache of the processor.
const CALL: usize = 512 << 10;

/// How much may be sent before other connections of the same thread get their turn.
const TURN: usize = 4 << 20;

/// Sends bytes and files.
#[derive(Debug)]
pub(crate) struct Plain {
    tcp: TokioIo<TcpStream>,
    /// Bytes of files sent since the task last waited.
    turn: usize,
    warmth: Warmth,
}

impl Plain {
    pub(crate) fn new(tcp: TcpStream) -> Self {
        Self {
            tcp: TokioIo::new(tcp),
            turn: 0,
            warmth: Warmth::default(),
        }
    }

    pub(crate) fn into_tcp(self) -> TcpStream {
        self.tcp.into_inner()
    }

    pub(crate) fn tcp_mut(&mut self) -> &mut TcpStream {
        self.tcp.inner_mut()
    }

    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }

    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
        files: &FileTable,
    ) -> Poll<io::Result<usize>> {
        if files.is_empty() {
            return Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs);
        }
        self.poll_send(cx, bufs, files)
    }

    /// Sends buffers of which one may stand for a file.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
        files: &FileTable,
    ) -> Poll<io::Result<usize>> {
        let found = bufs
            .iter()
            .enumerate()
            .find_map(|(index, buf)| Some((index, buf, files.find(buf)?)));
        let Some((index, buf, found)) = found else {
            return Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs);
        };
        let head = bufs.get(..index).unwrap_or_default();
        let whole: usize = head.iter().map(|head| head.len()).sum();
        if whole == 0 {
            return self.poll_send_file(cx, (&found, buf), files);
        }
        let sent = ready!(self.poll_send_head(cx, head))?;
        if sent < whole {
            return Poll::Ready(Ok(sent));
        }
        // The file follows at once if it can; if not, the head alone is progress to report.
        match self.poll_send_file(cx, (&found, buf), files) {
            Poll::Ready(Ok(more)) => Poll::Ready(Ok(sent + more)),
            Poll::Ready(Err(_)) | Poll::Pending => Poll::Ready(Ok(sent)),
        }
    }

    /// Sends what precedes a file and says that more follows, so that segments are filled.
    fn poll_send_head(
        &self,
        cx: &mut Context<'_>,
        head: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let tcp = self.tcp.inner();
        loop {
            ready!(tcp.poll_write_ready(cx))?;
            let sent = tcp.try_io(Interest::WRITABLE, || {
                let mut control = SendAncillaryBuffer::default();
                let flags = SendFlags::MORE | SendFlags::NOSIGNAL;
                Ok(rustix::net::sendmsg(tcp, head, &mut control, flags)?)
            });
            match sent {
                Err(error) if must_retry(&error) => {}
                sent => return Poll::Ready(sent),
            }
        }
    }

    fn poll_send_file(
        &mut self,
        cx: &mut Context<'_>,
        (found, buf): (&Found, &[u8]),
        files: &FileTable,
    ) -> Poll<io::Result<usize>> {
        if self.turn >= TURN {
            self.turn = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        ready!(self.warmth.poll(cx, found));
        let count = found.len.min(CALL);
        loop {
            let tcp = self.tcp.inner();
            if tcp.poll_write_ready(cx)?.is_pending() {
                self.turn = 0;
                return Poll::Pending;
            }
            let sent = tcp.try_io(Interest::WRITABLE, || {
                let mut offset = found.offset;
                let sent = rustix::fs::sendfile(tcp, &found.file, Some(&mut offset), count)?;
                Ok(sent)
            });
            match sent {
                // The file ends early. The mapping must not be read then, so the answer ends here.
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Ok(sent) => {
                    self.turn += sent;
                    files.count_sent(sent);
                    return Poll::Ready(Ok(sent));
                }
                Err(error) if must_retry(&error) => {}
                Err(error) if is_unsupported(&error) => {
                    let part = buf.get(..count).unwrap_or(buf);
                    return Pin::new(&mut self.tcp).poll_write(cx, part);
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// Tells whether to look at the socket again: it is full, or a signal came between.
fn must_retry(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// Tells whether the file system cannot feed `sendfile` at all; `write` from the mapping can then.
fn is_unsupported(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(
        Errno::from_io_error(error),
        Some(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
    )
}
