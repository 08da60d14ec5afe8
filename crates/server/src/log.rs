//! The log: lines of JSON in zot's form, to a file or to stdout.
//!
//! ```text
//! {"time":"…","level":"info","message":"HTTP API","module":"http",…,"caller":"…","func":"…","goroutine":1}
//! ```
//!
//! Spec: core 16.1, 16.2.

use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

mod access;
mod layer;
pub(crate) mod line;
mod output;
pub(crate) mod secret;
mod sink;

pub use access::Access;
pub use layer::JsonLayer;
use line::Line;
pub(crate) use output::Output;
pub use sink::{Class, Sink};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// No level has this name.
    #[error(
        "invalid log level '{0}', supported levels are: debug, trace, info, warn, warning, error, fatal, panic"
    )]
    Level(String),
    /// The file cannot be appended to.
    #[error("opening log {0:?}")]
    Open(PathBuf, #[source] io::Error),
    /// There is no thread to write it.
    #[error("starting the writer of the log")]
    Writer(#[source] io::Error),
    /// Another log receives the events of this process already.
    #[error("installing the log")]
    Installed(#[source] tracing::subscriber::SetGlobalDefaultError),
}

/// Says where a log goes and what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// `log.level`, in any case; empty means `debug`.
    pub level: String,
    /// `log.output`: a file that is appended to, or stdout.
    pub output: Option<PathBuf>,
}

/// One log; a process may have several, of which one receives the events of `tracing`. Clones are the
/// same log.
#[derive(Clone, Debug)]
pub struct Log(Arc<ArcSwap<Current>>);

/// Where lines go now, and which.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    options: LogOptions,
    sink: Sink,
    level: LevelFilter,
}

impl Log {
    /// Opens a log. A file that is new can be read by its owner only.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn open(options: &LogOptions) -> Result<Self, LogError> {
        let level = level(&options.level)?;
        let sink = start(options)?;
        Ok(Self(Arc::new(ArcSwap::from_pointee(Current {
            options: options.clone(),
            sink,
            level,
        }))))
    }

    /// Opens what other options ask for, without using it yet.
    ///
    /// # Errors
    /// [`LogError`].
    pub(crate) fn prepare(&self, options: &LogOptions) -> Result<Current, LogError> {
        let now = self.0.load();
        let sink = if now.options.output == options.output {
            now.sink.clone()
        } else {
            start(options)?
        };
        Ok(Current {
            options: options.clone(),
            sink,
            level: level(&options.level)?,
        })
    }

    /// Writes there from now on; yields what went before, whose end waits until all is written.
    pub(crate) fn replace(&self, current: Current) -> Arc<Current> {
        let before = self.0.swap(Arc::new(current));
        // Which events are wanted is remembered at each place that makes one.
        tracing::callsite::rebuild_interest_cache();
        before
    }

    /// Yields what `tracing` gives its events to.
    pub fn layer(&self) -> JsonLayer {
        JsonLayer::new(self.clone())
    }

    /// Makes this the log of the process.
    ///
    /// # Errors
    /// `Installed`.
    pub fn install(&self) -> Result<(), LogError> {
        let subscriber = tracing_subscriber::registry().with(self.layer());
        tracing::subscriber::set_global_default(subscriber).map_err(LogError::Installed)
    }

    /// Writes the line of one request, unless the level leaves such lines out.
    #[expect(
        clippy::disallowed_methods,
        reason = "a log carries the time of the wall"
    )]
    pub fn access(&self, access: &Access<'_>) {
        let current = self.0.load();
        if current.level >= LevelFilter::INFO {
            access.write(SystemTime::now(), |line| {
                current.sink.append(line, Class::Access);
            });
        }
    }

    /// Writes the configuration, secrets masked already, as an object and not as a text.
    ///
    /// Compat: the line that zot begins with.
    #[expect(
        clippy::disallowed_methods,
        reason = "a log carries the time of the wall"
    )]
    pub fn settings(&self, params: &serde_json::Value) {
        if self.level() >= LevelFilter::INFO {
            let mut line = Line::default();
            line.begin(SystemTime::now(), "info", "configuration settings");
            line.raw("params", params);
            let written = line.end(concat!(file!(), ":", line!()), module_path!());
            self.append(written, Class::Event);
        }
    }

    /// Waits until everything is written.
    pub fn flush(&self) {
        self.0.load_full().sink.flush();
    }

    fn level(&self) -> LevelFilter {
        self.0.load().level
    }

    fn append(&self, line: &[u8], class: Class) {
        self.0.load_full().sink.append(line, class);
    }
}

fn start(options: &LogOptions) -> Result<Sink, LogError> {
    let output = match &options.output {
        Some(path) => open(path),
        None => stdout(),
    };
    Sink::start(output?, None).map_err(LogError::Writer)
}

/// Turns a level of the configuration into ours.
///
/// Compat: `trace` is `debug`; `fatal` and `panic` are `error`.
fn level(name: &str) -> Result<LevelFilter, LogError> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "" | "debug" | "trace" => LevelFilter::DEBUG,
        "info" => LevelFilter::INFO,
        "warn" | "warning" => LevelFilter::WARN,
        "error" | "fatal" | "panic" => LevelFilter::ERROR,
        _ => return Err(LogError::Level(name.to_owned())),
    })
}

/// Opens a file that lines are appended to.
///
/// # Errors
/// `Open`.
pub(crate) fn open(path: &Path) -> Result<Output, LogError> {
    Output::append(path).map_err(|error| LogError::Open(path.to_owned(), error))
}

fn stdout() -> Result<Output, LogError> {
    let failed = |error| LogError::Open("/dev/stdout".into(), error);
    let file = io::stdout().as_fd().try_clone_to_owned().map_err(failed)?;
    Ok(Output::stream(file.into()))
}

#[cfg(test)]
mod tests;
