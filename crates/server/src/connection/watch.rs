//! What a connection is doing, for those who decide how long it may.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::Connection;

/// Flags that the socket and the service set and the driver of the connection reads.
///
/// They are set within the task that reads them, except that streams of HTTP/2 end elsewhere; so
/// each stands alone and needs no order.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Requests whose answers have not been handed to the socket in full.
    active: AtomicU32,
    /// All requests so far, modulo 2³².
    served: AtomicU32,
    /// Bytes came that belong to no request yet.
    partial: AtomicBool,
    /// Bytes moved since the driver last looked.
    progress: AtomicBool,
    /// The socket takes no more at present.
    blocked: AtomicBool,
    /// The last request had a body, so that some of it may be unread.
    body: AtomicBool,
}

impl Watch {
    pub(crate) fn note_read(&self) {
        self.progress.store(true, Ordering::Relaxed);
        if self.active.load(Ordering::Relaxed) == 0 {
            self.partial.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn note_write(&self, went: bool) {
        self.blocked.store(!went, Ordering::Relaxed);
        if went {
            self.progress.store(true, Ordering::Relaxed);
        }
    }

    /// Notes that bytes moved, whether or not the socket is full now.
    pub(crate) fn note_progress(&self) {
        self.progress.store(true, Ordering::Relaxed);
    }

    pub(crate) fn take_progress(&self) -> bool {
        // A load first: most looks find nothing, and a swap costs more.
        self.progress.load(Ordering::Relaxed) && self.progress.swap(false, Ordering::Relaxed)
    }

    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn is_partial(&self) -> bool {
        self.partial.load(Ordering::Relaxed)
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Relaxed)
    }

    pub(crate) fn served(&self) -> u32 {
        self.served.load(Ordering::Relaxed)
    }

    /// Tells whether the client may still be sending when the connection is closed.
    pub(crate) fn must_linger(&self) -> bool {
        self.body.load(Ordering::Relaxed) || self.is_partial()
    }
}

/// Counts a request as active from its head to the end of its answer.
#[derive(Debug)]
pub(crate) struct Active(Arc<Connection>);

impl Active {
    pub(crate) fn begin(connection: &Arc<Connection>, has_body: bool) -> Self {
        let watch = connection.watch();
        watch.active.fetch_add(1, Ordering::Relaxed);
        watch.served.fetch_add(1, Ordering::Relaxed);
        watch.partial.store(false, Ordering::Relaxed);
        watch.body.store(has_body, Ordering::Relaxed);
        Self(Arc::clone(connection))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.watch().active.fetch_sub(1, Ordering::Relaxed);
    }
}
