//! Connections that wait for the next search, bound with the name of the service.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

use super::connection::Connection;

struct Idle {
    connection: Connection,
    since: Instant,
}

#[derive(Default)]
struct State {
    idle: Vec<Idle>,
    /// Whether a task looks after the idle ones.
    watched: bool,
    /// Changes when the name or password of the service does.
    generation: u64,
}

/// Keeps idle connections.
pub(super) struct Pool {
    state: Mutex<State>,
    /// How long one is kept.
    keep: Duration,
}

impl Pool {
    pub(super) fn new(keep: Duration) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            keep,
        })
    }

    /// Takes the connection that was used last, if there is one.
    pub(super) fn take(&self) -> Option<Connection> {
        let idle = self.state.lock().idle.pop();
        idle.map(|idle| idle.connection)
    }

    pub(super) fn generation(&self) -> u64 {
        self.state.lock().generation
    }

    /// Drops what is bound with an old name or password.
    pub(super) fn renew(&self) {
        let mut state = self.state.lock();
        state.generation += 1;
        state.idle.clear();
    }

    /// Keeps a connection that was opened in a generation. How many there are is bounded by how many
    /// are open at once.
    pub(super) fn put(self: &Arc<Self>, connection: Connection, generation: u64) {
        let mut state = self.state.lock();
        if state.generation != generation {
            return;
        }
        let since = Instant::now();
        state.idle.push(Idle { connection, since });
        if !state.watched {
            state.watched = true;
            tokio::spawn(watch(Arc::downgrade(self), since + self.keep));
        }
    }

    /// Drops what has been idle for too long; yields when to look again, if there is more.
    fn tidy(&self) -> Option<Instant> {
        let mut state = self.state.lock();
        let now = Instant::now();
        state.idle.retain(|idle| now < idle.since + self.keep);
        let next = state.idle.iter().map(|idle| idle.since + self.keep).min();
        state.watched = next.is_some();
        next
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.state.lock().idle.len()
    }
}

/// Looks after idle connections for as long as there are any.
async fn watch(pool: Weak<Pool>, mut next: Instant) {
    loop {
        sleep_until(next).await;
        match pool.upgrade().and_then(|pool| pool.tidy()) {
            Some(then) => next = then,
            None => return,
        }
    }
}
