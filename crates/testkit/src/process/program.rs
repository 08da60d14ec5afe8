//! Programs that run beside a test until it ends.

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

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

    /// Waits for `what`, until `ready` says so; ends the test when that takes too long or the
    /// program ends.
    pub fn wait_until(&mut self, what: &str, ready: impl Fn() -> bool) {
        let start = Instant::now();
        while !ready() {
            let ended = self.child.try_wait().is_ok_and(|status| status.is_some());
            let late = start.elapsed() > DEADLINE;
            assert!(!ended && !late, "waited in vain for {what}");
            thread::sleep(PAUSE);
        }
    }

    /// Waits until it has written `text`.
    pub fn wait_for_log(&mut self, text: &str) {
        let log = self.log.clone();
        self.wait_until(text, || log.text().contains(text));
    }

    /// Yields what it has written so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Asks it to stop (`SIGTERM`) and yields how it ended; it is killed when it takes too long.
    pub fn stop(&mut self) -> ExitStatus {
        let id = self.id();
        if let Some(id) = id {
            kill_process(id, Signal::TERM).ok();
        }
        let (running, ended) = mpsc::channel::<()>();
        let watch = thread::spawn(move || {
            let late = ended.recv_timeout(DEADLINE) == Err(mpsc::RecvTimeoutError::Timeout);
            if let Some(id) = id.filter(|_| late) {
                kill_process_group(id, Signal::KILL).ok();
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

    /// Asks it to look at its settings again (`SIGHUP`).
    pub fn hang_up(&mut self) {
        if let Some(id) = self.id() {
            kill_process(id, Signal::HUP).ok();
        }
    }

    /// Kills it, and what it has started in its group, without a warning.
    pub fn kill(&mut self) {
        if let Some(id) = self.id() {
            kill_process_group(id, Signal::KILL).ok();
        }
        self.child.wait().ok();
    }

    /// Yields the process id while it is still its own.
    fn id(&mut self) -> Option<Pid> {
        let runs = self.child.try_wait().is_ok_and(|status| status.is_none());
        i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .filter(|_| runs)
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
    fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

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
