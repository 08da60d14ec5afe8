//! Programs that the registry talks to, started by the tests themselves.
//!
//! Each listens on the loopback address at a port of its own, keeps everything in a temporary
//! folder, and goes when its value does.

mod authority;
pub(crate) mod directory;
pub(crate) mod provider;
mod redis;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};

use testkit::process::Program;

pub(crate) use authority::{Authority, Pair, Signer, basic};
pub(crate) use directory::{Directory, Way};
pub(crate) use provider::{GroupsIn, Provider};
pub(crate) use redis::Redis;

/// The ports that tests hand out: below those that the kernel gives to whoever connects.
const PORTS: std::ops::Range<u16> = 18_000..32_000;

/// Yields an address of this machine on which nobody listens, and that nobody else here is given.
///
/// What needs its own address in its configuration cannot let the kernel choose.
pub(crate) fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let count = PORTS.end - PORTS.start;
    // processes that run at once start far from each other
    let start = u16::try_from(std::process::id() % 997 * 14).unwrap();
    loop {
        let port = PORTS.start + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % count;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Waits until a program takes connections.
fn wait_for(program: &mut Program, address: SocketAddr) {
    let what = format!("somebody to listen on {address}");
    program.wait_until(&what, || TcpStream::connect(address).is_ok());
}
