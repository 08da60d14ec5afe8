//! Programs that run beside a test until it ends.

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::client::signal;

/// How long a program may take to start or to stop; a deadline for hangs, not a measure of speed.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// How long to wait between two looks at a program that is not ready.
const PAUSE: Duration = Duration::from_millis(5);

/// How many lines of a log a failed test shows.
const SHOWN: usize = 40;

/// A program that runs until it is stopped; dropping it kills it.
#[derive(Debug)]
pub struct Program {
    child: Child,
    log: Log,
}

/// What the program has written so far, to either output.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<String>>);

impl Program {
    /// Starts a program in a process group of its own; `see` is shown each line that it writes.
    pub fn start(mut command: Command, see: impl Fn(&str) + Clone + Send + 'static) -> Self {
        command.process_group(0);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("failed to run {command:?}: {error}"),
        };
        let log = Log::default();
        log.follow(child.stdout.take(), see.clone());
        log.follow(child.stderr.take(), see);
        Self { child, log }
    }

    /// Waits until `ready` says so; ends the test when that takes too long or the program ends.
    pub fn wait_until(&mut self, ready: impl Fn() -> bool) {
        let start = Instant::now();
        while !ready() {
            let ended = self.child.try_wait().is_ok_and(|status| status.is_some());
            let late = start.elapsed() > DEADLINE;
            assert!(!ended && !late, "a program did not get ready");
            thread::sleep(PAUSE);
        }
    }

    /// Yields what it has written so far.
    pub fn log(&self) -> String {
        self.log
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Asks it to stop (`SIGTERM`) and yields how it ended; it is killed when it takes too long.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        let (running, ended) = mpsc::channel::<()>();
        let id = self.child.id();
        let watch = thread::spawn(move || {
            if ended.recv_timeout(DEADLINE) == Err(mpsc::RecvTimeoutError::Timeout) {
                signal(id, Signal::KILL);
            }
        });
        let status = self.child.wait();
        drop(running);
        watch.join().ok();
        match status {
            Ok(status) => status,
            Err(error) => panic!("failed to wait for a program: {error}"),
        }
    }

    /// Kills it without a warning.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.child.wait().ok();
    }

    /// Sends a signal while the process id is still its own.
    fn signal(&mut self, which: Signal) {
        if let Ok(None) = self.child.try_wait() {
            signal(self.child.id(), which);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        #[expect(
            clippy::print_stderr,
            reason = "a failed test shows what its servers said"
        )]
        if thread::panicking() {
            let log = self.log();
            let last: Vec<_> = log.lines().rev().take(SHOWN).collect();
            eprintln!("--- the end of a log");
            last.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}

impl Log {
    fn follow(
        &self,
        pipe: Option<impl Read + Send + 'static>,
        see: impl Fn(&str) + Send + 'static,
    ) {
        let Some(pipe) = pipe else { return };
        let log = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                let mut text = log.0.lock().unwrap_or_else(PoisonError::into_inner);
                writeln!(text, "{line}").ok();
                drop(text);
                see(&line);
            }
        });
    }
}
