//! `bench`: ours and the peers on the PATH, side by side in one run.
//!
//! Peers alternate with ours, round by round, and medians are printed: the machine's moods hit all
//! alike, and only ratios count. Nothing here is part of a test.
//!
//! | part | job |
//! |---|---|
//! | `peer` | what takes part, and how it is started |
//! | `content` | what is pushed, or laid down as files |
//! | `load` | request rates and latencies |
//! | `secure` | certificates, and pulls over TLS |
//! | `sheet` | results, goals, the table |
//! | `rows` | what is measured |

mod content;
mod load;
mod peer;
mod rows;
mod secure;
mod sheet;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::cargo::target;
use crate::dist;
use crate::process::Server;
use peer::{Guard, Kind, Peer};
use sheet::Sheet;

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the groups whose name holds this, may be repeated; `--row list` lists them
    #[arg(long)]
    row: Vec<String>,
    /// Small sizes and one round: to see that it works, not to quote
    #[arg(long)]
    quick: bool,
    /// How often each thing is measured
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Our full build; both are built as they are shipped when neither is given
    #[arg(long, requires = "minimal")]
    full: Option<PathBuf>,
    /// Our minimal build
    #[arg(long, requires = "full")]
    minimal: Option<PathBuf>,
    /// Only these peers, may be repeated
    #[arg(long)]
    peer: Vec<String>,
}

/// Measures and prints one table.
pub(crate) fn run(args: &Args) -> Result<()> {
    let chosen = rows::chosen(&args.row);
    if chosen.is_empty() {
        bail!("groups of rows: {}", rows::names().join(", "));
    }
    let (full, minimal) = binaries(args)?;
    let scratch = tempfile::tempdir_in(target())?;
    let mut bench = Bench {
        peers: peer::find(&full, &minimal, &args.peer),
        sheet: Sheet::default(),
        quick: args.quick,
        rounds: if args.quick { 1 } else { args.rounds.max(1) },
        scratch: scratch.path().to_path_buf(),
        folders: 0,
        failed: 0,
    };
    bench.introduce();
    for group in chosen {
        println!("... {}", group.name);
        if let Err(error) = (group.measure)(&mut bench) {
            bench.fail(group.name, &error);
        }
    }
    println!("\n{}", bench.sheet.table(&bench.peers));
    if bench.failed > 0 {
        bail!("{} measurements of ours failed", bench.failed);
    }
    Ok(())
}

fn binaries(args: &Args) -> Result<(PathBuf, PathBuf)> {
    if let (Some(full), Some(minimal)) = (&args.full, &args.minimal) {
        return Ok((full.canonicalize()?, minimal.canonicalize()?));
    }
    match dist::binaries()?.as_slice() {
        [full, minimal] => Ok((full.clone(), minimal.clone())),
        _ => bail!("both builds are needed"),
    }
}

/// What the rows work with.
#[derive(Debug)]
struct Bench {
    peers: Vec<Peer>,
    sheet: Sheet,
    quick: bool,
    rounds: u32,
    scratch: PathBuf,
    folders: u32,
    failed: u32,
}

/// A peer that runs, with its root.
#[derive(Debug)]
struct Running {
    peer: Peer,
    server: Server,
    root: PathBuf,
}

impl Bench {
    fn introduce(&mut self) {
        let names: Vec<&str> = self.peers.iter().map(|peer| peer.name).collect();
        println!("bench: {} ({} rounds)", names.join(", "), self.rounds);
        if self.quick {
            self.sheet
                .note("quick: the sizes are small, rows are named after the real ones".into());
        }
        let absent = Kind::NAMES.iter().filter(|name| !names.contains(name));
        for name in absent {
            self.sheet.note(format!(
                "{name} takes no part: not asked for, or not on the PATH"
            ));
        }
    }

    /// Yields a size: the real one, or a small one with `--quick`.
    fn size<T>(&self, real: T, quick: T) -> T {
        if self.quick { quick } else { real }
    }

    /// Yields a fresh folder for a root.
    fn folder(&mut self, name: &str) -> Result<PathBuf> {
        self.folders += 1;
        let folder = self
            .scratch
            .join(format!("{name}-{}", self.folders))
            .join("root");
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Yields the peers of these kinds.
    fn of(&self, kinds: &[Kind]) -> Vec<Peer> {
        self.peers
            .iter()
            .filter(|peer| kinds.contains(&peer.kind))
            .cloned()
            .collect()
    }

    /// Notes a failure; one of ours fails the whole run.
    fn fail(&mut self, who: &str, error: &anyhow::Error) {
        self.failed += u32::from(!Kind::NAMES.contains(&who));
        self.sheet.note(format!("{who}: {error:#}"));
    }

    /// Does something with each peer on a folder of its own, one after the other.
    fn each(
        &mut self,
        kinds: &[Kind],
        mut work: impl FnMut(&mut Self, &Peer, &Path) -> Result<()>,
    ) -> Result<()> {
        for peer in self.of(kinds) {
            let folder = self.folder(peer.name)?;
            if let Err(error) = work(self, &peer, &folder) {
                self.fail(peer.name, &error);
            }
            remove(&folder);
        }
        Ok(())
    }

    /// Starts peers that stay up; `prepare` lays files down first, `fill` pushes afterwards.
    fn start(
        &mut self,
        kinds: &[Kind],
        prepare: impl Fn(&Peer, &Path) -> Result<()>,
        fill: impl Fn(&Peer, &Server) -> Result<()>,
    ) -> Result<Vec<Running>> {
        self.start_each(kinds, prepare, |peer, root| {
            let (server, _) = peer.start(root)?;
            fill(peer, &server)?;
            Ok(server)
        })
    }

    /// Does the same, and starts them again behind a guard when they are filled.
    fn start_guarded(
        &mut self,
        kinds: &[Kind],
        guard: &Guard,
        prepare: impl Fn(&Peer, &Path) -> Result<()>,
        fill: impl Fn(&Peer, &Server) -> Result<()>,
    ) -> Result<Vec<Running>> {
        self.start_each(kinds, prepare, |peer, root| {
            let (server, _) = peer.start(root)?;
            fill(peer, &server)?;
            server.stop()?;
            peer.start_guarded(root, guard)
        })
    }

    fn start_each(
        &mut self,
        kinds: &[Kind],
        prepare: impl Fn(&Peer, &Path) -> Result<()>,
        start: impl Fn(&Peer, &Path) -> Result<Server>,
    ) -> Result<Vec<Running>> {
        let mut running = Vec::new();
        for peer in self.of(kinds) {
            let root = self.folder(peer.name)?;
            let started = prepare(&peer, &root).and_then(|()| start(&peer, &root));
            match started {
                Ok(server) => running.push(Running { peer, server, root }),
                Err(error) => self.fail(peer.name, &error),
            }
        }
        Ok(running)
    }

    /// Measures each peer in turn, as often as there are rounds.
    fn alternate(
        &mut self,
        running: &[Running],
        mut measure: impl FnMut(&mut Self, &Running) -> Result<()>,
    ) {
        for _ in 0..self.rounds {
            for each in running {
                if let Err(error) = measure(self, each) {
                    self.fail(each.peer.name, &error);
                }
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        remove(&self.root);
    }
}

/// Removes a root and what lies beside it: gigabytes, and many small files.
fn remove(root: &Path) {
    if let Some(parent) = root.parent() {
        // the scratch folder goes anyway at the end
        let _ = std::fs::remove_dir_all(parent);
    }
}
