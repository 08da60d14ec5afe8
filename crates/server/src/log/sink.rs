//! Where lines go: one file, one buffer, one thread that writes.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::Notify;

use super::line::Line;
use super::output::{Failed, Output, count};

/// How much waits at most to be written, in bytes.
const LIMIT: usize = 1 << 20;

/// How much more may wait if lines that must not be lost are among it.
const RESERVE: usize = 1 << 20;

/// How long the writer gathers lines once there is one: many requests then share one call.
const GATHER: Duration = Duration::from_millis(2);

/// How much memory the writer keeps after a burst.
const KEPT: usize = 64 << 10;

/// How long a line of the middle class waits for room.
const WAIT: Duration = Duration::from_millis(10);

/// What happens to a line for which there is no room, because the disk or the reader is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It is dropped and counted: one line of many, such as an access.
    Access,
    /// Its caller waits a moment, then it is dropped and counted.
    Event,
    /// It has room set apart, and when that is used up its caller waits: never lost.
    Vital,
}

/// A file of lines that is only ever appended to; clones share it.
///
/// Lines are never mixed, and each is written within milliseconds. Nothing runs while there is
/// nothing to write. The number of lines that were dropped is written as soon as there is room. A
/// file that is renamed or removed is left after the lines that were under way: the next ones go to a
/// new file of the old name.
#[derive(Clone, Debug)]
pub struct Sink(Arc<Handle>);

/// The last one that goes has everything written and ends the writer.
#[derive(Debug)]
struct Handle {
    inner: Arc<Inner>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    /// Wakes the writer.
    filled: Condvar,
    /// Wakes who waits for room, or for everything to be written.
    drained: Condvar,
    /// Wakes tasks that wait for room.
    room: Notify,
    /// Hears of the first failure after a success.
    complaint: Option<Complaint>,
}

/// Is told why lines are lost, on the thread that writes.
pub(crate) type Complaint = fn(&io::Error);

#[derive(Debug, Default)]
struct State {
    lines: Vec<u8>,
    dropped: u64,
    writer: Writer,
    /// Somebody waits for everything to be written.
    hurry: bool,
    closed: bool,
}

/// What the writer is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Writer {
    /// It looks for lines by itself.
    #[default]
    Awake,
    /// It waits for a first line, so somebody has to wake it.
    Asleep,
    /// It holds lines that are not written yet.
    Writing,
}

impl Sink {
    /// Starts a writer for a file.
    ///
    /// # Errors
    /// What the system says when it gives no thread.
    pub fn new(file: File) -> io::Result<Self> {
        Self::start(Output::stream(file), None)
    }

    pub(crate) fn start(output: Output, complaint: Option<Complaint>) -> io::Result<Self> {
        let inner = Arc::new(Inner {
            state: Mutex::default(),
            filled: Condvar::new(),
            drained: Condvar::new(),
            room: Notify::new(),
            complaint,
        });
        let shared = Arc::clone(&inner);
        let writer = thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_all(&shared, output))?;
        Ok(Self(Arc::new(Handle {
            inner,
            writer: Some(writer),
        })))
    }

    /// Appends a line, which must end with a line feed.
    pub fn append(&self, line: &[u8], class: Class) {
        let inner = &self.0.inner;
        let mut state = inner.state.lock();
        let room = match class {
            Class::Access | Class::Event => LIMIT,
            Class::Vital => LIMIT + RESERVE,
        };
        while state.lines.len() + line.len() > room && !state.lines.is_empty() {
            let late = match class {
                Class::Access => true,
                Class::Event => inner.drained.wait_for(&mut state, WAIT).timed_out(),
                Class::Vital => {
                    inner.drained.wait(&mut state);
                    false
                }
            };
            if late {
                state.dropped += 1;
                return;
            }
        }
        inner.push(state, line);
    }

    /// Appends a vital line; waits for room without holding a thread up.
    ///
    /// # Cancel safety
    /// A call that is dropped has appended the line or not.
    pub(crate) async fn append_vital(&self, line: &[u8]) {
        let inner = &self.0.inner;
        loop {
            let mut room = std::pin::pin!(inner.room.notified());
            room.as_mut().enable();
            if inner.try_push(line) {
                return;
            }
            room.await;
        }
    }

    /// Waits until everything that was appended is written.
    pub fn flush(&self) {
        let inner = &self.0.inner;
        let mut state = inner.state.lock();
        while !state.lines.is_empty() || state.writer == Writer::Writing {
            state.hurry = true;
            inner.filled.notify_one();
            inner.drained.wait(&mut state);
        }
    }
}

impl Inner {
    fn try_push(&self, line: &[u8]) -> bool {
        let state = self.state.lock();
        let is_full = state.lines.len() + line.len() > LIMIT + RESERVE;
        if is_full && !state.lines.is_empty() {
            return false;
        }
        self.push(state, line);
        true
    }

    fn push(&self, mut state: MutexGuard<'_, State>, line: &[u8]) {
        state.lines.extend_from_slice(line);
        if state.writer == Writer::Asleep {
            state.writer = Writer::Awake;
            drop(state);
            self.filled.notify_one();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut state = self.inner.state.lock();
        state.closed = true;
        state.hurry = true;
        drop(state);
        self.inner.filled.notify_one();
        if let Some(writer) = self.writer.take() {
            // It ends after the last line; that it panicked changes nothing any more.
            let _ = writer.join();
        }
    }
}

/// Writes until the sink is closed: sleeps, gathers, takes all lines, writes them in one call.
fn write_all(inner: &Inner, mut output: Output) {
    let mut taken = Vec::new();
    let mut note = Line::default();
    let mut fails = false;
    let mut state = inner.state.lock();
    loop {
        while state.lines.is_empty() {
            if state.closed {
                return;
            }
            state.writer = Writer::Asleep;
            inner.filled.wait(&mut state);
        }
        state.writer = Writer::Awake;
        if !state.hurry && state.lines.len() < LIMIT / 2 {
            inner.filled.wait_for(&mut state, GATHER);
        }
        state.hurry = false;
        std::mem::swap(&mut state.lines, &mut taken);
        let dropped = std::mem::take(&mut state.dropped);
        state.writer = Writer::Writing;
        drop(state);
        inner.room.notify_waiters();
        let written = write_one(&mut output, &mut note, dropped, &taken);
        if let (Err(failed), false, Some(complain)) = (&written, fails, inner.complaint) {
            complain(&failed.error);
        }
        fails = written.is_err();
        taken.clear();
        taken.shrink_to(KEPT);
        state = inner.state.lock();
        state.writer = Writer::Awake;
        // What was lost counts as dropped, which a later line says.
        state.dropped += written.map_or_else(|failed| failed.lost, |()| 0);
        inner.drained.notify_all();
    }
}

/// Writes lines, after the one that says how many are missing before them.
fn write_one(
    output: &mut Output,
    note: &mut Line,
    dropped: u64,
    lines: &[u8],
) -> Result<(), Failed> {
    if dropped > 0 {
        let noted = output.write(dropped_line(note, dropped));
        noted.map_err(|failed| Failed {
            lost: dropped + count(lines),
            ..failed
        })?;
    }
    output.write(lines)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a log carries the time of the wall"
)]
fn dropped_line(line: &mut Line, dropped: u64) -> &[u8] {
    line.begin(SystemTime::now(), "warn", "log lines dropped");
    line.raw("dropped", dropped);
    line.end(concat!(file!(), ":", line!()), module_path!())
}

#[cfg(test)]
mod tests;
