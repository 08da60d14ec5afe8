//! Server processes: starting, killing, and what the kernel knows about them.

mod proc;

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::http::Client;

/// A server that runs; dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    child: Child,
    log: PathBuf,
    started: Instant,
}

/// What the kernel says about a server and its child processes.
pub(crate) use proc::Usage;

impl Server {
    /// Starts a command whose configuration names this address; its output goes to a file.
    pub(crate) fn start(command: &mut Command, address: SocketAddr, log: &Path) -> Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let started = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("starting {command:?}"))?;
        Ok(Self {
            address,
            child,
            log: log.to_path_buf(),
            started,
        })
    }

    /// Waits until `path` is answered with 200; yields the time since the start.
    pub(crate) fn wait(&mut self, path: &str, patience: Duration) -> Result<Duration> {
        let address = self.address;
        self.wait_until(patience, || {
            let answered = Client::new(address).get(path);
            answered.is_ok_and(|answer| answer.status == 200)
        })
    }

    /// Waits until it is ready; yields the time since the start.
    pub(crate) fn wait_until(
        &mut self,
        patience: Duration,
        ready: impl Fn() -> bool,
    ) -> Result<Duration> {
        loop {
            let ready = ready();
            let took = self.started.elapsed();
            if ready {
                return Ok(took);
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended ({status}); its output:\n{}", self.tail());
            }
            if took > patience {
                bail!("no answer after {patience:?}; its output:\n{}", self.tail());
            }
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    /// Kills it at once, as `kill -9` does.
    pub(crate) fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Asks it to end and waits; killed when it takes longer than a minute.
    pub(crate) fn stop(mut self) -> Result<Duration> {
        let start = Instant::now();
        kill_process(self.pid()?, Signal::TERM)?;
        while self.child.try_wait()?.is_none() {
            if start.elapsed() > Duration::from_mins(1) {
                bail!(
                    "still running a minute after SIGTERM; its output:\n{}",
                    self.tail()
                );
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(start.elapsed())
    }

    /// Yields a client for it.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Reads what it has used so far.
    pub(crate) fn usage(&self) -> Result<Usage> {
        proc::usage(self.child.id())
    }

    /// Starts counting the peak of its memory anew.
    pub(crate) fn reset_peak(&self) -> Result<()> {
        proc::reset_peak(self.child.id())
    }

    /// Yields the end of its output.
    pub(crate) fn tail(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines
            .get(lines.len().saturating_sub(20)..)
            .unwrap_or_default()
            .join("\n")
    }

    fn pid(&self) -> Result<Pid> {
        let number = i32::try_from(self.child.id())?;
        Pid::from_raw(number).context("a process without a number")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // it may have ended already, and nobody is left to tell
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Yields an address of this machine on which nobody listens.
pub(crate) fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Yields the configuration that holdfast and zot understand.
pub(crate) fn config(root: &Path, address: SocketAddr, more: &Value) -> Value {
    let mut config = json!({
        "distSpecVersion": "1.1.1",
        "storage": { "rootDirectory": root },
        "http": { "address": address.ip().to_string(), "port": address.port().to_string() },
        "log": { "level": "error" },
    });
    merge(&mut config, more);
    config
}

/// Lays `more` over `base`, object by object; null changes nothing.
fn merge(base: &mut Value, more: &Value) {
    match (base, more) {
        (Value::Object(base), Value::Object(more)) => {
            for (key, value) in more {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (base, more) => *base = more.clone(),
    }
}

/// Starts `binary serve` on a root with the configuration beside it, and waits for `/v2/`.
pub(crate) fn serve(binary: &Path, root: &Path, more: &Value) -> Result<(Server, Duration)> {
    let mut server = launch(binary, root, more)?;
    let took = server.wait("/v2/", Duration::from_mins(10))?;
    Ok((server, took))
}

/// Does the same without waiting for anything.
pub(crate) fn launch(binary: &Path, root: &Path, more: &Value) -> Result<Server> {
    let address = free_address()?;
    let beside = |ending: &str| root.with_extension(ending);
    std::fs::write(beside("json"), config(root, address, more).to_string())?;
    let mut command = Command::new(binary);
    command.arg("serve").arg(beside("json"));
    Server::start(&mut command, address, &beside("log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_laid_over_the_plain_ones() {
        let address = "127.0.0.1:5000".parse().unwrap();
        let more = json!({ "http": { "compat": ["sparse"] }, "log": { "level": "info" } });
        let config = config(Path::new("root"), address, &more);
        assert_eq!(
            config["http"],
            json!({ "address": "127.0.0.1", "port": "5000", "compat": ["sparse"] })
        );
        assert_eq!(config["log"]["level"], "info");
    }

    #[test]
    fn a_server_that_ends_is_reported_with_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo broken; exit 3"]);
        let address = free_address().unwrap();
        let mut server = Server::start(&mut command, address, &folder.path().join("log")).unwrap();
        let error = server
            .wait("/", Duration::from_mins(1))
            .unwrap_err()
            .to_string();
        assert!(error.contains("broken") && error.contains('3'), "{error}");
    }
}
