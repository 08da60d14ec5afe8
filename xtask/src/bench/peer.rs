//! What takes part, and how it is started.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::secure;
use crate::house;
use crate::http::Client;
use crate::process::{self, Server};

/// Our full build, in the table.
pub(super) const OURS: &str = "holdfast";
/// Our minimal build, in the table.
pub(super) const MINIMAL: &str = "holdfast-minimal";

/// What a peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Our full build.
    Ours,
    /// Our minimal build.
    Minimal,
    /// zot, either build.
    Zot,
    /// distribution's `registry`.
    Distribution,
    /// nginx, which serves the same bytes as files.
    Nginx,
}

impl Kind {
    /// The names of peers that are not ours.
    pub(super) const NAMES: [&str; 4] = ["zot-minimal", "zot-full", "registry", "nginx"];
    /// Everything that takes pushes, without our minimal build.
    pub(super) const REGISTRIES: [Self; 3] = [Self::Ours, Self::Zot, Self::Distribution];
    /// Everything that answers pulls, without our minimal build.
    pub(super) const READERS: [Self; 4] = [Self::Ours, Self::Zot, Self::Distribution, Self::Nginx];
    /// Ours and zot, all builds.
    pub(super) const BUILDS: [Self; 4] = [Self::Ours, Self::Minimal, Self::Zot, Self::Distribution];
}

/// One program.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    /// Its column.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) kind: Kind,
    /// The program.
    pub(super) binary: PathBuf,
}

/// Finds what takes part: both of ours, and the peers on the PATH, all or only those wanted.
pub(super) fn find(full: &Path, minimal: &Path, wanted: &[String]) -> Vec<Peer> {
    let mut peers = vec![
        Peer {
            name: OURS,
            kind: Kind::Ours,
            binary: full.to_path_buf(),
        },
        Peer {
            name: MINIMAL,
            kind: Kind::Minimal,
            binary: minimal.to_path_buf(),
        },
    ];
    let others = [
        ("zot-minimal", Kind::Zot, &["zot-minimal"][..]),
        ("zot-full", Kind::Zot, &["zot-full", "zot"]),
        ("registry", Kind::Distribution, &["registry"]),
        ("nginx", Kind::Nginx, &["nginx"]),
    ];
    for (name, kind, programs) in others {
        let program = programs.iter().find_map(|program| house::program(program));
        if let Some(binary) = program
            && (wanted.is_empty() || wanted.iter().any(|each| each == name))
        {
            peers.push(Peer { name, kind, binary });
        }
    }
    peers
}

/// What stands between a peer and its callers.
#[derive(Debug, Clone)]
pub(super) enum Guard {
    /// Passwords and rights: `http` of holdfast and zot.
    Passwords(Value),
    /// TLS.
    Tls(Pair),
}

/// A certificate and its key, in PEM.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    /// The certificate.
    pub(super) cert: PathBuf,
    /// The key.
    pub(super) key: PathBuf,
}

impl Peer {
    /// Starts it behind a guard, on a root that is filled already.
    pub(super) fn start_guarded(&self, root: &Path, guard: &Guard) -> Result<Server> {
        let mut server = match (self.kind, guard) {
            (Kind::Nginx, Guard::Tls(pair)) => self.launch_nginx(root, Some(pair))?,
            (Kind::Ours | Kind::Minimal | Kind::Zot, Guard::Tls(Pair { cert, key })) => {
                let tls = json!({ "http": { "tls": { "cert": cert, "key": key } } });
                process::launch(&self.binary, root, &tls)?
            }
            (Kind::Ours | Kind::Minimal | Kind::Zot, Guard::Passwords(http)) => {
                process::launch(&self.binary, root, &json!({ "http": http }))?
            }
            (Kind::Nginx | Kind::Distribution, _) => bail!("nobody taught us to guard it"),
        };
        let address = server.address;
        server.wait_until(Duration::from_mins(1), || match guard {
            // whatever it says, it is there
            Guard::Passwords(_) => Client::new(address).get("/v2/").is_ok(),
            Guard::Tls(pair) => secure::answers(address, pair),
        })?;
        Ok(server)
    }

    /// Starts it on a root; yields the time to the first 200 as well.
    pub(super) fn start(&self, root: &Path) -> Result<(Server, Duration)> {
        match self.kind {
            Kind::Ours | Kind::Minimal | Kind::Zot => {
                process::serve(&self.binary, root, &Value::Null)
            }
            Kind::Distribution => self.distribution(root),
            Kind::Nginx => ready(self.launch_nginx(root, None)?),
        }
    }

    fn distribution(&self, root: &Path) -> Result<(Server, Duration)> {
        let address = process::free_address()?;
        // YAML that is JSON
        let config = json!({
            "version": 0.1,
            "log": { "level": "error", "accesslog": { "disabled": true } },
            "storage": { "filesystem": { "rootdirectory": root }, "delete": { "enabled": true } },
            "http": { "addr": address.to_string() },
        });
        let file = root.with_extension("yml");
        std::fs::write(&file, config.to_string())?;
        let mut command = Command::new(&self.binary);
        command
            .env("OTEL_TRACES_EXPORTER", "none")
            .arg("serve")
            .arg(file);
        ready(Server::start(
            &mut command,
            address,
            &root.with_extension("log"),
        )?)
    }

    fn launch_nginx(&self, root: &Path, pair: Option<&Pair>) -> Result<Server> {
        let address = process::free_address()?;
        let file = root.with_extension("conf");
        std::fs::write(&file, nginx_config(root, &address.to_string(), pair)?)?;
        let mut command = Command::new(&self.binary);
        command
            .arg("-e")
            .arg(root.with_extension("log"))
            .arg("-c")
            .arg(file);
        Server::start(&mut command, address, &root.with_extension("log"))
    }
}

fn ready(mut server: Server) -> Result<(Server, Duration)> {
    let took = server.wait("/v2/", Duration::from_mins(10))?;
    Ok((server, took))
}

/// Yields a configuration that serves files by sendfile, and nothing else.
fn nginx_config(root: &Path, address: &str, pair: Option<&Pair>) -> Result<String> {
    let mut text = String::new();
    if rustix::process::getuid().is_root() {
        // its workers must be able to read our folder
        text.push_str("user root;\n");
    }
    let beside = |ending: &str| root.with_extension(ending).display().to_string();
    writeln!(
        text,
        "daemon off;\nworker_processes auto;\npid {};",
        beside("pid")
    )?;
    writeln!(
        text,
        "error_log {} error;\nevents {{ worker_connections 2048; }}",
        beside("log")
    )?;
    writeln!(
        text,
        "http {{\n access_log off;\n sendfile on;\n tcp_nopush on;"
    )?;
    writeln!(
        text,
        " keepalive_requests 100000000;\n default_type application/octet-stream;"
    )?;
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(text, " {kind}_temp_path {};", beside(kind))?;
    }
    writeln!(
        text,
        " server {{\n  listen {address}{};\n  root {};",
        if pair.is_some() { " ssl" } else { "" },
        root.display()
    )?;
    if let Some(Pair { cert, key }) = pair {
        let (cert, key) = (cert.display(), key.display());
        writeln!(
            text,
            "  ssl_certificate {cert};\n  ssl_certificate_key {key};"
        )?;
        writeln!(text, "  ssl_protocols TLSv1.2 TLSv1.3;")?;
    }
    writeln!(text, "  location = /v2/ {{ try_files /v2/index =404; }}")?;
    writeln!(
        text,
        "  location ~ /manifests/ {{ default_type {}; }}",
        crate::image::MANIFEST
    )?;
    writeln!(text, " }}\n}}")?;
    Ok(text)
}
