//! A registry in a process of its own, whose memory can be looked at: this very program, run again.

use std::io::{BufRead, BufReader, Lines, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use testkit::http::Remote;
use testkit::server::{Server, Setup};

/// What stands before the address in what the process writes.
const MARK: &str = "listening on ";

/// A process that serves until it is dropped.
pub(crate) struct Apart {
    child: Child,
    /// Held open: it writes once more at its end.
    _output: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
}

impl Apart {
    /// Starts a registry on disk.
    pub(crate) fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "apart::serve", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = output.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, address) = line.split_once(MARK)?;
            address.parse().ok()
        });
        Self {
            child,
            _output: output,
            address: address.unwrap(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn remote(&self) -> Remote {
        Remote::new(self.address)
    }

    /// Yields the most memory that it ever had, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        let mut text = String::new();
        std::fs::File::open(format!("/proc/{}/status", self.child.id()))
            .and_then(|mut file| file.read_to_string(&mut text))
            .unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
        kilobytes.parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // It ends by itself then, and takes its folder with it.
        drop(self.child.stdin.take());
        self.child.wait().ok();
    }
}

#[test]
#[ignore = "other tests run it, as a program of its own"]
fn serve() {
    let server = Server::start(Setup::on_disk());
    println!("\n{MARK}{}", server.address());
    // whoever started it holds the other end
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
