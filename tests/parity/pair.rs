//! Both servers, each on a root of its own and with the same configuration.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::client::{Home, variable};
use testkit::http::{Connection, Request};
use testkit::process::{Program, Server};

/// How long zot may take to open its port; a deadline for hangs.
const DEADLINE: Duration = Duration::from_secs(30);

/// Finds zot: what `ZOT` names, or `zot` on the search path.
pub(crate) fn zot() -> Option<PathBuf> {
    if let Some(given) = variable("ZOT").filter(|given| !given.is_empty()) {
        return Some(given.into());
    }
    let path = variable("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("zot"))
        .find(|file| file.is_file())
}

/// Both servers.
#[derive(Debug)]
pub(crate) struct Pair {
    ours: Server,
    theirs: Zot,
}

impl Pair {
    /// Starts both with empty roots.
    pub(crate) fn start(zot: &Path) -> Self {
        Self {
            ours: Server::start(),
            theirs: Zot::start(zot),
        }
    }

    /// Yields where ours listens.
    pub(crate) fn ours(&self) -> SocketAddr {
        self.ours.address()
    }

    /// Yields where zot listens.
    pub(crate) const fn theirs(&self) -> SocketAddr {
        self.theirs.address
    }
}

#[derive(Debug)]
struct Zot {
    _program: Program,
    _home: Home,
    address: SocketAddr,
}

impl Zot {
    fn start(binary: &Path) -> Self {
        let home = Home::new();
        let config = json!({
            "distSpecVersion": "1.1.1",
            "storage": {"rootDirectory": home.join("root")},
            "http": {"address": "127.0.0.1", "port": "0"},
            "log": {"level": "debug"},
        });
        let config = home.write("config.json", config.to_string());
        let mut command = Command::new(binary);
        command.arg("serve").arg(config);
        let (sender, ports) = mpsc::channel();
        let mut program = Program::start(command, move |line| {
            if let Some(port) = port(line) {
                sender.send(port).ok();
            }
        });
        let port = ports.recv_timeout(DEADLINE).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        program.wait_until("zot to be ready", || {
            let answer = Connection::open(address)
                .and_then(|mut connection| connection.send(&Request::get("/readyz")));
            answer.is_ok_and(|answer| answer.status == 200)
        });
        Self {
            _program: program,
            _home: home,
            address,
        }
    }
}

/// Reads the line that tells which port the kernel chose.
fn port(line: &str) -> Option<u16> {
    let entry: Value = serde_json::from_str(line).ok()?;
    let message = entry.get("message")?.as_str()?;
    if !message.contains("kernel chosen port") {
        return None;
    }
    u16::try_from(entry.get("port")?.as_u64()?).ok()
}
