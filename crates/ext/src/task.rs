//! Work on a timetable.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;

/// Ranks tasks that are due at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// When nothing else is due.
    Low,
    /// Before the low ones.
    Medium,
    /// Before all others.
    High,
}

/// Says what a task is called and when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// The name in logs and metrics, such as `ScrubTask`.
    pub name: String,
    /// The time from the end of one round to the start of the next.
    pub period: Duration,
    /// The rank among tasks.
    pub priority: Priority,
}

/// Says when the next step of a task is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The round goes on as soon as requests leave room.
    Soon,
    /// The round goes on after a pause.
    After(Duration),
    /// The round is over: the next one starts after the period.
    Round,
}

/// Says why a step failed; the round counts as over.
pub type TaskError = Box<dyn StdError + Send + Sync>;

/// Works in steps of a few milliseconds.
pub trait Task: Send + Sync + fmt::Debug {
    /// Yields the name and the times. Always the same for one task.
    fn timetable(&self) -> &Timetable;

    /// Does the next step.
    ///
    /// # Errors
    /// Whatever the log should tell.
    ///
    /// # Cancel safety
    /// A step may be dropped at any await; the next one finds its way.
    fn step(&self) -> BoxFuture<'_, Result<Next, TaskError>>;
}
