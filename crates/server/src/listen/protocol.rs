//! One connection from its first byte: HTTP/1.1 or HTTP/2, and hyper set up for it.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::TokioExecutor;
use rustls::ServerConfig;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::{Limits, Shutdown, Stage, handshake};
use crate::connection::drive::{Drive, End, Graceful, Protocol};
use crate::connection::io::{Io, Socket};
use crate::connection::service::Service;
use crate::connection::{Connection, Handler, Patience};

/// What a client of HTTP/2 begins with.
/// Spec: RFC 9113, 3.4.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a client gets that takes too long over the head of a request.
const LATE: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

type Http1<H> = http1::Connection<Io, Service<H>>;
type Http2<H> = http2::Connection<Io, Service<H>, TokioExecutor>;

/// Serves one connection to its end, under TLS if there is a configuration for it.
pub(crate) async fn run<H: Handler>(
    (tcp, peer): (TcpStream, SocketAddr),
    tls: Option<Arc<ServerConfig>>,
    handler: Arc<H>,
    (shutdown, limits): (&Shutdown, &Limits),
) {
    // Answers are written whole, so waiting for more would only cost time. If it fails, no harm.
    let _ = tcp.set_nodelay(true);
    let connection = Connection::new(peer);
    let began = match tls {
        None => begin(tcp, connection, (shutdown, limits)).await,
        // On its own, since what a handshake needs is gone after it.
        Some(config) => Box::pin(handshake::run(tcp, config, connection, (shutdown, limits))).await,
    };
    let Some(began) = began else {
        return;
    };
    let connection = Arc::new(began.connection);
    let shared = Arc::clone(&connection);
    let io = Io::new(began.socket, began.prefix, shared, limits.linger);
    let service = Service {
        handler,
        connection: Arc::clone(&connection),
    };
    let watched = (connection, shutdown, limits.patience);
    match began.protocol {
        Protocol::Http1 => run_http1(http1(limits).serve_connection(io, service), watched).await,
        // On its own, since it is large and every waiting connection would have room for it.
        Protocol::Http2 => {
            Box::pin(run_http2(
                http2(limits).serve_connection(io, service),
                watched,
            ))
            .await;
        }
    }
}

/// A connection of which the protocol is known.
pub(super) struct Began {
    pub(super) connection: Connection,
    pub(super) socket: Socket,
    pub(super) protocol: Protocol,
    /// What was read already.
    pub(super) prefix: Bytes,
}

/// Waits for the first bytes of a plain connection.
async fn begin(
    mut tcp: TcpStream,
    connection: Connection,
    (shutdown, limits): (&Shutdown, &Limits),
) -> Option<Began> {
    let first = tokio::select! {
        first = tokio::time::timeout(limits.patience.header, sniff(&mut tcp)) => first,
        () = shutdown.reached(Stage::Draining) => return None,
    };
    let (protocol, prefix) = first.ok()??;
    Some(Began {
        connection,
        socket: Socket::plain(tcp),
        protocol,
        prefix,
    })
}

type Watched<'a> = (Arc<Connection>, &'a Shutdown, Patience);

async fn run_http1<H: Handler>(conn: Http1<H>, (connection, shutdown, patience): Watched<'_>) {
    let partial = Arc::clone(&connection);
    let mut drive = Drive::new(conn, connection, (Protocol::Http1, patience), shutdown);
    let last = match (&mut drive).await {
        End::HeaderTimeout if partial.watch().is_partial() => LATE,
        End::HeaderTimeout | End::Idle => b"",
        End::Done | End::Stalled | End::AnswerTimeout | End::Dropped => return,
    };
    // The socket has room for this, since nothing is being answered; if not, there is no harm.
    drive.into_inner().into_parts().io.end(last).await;
}

async fn run_http2<H: Handler>(conn: Http2<H>, (connection, shutdown, patience): Watched<'_>) {
    Drive::new(conn, connection, (Protocol::Http2, patience), shutdown).await;
}

/// Waits for what tells the protocol; none when the client says nothing. Yields what it had to take
/// off the socket, which for all but odd clients is nothing, so that hyper reads the whole head at
/// once and into one buffer.
async fn sniff(tcp: &mut TcpStream) -> Option<(Protocol, Bytes)> {
    let mut first = [0; PREFACE.len()];
    let seen = tcp.peek(&mut first).await.ok()?;
    match first.get(..seen)? {
        [] => None,
        seen if !PREFACE.starts_with(seen) => Some((Protocol::Http1, Bytes::new())),
        seen if seen.len() == PREFACE.len() => Some((Protocol::Http2, Bytes::new())),
        _ => sniff_slowly(tcp).await,
    }
}

/// Does the same for a client whose first bytes come one by one.
async fn sniff_slowly(tcp: &mut TcpStream) -> Option<(Protocol, Bytes)> {
    let mut first = [0; PREFACE.len()];
    let mut len = 0;
    loop {
        let read = tcp.read(first.get_mut(len..)?).await.ok()?;
        len += read;
        let seen = first.get(..len)?;
        let protocol = match (PREFACE.starts_with(seen), read) {
            (false, _) | (true, 0) => Protocol::Http1,
            (true, _) if len == PREFACE.len() => Protocol::Http2,
            (true, _) => continue,
        };
        return Some((protocol, Bytes::copy_from_slice(seen)));
    }
}

fn http1(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // Our own driver keeps the time: hyper's would count an idle connection as a slow head.
        .header_read_timeout(None)
        .max_header_size(limits.header)
        .max_buf_size(limits.buffer.max(8 << 10))
        // Buffers are queued as they are, never copied, so that slices of mappings stay untouched.
        .writev(true)
        // Compat: scripts grep for headers in this spelling.
        .title_case_headers(true);
    builder
}

fn http2(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.header).unwrap_or(u32::MAX));
    builder
}

impl<H: Handler> Graceful for Http1<H> {
    fn graceful(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<H: Handler> Graceful for Http2<H> {
    fn graceful(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}
