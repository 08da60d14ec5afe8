//! `log`: what is logged, and where to.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value as Json;

use crate::decode::{self, Decode};
use crate::error::Fault;
use crate::shape::{Blank, Shape, Shaped, section};

section! {
    /// The log.
    pub struct Log {
        /// Least level that is logged: `debug` or `trace`, `info`, `warn` or `warning`, `error`,
        /// `fatal` or `panic`, in any case.
        "level" => level: Level,
        /// File that the log is appended to; absent means standard output.
        "output" => output: Option<PathBuf>,
        /// File that changes of content are recorded in.
        "audit" => audit: Option<PathBuf>,
        /// Addition: log one line per request.
        "accessLog" => access_log: bool = true,
    }
}

/// A level of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(into = "String")]
pub enum Level {
    /// Everything; also written `trace`.
    #[default]
    Debug,
    /// What the server does.
    Info,
    /// What the user should look at; also written `warning`.
    Warn,
    /// What has failed; also written `fatal` and `panic`.
    Error,
}

/// The text is no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid log level '{0}', supported levels are: debug, trace, info, warn, warning, error, fatal, panic"
)]
pub struct LevelError(String);

impl Level {
    /// The name of the level in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl TryFrom<String> for Level {
    type Error = LevelError;

    fn try_from(text: String) -> Result<Self, LevelError> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "debug" | "trace" => Self::Debug,
            "info" => Self::Info,
            "warn" | "warning" => Self::Warn,
            "error" | "fatal" | "panic" => Self::Error,
            _ => return Err(LevelError(text)),
        })
    }
}

impl From<Level> for String {
    fn from(level: Level) -> Self {
        level.as_str().to_owned()
    }
}

impl Decode for Level {
    fn decode(value: Json) -> Result<Self, Fault> {
        decode::parsed(value)
    }
}

impl Shaped for Level {
    const SHAPE: &'static Shape = &Shape::Text(Blank::Absent);
}
