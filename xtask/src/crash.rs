//! `crash`: kills the server at random moments of a push storm and looks for what was lost.
//!
//! | part | job |
//! |---|---|
//! | `ledger` | what was promised: every acknowledged write, and what may be true after a kill |
//! | `storm` | clients that push, move and delete until the server dies |
//! | `check` | compares a server that has started again with the ledger |

mod check;
mod ledger;
mod storm;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use parking_lot::Mutex;
use serde_json::Value;

use crate::cargo::{Build, build, target};
use crate::process;
use crate::random::Random;
use check::{Breadth, Check};
use ledger::Ledger;
use storm::{Layers, Worker};

/// The longest that a start may take.
const START: Duration = Duration::from_secs(1);

/// Arguments of `crash`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How often the server is killed
    #[arg(long, default_value_t = 100)]
    rounds: u32,
    /// Repeats the choices of an earlier run
    #[arg(long)]
    seed: Option<u64>,
    /// The binary to kill; built with the dev profile when it is not given
    #[arg(long)]
    binary: Option<PathBuf>,
    /// How many clients push at once
    #[arg(long, default_value_t = 8)]
    clients: usize,
}

/// Runs the rounds on one root; anything lost or wrong is an error.
pub(crate) fn run(args: &Args) -> Result<()> {
    let binary = match &args.binary {
        Some(given) => given.canonicalize()?,
        None => build(Build::Full, "dev", &target(), &target().join("xtask"))?,
    };
    let seed = args.seed.unwrap_or_else(seed);
    println!("crash: {} rounds, seed {seed}", args.rounds);
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("root");
    let mut harness = Harness::new(&binary, &root, seed, args.clients);
    let outcome = harness.rounds(args.rounds);
    harness.summary();
    outcome?;
    if !harness.check.faults.is_empty() {
        // the root is what a developer wants to look at
        println!("the root is kept: {}", folder.keep().display());
        bail!("{} faults", harness.check.faults.len());
    }
    Ok(())
}

fn seed() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::from(since.subsec_nanos()) ^ since.as_secs()
}

struct Harness<'a> {
    binary: &'a Path,
    root: &'a Path,
    random: Random,
    layers: Layers,
    workers: Vec<Worker>,
    ledger: Mutex<Ledger>,
    check: Check,
    starts: Vec<Duration>,
    began: Instant,
}

impl<'a> Harness<'a> {
    fn new(binary: &'a Path, root: &'a Path, seed: u64, clients: usize) -> Self {
        let mut random = Random::new(seed);
        let layers = Layers::new(&mut random);
        let workers = (0..clients.max(1)).map(|number| Worker::new(number, random.next()));
        Self {
            binary,
            root,
            layers,
            workers: workers.collect(),
            random,
            ledger: Mutex::default(),
            check: Check::default(),
            starts: Vec::new(),
            began: Instant::now(),
        }
    }

    fn rounds(&mut self, rounds: u32) -> Result<()> {
        std::fs::create_dir_all(self.root)?;
        for round in 1..=rounds {
            let server = self.start()?;
            self.storm(server)?;
            let server = self.start()?;
            let breadth = if round == rounds {
                Breadth::All
            } else {
                Breadth::Round
            };
            self.check(&server, breadth)?;
            if round % 10 == 0 || round == rounds {
                self.check
                    .index_files(self.root, &self.ledger, Duration::from_secs(10));
                println!("round {round}: {}", self.line());
            }
            server.stop()?;
        }
        self.check
            .index_files(self.root, &self.ledger, Duration::ZERO);
        Ok(())
    }

    fn start(&mut self) -> Result<process::Server> {
        let (server, took) = process::serve(self.binary, self.root, &Value::Null)?;
        self.starts.push(took);
        if took > START {
            self.check.faults.push(format!("a start took {took:?}"));
        }
        Ok(server)
    }

    /// Lets the clients loose and kills the server after a while.
    fn storm(&mut self, server: process::Server) -> Result<()> {
        let address = server.address;
        let life = Duration::from_millis(30 + self.random.below(800));
        let (layers, ledger) = (&self.layers, &self.ledger);
        std::thread::scope(|scope| {
            for worker in &mut self.workers {
                scope.spawn(move || worker.run(address, layers, ledger));
            }
            std::thread::sleep(life);
            server.kill()
        })?;
        for worker in &mut self.workers {
            self.check.faults.append(&mut worker.faults);
        }
        Ok(())
    }

    fn check(&mut self, server: &process::Server, breadth: Breadth) -> Result<()> {
        for worker in &mut self.workers {
            self.check
                .sent(server.address, &std::mem::take(&mut worker.sent))?;
        }
        let keys = check::chosen(&self.ledger.lock(), breadth, &mut self.random);
        self.check.server(server.address, &self.ledger, keys)?;
        for worker in &mut self.workers {
            worker.recall(&self.ledger);
        }
        Ok(())
    }

    fn line(&self) -> String {
        let ledger = self.ledger.lock();
        let slowest = self.starts.iter().max().copied().unwrap_or_default();
        format!(
            "{} acknowledged, {} unanswered, {} manifests and {} blobs read, slowest start {slowest:.1?}, {} faults",
            ledger.acknowledged,
            ledger.unanswered,
            self.check.manifests,
            self.check.blobs,
            self.check.faults.len(),
        )
    }

    fn summary(&self) {
        println!(
            "\ncrash: {} starts in {:.0?}: {}",
            self.starts.len(),
            self.began.elapsed(),
            self.line()
        );
        for fault in self.check.faults.iter().take(40) {
            println!("  {fault}");
        }
    }
}
