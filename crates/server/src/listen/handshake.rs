//! The beginning of a connection under TLS.

use std::future::poll_fn;
use std::sync::Arc;

use auth::policy::TlsVersion;
use bytes::Bytes;
use rustls::{ProtocolVersion, ServerConfig, ServerConnection};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::protocol::Began;
use super::{Limits, Shutdown, Stage};
use crate::connection::drive::Protocol;
use crate::connection::io::Socket;
use crate::connection::linger::Linger;
use crate::connection::secure::{Refused, Secure};
use crate::connection::{Connection, LingerLimits, Session};

/// What a client gets that speaks HTTP without TLS.
/// Compat: Go's servers, so zot too, say the same.
const PLAIN: &[u8] = b"HTTP/1.0 400 Bad Request\r\n\r\n\
    Client sent an HTTP request to an HTTPS server.\n";

/// Comes to terms with a client in the time that the head of a request has.
pub(super) async fn run(
    tcp: TcpStream,
    config: Arc<ServerConfig>,
    connection: Connection,
    (shutdown, limits): (&Shutdown, &Limits),
) -> Option<Began> {
    let peer = connection.peer();
    let mut secure = match Secure::new(tcp, config) {
        Ok(secure) => Box::new(secure),
        Err(error) => {
            tracing::error!(?error, "cannot begin a handshake of TLS");
            return None;
        }
    };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(limits.patience.header, secure.handshake()) => shaken,
        () = shutdown.reached(Stage::Draining) => return None,
    };
    match shaken.ok()? {
        Ok(()) => {}
        Err(refused) => {
            if let Refused::Failed(error) = &refused {
                tracing::debug!(%peer, %error, "no handshake of TLS");
            }
            let ending = part(secure.into_tcp(), &refused, limits.linger);
            tokio::select! {
                () = ending => {}
                () = shutdown.reached(Stage::Draining) => {}
            }
            return None;
        }
    }
    let protocol = match secure.session().alpn_protocol() {
        Some(b"h2") => Protocol::Http2,
        _ => Protocol::Http1,
    };
    let session = session(secure.session());
    Some(Began {
        connection: connection.with_tls(session),
        socket: Socket::Secure(secure),
        protocol,
        prefix: Bytes::new(),
    })
}

/// Ends so that the client sees why: what it still sends is read, within bounds.
async fn part(mut tcp: TcpStream, refused: &Refused, limits: LingerLimits) {
    if matches!(refused, Refused::Plain) {
        let _ = tcp.try_write(PLAIN);
    }
    let _ = tcp.shutdown().await;
    let mut linger = Linger::default();
    let _ = poll_fn(|cx| linger.poll(cx, &mut tcp, limits)).await;
}

fn session(session: &ServerConnection) -> Session {
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => TlsVersion::V1_3,
        _ => TlsVersion::V1_2,
    };
    // Without a signer to verify by, none is asked for; one that does not verify ends the handshake.
    let chain = session.peer_certificates().unwrap_or_default();
    Session {
        version,
        client: chain.first().map(|own| Arc::from(own.as_ref())),
    }
}
