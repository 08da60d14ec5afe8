//! A clock that stands still until a test moves it.

use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use registry::{Clock, SystemClock};
use tokio::sync::watch;

/// Starts at the machine's time, since files bear that, and moves on demand only.
#[derive(Debug)]
pub(crate) struct ManualClock {
    start: SystemTime,
    passed: watch::Sender<Duration>,
}

impl ManualClock {
    pub(crate) fn new() -> Self {
        Self {
            start: SystemClock.now(),
            passed: watch::Sender::new(Duration::ZERO),
        }
    }

    /// Lets time pass, and wakes who has slept long enough.
    pub(crate) fn advance(&self, by: Duration) {
        self.passed.send_modify(|passed| *passed += by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.start + *self.passed.borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut passed = self.passed.subscribe();
        let until = *passed.borrow() + duration;
        Box::pin(async move {
            if passed.wait_for(|passed| *passed >= until).await.is_err() {
                // The clock is gone, and with it all time.
                std::future::pending::<()>().await;
            }
        })
    }
}
