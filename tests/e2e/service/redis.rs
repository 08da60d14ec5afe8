//! redis-server: what several registries share.

use std::net::SocketAddr;

use serde_json::{Value, json};
use testkit::client::Home;
use testkit::process::Program;

use super::{free_address, wait_for};

/// A server that keeps everything in memory.
pub(crate) struct Redis {
    home: Home,
    address: SocketAddr,
    _server: Program,
}

impl Redis {
    /// Starts it; none where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let home = Home::new();
        let server = home.client("redis-server")?;
        let address = free_address();
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let listen = ["--bind", &host, "--port", &port];
        let command =
            server.command(&[&listen[..], &["--save", "", "--appendonly", "no"]].concat());
        let mut server = Program::start(command, |_| ());
        wait_for(&mut server, address);
        Some(Self {
            home,
            address,
            _server: server,
        })
    }

    /// Yields `http.auth.sessionDriver`.
    pub(crate) fn session_driver(&self) -> Value {
        json!({"name": "redis", "url": format!("redis://{}", self.address), "keyprefix": "e2e"})
    }

    /// Lists its keys.
    pub(crate) fn keys(&self) -> Vec<String> {
        let Some(client) = self.home.client("redis-cli") else {
            panic!("redis-server without redis-cli");
        };
        let (host, port) = (
            self.address.ip().to_string(),
            self.address.port().to_string(),
        );
        let keys = client.run(&["-h", &host, "-p", &port, "--raw", "keys", "*"]);
        keys.lines().into_iter().map(str::to_owned).collect()
    }
}

#[test]
fn it_starts_empty() {
    let Some(redis) = Redis::start() else { return };
    assert!(redis.keys().is_empty());
}
