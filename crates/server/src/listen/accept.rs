//! Taking connections from the kernel.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long to wait when the process or the system is out of something, mostly file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Hands connections on, for ever; while no place is free, the kernel keeps them.
pub(crate) async fn run(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    mut hand: impl FnMut(TcpStream, SocketAddr, OwnedSemaphorePermit),
) {
    let mut complained = false;
    while let Ok(place) = Arc::clone(places).acquire_owned().await {
        match listener.accept().await {
            Ok((tcp, peer)) => {
                complained = false;
                hand(tcp, peer, place);
            }
            Err(error) if concerns_one_client(&error) => {}
            Err(error) => {
                if !complained {
                    tracing::error!(error = %error, "cannot accept connections, trying again");
                }
                complained = true;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Tells whether the client was gone before we came: nothing to wait for.
fn concerns_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
