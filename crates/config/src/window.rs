//! Hours of the day.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value as Json;

use crate::decode::{self, Decode};
use crate::error::Fault;
use crate::shape::{Blank, Shape, Shaped};

const DAY: u16 = 24 * 60;

/// A span of the day in UTC, `HH:MM-HH:MM`: from its start up to but without its end. It may span
/// midnight.
///
/// ```
/// let night: config::TimeWindow = "22:00-4:30".parse()?;
/// assert!(night.contains(23 * 60) && night.contains(4 * 60) && !night.contains(4 * 60 + 30));
/// # Ok::<(), config::WindowError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct TimeWindow {
    start: u16,
    end: u16,
}

/// Why a text is no [`TimeWindow`], in zot's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// There are not two times with a dash between them.
    #[error("invalid gcTimeWindow {0:?}, expected format \"HH:MM-HH:MM\"")]
    Window(String),
    /// One of the times is none.
    #[error("invalid time {0:?}, expected 24h format \"HH:MM\"")]
    Time(String),
    /// Both times are the same.
    #[error("start and end of the window cannot be equal")]
    Empty,
}

impl TimeWindow {
    /// Tells whether the window is open at a minute of the day, counted from midnight in UTC.
    pub fn contains(&self, minute: u16) -> bool {
        let minute = minute % DAY;
        if self.start < self.end {
            (self.start..self.end).contains(&minute)
        } else {
            minute >= self.start || minute < self.end
        }
    }

    /// How many minutes after this minute of the day the window opens; 0 while it is open.
    pub fn opens_in(&self, minute: u16) -> u16 {
        if self.contains(minute) {
            0
        } else {
            (self.start + DAY - minute % DAY) % DAY
        }
    }
}

impl FromStr for TimeWindow {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let (start, end) = text
            .split_once('-')
            .ok_or_else(|| WindowError::Window(text.to_owned()))?;
        let window = Self {
            start: time(start.trim())?,
            end: time(end.trim())?,
        };
        if window.start == window.end {
            Err(WindowError::Empty)
        } else {
            Ok(window)
        }
    }
}

impl TryFrom<String> for TimeWindow {
    type Error = WindowError;

    fn try_from(text: String) -> Result<Self, WindowError> {
        text.parse()
    }
}

impl From<TimeWindow> for String {
    fn from(window: TimeWindow) -> Self {
        window.to_string()
    }
}

impl fmt::Display for TimeWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, end } = self;
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            start / 60,
            start % 60,
            end / 60,
            end % 60
        )
    }
}

impl Decode for TimeWindow {
    fn decode(value: Json) -> Result<Self, Fault> {
        decode::parsed(value)
    }
}

impl Shaped for TimeWindow {
    const SHAPE: &'static Shape = &Shape::Text(Blank::Absent);
}

/// The minute of the day of `HH:MM`; the hour may have one digit.
fn time(text: &str) -> Result<u16, WindowError> {
    let parse = || {
        let (hour, minute) = text.split_once(':')?;
        let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
        if !digits(hour) || !digits(minute) || minute.len() != 2 || hour.len() > 2 {
            return None;
        }
        let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    };
    parse().ok_or_else(|| WindowError::Time(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::TimeWindow;

    #[test]
    fn a_window_may_span_midnight() {
        for (window, minute, opens_in) in [
            ("01:00-08:00", 60, 0),
            ("01:00-08:00", 8 * 60 - 1, 0),
            ("01:00-08:00", 8 * 60, 17 * 60),
            ("01:00-08:00", 0, 60),
            ("22:00-2:30", 23 * 60, 0),
            ("22:00-2:30", 0, 0),
            ("22:00-2:30", 150, 22 * 60 - 150),
        ] {
            let window: TimeWindow = window.parse().unwrap();
            assert_eq!(window.opens_in(minute), opens_in, "{window} at {minute}");
            assert_eq!(window.contains(minute), opens_in == 0);
            assert_eq!(window.to_string().parse(), Ok(window));
        }
    }
}
