//! Holding calls back for as long as a test wants.

use std::sync::Arc;

use tokio::sync::watch;

/// A point that calls cannot pass until it is opened. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(Arc<State>);

#[derive(Debug)]
struct State {
    open: watch::Sender<bool>,
    arrived: watch::Sender<usize>,
}

impl Gate {
    /// Starts closed.
    pub fn closed() -> Self {
        Self(Arc::new(State {
            open: watch::Sender::new(false),
            arrived: watch::Sender::new(0),
        }))
    }

    /// Lets all calls pass, those that wait and those that come.
    pub fn open(&self) {
        self.0.open.send_replace(true);
    }

    /// Waits until this many calls have come to the gate since it was made, whether they passed or
    /// not.
    pub async fn arrived(&self, calls: usize) {
        let mut arrived = self.0.arrived.subscribe();
        // The gate itself holds the sender, so that waiting cannot fail.
        let _ = arrived.wait_for(|count| *count >= calls).await;
    }

    /// Arrives, and waits until the gate is open.
    pub async fn pass(&self) {
        self.0
            .arrived
            .send_modify(|count| *count = count.saturating_add(1));
        let _ = self.0.open.subscribe().wait_for(|open| *open).await;
    }
}
