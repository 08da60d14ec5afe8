//! Says which of a set of files have changed, however they were replaced: written in place, renamed
//! over, or swapped by a link as Kubernetes does with `..data`.
//!
//! The folders of each file and of each link on the way to it are watched by inotify, so a watch
//! costs nothing while nothing changes. Where the system gives no inotify, the files are looked at
//! every few seconds instead.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

mod chain;
mod inotify;

use chain::{Chain, Stamp};
use inotify::{Inotify, Seen};

/// When changes are told.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// How long nothing more must happen.
    quiet: Duration,
    /// How long to wait at most while more happens all the time.
    most: Duration,
    /// How often to look where nothing can be watched.
    poll: Duration,
}

const PACE: Pace = Pace {
    quiet: Duration::from_millis(150),
    most: Duration::from_secs(2),
    poll: Duration::from_secs(5),
};

/// How often to look again when files change while they are being looked at.
const TRIES: usize = 8;

/// Sets what is watched. The watch goes on when this is dropped, and ends with its [`Changes`].
#[derive(Debug)]
pub struct Watch {
    requests: mpsc::Sender<Request>,
}

/// Yields the files that changed.
#[derive(Debug)]
pub struct Changes {
    sets: mpsc::Receiver<BTreeSet<PathBuf>>,
}

#[derive(Debug)]
struct Request {
    paths: Vec<PathBuf>,
    armed: oneshot::Sender<()>,
}

impl Watch {
    /// Watches files, which need not exist yet; no change after this returns is missed.
    ///
    /// Read the files afterwards. Must be called within a runtime; looks at the files at once, so
    /// it belongs to the start of a process.
    pub fn new(paths: impl IntoIterator<Item = PathBuf>) -> (Self, Changes) {
        let paths = paths.into_iter().collect();
        Self::start(Source::open(), paths, PACE)
    }

    fn start(source: Source, paths: Vec<PathBuf>, pace: Pace) -> (Self, Changes) {
        let (requests, asked) = mpsc::channel(1);
        let (tell, sets) = mpsc::channel(1);
        let mut task = Task {
            eye: Eye::new(source, paths),
            pace,
            untold: BTreeSet::new(),
            tell,
        };
        task.eye.look();
        tokio::spawn(task.run(asked));
        (Self { requests }, Changes { sets })
    }

    /// Watches other files from now on; no change after this returns is missed.
    ///
    /// Nothing is told of files that changed together with the set: whoever sets it reads them.
    pub async fn replace(&self, paths: impl IntoIterator<Item = PathBuf>) {
        let (armed, done) = oneshot::channel();
        let paths = paths.into_iter().collect();
        // Either fails only when nobody listens to changes any more.
        if self.requests.send(Request { paths, armed }).await.is_ok() {
            let _ = done.await;
        }
    }
}

impl Changes {
    /// Waits for the next set of files that changed, under the names that were given; none when the
    /// runtime ends.
    ///
    /// A file counts as changed too when it came or went, and when its owner or mode did.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn next(&mut self) -> Option<BTreeSet<PathBuf>> {
        self.sets.recv().await
    }
}

/// How changes are noticed.
#[derive(Debug)]
enum Source {
    Events(Box<Inotify>),
    Looks,
}

impl Source {
    fn open() -> Self {
        match Inotify::open() {
            Ok(inotify) => Self::Events(Box::new(inotify)),
            Err(error) => Self::looks(&error),
        }
    }

    fn looks(error: &io::Error) -> Self {
        tracing::warn!(%error, "files cannot be watched, looking at them every few seconds");
        Self::Looks
    }

    async fn wait(&mut self, poll: Duration) -> Seen {
        match self {
            Self::Events(inotify) => inotify.wait().await,
            Self::Looks => {
                tokio::time::sleep(poll).await;
                Seen::default()
            }
        }
    }
}

/// The files, and what was last seen of them.
#[derive(Debug)]
struct Eye {
    source: Source,
    paths: Arc<[PathBuf]>,
    stamps: Vec<Option<Stamp>>,
}

impl Eye {
    fn new(source: Source, paths: Vec<PathBuf>) -> Self {
        Self {
            source,
            paths: paths.into(),
            stamps: Vec::new(),
        }
    }

    /// Follows all links anew, watches what they lead through, and yields which files are others
    /// than before. Reads folders and links: not for the threads of the runtime.
    fn look(&mut self) -> BTreeSet<usize> {
        let mut chains = self.follow();
        for _ in 0..TRIES {
            let Source::Events(inotify) = &mut self.source else {
                break;
            };
            if let Err(error) = inotify.arm(&chains) {
                self.source = Source::looks(&error);
            }
            // Something may have moved before it was watched.
            let again = self.follow();
            if std::mem::replace(&mut chains, again) == chains {
                break;
            }
        }
        let stamps: Vec<_> = chains.iter().map(|chain| chain.stamp).collect();
        let before = std::mem::replace(&mut self.stamps, stamps);
        let pairs = before.iter().zip(&self.stamps).enumerate();
        let differ = pairs.filter_map(|(at, (before, now))| (before != now).then_some(at));
        differ.collect()
    }

    fn follow(&self) -> Vec<Chain> {
        self.paths.iter().map(|path| Chain::follow(path)).collect()
    }
}

#[derive(Debug)]
struct Task {
    eye: Eye,
    pace: Pace,
    /// What changed and nobody has taken yet.
    untold: BTreeSet<PathBuf>,
    tell: mpsc::Sender<BTreeSet<PathBuf>>,
}

/// What a task has to do.
enum Turn {
    Seen(Seen),
    Asked(Request),
}

impl Task {
    async fn run(mut self, mut asked: mpsc::Receiver<Request>) {
        loop {
            let turn = tokio::select! {
                seen = self.eye.source.wait(self.pace.poll) => Turn::Seen(seen),
                Some(request) = asked.recv() => Turn::Asked(request),
                permit = self.tell.reserve(), if !self.untold.is_empty() => match permit {
                    Ok(permit) => {
                        permit.send(std::mem::take(&mut self.untold));
                        continue;
                    }
                    Err(_) => return,
                },
                () = self.tell.closed() => return,
            };
            let went = match turn {
                Turn::Seen(seen) => self.note(seen).await,
                Turn::Asked(request) => self.replace(request).await,
            };
            if went.is_none() {
                return;
            }
        }
    }

    async fn note(&mut self, seen: Seen) -> Option<()> {
        let seen = self.settle(seen).await;
        let mut changed = self.look().await?;
        changed.extend(seen.changed);
        let paths = self.eye.paths.iter().enumerate();
        let changed = paths.filter(|(at, _)| seen.lost || changed.contains(at));
        self.untold.extend(changed.map(|(_, path)| path.clone()));
        Some(())
    }

    async fn replace(&mut self, request: Request) -> Option<()> {
        self.eye.paths = request.paths.into();
        self.eye.stamps.clear();
        self.untold.clear();
        self.look().await?;
        // Whoever asked may be gone.
        let _ = request.armed.send(());
        Some(())
    }

    /// Gathers what follows until nothing has happened for a while.
    async fn settle(&mut self, mut seen: Seen) -> Seen {
        let end = Instant::now() + self.pace.most;
        while let Source::Events(inotify) = &mut self.eye.source {
            let until = end.min(Instant::now() + self.pace.quiet);
            match tokio::time::timeout_at(until, inotify.wait()).await {
                Ok(more) => seen.add(more),
                Err(_) => break,
            }
        }
        seen
    }

    /// Looks in the blocking pool; none when the runtime ends.
    async fn look(&mut self) -> Option<BTreeSet<usize>> {
        let mut eye = std::mem::replace(&mut self.eye, Eye::new(Source::Looks, Vec::new()));
        let looked = tokio::task::spawn_blocking(move || {
            let changed = eye.look();
            (eye, changed)
        });
        let (eye, changed) = looked.await.ok()?;
        self.eye = eye;
        Some(changed)
    }
}

#[cfg(test)]
mod tests;
