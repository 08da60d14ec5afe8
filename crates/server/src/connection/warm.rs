//! Keeps a cold file from stalling the runtime.

use std::fs::File;
use std::future::Future;
use std::io::IoSliceMut;
use std::num::NonZeroU64;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::fs::Advice;
use rustix::io::{Errno, ReadWriteFlags};
use tokio::task::JoinHandle;

use super::files::Found;

/// How far ahead of the socket a file is looked at, in bytes.
const WINDOW: u64 = 4 << 20;

/// How far apart the pages are that are looked at.
const STRIDE: u64 = 1 << 20;

/// Knows how far the file being sent is in memory.
#[derive(Debug, Default)]
pub(crate) struct Warmth {
    /// The file by its address, and up to where it was seen to be in memory.
    seen: (usize, u64),
    /// Reads a cold part in the blocking pool.
    fetch: Option<JoinHandle<()>>,
}

impl Warmth {
    /// Waits until the bytes that come next are in memory, so that `sendfile` waits for no disk.
    ///
    /// One page per [`STRIDE`] is looked at, which costs nothing beside sending that much; only
    /// when one is missing does a thread of the blocking pool fetch the window.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, found: &Found) -> Poll<()> {
        if let Some(fetch) = &mut self.fetch {
            // What went wrong there, sendfile meets again and reports.
            let _ = ready!(Pin::new(fetch).poll(cx));
            self.fetch = None;
        }
        let name = Arc::as_ptr(&found.file).addr();
        if self.seen.0 == name && found.offset < self.seen.1 {
            return Poll::Ready(());
        }
        let len = u64::try_from(found.len).unwrap_or(WINDOW).min(WINDOW);
        let end = found.offset.saturating_add(len);
        self.seen = (name, end);
        if is_resident(&found.file, found.offset, end) {
            return Poll::Ready(());
        }
        let (file, start) = (Arc::clone(&found.file), found.offset);
        let mut fetch = tokio::task::spawn_blocking(move || fetch(&file, start, end));
        let state = Pin::new(&mut fetch).poll(cx);
        if state.is_pending() {
            self.fetch = Some(fetch);
        }
        state.map(drop)
    }
}

/// Tells whether sample pages of a part are in memory. What cannot be told counts as yes.
fn is_resident(file: &File, start: u64, end: u64) -> bool {
    let mut at = start;
    while at < end {
        if !page_is_resident(file, at) {
            return false;
        }
        at = at.saturating_add(STRIDE);
    }
    page_is_resident(file, end.saturating_sub(1))
}

fn page_is_resident(file: &File, at: u64) -> bool {
    let mut byte = [0; 1];
    let read = rustix::io::preadv2(
        file,
        &mut [IoSliceMut::new(&mut byte)],
        at,
        ReadWriteFlags::NOWAIT,
    );
    read != Err(Errno::AGAIN)
}

/// Brings a part of a file into memory, and has the device begin with the next.
fn fetch(file: &File, start: u64, end: u64) {
    let len = NonZeroU64::new(end.saturating_sub(start).saturating_mul(2));
    let _ = rustix::fs::fadvise(file, start, len, Advice::WillNeed);
    let mut at = start;
    let mut byte = [0; 1];
    while at < end {
        if rustix::io::pread(file, &mut byte, at).is_err() {
            return;
        }
        at = at.saturating_add(STRIDE / 4);
    }
    let _ = rustix::io::pread(file, &mut byte, end.saturating_sub(1));
}
