//! Certificates, and pulls over TLS, both by programs on the PATH: tasks speak no TLS themselves.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use super::peer::Pair;
use crate::cargo::output;

/// Makes a certificate of the loopback address, which signs itself, in a folder.
pub(super) fn certificate(folder: &Path) -> Result<Pair> {
    let pair = Pair {
        cert: folder.join("server.crt"),
        key: folder.join("server.key"),
    };
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=bench"]);
    command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    command.args(["-addext", "subjectAltName=IP:127.0.0.1"]);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    command.arg("-out").arg(&pair.cert);
    command.arg("-keyout").arg(&pair.key);
    output(&mut command).context("making a certificate")?;
    Ok(pair)
}

/// Tells whether a server speaks TLS with this certificate, and HTTP in it.
pub(super) fn answers(address: SocketAddr, pair: &Pair) -> bool {
    let mut command = curl(address, "/v2/", pair);
    let status = command.stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Pulls a blob of this size, several times at once, and throws it away; yields the time it took.
pub(super) fn pulls(
    address: SocketAddr,
    target: &str,
    pair: &Pair,
    (size, at_once): (u64, usize),
) -> Result<Duration> {
    let start = Instant::now();
    thread::scope(|scope| {
        let one = || {
            let mut command = curl(address, target, pair);
            command.args(["--fail", "--write-out", "%{size_download}"]);
            output(&mut command)
        };
        let all: Vec<_> = (0..at_once).map(|_| scope.spawn(one)).collect();
        for pull in all {
            let got = pull
                .join()
                .map_err(|_panic| anyhow!("a client panicked"))??;
            if got.trim() != size.to_string() {
                bail!("GET {target}: {got} bytes instead of {size}");
            }
        }
        Ok(())
    })?;
    Ok(start.elapsed())
}

fn curl(address: SocketAddr, target: &str, pair: &Pair) -> Command {
    let mut command = Command::new("curl");
    command.args([
        "--silent",
        "--show-error",
        "--http1.1",
        "--output",
        "/dev/null",
    ]);
    command.arg("--cacert").arg(&pair.cert);
    command.arg(format!("https://{address}{target}"));
    command
}
