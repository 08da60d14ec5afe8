//! The socket as hyper sees it, with or without TLS: notes progress, and ends without a reset.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::linger::Linger;
use super::plain::Plain;
use super::secure::Secure;
use super::{Connection, LingerLimits};

/// A socket under hyper's HTTP/1.1 and HTTP/2.
#[derive(Debug)]
pub(crate) struct Io {
    socket: Socket,
    /// What was read to tell the protocol, given again to the first readers.
    prefix: Bytes,
    shared: Arc<Connection>,
    linger: Linger,
    limits: LingerLimits,
}

/// With or without TLS.
#[derive(Debug)]
pub(crate) enum Socket {
    Plain(Plain),
    /// On its own, since it is large and plain connections would have room for it.
    Secure(Box<Secure>),
}

impl Socket {
    pub(crate) fn plain(tcp: TcpStream) -> Self {
        Self::Plain(Plain::new(tcp))
    }

    fn tcp_mut(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(plain) => plain.tcp_mut(),
            Self::Secure(secure) => secure.tcp_mut(),
        }
    }
}

impl Io {
    pub(crate) fn new(
        socket: Socket,
        prefix: Bytes,
        shared: Arc<Connection>,
        limits: LingerLimits,
    ) -> Self {
        Self {
            socket,
            prefix,
            shared,
            linger: Linger::default(),
            limits,
        }
    }

    /// Says a last word if the socket takes it, and closes.
    pub(crate) async fn end(self, text: &[u8]) {
        let mut tcp = match self.socket {
            Socket::Plain(plain) => {
                let tcp = plain.into_tcp();
                let _ = tcp.try_write(text);
                tcp
            }
            Socket::Secure(mut secure) => {
                secure.say(text);
                secure.into_tcp()
            }
        };
        let _ = tcp.shutdown().await;
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let sent = match &mut self.socket {
            Socket::Plain(plain) => plain.poll_write(cx, bufs, self.shared.files()),
            Socket::Secure(secure) => secure.poll_write(cx, bufs),
        };
        self.note_write(sent.is_ready());
        sent
    }

    /// Waits until the socket has taken what was encrypted for it.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Socket::Secure(secure) = &mut self.socket else {
            return Poll::Ready(Ok(()));
        };
        if !secure.wants_write() {
            return Poll::Ready(Ok(()));
        }
        let sent = secure.poll_flush(cx);
        self.note_write(sent.is_ready());
        sent
    }

    fn note_write(&mut self, went: bool) {
        let watch = self.shared.watch();
        watch.note_write(went);
        if let Socket::Secure(secure) = &mut self.socket
            && secure.take_moved()
        {
            watch.note_progress();
        }
    }
}

impl Read for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.prefix.has_remaining() {
            let len = self.prefix.len().min(buf.remaining());
            buf.put_slice(&self.prefix.split_to(len));
            self.shared.watch().note_read();
            return Poll::Ready(Ok(()));
        }
        // The end of the stream counts too: it changes nothing for a connection that ends.
        let read = match &mut self.socket {
            Socket::Plain(plain) => plain.poll_read(cx, buf),
            Socket::Secure(secure) => secure.poll_read(cx, &mut buf),
        };
        if read.is_ready() {
            self.shared.watch().note_read();
        }
        read
    }
}

impl Write for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, &[IoSlice::new(buf)])
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_sent(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Socket::Secure(secure) = &mut self.socket {
            // Said once, however often this is called.
            secure.say_goodbye();
        }
        ready!(self.poll_sent(cx))?;
        let this = &mut *self;
        let tcp = this.socket.tcp_mut();
        // Closing the sending half a second time is harmless.
        ready!(Pin::new(&mut *tcp).poll_shutdown(cx))?;
        if !this.shared.watch().must_linger() {
            return Poll::Ready(Ok(()));
        }
        this.linger.poll(cx, tcp, this.limits)
    }
}
