//! A socket under TLS.

use std::future::poll_fn;
use std::io::{self, BufRead, IoSlice, Write};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use hyper::rt::ReadBufCursor;
use rustls::{ServerConfig, ServerConnection};
use tokio::net::TcpStream;

/// How much is read from the socket at first, and how much once a client sends a lot.
const READ: (usize, usize) = (4 << 10, 64 << 10);

/// How much is encrypted before the socket must have taken it.
const WRITE: usize = 128 << 10;

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The client speaks HTTP without TLS.
    Plain,
    /// The handshake failed, and the client was told if it can be.
    Failed(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Encrypts and decrypts; holds no buffer while nothing is under way.
#[derive(Debug)]
pub(crate) struct Secure {
    tcp: TcpStream,
    conn: ServerConnection,
    /// What was read from the socket and is not decrypted yet.
    inbound: BytesMut,
    /// How much to read next.
    room: usize,
    /// Whether the socket took something since somebody looked.
    moved: bool,
}

impl Secure {
    pub(crate) fn new(tcp: TcpStream, config: Arc<ServerConfig>) -> Result<Self, Refused> {
        let mut conn = ServerConnection::new(config).map_err(io::Error::other)?;
        conn.set_buffer_limit(Some(WRITE));
        Ok(Self {
            tcp,
            conn,
            inbound: BytesMut::new(),
            room: READ.0,
            moved: false,
        })
    }

    /// Comes to terms with the client.
    pub(crate) async fn handshake(&mut self) -> Result<(), Refused> {
        let mut first = true;
        loop {
            poll_fn(|cx| self.poll_flush(cx)).await?;
            if !self.conn.is_handshaking() {
                return Ok(());
            }
            if self.inbound.is_empty() {
                poll_fn(|cx| self.poll_fill(cx)).await?;
            }
            match self.inbound.first() {
                None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                // A record of TLS begins with a byte that is no letter.
                Some(byte) if first && byte.is_ascii_alphabetic() => return Err(Refused::Plain),
                Some(_) => self.decrypt()?,
            }
            first = false;
        }
    }

    pub(crate) const fn session(&self) -> &ServerConnection {
        &self.conn
    }

    pub(crate) const fn tcp_mut(&mut self) -> &mut TcpStream {
        &mut self.tcp
    }

    pub(crate) fn into_tcp(self) -> TcpStream {
        self.tcp
    }

    pub(crate) fn wants_write(&self) -> bool {
        self.conn.wants_write()
    }

    /// Tells whether the socket took something since this was asked last.
    pub(crate) const fn take_moved(&mut self) -> bool {
        std::mem::replace(&mut self.moved, false)
    }

    /// Yields as many bytes as there are and as there is room for.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buf.remaining();
        loop {
            let end = self.take_plaintext(buf)?;
            if end || buf.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            if !self.inbound.is_empty() {
                self.decrypt()?;
            } else if buf.remaining() < room {
                return Poll::Ready(Ok(()));
            } else if ready!(self.poll_fill(cx))? == 0 {
                // HTTP knows by itself where a message ends: an end without goodbye is one too.
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Moves what is decrypted; tells whether the client has said goodbye.
    fn take_plaintext(&mut self, buf: &mut ReadBufCursor<'_>) -> io::Result<bool> {
        let mut reader = self.conn.reader();
        while buf.remaining() > 0 {
            let len = match reader.fill_buf() {
                Ok([]) => return Ok(true),
                Ok(plain) => {
                    let plain = plain.get(..buf.remaining()).unwrap_or(plain);
                    buf.put_slice(plain);
                    plain.len()
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            };
            reader.consume(len);
        }
        Ok(false)
    }

    /// Gives the next piece to the session, which takes no more than a record at once.
    fn decrypt(&mut self) -> io::Result<()> {
        let mut rest: &[u8] = &self.inbound;
        let taken = self.conn.read_tls(&mut rest)?;
        self.inbound.advance(taken);
        let processed = self.conn.process_new_packets();
        if processed.is_ok() && taken > 0 {
            return Ok(());
        }
        // The client is told why, if the socket takes it.
        let _ = self.flush_now();
        Err(processed.map_or_else(
            |error| io::Error::new(io::ErrorKind::InvalidData, error),
            |_| io::ErrorKind::InvalidData.into(),
        ))
    }

    /// Reads from the socket. While there is nothing to read, there is no buffer.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            if self.tcp.poll_read_ready(cx)?.is_pending() {
                self.inbound = BytesMut::new();
                return Poll::Pending;
            }
            self.inbound.reserve(self.room);
            match self.tcp.try_read_buf(&mut self.inbound) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(read) => {
                    self.room = if read < READ.0 { READ.0 } else { READ.1 };
                    return Poll::Ready(Ok(read));
                }
            }
        }
    }

    /// Takes bytes, once the socket has taken those before.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_flush(cx))?;
        let taken = self.conn.writer().write_vectored(bufs)?;
        // What the socket does not take now goes before the next bytes.
        match self.poll_flush(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }

    /// Waits until the socket has taken all.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.conn.wants_write() {
            ready!(self.tcp.poll_write_ready(cx))?;
            match self.flush_now() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                flushed => return Poll::Ready(flushed),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Gives the socket what it takes without waiting.
    fn flush_now(&mut self) -> io::Result<()> {
        while self.conn.wants_write() {
            let sent = self.conn.write_tls(&mut Now(&self.tcp))?;
            if sent == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.moved = true;
        }
        Ok(())
    }

    /// Says a last word and goodbye, as far as the socket takes them.
    pub(crate) fn say(&mut self, text: &[u8]) {
        let _ = self.conn.writer().write(text);
        self.say_goodbye();
        let _ = self.flush_now();
    }

    /// Has the next flush say that no more follows.
    pub(crate) fn say_goodbye(&mut self) {
        self.conn.send_close_notify();
    }
}

/// Writes to a socket without waiting.
struct Now<'a>(&'a TcpStream);

impl Write for Now<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.try_write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
