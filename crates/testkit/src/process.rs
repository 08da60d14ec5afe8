//! The registry, and other programs, that run beside a test until it ends.

#![expect(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a server that does not start or stop ends the test"
)]

mod program;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::client::{Home, variable};
use crate::http::{Connection, Remote, Request};

use program::DEADLINE;
pub use program::Program;

/// The line that tells which port the kernel chose.
const PORT_LINE: &str = "port is unspecified, listening on kernel chosen port";

/// A running registry on the loopback address, with a root of its own.
///
/// Dropping it kills the process and removes the root; a test that fails also shows the log.
#[derive(Debug)]
pub struct Server {
    home: Home,
    config: PathBuf,
    running: Running,
}

#[derive(Debug)]
struct Running {
    program: Program,
    address: SocketAddr,
}

impl Server {
    /// Starts the registry with nothing but an empty root.
    pub fn start() -> Self {
        Self::with(|_| ())
    }

    /// Starts the registry with a changed configuration.
    pub fn with(change: impl FnOnce(&mut Value)) -> Self {
        let home = Home::new();
        let mut config = json!({
            "distSpecVersion": "1.1.1",
            "storage": {"rootDirectory": home.join("root")},
            "http": {"address": "127.0.0.1", "port": "0"},
            "log": {"level": "debug"},
        });
        change(&mut config);
        let config = home.write("config.json", config.to_string());
        let running = Running::start(&config);
        Self {
            home,
            config,
            running,
        }
    }

    /// Starts the registry with compatibility switches, such as `docker2s2`.
    pub fn compatible(switches: &[&str]) -> Self {
        Self::with(|config| {
            if let Some(http) = config.pointer_mut("/http").and_then(Value::as_object_mut) {
                http.insert("compat".to_owned(), json!(switches));
            }
        })
    }

    /// Yields where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// Yields an image name on this server: `127.0.0.1:<port>/<name>`.
    pub fn name(&self, name: &str) -> String {
        format!("{}/{name}", self.address())
    }

    /// Yields a plain client of it.
    pub fn remote(&self) -> Remote {
        Remote::new(self.address())
    }

    /// Yields the root of its storage.
    pub fn root(&self) -> PathBuf {
        self.home.join("root")
    }

    /// Yields what it has written to its log so far.
    pub fn log(&self) -> String {
        self.running.program.log()
    }

    /// Waits until it has written `text` to its log.
    pub fn wait_for_log(&mut self, text: &str) {
        self.running.program.wait_for_log(text);
    }

    /// Asks it to stop, waits, and starts it again on the same root; the port changes.
    ///
    /// Yields how the first process ended.
    pub fn restart(&mut self) -> ExitStatus {
        let status = self.running.program.stop();
        self.running = Running::start(&self.config);
        status
    }

    /// Kills it without a warning and starts it again on the same root; the port changes.
    pub fn crash(&mut self) {
        self.running.program.kill();
        self.running = Running::start(&self.config);
    }

    /// Asks it to stop and yields how it ended.
    pub fn stop(&mut self) -> ExitStatus {
        self.running.program.stop()
    }

    /// Kills it without a warning.
    pub fn kill(&mut self) {
        self.running.program.kill();
    }
}

impl Running {
    fn start(config: &Path) -> Self {
        let mut command = Command::new(binary());
        command.arg("serve").arg(config);
        let (sender, ports) = mpsc::channel();
        let mut program = Program::start(command, move |line| {
            if let Some(port) = port(line) {
                sender.send(port).ok();
            }
        });
        let Ok(port) = ports.recv_timeout(DEADLINE) else {
            panic!("the server tells no port");
        };
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        program.wait_until("the server to be ready", || {
            let answer = Connection::open(address)
                .and_then(|mut connection| connection.send(&Request::get("/readyz")));
            answer.is_ok_and(|answer| answer.status == 200)
        });
        Self { program, address }
    }
}

fn port(line: &str) -> Option<u16> {
    let entry: Value = serde_json::from_str(line).ok()?;
    if entry.get("message")?.as_str()? != PORT_LINE {
        return None;
    }
    u16::try_from(entry.get("port")?.as_u64()?).ok()
}

/// Finds the registry: `HOLDFAST_BIN`, or what cargo built beside this test.
pub fn binary() -> PathBuf {
    if let Some(given) = variable("HOLDFAST_BIN") {
        return given.into();
    }
    let test = std::env::current_exe().unwrap_or_default();
    // target/<profile>/deps/<test>
    let built = test
        .ancestors()
        .nth(2)
        .map(|folder| folder.join("holdfast"));
    match built.filter(|file| file.is_file()) {
        Some(file) => file,
        None => panic!(
            "the registry is not built: run `cargo build -p holdfast` with the same profile first, \
             or name a binary in HOLDFAST_BIN (`cargo xtask e2e` does both)"
        ),
    }
}
